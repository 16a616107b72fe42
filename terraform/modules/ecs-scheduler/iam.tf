# The schedule group's ARN is built from its parts, because the resource's own attribute is unknown in the first plan and
# the reviewer of a plan should see whom the role trusts.
locals {
  group_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${local.name}"

  service_arns = [
    for key, service in var.services :
    coalesce(service.service_arn, "arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${key}")
  ]

  # A job that names no revision runs the newest active one, so the role is allowed every revision of the family.
  task_definition_arns = distinct([
    for job in values(var.jobs) :
    "arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${job.task_definition}${strcontains(job.task_definition, ":") ? "" : ":*"}"
  ])
  passed_role_arns = distinct(flatten([for job in values(var.jobs) : sort(job.passed_role_arns)]))
}

resource "aws_iam_role" "this" {
  name        = "${local.name}-schedules"
  description = "EventBridge Scheduler: scales the services of ${var.environment} in ECS cluster ${var.cluster}"

  # The condition lets only schedules of this group use the role; a schedule that somebody else makes elsewhere in the
  # account cannot.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = data.aws_service_principal.scheduler.name }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = local.group_arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "schedules"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      length(local.service_arns) == 0 ? [] : [{
        Sid      = "ScaleServices"
        Effect   = "Allow"
        Action   = "ecs:UpdateService"
        Resource = local.service_arns
      }],
      length(local.task_definition_arns) == 0 ? [] : [{
        Sid      = "RunJobs"
        Effect   = "Allow"
        Action   = "ecs:RunTask"
        Resource = local.task_definition_arns
        Condition = {
          ArnEquals = { "ecs:cluster" = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}" }
        }
      }],
      length(local.passed_role_arns) == 0 ? [] : [{
        Sid       = "PassRolesToJobs"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = local.passed_role_arns
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      }],
      # EventBridge Scheduler writes dead letters with this role, so the role needs the permission, not the queue's policy.
      [{
        Sid      = "KeepDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      }],
      var.kms_key_arn == null ? [] : [{
        Sid      = "EncryptDeadLetters"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
      }],
    )
  })
}
