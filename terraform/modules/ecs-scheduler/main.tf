# One schedule for each service and time, all in one schedule group, under one role, with one dead-letter queue. CloudTrail
# records name the role that made a call but not the schedule, so the notifier recognises the schedules' calls by the role.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The Region is read from here too: provider 6 renamed the attribute of aws_region that holds it, and not this one.
data "aws_service_principal" "scheduler" {
  service_name = "scheduler"
}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_service_principal.scheduler.region
  name      = coalesce(var.name, "rollcall-${var.environment}")

  # When a schedule is over: at its end_date, or when its one time is past. Expressions name no zone that Terraform could
  # read, but zones are at most 12 hours behind UTC, so an at() has fired 12 hours after its time read as UTC; its flexible
  # window and its retries come on top. From then on the schedule is left out of the configuration, so that no apply makes
  # it again.
  ends = merge(
    {
      for key, item in merge(
        { for key, schedule in var.schedules : "schedule/${key}" => schedule },
        { for key, job in var.jobs : "job/${key}" => job },
      ) :
      key => timeadd(
        "${trimsuffix(trimprefix(item.expression, "at("), ")")}Z",
        "${(coalesce(item.timezone, var.timezone) == "UTC" ? 0 : 12 * 60) + coalesce(item.flexible_window_minutes, var.flexible_window_minutes) + var.retry.maximum_age_minutes}m",
      ) if startswith(item.expression, "at(")
    },
    {
      for key, schedule in var.schedules : "schedule/${key}" => schedule.end_date
      if schedule.end_date != null && !startswith(schedule.expression, "at(")
    },
  )
  is_past = { for key, end in local.ends : key => timecmp(plantimestamp(), end) >= 0 }

  schedules = {
    for key, schedule in var.schedules : key => merge(schedule, {
      timezone                = coalesce(schedule.timezone, var.timezone)
      flexible_window_minutes = coalesce(schedule.flexible_window_minutes, var.flexible_window_minutes)
      # AWS ignores both dates for at().
      start_date = startswith(schedule.expression, "at(") ? null : schedule.start_date
      end_date   = startswith(schedule.expression, "at(") ? null : schedule.end_date
      services = [
        for name, service in var.services : name
        if !contains(service.except, key) && (schedule.services == null ? true : contains(schedule.services, name))
      ]
    }) if !lookup(local.is_past, "schedule/${key}", false)
  }

  # What each schedule of AWS takes from a schedule of the input. The list of services is left out: in each of its services'
  # schedules it would make the time of a plan grow with the square of their number.
  timings = {
    for key, schedule in local.schedules : key => {
      expression              = schedule.expression
      timezone                = schedule.timezone
      flexible_window_minutes = schedule.flexible_window_minutes
      start_date              = schedule.start_date
      end_date                = schedule.end_date
      paused                  = schedule.paused
    }
  }

  updates = merge([
    for key, schedule in local.schedules : {
      for service in schedule.services : "${key}/${service}" => merge(local.timings[key], {
        # Neither name can contain a dot, so two different pairs never get the same name.
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
    for key, job in var.jobs : "job/${key}" => {
      expression              = job.expression
      timezone                = coalesce(job.timezone, var.timezone)
      flexible_window_minutes = coalesce(job.flexible_window_minutes, var.flexible_window_minutes)
      start_date              = null
      end_date                = null
      paused                  = job.paused
      name                    = key
      target                  = "runTask"
      input                   = local.run_task_inputs[key]
    } if !lookup(local.is_past, "job/${key}", false)
  }

  calls = merge(local.updates, local.jobs)

  # What has a roster: all that is not paused and fires at a time that is known beforehand. The first run of a rate() is at
  # the moment its schedule is created. A roster is sent by a schedule of its own, which is created at another moment, so
  # the roster of a rate() would expect calls when none is due.
  service_rosters = { for key, schedule in local.schedules : key => schedule if !schedule.paused && !startswith(schedule.expression, "rate(") }
  # The keys of jobs end in .job, so that a job and a schedule of the same name have a roster each.
  job_rosters = { for key, job in local.jobs : "${trimprefix(key, "job/")}.job" => job if !job.paused && !startswith(job.expression, "rate(") }
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.name
  tags = var.tags

  lifecycle {
    precondition {
      condition     = length(local.unknown_schedules) == 0
      error_message = "services[*].desired_count and except name keys of schedules; these are none: ${join(", ", local.unknown_schedules)}."
    }
    precondition {
      condition     = length(local.unknown_services) == 0
      error_message = "schedules[*].services names keys of services; these are none: ${join(", ", local.unknown_services)}."
    }
    precondition {
      condition     = length(local.impossible_crons) == 0
      error_message = "Minutes are 0-59, hours 0-23, days of the month 1-31, months 1-12 or JAN-DEC, days of the week 1-7 or SUN-SAT (1 is Sunday), years 1970-2199, and exactly one of both days is ?. ${join(" ", local.impossible_crons)}"
    }
  }
}

# What each schedule is made from. Where this changes, the schedule is replaced and never updated: an override that people
# made with the command line leaves a start_date that soon lies in the past, the provider sends every attribute with every
# update, and AWS refuses an update that repeats a start in the past. The start stands here as the input has it, so that the
# passing of time replaces nothing.
resource "terraform_data" "schedule" {
  for_each = local.calls

  input = sha256(jsonencode([each.value, var.environment, var.cluster, var.retry, aws_iam_role.this.arn, aws_sqs_queue.dead_letters.arn]))
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.calls

  # A name over AWS's 64 characters is cut and ends in a hash of the whole name. A cut name has two dots, the name of a
  # service's schedule has one and that of a job none, so a cut name never equals another schedule's name.
  name        = length(each.value.name) <= 64 ? each.value.name : "${substr(each.value.name, 0, 55)}.${substr(sha256(each.value.name), 0, 8)}"
  group_name  = aws_scheduler_schedule_group.this.name
  description = each.value.target == "updateService" ? "${var.environment}: ${var.cluster}/${each.value.input.Service} to ${each.value.input.DesiredCount}" : "${var.environment}: run ${each.value.input.TaskDefinition} in ${var.cluster}"
  state       = each.value.paused ? "DISABLED" : "ENABLED"

  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  # AWS refuses a start that has passed, and a cron() needs it no longer then.
  start_date = each.value.start_date == null ? null : timecmp(each.value.start_date, plantimestamp()) > 0 ? each.value.start_date : null
  end_date   = each.value.end_date

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

  lifecycle {
    # `rollcall extend` and its like skip a run by moving the start to just after it. A plan leaves that alone.
    ignore_changes       = [start_date]
    replace_triggered_by = [terraform_data.schedule[each.key]]

    precondition {
      condition     = length(local.long_overrides) == 0
      error_message = "RunTask takes overrides of at most 8,192 characters; these jobs have more: ${join(", ", local.long_overrides)}."
    }
  }

  # A schedule that fires before its role has the permission would fail.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.services]
}

# Calls that EventBridge Scheduler gave up on. The message's body is the call's input and its attributes hold the error.
# SQS keeps messages for at most 14 days.
resource "aws_sqs_queue" "dead_letters" {
  name                       = "${local.name}-schedules-dead"
  message_retention_seconds  = 14 * 24 * 60 * 60
  visibility_timeout_seconds = var.dead_letter_visibility_seconds
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags

  # The notifier believes what lies in this queue, so nobody but the schedules' role may send to it, whatever other policies
  # of the account allow. The ARN is built from its parts, because a queue cannot refer to itself.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "DenyPlainTransport"
        Effect    = "Deny"
        Action    = "sqs:*"
        Principal = "*"
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-schedules-dead"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlySchedulesMaySend"
        Effect    = "Deny"
        Action    = "sqs:SendMessage"
        Principal = "*"
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-schedules-dead"
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = aws_iam_role.this.arn } }
      },
      ],
      length(var.dead_letter_reader_arns) == 0 ? [] : [{
        Sid       = "NotifiersElsewhereMayRead"
        Effect    = "Allow"
        Action    = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Principal = { AWS = sort(var.dead_letter_reader_arns) }
        Resource  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.name}-schedules-dead"
      }],
    )
  })
}
