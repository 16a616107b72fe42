mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {}, python-api = { desired_count = { morning = 2 } } }
  schedules = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
    evening = { expression = "cron(0 18 ? * MON-FRI *)", desired_count = 0 }
  }
  timezone = "Asia/Seoul"
}

run "one_schedule_per_service_and_time" {
  command = plan

  assert {
    condition     = toset(keys(aws_scheduler_schedule.this)) == toset(["morning/nestjs", "morning/python-api", "evening/nestjs", "evening/python-api"])
    error_message = "Each service has a schedule for each time, under a key of both names."
  }
  assert {
    condition     = aws_scheduler_schedule.this["morning/python-api"].name == "morning.python-api" && aws_scheduler_schedule.this["morning/python-api"].group_name == "rollcall-dev"
    error_message = "A schedule is named <schedule>.<service>, in the environment's group."
  }
  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.schedule_expression_timezone == "Asia/Seoul" && s.state == "ENABLED"])
    error_message = "Schedules are enabled and read in the module's time zone."
  }
}

run "target_is_update_service_with_the_exact_input" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.this["morning/nestjs"].target[0].arn == "arn:aws:scheduler:::aws-sdk:ecs:updateService"
    error_message = "The universal target calls ecs:updateService."
  }
  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["morning/nestjs"].target[0].input) == { Cluster = "app", Service = "nestjs", DesiredCount = 1 }
    error_message = "The input names cluster, service and the schedule's count."
  }
  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["morning/python-api"].target[0].input).DesiredCount == 2
    error_message = "A service's own count wins over the schedule's."
  }
}

run "retries_end_within_the_quarter_hour" {
  command = plan

  assert {
    condition = alltrue([
      for s in aws_scheduler_schedule.this :
      s.target[0].retry_policy[0].maximum_retry_attempts == 3 && s.target[0].retry_policy[0].maximum_event_age_in_seconds == 900
    ])
    error_message = "The default is 3 attempts inside 15 minutes."
  }
}

run "dead_letters_are_kept_encrypted_for_fourteen_days" {
  command = apply

  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds == 1209600 && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "Dead letters stay for 14 days under SSE-SQS."
  }
  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn])
    error_message = "Every schedule has the dead-letter queue."
  }
}

run "the_notifier_can_read_the_dead_letters" {
  command = plan

  assert {
    condition     = aws_sqs_queue.dead_letters.visibility_timeout_seconds == 300 && output.dead_letter_visibility_seconds == 300
    error_message = "Six times the function's 30 seconds, and more; and the notifier is told."
  }
}

run "flexible_window_is_five_minutes" {
  command = plan

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.flexible_time_window[0].mode == "FLEXIBLE" && s.flexible_time_window[0].maximum_window_in_minutes == 5])
    error_message = "Calls are spread over 5 minutes."
  }
}

run "flexible_window_of_zero_rolls_back_to_off" {
  command = plan
  variables { flexible_window_minutes = 0 }

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.flexible_time_window[0].mode == "OFF" && s.flexible_time_window[0].maximum_window_in_minutes == null])
    error_message = "0 turns the flexible window OFF and sets no length, which AWS would refuse."
  }
}

run "a_schedule_can_differ_from_the_module" {
  command = plan
  variables {
    schedules = {
      morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, timezone = "Europe/Berlin", flexible_window_minutes = 0, paused = true }
      evening = { expression = "cron(0 18 ? * MON-FRI *)", desired_count = 0, services = ["nestjs"], start_date = "2097-01-01T00:00:00Z", end_date = "2097-06-30T00:00:00Z" }
    }
  }

  assert {
    condition = (
      aws_scheduler_schedule.this["morning/nestjs"].schedule_expression_timezone == "Europe/Berlin"
      && aws_scheduler_schedule.this["morning/nestjs"].flexible_time_window[0].mode == "OFF"
      && aws_scheduler_schedule.this["morning/nestjs"].state == "DISABLED"
    )
    error_message = "Zone, window and pause are the schedule's own."
  }
  assert {
    condition     = aws_scheduler_schedule.this["evening/nestjs"].start_date == "2097-01-01T00:00:00Z" && aws_scheduler_schedule.this["evening/nestjs"].end_date == "2097-06-30T00:00:00Z"
    error_message = "Dates are passed on."
  }
  assert {
    condition     = !contains(keys(aws_scheduler_schedule.this), "evening/python-api")
    error_message = "A schedule with a list of services leaves the others alone."
  }
  assert {
    condition     = keys(output.rosters) == ["evening"]
    error_message = "A paused schedule has no roster."
  }
}

