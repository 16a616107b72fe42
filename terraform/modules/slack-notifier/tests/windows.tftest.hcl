mock_provider "aws" {
  source = "./tests/mocks"
}

override_data {
  target = data.aws_service_principal.scheduler
  values = { name = "scheduler.amazonaws.com" }
}

variables {
  environment = "dev"
  schedulers = {
    app = {
      role_arn                       = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name            = "rollcall-dev"
      dead_letter_queue_arn          = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      dead_letter_visibility_seconds = 300
      retry_minutes                  = 60
      rosters = {
        morning = {
          environment             = "dev"
          cluster                 = "app-dev"
          expression              = "cron(0 9 ? * MON-FRI *)"
          timezone                = "Asia/Seoul"
          flexible_window_minutes = 5
          start_date              = "2099-01-01T00:00:00Z"
          services                = { nestjs = 1, python-api = 2 }
        }
        idle = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * SAT *)", services = {} }
      }
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "windows_are_remembered_in_a_table" {
  command = plan

  assert {
    condition = (
      aws_dynamodb_table.windows[0].hash_key == "pk"
      && aws_dynamodb_table.windows[0].range_key == "sk"
      && toset([for attribute in aws_dynamodb_table.windows[0].attribute : "${attribute.name}:${attribute.type}"]) == toset(["pk:S", "sk:S"])
      && aws_dynamodb_table.windows[0].billing_mode == "PAY_PER_REQUEST"
    )
    error_message = "Two string keys, paid by the request."
  }
  assert {
    condition     = aws_dynamodb_table.windows[0].ttl[0].enabled && aws_dynamodb_table.windows[0].ttl[0].attribute_name == "expires_at"
    error_message = "Windows expire."
  }
  assert {
    condition     = aws_dynamodb_table.windows[0].point_in_time_recovery[0].enabled && aws_dynamodb_table.windows[0].server_side_encryption[0].enabled
    error_message = "Recoverable and encrypted."
  }
  assert {
    condition     = !aws_dynamodb_table.windows[0].deletion_protection_enabled
    error_message = "Turning windows off is one step."
  }
}

run "the_table_can_be_protected" {
  command = plan
  variables { windows = { deletion_protection = true } }

  assert {
    condition     = aws_dynamodb_table.windows[0].deletion_protection_enabled
    error_message = "Deletion protection is an input."
  }
}

run "the_function_knows_its_table_and_its_queue" {
  command = apply
  variables { windows = { settle_seconds = 60, grace_seconds = 120 } }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      SLACK_WEBHOOK_PARAMETER = "/rollcall/dev/slack-webhook"
      ROLLCALL_ENVIRONMENT    = "dev"
      ROLLCALL_TIMEZONE       = "UTC"
      ROLLCALL_WINDOW_MINUTES = "30"
      ROLLCALL_TABLE          = "rollcall-dev-windows"
      ROLLCALL_QUEUE_URL      = aws_sqs_queue.records.url
      ROLLCALL_SETTLE_SECONDS = "60"
      ROLLCALL_GRACE_SECONDS  = "120"
      ROLLCALL_MAX_RECEIVES   = "30"
      ROLLCALL_VERIFY_MINUTES = "10"
    })
    error_message = "Exactly these variables with windows."
  }
}

run "the_role_may_keep_windows_and_set_timers_and_nothing_more" {
  command = apply
  variables { verify = { enabled = false } } # verify.tftest.hcl tests the permissions that verification adds.

  assert {
    condition = jsondecode(aws_iam_role_policy.function.policy).Statement == [
      {
        Sid      = "ReadRecords"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
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
      {
        Sid      = "KeepWindows"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = aws_dynamodb_table.windows[0].arn
      },
      {
        Sid      = "SetTimers"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.records.arn
      },
      {
        Sid      = "ReadUndelivered"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = ["arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"]
      },
    ]
    error_message = "Put, query and update in its table; send to its own queue; read its queue and the schedules' dead letters, and decide when failed messages come back."
  }
}

run "batches_are_short_where_windows_are_kept" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.records.maximum_batching_window_in_seconds == 20 && aws_sqs_queue.records.visibility_timeout_seconds == 200
    error_message = "20 seconds, and 6 x 30 + 20 = 200."
  }
}

