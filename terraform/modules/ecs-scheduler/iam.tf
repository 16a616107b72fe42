# The schedule group's ARN is built from its parts, because the resource's own attribute is unknown in the first plan and
# the reviewer of a plan should see whom the role trusts.
locals {
  group_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${local.name}"

  # IAM's names are unique in an account, not in a Region, so they carry the Region. A name over AWS's 64 characters is cut
  # and gets a hash of the whole name.
  role_suffix = "-${local.region}-schedules"
  role_name   = length("${local.name}${local.role_suffix}") <= 64 ? "${local.name}${local.role_suffix}" : "${substr(local.name, 0, 55 - length(local.role_suffix))}-${substr(sha256(local.name), 0, 8)}${local.role_suffix}"

  # Services from before 2021 may have ARNs without the cluster, which the role is allowed one by one.
  services_of_cluster = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/"
  short_service_arns  = [for service in values(var.services) : service.service_arn if service.service_arn != null]
  exact_service_arns  = [for key, service in var.services : coalesce(service.service_arn, "${local.services_of_cluster}${key}")]

  by_cluster   = var.service_permissions == "cluster"
  service_arns = !local.by_cluster ? [] : length(var.services) == 0 ? [] : concat(["${local.services_of_cluster}*"], local.short_service_arns)

  # A managed policy holds 6,144 characters. What stands around the ARNs takes less than 200, and each ARN two quotes and a
  # comma more than its length.
  arns_in_a_policy = floor((6144 - 200) / (max(1, [for arn in local.exact_service_arns : length(arn)]...) + 3))
  service_policies = local.by_cluster ? {} : {
    for number, arns in chunklist(local.exact_service_arns, local.arns_in_a_policy) : tostring(number + 1) => jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Sid = "ScaleServices", Effect = "Allow", Action = "ecs:UpdateService", Resource = arns }]
    })
  }

  # A job that names no revision runs the newest active one, so the role is allowed every revision of the family.
  task_definition_arns = distinct([
    for job in values(var.jobs) :
    "arn:${local.partition}:ecs:${local.region}:${local.account}:task-definition/${job.task_definition}${strcontains(job.task_definition, ":") ? "" : ":*"}"
  ])
  passed_role_arns = distinct(flatten([for job in values(var.jobs) : sort(job.passed_role_arns)]))

  # The first plan does not know the whole policy, because AWS gives the queue its ARN. All that grows is known; the rest
  # takes less than 1,500 characters.
  inline_characters = 1500 + length(jsonencode([local.service_arns, local.task_definition_arns, local.passed_role_arns]))
}

resource "aws_iam_role" "this" {
  name        = local.role_name
  path        = var.path
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

  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = length(local.service_policies) <= 10
      error_message = "The ARNs of ${length(var.services)} services need ${length(local.service_policies)} managed policies, and a role has at most 10. Use service_permissions = \"cluster\"."
    }
  }
}

resource "aws_iam_policy" "services" {
  for_each = local.service_policies

  name        = "${local.role_name}-services-${each.key}"
  path        = var.path
  description = "Services that schedules of ${local.name} scale, part ${each.key}"
  policy      = each.value
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "services" {
  for_each = aws_iam_policy.services

  role       = aws_iam_role.this.name
  policy_arn = each.value.arn
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
      !anytrue([for tags in values(local.job_tags) : length(tags) > 0]) ? [] : [{
        Sid       = "TagTasksOfJobs"
        Effect    = "Allow"
        Action    = "ecs:TagResource"
        Resource  = "arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster}/*"
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
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

  lifecycle {
    precondition {
      condition     = local.inline_characters <= 10240
      error_message = "The role's policy would have about ${local.inline_characters} characters, and IAM takes 10,240: ${length(local.task_definition_arns)} task definitions, ${length(local.passed_role_arns)} roles to pass and ${length(local.short_service_arns)} services with ARNs of their own are too many for one role. Split them over two modules with a name each."
    }
  }
}
