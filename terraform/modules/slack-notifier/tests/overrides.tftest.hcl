# What people need who make overrides with the command line, and what the rosters tell the command line.

mock_provider "aws" {
  source = "./tests/mocks"
}

override_data {
  target = data.aws_service_principal.scheduler
  values = { name = "scheduler.amazonaws.com" }
}

override_resource {
  target = aws_iam_role.rosters
  values = { arn = "arn:aws:iam::123456789012:role/rollcall-dev-ap-northeast-2-rosters" }
}

variables {
  environment = "dev"
  schedulers = {
    app = {
      role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name   = "rollcall-dev"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      cluster               = "app-dev"
      rosters = {
        morning = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 } }
      }
    }
    data = {
      role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-data-schedules"
      schedule_group_name   = "rollcall-dev-data"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-data-schedules-dead"
      cluster               = "data-dev"
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "operators_may_change_the_schedules_of_the_environment_and_nothing_more" {
  command = apply

  assert {
    condition = jsondecode(output.operator_policy_json).Statement == [
      {
        Sid      = "FindSchedules"
        Effect   = "Allow"
        Action   = ["scheduler:ListScheduleGroups", "scheduler:ListSchedules"]
        Resource = "*"
      },
      {
        Sid    = "ChangeSchedules"
        Effect = "Allow"
        Action = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"]
        Resource = [
          "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/rollcall-dev/*",
          "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/rollcall-dev-data/*",
          "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/rollcall-dev-rosters/*",
        ]
      },
      {
        Sid    = "GiveSchedulesTheirRoles"
        Effect = "Allow"
        Action = "iam:PassRole"
        Resource = [
          "arn:aws:iam::123456789012:role/rollcall-dev-data-schedules",
          "arn:aws:iam::123456789012:role/rollcall-dev-schedules",
          "arn:aws:iam::123456789012:role/rollcall-dev-ap-northeast-2-rosters",
        ]
        Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
      },
      {
        Sid       = "SeeServices"
        Effect    = "Allow"
        Action    = "ecs:DescribeServices"
        Resource  = "arn:aws:ecs:ap-northeast-2:123456789012:service/*"
        Condition = { ArnEquals = { "ecs:cluster" = ["arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/data-dev"] } }
      },
    ]
    error_message = "The schedules of both groups of calls and of the group of rosters, the roles of these, and what status shows."
  }
  assert {
    condition     = !strcontains(output.operator_policy_json, "sqs:")
    error_message = "What the channel is told of an override is sent by EventBridge Scheduler with the rosters' role, so people need no access to the queue."
  }
  assert {
    condition     = length(output.operator_policy_json) <= 6144
    error_message = "A managed policy takes 6,144 characters."
  }
}

run "without_windows_there_are_no_overrides" {
  command = plan
  variables {
    windows = { enabled = false }
  }

  assert {
    condition     = output.operator_policy_json == null
    error_message = "There is no group of rosters, which holds the overrides."
  }
}

run "the_longest_override_is_a_day_unless_the_input_says_otherwise" {
  command = plan

  assert {
    condition     = !strcontains(aws_scheduler_schedule.rosters["app/morning"].target[0].input, "override_hours_at_most")
    error_message = "The command line takes 24 hours where the rosters say nothing."
  }
}

run "rosters_tell_the_command_line_another_maximum" {
  command = plan
  variables {
    maximum_override_hours = 72
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.rosters["app/morning"].target[0].input).override_hours_at_most == 72
    error_message = "The input is in the roster."
  }
}

run "rejects_an_endless_override" {
  command = plan
  variables {
    maximum_override_hours = 721
  }
  expect_failures = [var.maximum_override_hours]
}

run "rejects_an_override_of_no_time" {
  command = plan
  variables {
    maximum_override_hours = 0
  }
  expect_failures = [var.maximum_override_hours]
}