run "each_schedule_sends_its_roster_at_its_own_time" {
  command = apply

  assert {
    condition     = output.roster_schedule_names == { "app/morning" = "app.morning" }
    error_message = "One for each roster that names somebody."
  }
  assert {
    condition = (
      aws_scheduler_schedule.rosters["app/morning"].schedule_expression == "cron(0 9 ? * MON-FRI *)"
      && aws_scheduler_schedule.rosters["app/morning"].schedule_expression_timezone == "Asia/Seoul"
      && aws_scheduler_schedule.rosters["app/morning"].start_date == "2099-01-01T00:00:00Z"
      && aws_scheduler_schedule.rosters["app/morning"].flexible_time_window[0].mode == "OFF"
    )
    error_message = "The schedule's expression, zone and dates; at the minute."
  }
  assert {
    condition     = aws_scheduler_schedule.rosters["app/morning"].target[0].input == "{\"account\":\"123456789012\",\"cluster\":\"app-dev\",\"environment\":\"dev\",\"flexible_window_minutes\":5,\"group\":\"rollcall-dev\",\"region\":\"ap-northeast-2\",\"retry_minutes\":60,\"role\":\"rollcall-dev-schedules\",\"rollcall\":\"roster\",\"schedule\":\"morning\",\"scheduled_time\":\"<aws.scheduler.scheduled-time>\",\"services\":{\"nestjs\":1,\"python-api\":2}}"
    error_message = "The function's roster, with Scheduler's own words for the time."
  }
  assert {
    condition     = aws_scheduler_schedule.rosters["app/morning"].target[0].arn == aws_sqs_queue.records.arn && aws_scheduler_schedule.rosters["app/morning"].target[0].dead_letter_config[0].arn == aws_sqs_queue.dead["rules"].arn
    error_message = "To the queue; what cannot be sent is kept."
  }
}

run "a_roster_names_the_role_without_its_path" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/service/teams/dev-ecs-scheduler"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { morning = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 } } }
      }
    }
  }

  assert {
    condition     = jsondecode(local.roster_inputs["app/morning"]).role == "dev-ecs-scheduler"
    error_message = "CloudTrail's sessionIssuer.userName is the name alone."
  }
  assert {
    condition     = !strcontains(local.roster_inputs["app/morning"], "retry_minutes")
    error_message = "How long the schedules retry is left out where it is not given."
  }
}

run "failed_records_come_back_often_enough_to_outlast_an_outage" {
  command = apply

  assert {
    condition     = jsondecode(aws_sqs_queue.records.redrive_policy).maxReceiveCount == 30 && aws_lambda_function.this.environment[0].variables.ROLLCALL_MAX_RECEIVES == "30"
    error_message = "30 receives at growing distances are about 6.5 hours, and the function knows the number."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.dead_letters["records-dead"].alarm_description, "30 attempts") && aws_cloudwatch_metric_alarm.oldest_record.threshold == 1300 && aws_cloudwatch_metric_alarm.stuck.evaluation_periods == 3
    error_message = "The alarms ring after 22 minutes for a record that is not taken, and after 15 for records that keep failing."
  }
}

run "a_roster_can_expect_jobs" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters = {
          report       = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 }, jobs = { migrate = 1 } }
          "report.job" = { environment = "dev", cluster = "app-dev", expression = "cron(0 2 * * ? *)", jobs = { report = 2 } }
        }
      }
    }
  }

  assert {
    condition     = output.roster_schedule_names == { "app/report" = "app.report", "app/report.job" = "app.report.job" }
    error_message = "A schedule and a job of one name have rosters of their own."
  }
  assert {
    condition     = aws_scheduler_schedule.rosters["app/report"].description == "dev: tells the notifier which calls report makes (1 jobs and 1 services)" && aws_scheduler_schedule.rosters["app/report.job"].description == "dev: tells the notifier which calls report.job makes (1 jobs)"
    error_message = "The description counts the services and jobs."
  }
  assert {
    condition     = jsondecode(local.roster_inputs["app/report.job"]).services == {} && jsondecode(local.roster_inputs["app/report.job"]).jobs == { report = 2 }
    error_message = "No service, and the family with its count."
  }
  assert {
    condition     = jsondecode(local.roster_inputs["app/report"]).services == { nestjs = 1 } && jsondecode(local.roster_inputs["app/report"]).jobs == { migrate = 1 }
    error_message = "A roster described by hand can hold both."
  }
}

