# One schedule per service and time, all in one group, under one role, with one dead-letter queue. CloudTrail names the
# role of a call but never the schedule, so the role is what the notifier recognises these calls by.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Also tells the Region: aws_region's attribute for it was renamed in provider 6, this one's was not.
data "aws_service_principal" "scheduler" {
  service_name = "scheduler"
}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_service_principal.scheduler.region
  name      = coalesce(var.name, "rollcall-${var.environment}")

  # A zone is at most 12 hours behind UTC, so a one-time schedule is surely done half a day after its time read as UTC,
  # plus its window, plus its retries. Leaving it out then keeps a finished schedule from being made again.
  one_time_ends = {
    for key, item in merge(
      { for key, schedule in var.schedules : "schedule/${key}" => schedule },
      { for key, job in var.jobs : "job/${key}" => job },
    ) :
    key => timeadd(
      "${trimsuffix(trimprefix(item.expression, "at("), ")")}Z",
      "${12 * 60 + coalesce(item.flexible_window_minutes, var.flexible_window_minutes) + var.retry.maximum_age_minutes}m",
    ) if startswith(item.expression, "at(")
  }
  is_past = { for key, end in local.one_time_ends : key => timecmp(plantimestamp(), end) > 0 }

  schedules = {
    for key, schedule in var.schedules : key => merge(schedule, {
      timezone                = coalesce(schedule.timezone, var.timezone)
      flexible_window_minutes = coalesce(schedule.flexible_window_minutes, var.flexible_window_minutes)
      services = [
        for name, service in var.services : name
        if !contains(service.except, key) && (schedule.services == null ? true : contains(schedule.services, name))
      ]
    }) if !lookup(local.is_past, "schedule/${key}", false)
  }

  updates = merge([
    for key, schedule in local.schedules : {
      for service in schedule.services : "${key}/${service}" => merge(schedule, {
        # Neither part can hold a dot, so no two pairs share a name.
        name   = "${key}.${service}"
        target = "updateService"
        input = {
          Cluster      = var.cluster
          Service      = service
          DesiredCount = lookup(var.services[service].desired_count, key, schedule.desired_count)
        }
      })
    }
  ]...)

  jobs = {
    for key, job in var.jobs : "job/${key}" => merge(job, {
      name                    = key
      target                  = "runTask"
      timezone                = coalesce(job.timezone, var.timezone)
      flexible_window_minutes = coalesce(job.flexible_window_minutes, var.flexible_window_minutes)
      start_date              = null
      end_date                = null
      input = merge(
        {
          Cluster        = var.cluster
          TaskDefinition = job.task_definition
          Count          = job.task_count
          LaunchType     = job.launch_type
        },
        job.network == null ? {} : {
          NetworkConfiguration = {
            AwsvpcConfiguration = {
              Subnets        = job.network.subnet_ids
              SecurityGroups = job.network.security_group_ids
              AssignPublicIp = job.network.assign_public_ip ? "ENABLED" : "DISABLED"
            }
          }
        },
      )
    }) if !lookup(local.is_past, "job/${key}", false)
  }

  calls = merge(local.updates, local.jobs)
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.name

  lifecycle {
    precondition {
      condition     = length(local.unknown_schedules) == 0
      error_message = "services[*].desired_count and except name keys of schedules; these are none: ${join(", ", local.unknown_schedules)}."
    }
    precondition {
      condition     = length(local.unknown_services) == 0
      error_message = "schedules[*].services names keys of services; these are none: ${join(", ", local.unknown_services)}."
    }
  }
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.calls

  # A shortened name keeps a hash of the whole one. It has two dots where an unshortened one has one (services) or none
  # (jobs, which are never that long), so the two kinds cannot meet.
  name        = length(each.value.name) <= 64 ? each.value.name : "${substr(each.value.name, 0, 55)}.${substr(sha256(each.value.name), 0, 8)}"
  group_name  = aws_scheduler_schedule_group.this.name
  description = each.value.target == "updateService" ? "${var.environment}: ${var.cluster}/${each.value.input.Service} to ${each.value.input.DesiredCount}" : "${var.environment}: run ${each.value.input.TaskDefinition} in ${var.cluster}"
  state       = each.value.paused ? "DISABLED" : "ENABLED"

  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  start_date                   = each.value.start_date
  end_date                     = each.value.end_date

  flexible_time_window {
    mode                      = each.value.flexible_window_minutes == 0 ? "OFF" : "FLEXIBLE"
    maximum_window_in_minutes = each.value.flexible_window_minutes == 0 ? null : each.value.flexible_window_minutes
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:ecs:${each.value.target}"
    role_arn = aws_iam_role.this.arn
    input    = jsonencode(each.value.input)

    retry_policy {
      maximum_retry_attempts       = var.retry.maximum_attempts
      maximum_event_age_in_seconds = var.retry.maximum_age_minutes * 60
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }

  # A schedule must not fire before its role may act.
  depends_on = [aws_iam_role_policy.this]
}

# Calls that Scheduler gave up on; the body is the call, the attributes say why. Kept for as long as SQS can.
resource "aws_sqs_queue" "dead_letters" {
  name                       = "${local.name}-schedules-dead"
  message_retention_seconds  = 14 * 24 * 60 * 60
  visibility_timeout_seconds = var.dead_letter_visibility_seconds
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
}
