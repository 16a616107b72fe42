# CloudTrail record -> rules -> queue -> function -> Slack. Every step that can fail has a dead-letter queue, and every
# dead-letter queue has an alarm. With a window log (windows.tf) the function also reads rosters (rosters.tf) and the
# schedules' dead letters (undelivered.tf), and asks ECS whether the tasks of accepted calls run (verify.tf).

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The Region is read from here too: provider 6 renamed the attribute of aws_region that holds it, and not this one.
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

  # Names of IAM and of dashboards are unique in an account, not in a Region: CloudWatch would even overwrite the dashboard of
  # another Region without a word. So they carry the Region. A role's name over AWS's 64 characters is cut and gets a hash.
  role_names = {
    for role in ["function", "rosters"] : role => length("${local.name}-${local.region}-${role}") <= 64 ? "${local.name}-${local.region}-${role}" : "${substr(local.name, 0, 53 - length(local.region) - length(role))}-${substr(sha256(local.name), 0, 8)}-${local.region}-${role}"
  }

  pattern = {
    source        = ["aws.ecs"]
    "detail-type" = ["AWS API Call via CloudTrail"]
  }
  from_the_schedules = { userIdentity = { sessionContext = { sessionIssuer = { arn = sort([for scheduler in var.schedulers : scheduler.role_arn]) } } } }
  update_service = merge(
    { eventSource = ["ecs.amazonaws.com"], eventName = ["UpdateService"] },
    var.watch_all_callers ? {} : local.from_the_schedules,
  )
  # RunTask calls of other callers are never matched, because they start no job of the schedules.
  run_task = merge({ eventSource = ["ecs.amazonaws.com"], eventName = ["RunTask"] }, local.from_the_schedules)

  # A call either has an error code or has none, so each UpdateService call matches exactly one of the first two patterns.
  # No pattern tests requestParameters, because CloudTrail may record throttled and denied calls without them.
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
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(each.value.pattern) <= 2048
      error_message = "The pattern of rule ${each.key} has ${length(each.value.pattern)} characters, and EventBridge takes 2,048: use fewer schedulers for one notifier, shorter names of roles, or verify.native_events for fewer clusters."
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
}
