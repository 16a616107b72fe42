locals {
  ssm_arn    = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/${trimprefix(local.webhook_parameter, "/")}"
  secret     = var.slack_webhook.secrets_manager_secret
  secret_arn = local.secret == null ? null : "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${local.secret}-??????"
}

resource "aws_iam_role" "function" {
  name        = "${local.name}-function"
  description = "Lambda function ${local.function_name}: reads its queue and its webhook, writes its log"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
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
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.log_group}:*"
        },
        {
          Sid      = "ReadWebhook"
          Effect   = "Allow"
          Action   = "ssm:GetParameter"
          Resource = local.ssm_arn
        },
      ],
      # Secrets Manager puts six characters of its own behind the name.
      local.secret_arn == null ? [] : [{
        Sid      = "ReadWebhookSecret"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = local.secret_arn
      }],
      var.slack_webhook.kms_key_arn == null ? [] : [{
        Sid       = "DecryptWebhook"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.slack_webhook.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "${local.secret == null ? "ssm" : "secretsmanager"}.${local.region}.amazonaws.com" } }
      }],
      !local.has_kms_key ? [] : [{
        Sid      = "DecryptRecords"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
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
}