run "a_roster_carries_labels_where_there_are_some" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters = {
          morning = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1, web = 1 }, labels = { nestjs = { team = "search" }, elsewhere = { team = "pay" } } }
          evening = { environment = "dev", cluster = "app-dev", expression = "cron(0 18 ? * MON-FRI *)", services = { nestjs = 0 } }
        }
      }
    }
  }

  assert {
    condition     = jsondecode(local.roster_inputs["app/morning"]).labels == { nestjs = { team = "search" } }
    error_message = "Of the services that the roster names."
  }
  assert {
    condition     = !strcontains(local.roster_inputs["app/evening"], "labels") && terraform_data.roster["app/evening"].input == sha256(jsonencode([{ for name, value in local.rosters["app/evening"] : name => value if name != "labels" }, var.environment, var.maximum_override_hours, aws_iam_role.rosters[0].arn, aws_sqs_queue.records.arn, aws_sqs_queue.dead["rules"].arn]))
    error_message = "A roster without labels is what it was before there were labels, so that an upgrade replaces nothing."
  }
}

run "rejects_a_label_that_is_no_word" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        has_dead_letter_queue = false
        rosters               = { morning = { environment = "dev", cluster = "app", expression = "cron(0 9 * * ? *)", services = { web = 1 }, labels = { web = { team = "a\nb" } } } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "jobs_that_are_not_watched_are_not_in_rosters" {
  command = plan
  variables {
    watch_jobs = false
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters = {
          morning      = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { nestjs = 1 }, jobs = { migrate = 1 } }
          "report.job" = { environment = "dev", cluster = "app-dev", expression = "cron(0 2 * * ? *)", jobs = { report = 2 } }
        }
      }
    }
  }

  assert {
    condition     = keys(aws_scheduler_schedule.rosters) == ["app/morning"] && !strcontains(local.roster_inputs["app/morning"], "jobs")
    error_message = "Their calls are not matched, so the function would report all of them as missing."
  }
}

run "rosters_are_sent_by_a_role_that_can_do_nothing_else" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.rosters[0].policy).Statement == [{
      Sid      = "SendRosters"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = [aws_sqs_queue.records.arn, aws_sqs_queue.dead["rules"].arn]
    }]
    error_message = "Send to the queue, and to the dead-letter queue behind it."
  }
  assert {
    condition = jsondecode(aws_iam_role.rosters[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = "123456789012"
          "aws:SourceArn"     = "arn:aws:scheduler:ap-northeast-2:123456789012:schedule-group/rollcall-dev-rosters"
        }
      }
    }]
    error_message = "Only schedules of the rosters' group may use it."
  }
}

run "a_long_roster_is_split_below_256_kilobytes" {
  command = plan
  variables {
    schedulers = {
      (join("", [for i in range(32) : "k"])) = {
        role_arn              = "arn:aws:iam::123456789012:role/${join("", [for i in range(64) : "r"])}"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        retry_minutes         = 1440
        rosters = {
          (join("", [for i in range(30) : "m"])) = {
            environment = "dev"
            cluster     = join("", [for i in range(255) : "c"])
            expression  = "cron(0 9 ? * MON-FRI *)"
            jobs        = { report = 1 }
            services    = { for pair in setproduct(range(2), range(1000)) : "${join("", [for i in range(251) : "s"])}${pair[0]}${format("%03d", pair[1])}" => 1000 }
          }
        }
      }
    }
  }

  assert {
    condition     = length(aws_scheduler_schedule.rosters) == 3 && alltrue([for input in local.roster_inputs : length(input) < 256000])
    error_message = "2,000 of the longest names make three rosters."
  }
  assert {
    condition     = sum([for input in local.roster_inputs : length(jsondecode(input).services)]) == 2000
    error_message = "Each service is in one of them."
  }
  assert {
    condition     = [for key in sort(keys(local.roster_inputs)) : key if strcontains(local.roster_inputs[key], "\"jobs\"")] == [reverse(sort(keys(local.roster_inputs)))[0]]
    error_message = "The job is in the last part alone."
  }
  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.rosters : length(schedule.name) <= 64]) && length(distinct(values(output.roster_schedule_names))) == 3
    error_message = "Names stay within AWS's 64 characters, and apart."
  }
}

run "a_long_roster_with_labels_is_split_below_256_kilobytes_too" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters = {
          morning = {
            environment = "dev"
            cluster     = "app"
            expression  = "cron(0 9 ? * MON-FRI *)"
            services    = { for number in range(300) : "${join("", [for i in range(252) : "s"])}${format("%03d", number)}" => 1000 }
            labels = {
              for number in range(300) : "${join("", [for i in range(252) : "s"])}${format("%03d", number)}" => {
                for label in range(10) : "${join("", [for i in range(62) : "k"])}${label}" => join("", [for i in range(63) : "v"])
              }
            }
          }
        }
      }
    }
  }

  assert {
    condition     = length(aws_scheduler_schedule.rosters) == 3 && alltrue([for input in local.roster_inputs : length(input) < 256000])
    error_message = "300 services with the longest names and as many of the longest labels as there may be make three rosters."
  }
  assert {
    condition     = alltrue([for input in local.roster_inputs : keys(jsondecode(input).labels) == keys(jsondecode(input).services)])
    error_message = "Labels are in the part of their service."
  }
}

