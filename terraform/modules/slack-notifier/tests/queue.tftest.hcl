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

run "visibility_is_six_timeouts_and_the_batching_window" {
  command = plan

  assert {
    condition     = aws_sqs_queue.records.visibility_timeout_seconds == 480
    error_message = "6 x 30 + 300 = 480 seconds."
  }
}

run "visibility_follows_timeout_and_window" {
  command = plan
  variables {
    function                = { timeout_seconds = 60 }
    batching_window_seconds = 20
  }

  assert {
    condition     = aws_sqs_queue.records.visibility_timeout_seconds == 380
    error_message = "6 x 60 + 20 = 380 seconds."
  }
}

run "a_longer_visibility_is_taken" {
  command = plan
  variables { visibility_timeout_seconds = 900 }

  assert {
    condition     = aws_sqs_queue.records.visibility_timeout_seconds == 900
    error_message = "An override above the minimum stands."
  }
}

run "rejects_a_visibility_below_six_timeouts_and_the_window" {
  command = plan
  variables { visibility_timeout_seconds = 479 }
  expect_failures = [aws_sqs_queue.records]
}

run "records_move_to_the_dead_letter_queue_after_five_receives" {
  command = apply

  assert {
    condition = jsondecode(aws_sqs_queue.records.redrive_policy) == {
      deadLetterTargetArn = aws_sqs_queue.dead["records"].arn
      maxReceiveCount     = 5
    }
    error_message = "Five receives, then the records' dead-letter queue."
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.this.environment[0].variables), "ROLLCALL_MAX_RECEIVES") && !strcontains(aws_iam_role_policy.function.policy, "ChangeMessageVisibility")
    error_message = "Without a table the function postpones no record, so it needs neither the count nor the permission."
  }
}

run "dead_letters_outlive_the_queue" {
  command = plan

  assert {
    condition     = aws_sqs_queue.records.message_retention_seconds == 345600
    error_message = "The queue keeps records for 4 days."
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.dead : queue.message_retention_seconds == 1209600])
    error_message = "Dead letters keep their first time stamp, so they need 14 days."
  }
}

run "queues_are_encrypted_by_sqs" {
  command = plan

  assert {
    condition     = alltrue([for queue in concat([aws_sqs_queue.records], values(aws_sqs_queue.dead)) : queue.sqs_managed_sse_enabled && queue.kms_master_key_id == null])
    error_message = "SSE-SQS on every queue: EventBridge cannot use the aws/sqs key."
  }
}

run "customer_key_is_opt_in_and_grants_eventbridge" {
  command = apply
  variables { kms_key = { create = true } }

  assert {
    condition     = alltrue([for queue in concat([aws_sqs_queue.records], values(aws_sqs_queue.dead)) : queue.kms_master_key_id == aws_kms_key.queues[0].arn])
    error_message = "Every queue uses the key."
  }
  assert {
    condition = jsondecode(aws_kms_key.queues[0].policy).Statement[1] == {
      Sid       = "RulesMayEncrypt"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Principal = { Service = "events.amazonaws.com" }
      Resource  = "*"
      Condition = {
        ArnEquals = {
          "aws:SourceArn" = [
            "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-failures",
            "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-jobs",
            "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-successes",
          ]
        }
      }
    }
    error_message = "The key lets the rules encrypt."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Sid == "DecryptRecords" && s.Resource == aws_kms_key.queues[0].arn])
    error_message = "The function may decrypt with the key."
  }
}

run "your_own_key_is_used_as_it_is" {
  command = apply
  variables { kms_key = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/99999999-2222-3333-4444-555555555555" } }

  assert {
    condition     = length(aws_kms_key.queues) == 0 && aws_sqs_queue.records.kms_master_key_id == var.kms_key.arn
    error_message = "No key is made; the queue uses the given one."
  }
}

run "partial_failures_are_reported" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.records.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Without it Lambda deletes records that the function could not handle."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.records.scaling_config[0].maximum_concurrency == 2
    error_message = "Two at once, the least that AWS allows."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.records.batch_size == 1000 && aws_lambda_event_source_mapping.records.maximum_batching_window_in_seconds == 300
    error_message = "A batch ends by time."
  }
}

run "the_mapping_is_enabled" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.records.enabled
    error_message = "The function is fed."
  }
}

run "disabling_rolls_back_and_keeps_everything" {
  command = plan
  variables { enabled = false }

  assert {
    condition     = !aws_lambda_event_source_mapping.records.enabled
    error_message = "The mapping is disabled."
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.this) == 3 && aws_cloudwatch_event_rule.this["failures"].state == "ENABLED"
    error_message = "The rules go on filling the queue, so nothing is lost meanwhile."
  }
}

run "rejects_a_large_batch_without_a_window" {
  command = plan
  variables {
    batch_size              = 11
    batching_window_seconds = 0
  }
  expect_failures = [aws_sqs_queue.records]
}

run "a_small_batch_needs_no_window" {
  command = plan
  variables {
    batch_size              = 10
    batching_window_seconds = 0
  }

  assert {
    condition     = aws_lambda_event_source_mapping.records.maximum_batching_window_in_seconds == 0
    error_message = "Up to 10 records need no window."
  }
}
