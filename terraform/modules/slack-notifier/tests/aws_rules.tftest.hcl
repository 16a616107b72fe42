# Rules of AWS that an emulator forgives. Each of these failed before the module heeded the rule.

mock_provider "aws" {
  source = "./tests/mocks"

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked-role" }
  }
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
        begun   = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 }, start_date = "2020-01-01T00:00:00Z" }
        over    = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 }, end_date = "2020-01-01T00:00:00Z" }
      }
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "lambda_does_not_end_chains_of_timers" {
  command = plan

  assert {
    condition     = aws_lambda_function_recursion_config.this[0].recursive_loop == "Allow" && aws_lambda_function_recursion_config.this[0].function_name == "rollcall-dev"
    error_message = "With Terminate, Lambda ends a window's timers after about 16 of them, and its message is lost."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.sums["timers-ended"].metric_name == "TimersEnded" && aws_cloudwatch_metric_alarm.sums["timers-ended"].namespace == "Rollcall"
    error_message = "The function's own guard rings."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.sums["recursive-invocations-dropped"].metric_name == "RecursiveInvocationsDropped" && aws_cloudwatch_metric_alarm.sums["recursive-invocations-dropped"].dimensions == tomap({ FunctionName = "rollcall-dev" })
    error_message = "And so does Lambda's, should somebody set it back."
  }
}

run "without_windows_there_is_no_chain_and_lambdas_guard_stays" {
  command = plan
  variables { windows = { enabled = false } }

  assert {
    condition     = length(aws_lambda_function_recursion_config.this) == 0 && !contains(keys(aws_cloudwatch_metric_alarm.sums), "timers-ended")
    error_message = "The function sends nothing, so nothing may loop."
  }
}

run "names_that_are_unique_in_an_account_carry_the_region" {
  command = plan

  assert {
    condition     = aws_iam_role.function.name == "rollcall-dev-ap-northeast-2-function" && aws_iam_role.rosters[0].name == "rollcall-dev-ap-northeast-2-rosters"
    error_message = "Another Region's apply would fail with EntityAlreadyExists."
  }
  assert {
    condition     = output.dashboard_name == "rollcall-dev-ap-northeast-2"
    error_message = "Another Region's apply would overwrite this dashboard without a word."
  }
}

run "the_longest_name_still_makes_role_names_of_64_characters" {
  command = plan
  variables { name = "a-name-of-forty-eight-characters-is-the-longest0" }

  assert {
    condition     = alltrue([for name in values(local.role_names) : length(name) <= 64 && strcontains(name, "-ap-northeast-2-")]) && length(distinct(values(local.role_names))) == 2
    error_message = "IAM takes 64 characters: ${join(", ", values(local.role_names))}."
  }
}

run "rosters_send_no_start_that_has_passed" {
  command = plan

  assert {
    condition     = jsonencode({ for key, schedule in aws_scheduler_schedule.rosters : key => schedule.start_date }) == jsonencode({ "app/begun" = null, "app/morning" = null })
    error_message = "A start in the past is refused with every update; a roster whose end has passed is removed."
  }
}

run "rejects_a_log_level_at_which_lambda_drops_metrics" {
  command = plan
  variables { function = { log_level = "WARN" } }
  expect_failures = [var.function]
}

run "only_the_senders_may_send" {
  command = apply
  variables { operator_role_arns = ["arn:aws:iam::123456789012:role/operators"] }

  assert {
    condition = jsondecode(aws_sqs_queue.records.policy).Statement[1] == {
      Sid       = "NobodyElseMaySend"
      Effect    = "Deny"
      Action    = "sqs:SendMessage"
      Principal = "*"
      Resource  = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-records"
      Condition = {
        Bool       = { "aws:PrincipalIsAWSService" = "false" }
        ArnNotLike = { "aws:PrincipalArn" = [aws_iam_role.function.arn, aws_iam_role.rosters[0].arn, "arn:aws:iam::123456789012:role/operators"] }
      }
    }
    error_message = "Records by the rules, timers by the function, rosters by their role, and operators by name."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.dead["rules"].policy).Statement[1].Condition.ArnNotLike["aws:PrincipalArn"] == [aws_iam_role.rosters[0].arn, "arn:aws:iam::123456789012:role/operators"]
    error_message = "What rules and rosters could not deliver comes from them alone."
  }
}