run "a_service_can_be_left_out_of_a_schedule" {
  command = plan
  variables {
    services = { nestjs = {}, batch = { except = ["evening"] } }
  }

  assert {
    condition     = toset(keys(aws_scheduler_schedule.this)) == toset(["morning/nestjs", "morning/batch", "evening/nestjs"])
    error_message = "batch has no evening schedule."
  }
  assert {
    condition     = keys(output.rosters["evening"].services) == ["nestjs"]
    error_message = "The roster does not expect batch in the evening."
  }
}

run "rosters_list_the_calls_to_expect" {
  command = plan

  assert {
    condition = jsonencode(output.rosters["morning"]) == jsonencode({
      environment             = "dev"
      cluster                 = "app"
      expression              = "cron(0 9 ? * MON-FRI *)"
      timezone                = "Asia/Seoul"
      flexible_window_minutes = 5
      start_date              = null
      end_date                = null
      services                = { nestjs = 1, python-api = 2 }
      jobs                    = {}
      labels                  = {}
    })
    error_message = "A roster holds the time and each service with its count."
  }
}

run "a_job_has_a_roster_beside_a_schedule_of_the_same_name" {
  command = plan
  variables {
    jobs = {
      morning = {
        expression      = "cron(0 2 * * ? *)"
        task_definition = "report:7"
        task_count      = 3
        timezone        = "Europe/Berlin"
        network         = { subnet_ids = ["subnet-1"] }
      }
      paused = { expression = "cron(0 2 * * ? *)", task_definition = "paused", launch_type = "EC2", paused = true }
      gone   = { expression = "at(2020-01-04T09:00:00)", task_definition = "gone", launch_type = "EC2" }
    }
  }

  assert {
    condition     = keys(output.rosters) == ["evening", "morning", "morning.job"]
    error_message = "A job's roster has a key of its own; jobs that are paused or past have none."
  }
  assert {
    condition = jsonencode(output.rosters["morning.job"]) == jsonencode({
      environment             = "dev"
      cluster                 = "app"
      expression              = "cron(0 2 * * ? *)"
      timezone                = "Europe/Berlin"
      flexible_window_minutes = 5
      start_date              = null
      end_date                = null
      services                = {}
      jobs                    = { report = 3 }
      labels                  = {}
    })
    error_message = "It holds the time, and the family without a revision with its count."
  }
}

run "rosters_carry_the_labels_of_services_and_jobs" {
  command = plan
  variables {
    services = {
      nestjs     = { labels = { team = "search" } }
      python-api = { labels = { team = "pay", tier = "api: no 1" } }
      idle       = {}
      other      = { labels = { team = "search" }, except = ["morning"] }
    }
    jobs = {
      report = { expression = "cron(0 2 * * ? *)", task_definition = "report-family:7", launch_type = "EC2", labels = { team = "pay" } }
      sync   = { expression = "cron(0 3 * * ? *)", task_definition = "sync", launch_type = "EC2" }
    }
  }

  assert {
    condition     = jsonencode(output.rosters["morning"].labels) == jsonencode({ nestjs = { team = "search" }, python-api = { team = "pay", tier = "api: no 1" } })
    error_message = "By service, only of those that the schedule calls and that have some."
  }
  assert {
    condition     = jsonencode(output.rosters["report.job"].labels) == jsonencode({ report-family = { team = "pay" } }) && output.rosters["sync.job"].labels == {}
    error_message = "By the family of the task definition, which is what the notifier knows a job by."
  }
}

run "what_runs_at_a_rate_has_schedules_but_no_roster" {
  command = plan
  variables {
    schedules = {
      morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
      refresh = { expression = "rate(6 hours)", desired_count = 1 }
    }
    jobs = { sync = { expression = "rate(10 minutes)", task_definition = "sync", launch_type = "EC2" } }
  }

  assert {
    condition     = alltrue([for key in ["refresh/nestjs", "refresh/python-api", "job/sync"] : contains(keys(aws_scheduler_schedule.this), key)])
    error_message = "Services and jobs at a rate are scheduled."
  }
  assert {
    condition     = keys(output.rosters) == ["morning"]
    error_message = "The roster of a rate() would be sent at other times than the calls it describes."
  }
}

run "the_notifier_is_told_how_long_calls_are_retried" {
  command = plan
  variables { retry = { maximum_age_minutes = 60 } }

  assert {
    condition     = output.retry_minutes == 60 && alltrue([for s in aws_scheduler_schedule.this : s.target[0].retry_policy[0].maximum_event_age_in_seconds == 3600])
    error_message = "The output is the age in the schedules' retry policy, in minutes."
  }
}

run "the_notifier_is_told_the_cluster" {
  command = plan

  assert {
    condition     = output.cluster == "app"
    error_message = "ECS is asked by cluster."
  }
}

