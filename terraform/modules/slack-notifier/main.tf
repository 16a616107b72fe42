# CloudTrail record -> rules -> queue -> function -> Slack. Every arrow that can fail has a queue behind it, and every
# such queue has an alarm. With a window log (windows.tf), rosters and the schedules' dead letters come too, and ECS is
# asked whether what was accepted also runs (verify.tf).

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Also tells the Region: aws_region's attribute for it was renamed in provider 6, this one's was not.
data "aws_service_principal" "events" {
  service_name = "events"
}

data "aws_service_principal" "scheduler" {
  service_name = "scheduler"
}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_service_principal.events.region
  name      = coalesce(var.name, "rollcall-${var.environment}")

  pattern = {
    source        = ["aws.ecs"]
    "detail-type" = ["AWS API Call via CloudTrail"]
  }
  from_the_schedules = { userIdentity = { sessionContext = { sessionIssuer = { arn = sort([for scheduler in var.schedulers : scheduler.role_arn]) } } } }
  update_service = merge(
    { eventSource = ["ecs.amazonaws.com"], eventName = ["UpdateService"] },
    var.watch_all_callers ? {} : local.from_the_schedules,
  )
  # Always of the schedules alone: who else runs a task runs no job of theirs.
  run_task = merge({ eventSource = ["ecs.amazonaws.com"], eventName = ["RunTask"] }, local.from_the_schedules)

  # A call either has an error code or has none, so the first two patterns cannot overlap and leave nothing out. None asks
  # anything of requestParameters: throttled and denied calls are recorded without them.
  rules = merge(
    {
      failures = {
        description = "Refused and failed UpdateService calls"
        pattern     = jsonencode(merge(local.pattern, { detail = merge(local.update_service, { errorCode = [{ exists = true }] }) }))
      }
      successes = {
        description = "Accepted UpdateService calls"
        pattern     = jsonencode(merge(local.pattern, { detail = merge(local.update_service, { errorCode = [{ exists = false }] }) }))
      }
    },
    !var.watch_jobs ? {} : {
      jobs = {
        description = "RunTask calls of the schedules, accepted or not"
        pattern     = jsonencode(merge(local.pattern, { detail = local.run_task }))
      }
    },
    local.native_patterns,
  )
  rule_arns = { for key in keys(local.rules) : key => "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.name}-${key}" }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${local.name}-${each.key}"
  description   = "${var.environment}: ${each.value.description}, for the Slack summary"
  state         = "ENABLED"
  event_pattern = each.value.pattern

  lifecycle {
    precondition {
      condition     = length(each.value.pattern) <= 2048
      error_message = "The pattern of rule ${each.key} has ${length(each.value.pattern)} characters, and EventBridge takes 2,048: verify.native_events is for fewer clusters, or shorter names, than these."
    }
  }
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = "queue"
  arn       = aws_sqs_queue.records.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead["rules"].arn
  }

  # Before the policies stand, the first records would go straight to the dead-letter queue.
  depends_on = [aws_sqs_queue_policy.rules_may_send]
}