run "calls_that_scheduler_gave_up_on_reach_the_function" {
  command = apply

  assert {
    condition = (
      aws_lambda_event_source_mapping.undelivered["app"].event_source_arn == "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      && aws_lambda_event_source_mapping.undelivered["app"].function_response_types == toset(["ReportBatchItemFailures"])
      && aws_lambda_event_source_mapping.undelivered["app"].enabled
    )
    error_message = "The schedules' dead-letter queue is the second source."
  }
  assert {
    condition = (
      aws_sqs_queue_redrive_policy.undelivered["app"].queue_url == "https://sqs.ap-northeast-2.amazonaws.com/123456789012/rollcall-dev-schedules-dead"
      && jsondecode(aws_sqs_queue_redrive_policy.undelivered["app"].redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead["records"].arn, maxReceiveCount = 30 }
    )
    error_message = "A letter on which the function keeps failing moves to the dead-letter queue of the records, after 30 receives."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters["schedules-dead-app"].evaluation_periods == 15 && aws_cloudwatch_metric_alarm.dead_letters["records-dead"].evaluation_periods == 1
    error_message = "A queue that the function reads rings only if letters stay; the dead-letter queue of the records rings at once."
  }
}

run "the_function_may_decrypt_the_schedules_dead_letters" {
  command = apply
  variables {
    schedulers = {
      app = {
        role_arn                       = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name            = "rollcall-dev"
        dead_letter_queue_arn          = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        dead_letter_visibility_seconds = 300
        cluster                        = "app-dev"
        kms_key_arn                    = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
      }
    }
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Resource if s.Sid == "DecryptUndelivered"] == [["arn:aws:kms:ap-northeast-2:123456789012:key/1"]]
    error_message = "With the key of that queue."
  }
}

run "with_a_customer_key_timers_and_rosters_can_be_encrypted" {
  command = apply
  variables { kms_key = { create = true } }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Action if s.Sid == "DecryptRecords"] == [["kms:Decrypt", "kms:GenerateDataKey"]]
    error_message = "The function sends to the queue too."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.rosters[0].policy).Statement : s.Resource if s.Sid == "EncryptRosters"] == [aws_kms_key.queues[0].arn]
    error_message = "As does the rosters' role."
  }
}

run "a_queue_described_by_hand_is_only_watched" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        cluster               = "app-dev"
      }
    }
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.undelivered) == 0 && length(aws_sqs_queue_redrive_policy.undelivered) == 0 && length(aws_scheduler_schedule.rosters) == 0
    error_message = "The module leaves a queue alone if its visibility timeout is not given."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters["schedules-dead-app"].evaluation_periods == 1
    error_message = "Its alarm rings at once."
  }
}

run "rejects_a_dead_letter_queue_that_would_deliver_twice" {
  command = plan
  variables { function = { timeout_seconds = 60 } }
  expect_failures = [aws_lambda_event_source_mapping.undelivered]
}

run "rejects_less_concurrency_than_the_mappings_use" {
  command = plan
  variables { function = { reserved_concurrency = 3 } }
  expect_failures = [aws_lambda_function.this]
}

run "a_bot_edits_its_message" {
  command = apply
  variables {
    slack_webhook = null
    slack_bot = {
      channel                = "C012AB3CD"
      secrets_manager_secret = "rollcall/token"
      kms_key_arn            = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
      reply_broadcast        = true
    }
  }

  assert {
    condition = { for name, value in aws_lambda_function.this.environment[0].variables : name => value if startswith(name, "SLACK_") } == {
      SLACK_BOT_TOKEN_PARAMETER = "/aws/reference/secretsmanager/rollcall/token"
      SLACK_CHANNEL             = "C012AB3CD"
      SLACK_REPLY_BROADCAST     = "true"
    }
    error_message = "The token's name, the channel, the choice; no webhook."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : { sid = s.Sid, resource = s.Resource } if strcontains(s.Sid, "Token") || strcontains(s.Sid, "Webhook")] == [
      { sid = "ReadToken", resource = "arn:aws:ssm:ap-northeast-2:123456789012:parameter/aws/reference/secretsmanager/rollcall/token" },
      { sid = "ReadTokenSecret", resource = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rollcall/token-??????" },
      { sid = "DecryptToken", resource = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" },
    ]
    error_message = "The token and its key, and no webhook."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "MessagesEdited")
    error_message = "Edits are shown."
  }
}

