mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  schedulers = {
    app = {
      role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name   = "rollcall-dev"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      cluster               = "app-dev"
    }
    # Described by hand, with rosters that tell the clusters.
    data = {
      role_arn              = "arn:aws:iam::123456789012:role/data-schedules"
      schedule_group_name   = "data"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:data-dead"
      rosters = {
        morning = { environment = "dev", cluster = "data-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { loader = 1 } }
        evening = { environment = "dev", cluster = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev", expression = "cron(0 18 ? * MON-FRI *)", services = { loader = 0 } }
      }
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "the_role_may_read_these_clusters_and_nothing_more" {
  command = apply

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s if strcontains(jsonencode(s), "ecs:") || strcontains(jsonencode(s), "autoscaling")] == [
      {
        Sid       = "AskServices"
        Effect    = "Allow"
        Action    = "ecs:DescribeServices"
        Resource  = "arn:aws:ecs:ap-northeast-2:123456789012:service/*"
        Condition = { ArnEquals = { "ecs:cluster" = ["arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev"] } }
      },
      {
        Sid       = "AskTasks"
        Effect    = "Allow"
        Action    = "ecs:DescribeTasks"
        Resource  = "arn:aws:ecs:ap-northeast-2:123456789012:task/*"
        Condition = { ArnEquals = { "ecs:cluster" = ["arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev"] } }
      },
      {
        Sid       = "ListTasks"
        Effect    = "Allow"
        Action    = "ecs:ListTasks"
        Resource  = "*"
        Condition = { ArnEquals = { "ecs:cluster" = ["arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev"] } }
      },
      {
        Sid      = "ReadBounds"
        Effect   = "Allow"
        Action   = "application-autoscaling:DescribeScalableTargets"
        Resource = "*"
      },
    ]
    error_message = "Describe services, describe and list tasks in the clusters of the schedules, and read the bounds of autoscaling."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_VERIFY_MINUTES == "10"
    error_message = "Ten minutes."
  }
  assert {
    condition     = output.verified_clusters == tolist(["app-dev", "data-dev"])
    error_message = "A cluster that is given twice, by its name and by its ARN, is listed once."
  }
}

run "the_minutes_can_be_set_and_the_bounds_left_out" {
  command = apply
  variables { verify = { minutes = 25, autoscaling = false } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_VERIFY_MINUTES == "25"
    error_message = "As given."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Sid if strcontains(jsonencode(s), "ecs:")] == ["AskServices", "AskTasks", "ListTasks"] && !strcontains(aws_iam_role_policy.function.policy, "autoscaling")
    error_message = "ECS is asked, Application Auto Scaling is not."
  }
}

run "turning_verification_off_takes_the_permissions_away" {
  command = apply
  variables { verify = { enabled = false, native_events = true } }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "ecs:") && !strcontains(aws_iam_role_policy.function.policy, "autoscaling")
    error_message = "Nothing of ECS may be read."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_VERIFY_MINUTES == "0" && length(output.verified_clusters) == 0
    error_message = "The function asks nothing."
  }
  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["failures", "jobs", "successes"]
    error_message = "ECS's own events go with it."
  }
}

run "without_windows_nothing_is_asked" {
  command = apply
  variables {
    windows = { enabled = false }
    verify  = { native_events = true }
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "ecs:") && !contains(keys(aws_lambda_function.this.environment[0].variables), "ROLLCALL_VERIFY_MINUTES")
    error_message = "Without a window log the function cannot ask later, so it needs no permission."
  }
  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["failures", "jobs", "successes"] && length(output.verified_clusters) == 0
    error_message = "ECS's own events need windows too."
  }
}

run "warns_when_no_cluster_is_known" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      }
    }
  }
  expect_failures = [check.verification_knows_the_clusters]

  assert {
    condition     = length(local.verify_statements) + length(local.autoscaling_statements) == 0
    error_message = "Without a cluster there is nothing to limit the permissions to, so there are none."
  }
  assert {
    condition     = local.function_environment.ROLLCALL_VERIFY_MINUTES == "0"
    error_message = "The function asks nothing."
  }
}

run "warns_of_one_scheduler_without_a_cluster" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        cluster               = "app-dev"
      }
      old = {
        role_arn              = "arn:aws:iam::123456789012:role/old"
        schedule_group_name   = "old"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:old-dead"
      }
    }
  }
  expect_failures = [check.verification_knows_the_clusters]

  assert {
    condition     = output.verified_clusters == tolist(["app-dev"])
    error_message = "The others are verified."
  }
}

run "does_not_warn_where_verification_is_off" {
  command = plan
  variables {
    verify = { enabled = false }
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      }
    }
  }
}

run "ecs_own_events_are_opt_in" {
  command = plan
  variables { verify = { native_events = true } }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["deployments", "failures", "jobs", "native", "successes"] && length(aws_cloudwatch_event_target.this) == 5
    error_message = "Two rules more, which end in the same queue."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["native"].event_pattern) == {
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Service Action", "ECS Task State Change"]
      detail = {
        clusterArn = ["arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev"]
        "$or" = [
          { eventType = ["WARN", "ERROR"] },
          { eventName = ["SERVICE_STEADY_STATE"] },
          { lastStatus = ["STOPPED"], group = [{ prefix = "family:" }] },
        ]
      }
    }
    error_message = "Trouble and steady states of services, ended tasks of jobs but not of services; in these clusters."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["deployments"].event_pattern) == {
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Deployment State Change"]
      resources = [
        { prefix = "arn:aws:ecs:ap-northeast-2:123456789012:service/app-dev/" },
        { prefix = "arn:aws:ecs:ap-northeast-2:123456789012:service/data-dev/" },
      ]
      detail = { eventType = ["WARN", "ERROR"] }
    }
    error_message = "Deployments in trouble, of the services in these clusters."
  }
  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.event_pattern) <= 2048])
    error_message = "An event pattern has at most 2,048 characters."
  }
}

run "ecs_own_events_leave_out_jobs_that_are_not_watched" {
  command = plan
  variables {
    watch_jobs = false
    verify     = { native_events = true }
  }

  assert {
    condition = (
      jsondecode(aws_cloudwatch_event_rule.this["native"].event_pattern)["detail-type"] == ["ECS Service Action"]
      && !strcontains(aws_cloudwatch_event_rule.this["native"].event_pattern, "STOPPED")
    )
    error_message = "Services only."
  }
}

run "rejects_more_clusters_than_a_pattern_holds" {
  command = plan
  variables {
    verify = { native_events = true }
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters = {
          for n in range(20) : "morning-${n}" => { environment = "dev", cluster = "${join("", [for i in range(60) : "c"])}${n}", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 } }
        }
      }
    }
  }
  # So many clusters are too many for the function's policy, too.
  expect_failures = [aws_cloudwatch_event_rule.this, aws_iam_role_policy.function]
}
