mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {} }
  schedules   = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
}

run "rejects_an_environment_that_cannot_be_part_of_a_name" {
  command = plan
  variables { environment = "Dev Environment" }
  expect_failures = [var.environment]
}

run "rejects_a_cluster_arn" {
  command = plan
  variables { cluster = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/app" }
  expect_failures = [var.cluster]
}

run "rejects_cron_with_five_fields" {
  command = plan
  variables { schedules = { morning = { expression = "cron(0 9 ? * MON-FRI)", desired_count = 1 } } }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "rejects_cron_with_both_days" {
  command = plan
  variables { schedules = { morning = { expression = "cron(0 9 * * MON-FRI *)", desired_count = 1 } } }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "rejects_cron_with_an_hour_of_24" {
  command = plan
  variables { schedules = { morning = { expression = "cron(0 24 * * ? *)", desired_count = 1 } } }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "rejects_rate_of_zero" {
  command = plan
  variables { schedules = { morning = { expression = "rate(0 minutes)", desired_count = 1 } } }
  expect_failures = [var.schedules]
}

run "rejects_at_with_a_zone" {
  command = plan
  variables { schedules = { morning = { expression = "at(2099-01-01T00:00:00Z)", desired_count = 1 } } }
  expect_failures = [var.schedules]
}

run "rejects_an_unknown_kind_of_expression" {
  command = plan
  variables { schedules = { morning = { expression = "0 9 * * *", desired_count = 1 } } }
  expect_failures = [var.schedules]
}

run "rejects_an_end_before_the_start" {
  command = plan
  variables {
    schedules = { morning = { expression = "cron(0 9 * * ? *)", desired_count = 1, start_date = "2027-02-01T00:00:00Z", end_date = "2027-01-01T00:00:00Z" } }
  }
  expect_failures = [var.schedules]
}

run "rejects_a_negative_count" {
  command = plan
  variables { schedules = { morning = { expression = "rate(1 day)", desired_count = -1 } } }
  expect_failures = [var.schedules]
}

run "rejects_a_fraction_of_a_task" {
  command = plan
  variables { services = { nestjs = { desired_count = { morning = 1.5 } } } }
  expect_failures = [var.services]
}

run "rejects_a_label_that_a_roster_cannot_carry" {
  command = plan
  variables { services = { nestjs = { labels = { team = "<aws.scheduler.execution-id>" } } } }
  expect_failures = [var.services]
}

run "rejects_more_labels_than_the_notifier_keeps" {
  command = plan
  variables { services = { nestjs = { labels = { for number in range(11) : "label${number}" => "x" } } } }
  expect_failures = [var.services]
}

run "rejects_a_label_without_a_value" {
  command = plan
  variables { jobs = { report = { expression = "cron(0 2 * * ? *)", task_definition = "report", launch_type = "EC2", labels = { team = "" } } } }
  expect_failures = [var.jobs]
}

run "rejects_a_schedule_name_with_a_dot" {
  command = plan
  variables { schedules = { "morning.early" = { expression = "rate(1 day)", desired_count = 1 } } }
  expect_failures = [var.schedules]
}

run "rejects_a_time_zone_by_abbreviation" {
  command = plan
  variables { timezone = "KST" }
  expect_failures = [var.timezone]
}

run "rejects_a_flexible_window_over_a_day" {
  command = plan
  variables { flexible_window_minutes = 1441 }
  expect_failures = [var.flexible_window_minutes]
}

run "rejects_more_retries_than_aws_takes" {
  command = plan
  variables { retry = { maximum_attempts = 186 } }
  expect_failures = [var.retry]
}

run "rejects_a_count_for_a_schedule_that_is_not_there" {
  command = plan
  variables { services = { nestjs = { desired_count = { mornign = 2 } } } }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "rejects_a_schedule_for_a_service_that_is_not_there" {
  command = plan
  variables {
    schedules = { morning = { expression = "rate(1 day)", desired_count = 1, services = ["nestsj"] } }
  }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "rejects_a_fargate_job_without_a_network" {
  command = plan
  variables { jobs = { report = { expression = "rate(1 day)", task_definition = "report" } } }
  expect_failures = [var.jobs]
}

run "warns_when_update_service_would_throttle" {
  command = plan
  variables {
    services  = { for n in range(400) : "service-${n}" => {} }
    schedules = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, flexible_window_minutes = 1 } }
  }
  expect_failures = [check.update_service_rate]
}

run "counts_schedules_that_start_together" {
  command = plan
  variables {
    services = { for n in range(200) : "service-${n}" => {} }
    schedules = {
      one = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, flexible_window_minutes = 1 }
      two = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, flexible_window_minutes = 1 }
    }
  }
  expect_failures = [check.update_service_rate]
}

run "does_not_warn_when_the_window_carries_the_calls" {
  command = plan
  variables {
    services = { for n in range(350) : "service-${n}" => {} }
    schedules = {
      morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, flexible_window_minutes = 1 }
    }
  }
}

run "rejects_a_start_of_a_rate_which_could_not_be_repeated_once_it_has_passed" {
  command = plan
  variables {
    schedules = { morning = { expression = "rate(1 day)", desired_count = 1, start_date = "2099-01-01T00:00:00Z" } }
  }
  expect_failures = [var.schedules]
}

run "rejects_a_launch_type_beside_a_capacity_provider_strategy" {
  command = plan
  variables {
    jobs = { report = { expression = "rate(1 day)", task_definition = "report", launch_type = "EC2", capacity_provider_strategy = [{ capacity_provider = "spot" }] } }
  }
  expect_failures = [var.jobs]
}

run "rejects_fargate_spot_without_a_network" {
  command = plan
  variables {
    jobs = { report = { expression = "rate(1 day)", task_definition = "report", capacity_provider_strategy = [{ capacity_provider = "FARGATE_SPOT" }] } }
  }
  expect_failures = [var.jobs]
}

run "rejects_overrides_over_what_run_task_takes" {
  command = plan
  variables {
    jobs = { report = { expression = "rate(1 day)", task_definition = "report", launch_type = "EC2", overrides = { containers = { report = { command = [join("", [for n in range(900) : "0123456789"])] } } } } }
  }
  expect_failures = [aws_scheduler_schedule.this]
}

run "rejects_a_boundary_that_is_no_policy" {
  command = plan
  variables { permissions_boundary = "arn:aws:iam::123456789012:role/boundary" }
  expect_failures = [var.permissions_boundary]
}

run "rejects_a_path_without_its_last_slash" {
  command = plan
  variables { path = "/rollcall" }
  expect_failures = [var.path]
}

run "rejects_a_name_that_is_the_notifiers_group" {
  command = plan
  variables { name = "rollcall-dev-rosters" }
  expect_failures = [var.name]
}

run "rejects_a_daemon" {
  command = plan
  variables { look_up_services = true }

  override_data {
    target = data.aws_ecs_service.this
    values = { scheduling_strategy = "DAEMON" }
  }
  expect_failures = [data.aws_ecs_service.this]
}

run "takes_a_service_that_is_no_daemon" {
  command = plan
  variables { look_up_services = true }

  override_data {
    target = data.aws_ecs_service.this
    values = { scheduling_strategy = "REPLICA" }
  }

  assert {
    condition     = length(data.aws_ecs_service.this) == 1
    error_message = "Services are looked up where that is asked for."
  }
}
