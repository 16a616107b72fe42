mock_provider "aws" {
  source = "./tests/mocks"
}

# These tests run without a window log; windows.tftest.hcl tests the module with one.
variables {
  environment = "dev"
  windows     = { enabled = false }
  schedulers = {
    app = {
      role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name   = "rollcall-dev"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      cluster               = "app-dev"
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "the_function_runs_on_arm_with_json_logs" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.runtime == "provided.al2023"
      && aws_lambda_function.this.architectures == tolist(["arm64"])
      && aws_lambda_function.this.memory_size == 128
      && aws_lambda_function.this.timeout == 30
    )
    error_message = "provided.al2023 on arm64, 128 MB, 30 s."
  }
  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/rollcall-dev"
    error_message = "JSON logs in the function's own group."
  }
  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = "Logs are kept for 30 days."
  }
  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "PassThrough" && !strcontains(jsonencode(local.function_environment), "xray")
    error_message = "X-Ray is off."
  }
}

run "the_environment_names_the_secret_and_never_holds_it" {
  command = plan

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      SLACK_WEBHOOK_PARAMETER = "/rollcall/dev/slack-webhook"
      ROLLCALL_ENVIRONMENT    = "dev"
      ROLLCALL_TIMEZONE       = "UTC"
      ROLLCALL_WINDOW_MINUTES = "30"
    })
    error_message = "Exactly these variables by default."
  }
}

run "a_window_can_be_a_day" {
  command = plan
  variables { message = { window_minutes = 1440 } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_WINDOW_MINUTES == "1440"
    error_message = "Any divisor of the day is a window."
  }
}

run "messages_can_be_set" {
  command = plan
  variables { message = { timezone = "Asia/Seoul", window_minutes = 15, mention_on_failure = "<!subteam^S012AB3CD> <@U012AB3CD>" } }

  assert {
    condition = (
      aws_lambda_function.this.environment[0].variables.ROLLCALL_TIMEZONE == "Asia/Seoul"
      && aws_lambda_function.this.environment[0].variables.ROLLCALL_WINDOW_MINUTES == "15"
      && aws_lambda_function.this.environment[0].variables.ROLLCALL_MENTION_ON_FAILURE == "<!subteam^S012AB3CD> <@U012AB3CD>"
    )
    error_message = "Zone, window and mention reach the function."
  }
}

run "the_role_may_do_exactly_its_work" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.function.policy).Statement == [
      {
        Sid      = "ReadRecords"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.records.arn
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/aws/lambda/rollcall-dev:*"
      },
      {
        Sid      = "ReadWebhook"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/dev/slack-webhook"
      },
    ]
    error_message = "Its queue, its log group, its parameter; nothing else."
  }
}

run "a_parameter_without_a_path_has_an_arn_too" {
  command = apply
  variables { slack_webhook = { ssm_parameter = "slack-webhook" } }

  assert {
    condition     = jsondecode(aws_iam_role_policy.function.policy).Statement[2].Resource == "arn:aws:ssm:ap-northeast-2:123456789012:parameter/slack-webhook"
    error_message = "A slash stands between parameter and name, once."
  }
}

run "a_secret_is_read_through_parameter_store" {
  command = apply
  variables { slack_webhook = { secrets_manager_secret = "rollcall/dev", kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.SLACK_WEBHOOK_PARAMETER == "/aws/reference/secretsmanager/rollcall/dev"
    error_message = "The function reads secrets by one way."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : { action = s.Action, resource = s.Resource } if contains(["ReadWebhook", "ReadWebhookSecret", "DecryptWebhook"], s.Sid)] == [
      { action = "ssm:GetParameter", resource = "arn:aws:ssm:ap-northeast-2:123456789012:parameter/aws/reference/secretsmanager/rollcall/dev" },
      { action = "secretsmanager:GetSecretValue", resource = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rollcall/dev-??????" },
      { action = "kms:Decrypt", resource = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" },
    ]
    error_message = "The reference, the secret and its key."
  }
}

run "tracing_is_opt_in" {
  command = apply
  variables { function = { tracing = true } }

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active" && anytrue([for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Sid == "Trace"])
    error_message = "X-Ray is active and allowed."
  }
}

run "a_local_zip_is_watched_by_its_content" {
  command = plan
  variables { package = { zip = "versions.tf" } }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("versions.tf") && aws_lambda_function.this.s3_bucket == null
    error_message = "A change of the file is a change of the plan."
  }
}

