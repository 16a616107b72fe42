# CloudTrail record -> two rules -> queue -> function -> Slack. Every arrow that can fail has a queue behind it, and
# every such queue has an alarm. With a window log (windows.tf), rosters and the schedules' dead letters come too.

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
  pattern_detail = merge(
    {
      eventSource = ["ecs.amazonaws.com"]
      eventName   = ["UpdateService"]
    },
    var.watch_all_callers ? {} : {
      userIdentity = { sessionContext = { sessionIssuer = { arn = sort([for scheduler in var.schedulers : scheduler.role_arn]) } } }
    },
  )

  # A call either has an error code or has none, so the two patterns cannot overlap and leave nothing out. Neither asks
  # anything of requestParameters: throttled and denied calls are recorded without them.
  rules = {
    failures  = { description = "Refused and failed UpdateService calls", error_code = [{ exists = true }] }
    successes = { description = "Accepted UpdateService calls", error_code = [{ exists = false }] }
  }
  rule_arns = { for key in keys(local.rules) : key => "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.name}-${key}" }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${local.name}-${each.key}"
  description   = "${var.environment}: ${each.value.description}, for the Slack summary"
  state         = "ENABLED"
  event_pattern = jsonencode(merge(local.pattern, { detail = merge(local.pattern_detail, { errorCode = each.value.error_code }) }))
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
