locals {
  # The plan knows whether there is a key, but not the ARN of a key that it creates.
  has_kms_key = var.kms_key.create || var.kms_key.arn != null
  kms_key_arn = var.kms_key.create ? aws_kms_key.queues[0].arn : var.kms_key.arn

  rules_may_encrypt = {
    Sid       = "RulesMayEncrypt"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Principal = { Service = data.aws_service_principal.events.name }
    Resource  = "*" # In a key policy: this key.
    Condition = { ArnEquals = { "aws:SourceArn" = sort(values(local.rule_arns)) } }
  }
}

resource "aws_kms_key" "queues" {
  count = var.kms_key.create ? 1 : 0

  description         = "${local.name}: queues"
  enable_key_rotation = true
  tags                = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountDecidesByIam"
        Effect    = "Allow"
        Action    = "kms:*"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Resource  = "*"
      },
      local.rules_may_encrypt,
    ]
  })
}

resource "aws_kms_alias" "queues" {
  count = var.kms_key.create ? 1 : 0

  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.queues[0].key_id
}