run "rejects_everybody_as_an_operator" {
  command = plan
  variables { operator_role_arns = ["*"] }
  expect_failures = [var.operator_role_arns]
}

run "an_organization_can_bound_place_and_tag" {
  command = plan
  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    path                 = "/rollcall/"
    tags                 = { team = "platform" }
    kms_key              = { create = true }
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.function, aws_iam_role.rosters[0]] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && role.path == "/rollcall/"])
    error_message = "Both roles have the boundary and the path."
  }
  assert {
    condition = alltrue([for tags in concat(
      values(aws_cloudwatch_event_rule.this)[*].tags, values(aws_sqs_queue.dead)[*].tags, values(aws_cloudwatch_metric_alarm.dead_letters)[*].tags, values(aws_cloudwatch_metric_alarm.sums)[*].tags,
      [aws_cloudwatch_metric_alarm.stuck.tags, aws_cloudwatch_metric_alarm.oldest_record.tags],
      [aws_iam_role.function.tags, aws_iam_role.rosters[0].tags, aws_sqs_queue.records.tags, aws_lambda_function.this.tags, aws_cloudwatch_log_group.function.tags, aws_lambda_event_source_mapping.records.tags],
      [aws_dynamodb_table.windows[0].tags, aws_scheduler_schedule_group.rosters[0].tags, aws_kms_key.queues[0].tags],
    ) : tags == tomap({ team = "platform" })])
    error_message = "Everything that takes tags has them."
  }
}

run "schedules_described_by_hand_need_no_group_and_no_dead_letter_queue" {
  command = apply
  variables {
    schedulers = { app = { role_arn = "arn:aws:iam::123456789012:role/their-schedules", cluster = "app-dev", has_dead_letter_queue = false } }
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.undelivered) == 0 && alltrue([for name in output.alarm_names : !strcontains(name, "schedules-")])
    error_message = "What they do not have is not watched."
  }
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.type == "alarm" ? true : length(widget.properties.metrics) > 0])
    error_message = "CloudWatch refuses a graph without a metric."
  }
}

run "the_least_that_alarms" {
  command = plan
  variables {
    alarms           = "least"
    dashboard        = false
    detailed_metrics = false
  }

  assert {
    condition = toset(output.alarm_names) == toset([
      "rollcall-dev-function-errors",
      "rollcall-dev-oldest-record",
      "rollcall-dev-records-dead",
      "rollcall-dev-records-stuck",
      "rollcall-dev-recursive-invocations-dropped",
      "rollcall-dev-rules-dead",
      "rollcall-dev-schedules-dead-app",
      "rollcall-dev-schedules-dropped-app",
      "rollcall-dev-timers-ended",
      "rollcall-dev-windows-overdue",
    ])
    error_message = "Every fault rings somewhere; second signs do not."
  }
  assert {
    condition     = local.function_environment.ROLLCALL_METRICS == "alarms"
    error_message = "The function writes the metrics of alarms alone."
  }
}

run "rejects_a_policy_over_iams_quota" {
  command = plan
  variables {
    schedulers = { for n in range(5) : "s${n}" => {
      role_arn              = "arn:aws:iam::123456789012:role/schedules-${n}"
      has_dead_letter_queue = false
      rosters               = { for m in range(20) : "r${m}" => { environment = "dev", cluster = "a-cluster-with-a-long-name-${n}-${m}", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 } } }
    } }
  }
  expect_failures = [aws_iam_role_policy.function]
}

run "rejects_an_environment_over_lambdas_quota" {
  command = plan
  variables {
    message = { mention_on_failure = join(" ", concat(["<!here>"], [for n in range(350) : "<@U012AB3CD>"])) }
  }
  expect_failures = [aws_lambda_function.this]
}

run "rejects_schedules_whose_dead_letter_queue_was_forgotten" {
  command = plan
  variables {
    schedulers = { app = { role_arn = "arn:aws:iam::123456789012:role/their-schedules", cluster = "app-dev" } }
  }
  expect_failures = [var.schedulers]
}

run "the_doctor_is_told_every_name" {
  command = plan

  assert {
    condition     = output.doctor_command == "AWS_REGION=ap-northeast-2 rollcall doctor --environment dev --name rollcall-dev --group rollcall-dev --roster-group=rollcall-dev-rosters"
    error_message = "Names that people chose are not to be typed again: ${output.doctor_command}"
  }
}