run "a_webhook_can_be_the_fallback_of_a_bot" {
  command = apply
  variables { slack_bot = { channel = "C012AB3CD", ssm_parameter = "/rollcall/dev/slack-token" } }

  assert {
    condition = (
      aws_lambda_function.this.environment[0].variables.SLACK_WEBHOOK_PARAMETER == "/rollcall/dev/slack-webhook"
      && aws_lambda_function.this.environment[0].variables.SLACK_BOT_TOKEN_PARAMETER == "/rollcall/dev/slack-token"
      && aws_lambda_function.this.environment[0].variables.SLACK_REPLY_BROADCAST == "false"
    )
    error_message = "Both are known."
  }
}

run "rejects_a_bot_without_windows" {
  command = plan
  variables {
    windows   = { enabled = false }
    slack_bot = { channel = "C012AB3CD", ssm_parameter = "/rollcall/dev/slack-token" }
  }
  expect_failures = [aws_lambda_function.this]
}

run "rejects_neither_webhook_nor_bot" {
  command = plan
  variables { slack_webhook = null }
  expect_failures = [aws_lambda_function.this]
}

run "rejects_the_token_itself_as_a_parameter" {
  command = plan
  variables { slack_bot = { channel = "C012AB3CD", ssm_parameter = "xoxb-1-2-x" } }
  expect_failures = [var.slack_bot]
}

run "rejects_a_channels_name" {
  command = plan
  variables { slack_bot = { channel = "#deploys", ssm_parameter = "/token" } }
  expect_failures = [var.slack_bot]
}

run "rejects_two_tokens" {
  command = plan
  variables { slack_bot = { channel = "C012AB3CD", ssm_parameter = "/token", secrets_manager_secret = "token" } }
  expect_failures = [var.slack_bot]
}

run "rejects_a_grace_over_a_day" {
  command = plan
  variables { windows = { grace_seconds = 86401 } }
  expect_failures = [var.windows]
}

run "windows_have_alarms_that_do_not_need_slack" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.sums["windows-overdue"].namespace == "Rollcall"
      && aws_cloudwatch_metric_alarm.sums["windows-overdue"].metric_name == "WindowsOverdue"
      && aws_cloudwatch_metric_alarm.sums["windows-overdue"].dimensions == tomap({ FunctionName = "rollcall-dev" })
      && aws_cloudwatch_metric_alarm.sums["windows-overdue"].threshold == 0
    )
    error_message = "A window that is overdue rings at once."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.sums["claims-lapsed"].threshold == 3 && aws_cloudwatch_metric_alarm.sums["claims-lapsed"].period == 900
    error_message = "A single lapsed claim does not ring."
  }
}

run "the_dashboard_shows_windows" {
  command = apply

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 17
    error_message = "Sixteen graphs and the alarms."
  }
  assert {
    condition     = alltrue([for metric in ["Timers", "WindowsOverdue", "ClaimsLapsed", "ServicesMissing", "ServicesLate", "JobsFailed", "LooksFailed"] : strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, metric)])
    error_message = "Timers, overdue windows, lapsed claims, services that are missing or late, jobs, and failed requests to ECS."
  }
}

run "turning_windows_off_goes_back_to_a_message_per_batch" {
  command = plan
  variables { windows = { enabled = false } }

  assert {
    condition = (
      length(aws_dynamodb_table.windows) == 0
      && length(aws_scheduler_schedule.rosters) + length(aws_scheduler_schedule_group.rosters) + length(aws_iam_role.rosters) == 0
      && length(aws_lambda_event_source_mapping.undelivered) + length(aws_sqs_queue_redrive_policy.undelivered) == 0
    )
    error_message = "No table, no rosters, no second source."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.records.maximum_batching_window_in_seconds == 300 && !anytrue([for name in keys(local.function_environment) : contains(["ROLLCALL_TABLE", "ROLLCALL_QUEUE_URL", "ROLLCALL_VERIFY_MINUTES"], name)])
    error_message = "Long batches, and a function that knows of no table."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters["schedules-dead-app"].evaluation_periods == 1
    error_message = "The schedules' dead letters ring at once again."
  }
}