run "a_zip_with_its_hash_is_deployed" {
  command = plan
  variables { package = { zip = "versions.tf", sha256 = filesha256("versions.tf") } }

  assert {
    condition     = aws_lambda_function.this.filename == "versions.tf" && aws_lambda_function.this.source_code_hash == filebase64sha256("versions.tf")
    error_message = "The file that has the hash is deployed."
  }
}

run "every_way_to_fail_has_an_alarm" {
  command = plan
  variables { alarm_topic_arns = ["arn:aws:sns:ap-northeast-2:123456789012:oncall"] }

  assert {
    condition = toset(output.alarm_names) == toset([
      "rollcall-dev-function-errors",
      "rollcall-dev-function-throttles",
      "rollcall-dev-oldest-record",
      "rollcall-dev-records-dead",
      "rollcall-dev-records-stuck",
      "rollcall-dev-rules-dead",
      "rollcall-dev-schedules-dead-app",
      "rollcall-dev-schedules-dropped-app",
      "rollcall-dev-schedules-errors-app",
    ])
    error_message = "Dead letters of records, rules and schedules; records that are old or stuck; errors; throttles; Scheduler's drops and errors."
  }
  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.oldest_record, aws_cloudwatch_metric_alarm.stuck], values(aws_cloudwatch_metric_alarm.dead_letters), values(aws_cloudwatch_metric_alarm.sums)) :
      alarm.alarm_actions == toset(["arn:aws:sns:ap-northeast-2:123456789012:oncall"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "All of them notify the caller's topic when they begin and end."
  }
  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.oldest_record, aws_cloudwatch_metric_alarm.stuck], values(aws_cloudwatch_metric_alarm.sums)) : alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "They do not ring where no metric is published."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.dead_letters : alarm.treat_missing_data == "ignore"])
    error_message = "SQS stops publishing metrics of a queue that nobody uses, also where letters wait: the alarm must keep ringing."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters["schedules-dead-app"].dimensions == tomap({ QueueName = "rollcall-dev-schedules-dead" })
    error_message = "The schedules' own dead-letter queue is watched."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.sums["schedules-dropped-app"].dimensions == tomap({ ScheduleGroup = "rollcall-dev" })
    error_message = "Scheduler's metrics are by schedule group."
  }
}

run "records_that_keep_failing_ring_long_before_they_are_dead_letters" {
  command = plan

  assert {
    condition = {
      for query in aws_cloudwatch_metric_alarm.stuck.metric_query : query.id => query.expression != null ? query.expression : "${query.metric[0].stat} ${query.metric[0].metric_name} ${query.metric[0].dimensions.QueueName}"
      } == {
      stuck     = "IF(in_flight > 0 AND FILL(deleted, 0) == 0, 1, 0)"
      in_flight = "Maximum ApproximateNumberOfMessagesNotVisible rollcall-dev-records"
      deleted   = "Sum NumberOfMessagesDeleted rollcall-dev-records"
    }
    error_message = "The age of the oldest message leaves out what was received three times, so this alarm counts records in flight."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.stuck.evaluation_periods == 3
    error_message = "It rings after a quarter of an hour."
  }
}

run "a_long_batch_is_not_stuck" {
  command = plan
  variables { function = { timeout_seconds = 900 } }

  assert {
    condition     = aws_cloudwatch_metric_alarm.stuck.evaluation_periods == 5
    error_message = "A batch of 300 + 900 seconds may span five periods without a deletion only if it fails."
  }
}

run "the_dashboard_shows_the_whole_path" {
  command = apply

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 13
    error_message = "Twelve graphs and the alarms."
  }
  assert {
    condition = alltrue([
      for namespace in ["AWS/Scheduler", "AWS/Events", "AWS/SQS", "AWS/Lambda", "Rollcall"] : strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, namespace)
    ])
    error_message = "Every station of the path is shown."
  }
}

run "the_dashboard_can_be_left_out" {
  command = plan
  variables { dashboard = false }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0
    error_message = "No dashboard."
  }
}
