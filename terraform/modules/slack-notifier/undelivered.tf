# The schedules' dead-letter queues are the function's second source. A call that EventBridge Scheduler gave up on may
# have no CloudTrail record; from the dead letter the function reports the service as failed, with the error.

locals {
  # The function reads a queue only if its visibility timeout is given, because the timeout has to suit the function's. Lambda
  # reads queues of other accounts, but not those of other Regions.
  read_dead_letters = { for key, scheduler in var.schedulers : key => scheduler if local.windows && scheduler.has_dead_letter_queue && scheduler.dead_letter_visibility_seconds != null && local.places[key].region == local.region }
}

resource "aws_lambda_event_source_mapping" "undelivered" {
  for_each = local.read_dead_letters

  event_source_arn = each.value.dead_letter_queue_arn
  function_name    = aws_lambda_function.this.arn
  enabled          = var.enabled

  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = each.value.dead_letter_visibility_seconds >= 6 * var.function.timeout_seconds
      error_message = "schedulers[\"${each.key}\"].dead_letter_visibility_seconds is at least 6 x function timeout = ${6 * var.function.timeout_seconds}; it is ${each.value.dead_letter_visibility_seconds}."
    }
  }

  # Lambda refuses a mapping to a queue that the function's role cannot read.
  depends_on = [aws_iam_role_policy.function, aws_lambda_function_recursion_config.this]
}

# Without a redrive policy, a dead letter that the function cannot handle would come back for 14 days. With it the letter
# moves to the queue for failed records, which has an alarm. SQS moves messages within one account only.
resource "aws_sqs_queue_redrive_policy" "undelivered" {
  for_each = { for key, scheduler in local.read_dead_letters : key => scheduler if local.places[key].account == local.account }

  # An ARN is arn:partition:sqs:region:account:name.
  queue_url = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/${split(":", each.value.dead_letter_queue_arn)[5]}"
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead["records"].arn
    maxReceiveCount     = local.max_receive_count
  })
}
