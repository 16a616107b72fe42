# What AWS would refuse in the apply is refused in the plan. Each line is one expression.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {} }
}

run "every_cron_that_aws_takes_is_taken" {
  command = plan
  variables {
    schedules = { for n, expression in [
      "cron(0 9 ? * MON-FRI *)",
      "cron(0 9 ? * 2-6 *)",
      "cron(0 09 1 1 ? *)",
      "cron(0/15 8-17 ? JAN-MAR,DEC MON,WED *)",
      "cron(5,35 14 * * ? *)",
      "cron(0 10 L * ? *)",
      "cron(0 10 LW * ? 2026-2199)",
      "cron(0 10 15W 1/3 ? 2026)",
      "cron(15 10 ? * 6L 2026-2030)",
      "cron(0 8 ? * 2#1 *)",
      "cron(*/5 * 1-31 * ? *)",
      "cron(59 23 31 12 ? *)",
    ] : "s${n}" => { expression = expression, desired_count = 1 } }
  }

  assert {
    condition     = length(local.impossible_crons) == 0 && length(aws_scheduler_schedule.this) == 12
    error_message = "AWS's own examples, and the ends of each range: ${join(" ", local.impossible_crons)}"
  }
}

run "every_cron_that_aws_refuses_is_named" {
  command = plan
  variables {
    schedules = { for n, expression in [
      "cron(60 9 ? * MON-FRI *)",
      "cron(0 24 ? * MON-FRI *)",
      "cron(0 9 0 * ? *)",
      "cron(0 9 32 * ? *)",
      "cron(0 9 1-32 * ? *)",
      "cron(0 9 1 13 ? *)",
      "cron(0 9 1 0 ? *)",
      "cron(0 9 ? * 0 *)",
      "cron(0 9 ? * 8 *)",
      "cron(0 9 ? * MON-FUN *)",
      "cron(0 9 ? * MON#6 *)",
      "cron(0 9 * * * *)",
      "cron(0 9 ? * ? *)",
      "cron(0 9 ? * MON)",
      "cron(0 9 ? * MON 1969)",
      "cron(0 9 ? * MON 2200)",
      "cron(0/0 9 ? * MON *)",
      "cron(,0 9 ? * MON *)",
    ] : "s${n}" => { expression = expression, desired_count = 1 } }
    jobs = { report = { expression = "cron(0 2 32 * ? *)", task_definition = "report", launch_type = "EC2" } }
  }
  expect_failures = [aws_scheduler_schedule_group.this]

  assert {
    condition     = length(local.impossible_crons) == 18 + 1
    error_message = "Each of them is named: ${join(" ", local.impossible_crons)}"
  }
}
