locals {
  # The first plan does not know the whole policy, because AWS gives queues and tables their ARNs. What grows is known; the
  # rest takes less than 4,000 characters.
  inline_characters = 4000 + length(jsonencode([local.verify_statements, local.accounts_statements, local.secret_statements, local.routes_statements, local.event_statements, [for scheduler in local.read_dead_letters : scheduler.dead_letter_visibility_seconds]])) + 120 * length(local.read_dead_letters)

  undelivered_key_arns = distinct([for scheduler in local.read_dead_letters : scheduler.kms_key_arn if scheduler.kms_key_arn != null])

  secret_statements = concat([], [
    for key, secret in local.secrets : concat(
      [{
        Sid      = "Read${key}"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/${trimprefix(secret.parameter, "/")}"
      }],
      # The ARN of a secret ends in a hyphen and six characters that Secrets Manager chooses.
      secret.secret == null ? [] : [{
        Sid      = "Read${key}Secret"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${secret.secret}-??????"
      }],
      secret.kms_key_arn == null ? [] : [{
        Sid       = "Decrypt${key}"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = secret.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "${secret.secret == null ? "ssm" : "secretsmanager"}.${local.region}.amazonaws.com" } }
      }],
    )
  ]...)
}

resource "aws_iam_role" "function" {
  name        = local.role_names.function
  path        = var.path
  description = "Lambda function ${local.function_name}: reads its queue and its secrets, writes its log"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "ReadRecords"
          Effect = "Allow"
          # With windows the function decides when a record that it could not keep comes back.
          Action   = concat(local.windows ? ["sqs:ChangeMessageVisibility"] : [], ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
          Resource = aws_sqs_queue.records.arn
        },
        {
          Sid      = "WriteLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.log_group}:*"
        },
      ],
      local.secret_statements,
      local.routes_statements,
      [
        for table in aws_dynamodb_table.windows : {
          Sid      = "KeepWindows"
          Effect   = "Allow"
          Action   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
          Resource = table.arn
        }
      ],
      !local.windows ? [] : [{
        Sid      = "SetTimers"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.records.arn
      }],
      local.event_statements,
      local.verify_statements,
      local.autoscaling_statements,
      local.accounts_statements,
      length(local.read_dead_letters) == 0 ? [] : [{
        Sid      = "ReadUndelivered"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = [for scheduler in local.read_dead_letters : scheduler.dead_letter_queue_arn]
      }],
      length(local.undelivered_key_arns) == 0 ? [] : [{
        Sid      = "DecryptUndelivered"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = local.undelivered_key_arns
      }],
      !local.has_kms_key ? [] : [{
        Sid    = "DecryptRecords"
        Effect = "Allow"
        # With windows the function also sends timers to the queue, and sending to an encrypted queue needs a data key.
        Action   = concat(["kms:Decrypt"], local.windows ? ["kms:GenerateDataKey"] : [])
        Resource = local.kms_key_arn
      }],
      !var.function.tracing ? [] : [{
        Sid      = "Trace"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*" # X-Ray has no resources to name.
      }],
    )
  })

  lifecycle {
    precondition {
      condition     = local.inline_characters <= 10240
      error_message = "The function's policy would have about ${local.inline_characters} characters, and IAM takes 10,240: use fewer clusters, or shorter names."
    }
  }
}
