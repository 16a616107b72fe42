# The window log: a table in which the function keeps what it learns of a window. With it the function sends one message
# for a window, in however many batches its records arrive; without it every batch is a message.

locals {
  windows = var.windows.enabled

  windows_environment = !local.windows ? {} : {
    ROLLCALL_TABLE          = aws_dynamodb_table.windows[0].name
    ROLLCALL_QUEUE_URL      = aws_sqs_queue.records.url
    ROLLCALL_SETTLE_SECONDS = tostring(var.windows.settle_seconds)
    ROLLCALL_GRACE_SECONDS  = tostring(var.windows.grace_seconds)
    ROLLCALL_MAX_RECEIVES   = tostring(local.max_receive_count)
    ROLLCALL_VERIFY_MINUTES = local.verify ? tostring(var.verify.minutes) : "0"
  }

  # With windows a message does not depend on batches, and a long batching window would only delay it. Without windows
  # every batch is a message, so the longest batching window that Lambda offers means the fewest messages.
  batching_window_seconds = coalesce(var.batching_window_seconds, local.windows ? 20 : 300)
}

resource "aws_dynamodb_table" "windows" {
  count = local.windows ? 1 : 0

  name                        = "${local.name}-windows"
  billing_mode                = "PAY_PER_REQUEST" # Requests come in a few minutes of a day only.
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.windows.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # The key is AWS's own for DynamoDB, whose use needs no permission. The table holds what CloudTrail records of the calls,
  # and no secret.
  server_side_encryption {
    enabled = true
  }

  tags = var.tags
}
