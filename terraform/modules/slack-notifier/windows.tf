# The window log. With it the function remembers what it knows of a window, and says one message for it, however many
# batches its records arrive in; without it each batch is a message.

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

  # With a log, a batch need not hold a window, and waiting for more of it only delays the message. Without one, every
  # batch is a message, so each should be as long as Lambda offers.
  batching_window_seconds = coalesce(var.batching_window_seconds, local.windows ? 20 : 300)
}

resource "aws_dynamodb_table" "windows" {
  count = local.windows ? 1 : 0

  name                        = "${local.name}-windows"
  billing_mode                = "PAY_PER_REQUEST" # Some requests in some minutes of a day.
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

  # AWS's own key for DynamoDB, which needs no permission: the table holds what CloudTrail records of the calls.
  server_side_encryption {
    enabled = true
  }
}