run "one_time_schedules_in_the_future_exist_and_past_ones_are_gone" {
  command = plan
  variables {
    services = { nestjs = {} }
    schedules = {
      launch = { expression = "at(2099-01-04T09:00:00)", desired_count = 5 }
      gone   = { expression = "at(2020-01-04T09:00:00)", desired_count = 5 }
    }
  }

  assert {
    condition     = toset(keys(aws_scheduler_schedule.this)) == toset(["launch/nestjs"]) && keys(output.rosters) == ["launch"]
    error_message = "A one-time schedule whose time is past in every zone is left out."
  }
}

run "long_names_are_shortened_with_a_hash_and_stay_apart" {
  command = plan
  variables {
    services = {
      "a-service-whose-name-is-so-long-that-only-its-last-part-differs-blue"  = {}
      "a-service-whose-name-is-so-long-that-only-its-last-part-differs-green" = {}
    }
  }

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : length(s.name) <= 64])
    error_message = "AWS allows 64 characters."
  }
  assert {
    condition     = length(distinct([for s in aws_scheduler_schedule.this : s.name])) == 4
    error_message = "Names that share their beginning stay unique."
  }
  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : can(regex("^(morning|evening)\\.a-service-whose-name.*\\.[0-9a-f]{8}$", s.name))])
    error_message = "A shortened name keeps what it is and ends in a hash of the whole."
  }
}

run "names_with_swapped_hyphens_stay_apart" {
  command = plan
  variables {
    services  = { "b-c" = {}, c = {} }
    schedules = { a = { expression = "rate(1 day)", desired_count = 1 }, "a-b" = { expression = "rate(1 day)", desired_count = 1 } }
  }

  assert {
    condition     = length(distinct([for s in aws_scheduler_schedule.this : s.name])) == 4
    error_message = "a + b-c and a-b + c are two schedules."
  }
}

run "jobs_run_tasks" {
  command = plan
  variables {
    jobs = {
      nightly-report = {
        expression       = "cron(0 2 * * ? *)"
        task_definition  = "report"
        passed_role_arns = ["arn:aws:iam::123456789012:role/report-task"]
        network          = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      }
    }
  }

  assert {
    condition     = aws_scheduler_schedule.this["job/nightly-report"].target[0].arn == "arn:aws:scheduler:::aws-sdk:ecs:runTask" && aws_scheduler_schedule.this["job/nightly-report"].name == "nightly-report"
    error_message = "A job's schedule calls ecs:runTask under the job's name."
  }
  assert {
    condition = jsondecode(aws_scheduler_schedule.this["job/nightly-report"].target[0].input) == {
      Cluster        = "app"
      Count          = 1
      LaunchType     = "FARGATE"
      TaskDefinition = "report"
      NetworkConfiguration = {
        AwsvpcConfiguration = { AssignPublicIp = "DISABLED", SecurityGroups = ["sg-1"], Subnets = ["subnet-1"] }
      }
    }
    error_message = "The input is what RunTask takes."
  }
}

run "a_job_runs_on_capacity_providers_with_overrides_and_tags" {
  command = plan
  variables {
    tags = { team = "data" }
    jobs = {
      report = {
        expression                 = "cron(0 2 * * ? *)"
        task_definition            = "report"
        platform_version           = "1.4.0"
        capacity_provider_strategy = [{ capacity_provider = "FARGATE_SPOT", weight = 3, base = 1 }, { capacity_provider = "FARGATE" }]
        network                    = { subnet_ids = ["subnet-1"] }
        overrides                  = { cpu = 512, memory = 1024, containers = { report = { command = ["run", "--all"], environment = { DAY = "today" } } } }
        tags                       = { cost = "reports" }
      }
    }
  }

  assert {
    condition = jsondecode(aws_scheduler_schedule.this["job/report"].target[0].input) == {
      Cluster                  = "app"
      TaskDefinition           = "report"
      Count                    = 1
      CapacityProviderStrategy = [{ CapacityProvider = "FARGATE_SPOT", Weight = 3, Base = 1 }, { CapacityProvider = "FARGATE", Weight = 1, Base = 0 }]
      PlatformVersion          = "1.4.0"
      NetworkConfiguration     = { AwsvpcConfiguration = { AssignPublicIp = "DISABLED", SecurityGroups = [], Subnets = ["subnet-1"] } }
      Overrides                = { Cpu = "512", Memory = "1024", ContainerOverrides = [{ Name = "report", Command = ["run", "--all"], Environment = [{ Name = "DAY", Value = "today" }] }] }
      Tags                     = [{ Key = "cost", Value = "reports" }, { Key = "team", Value = "data" }]
    }
    error_message = "The input is what RunTask takes: ${aws_scheduler_schedule.this["job/report"].target[0].input}"
  }
}
