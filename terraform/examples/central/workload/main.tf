# What an account with services has: schedules, a rule that forwards the records of their calls, and a role to ask ECS with.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_service_principal" "events" {
  service_name = "events"
}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_service_principal.events.region
  name      = "rollcall-${var.environment}"
  # Built from their parts, because a queue's policy and a role's trust cannot refer to what refers to them.
  rule_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.name}-forward"
}

module "scheduler" {
  source = "../../../modules/ecs-scheduler"

  environment = var.environment
  cluster     = var.cluster
  services    = var.services
  schedules   = var.schedules
  timezone    = var.timezone

  # The function reads there which calls EventBridge Scheduler gave up on.
  dead_letter_reader_arns = [var.function_role_arn]
}

# Forwards the calls of the schedules, accepted or refused. The trail that records them is this account's own.
resource "aws_cloudwatch_event_rule" "forward" {
  name        = "${local.name}-forward"
  description = "${var.environment}: calls of the schedules, for the notifier of another account"
  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource  = ["ecs.amazonaws.com"]
      eventName    = ["RunTask", "UpdateService"]
      userIdentity = { sessionContext = { sessionIssuer = { arn = [module.scheduler.role_arn] } } }
    }
  })
}

resource "aws_cloudwatch_event_target" "forward" {
  rule      = aws_cloudwatch_event_rule.forward.name
  target_id = "central"
  arn       = var.central_bus_arn
  role_arn  = aws_iam_role.forward.arn

  dead_letter_config {
    arn = aws_sqs_queue.not_forwarded.arn
  }
}

# Events that the central bus did not take within a day.
resource "aws_sqs_queue" "not_forwarded" {
  name                      = "${local.name}-not-forwarded"
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RuleMaySend"
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Principal = { Service = data.aws_service_principal.events.name }
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-not-forwarded"
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
      },
      {
        Sid       = "DenyPlainTransport"
        Effect    = "Deny"
        Action    = "sqs:*"
        Principal = "*"
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-not-forwarded"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_iam_role" "forward" {
  name        = "${local.name}-forward"
  description = "EventBridge: sends the records of the schedules' calls to the central account"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = data.aws_service_principal.events.name }
      Condition = { StringEquals = { "aws:SourceArn" = local.rule_arn, "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  name = "forward"
  role = aws_iam_role.forward.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "SendToCentralBus", Effect = "Allow", Action = "events:PutEvents", Resource = var.central_bus_arn }]
  })
}

# The function assumes this role to ask what runs. The trust names its role and nobody else, so an external id, which is for
# strangers who act for many, would add nothing.
resource "aws_iam_role" "reader" {
  name        = "${local.name}-reader"
  description = "rollcall of another account: asks ECS what runs in ${var.cluster}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.function_role_arn }
    }]
  })
}

resource "aws_iam_role_policy" "reader" {
  name = "reader"
  role = aws_iam_role.reader.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Ask"
        Effect    = "Allow"
        Action    = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks"]
        Resource  = "*" # The condition names the cluster; ListTasks has no fitting resource type.
        Condition = { ArnEquals = { "ecs:cluster" = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}" } }
      },
      {
        Sid      = "ReadBounds"
        Effect   = "Allow"
        Action   = "application-autoscaling:DescribeScalableTargets"
        Resource = "*" # AWS offers neither resource types nor conditions for this action.
      },
    ]
  })
}
