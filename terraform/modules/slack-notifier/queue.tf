locals {
  # AWS recommends six times the function's timeout and the batching window: Lambda retries a batch that was throttled, and
  # these retries have to end before SQS delivers the records again.
  least_visibility = 6 * var.function.timeout_seconds + local.batching_window_seconds
  visibility       = coalesce(var.visibility_timeout_seconds, local.least_visibility)

  # With windows the function makes a failed record come back after 30 seconds, then 1, 2, 4, 8, 15, 15 … minutes, by
  # changing its visibility. 30 receives are then about 6.5 hours, so that an outage of the table loses no record. Without
  # windows records come back after the visibility timeout, and 5 receives are what AWS recommends at least.
  max_receive_count = local.windows ? 30 : 5

  # records: what the function failed on at every receive. rules: what EventBridge could not put into the queue.
  dead_queues = toset(["records", "rules"])
}

resource "aws_sqs_queue" "records" {
  name                       = "${local.name}-records"
  message_retention_seconds  = 4 * 24 * 60 * 60
  visibility_timeout_seconds = local.visibility
  sqs_managed_sse_enabled    = local.has_kms_key ? null : true
  kms_master_key_id          = local.kms_key_arn
  policy                     = local.queue_policies["records"]
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead["records"].arn
    maxReceiveCount     = local.max_receive_count
  })

  lifecycle {
    precondition {
      condition     = local.visibility >= local.least_visibility
      error_message = "visibility_timeout_seconds is at least 6 x function timeout + batching window = ${local.least_visibility}; it is ${local.visibility}."
    }
    precondition {
      condition     = var.batch_size <= 10 || local.batching_window_seconds >= 1
      error_message = "A batch_size over 10 needs a batching_window_seconds of at least 1."
    }
  }
}

# A dead letter keeps the time at which it was first sent, and retention counts from then. So these queues must retain
# messages for longer than the records queue does.
resource "aws_sqs_queue" "dead" {
  for_each = local.dead_queues

  name                      = "${local.name}-${each.key}-dead"
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = local.has_kms_key ? null : true
  kms_master_key_id         = local.kms_key_arn
  policy                    = local.queue_policies["${each.key}-dead"]
  tags                      = var.tags
}

locals {
  # Built from their parts, because a queue's policy cannot refer to its queue.
  queue_arns = { for key in ["records", "records-dead", "rules-dead"] : key => "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-${key}" }

  # Who may send. What lies in these queues is believed: a record, a roster or a timer that somebody else sends would be
  # reported. So the policies deny it to everybody but the senders, whatever other policies of the account allow. The rules
  # send as AWS's service and not as a role; the first statement lets in these rules and no others.
  queue_senders = {
    records    = concat(local.windows ? [aws_iam_role.function.arn] : [], aws_iam_role.rosters[*].arn, sort(var.operator_role_arns))
    rules-dead = concat(aws_iam_role.rosters[*].arn, sort(var.operator_role_arns))
  }

  queue_policies = {
    for key in keys(local.queue_arns) : key => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [for statement in [
          {
            Sid       = "RulesMaySend"
            Effect    = "Allow"
            Action    = "sqs:SendMessage"
            Principal = { Service = data.aws_service_principal.events.name }
            Resource  = local.queue_arns[key]
            Condition = { ArnEquals = { "aws:SourceArn" = sort(values(local.rule_arns)) } }
          },
          {
            Sid       = "NobodyElseMaySend"
            Effect    = "Deny"
            Action    = "sqs:SendMessage"
            Principal = "*"
            Resource  = local.queue_arns[key]
            Condition = merge(
              { Bool = { "aws:PrincipalIsAWSService" = "false" } },
              length(lookup(local.queue_senders, key, [])) == 0 ? {} : { ArnNotLike = { "aws:PrincipalArn" = local.queue_senders[key] } },
            )
          },
        ] : statement if contains(keys(local.queue_senders), key)],
        [{
          Sid       = "DenyPlainTransport"
          Effect    = "Deny"
          Action    = "sqs:*"
          Principal = "*"
          Resource  = local.queue_arns[key]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }],
      )
    })
  }
}
