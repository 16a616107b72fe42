# Rosters. At the time of each schedule, another schedule sends a message to the queue that lists the calls to expect.
# Without it the function only knows the calls that were made, and cannot report one that is missing.

locals {
  # A roster whose end has passed is never sent again, and AWS may refuse to update its schedule, so it is left out.
  current_rosters = {
    for key, scheduler in local.windows ? var.schedulers : {} : key => {
      for schedule, roster in scheduler.rosters : schedule => roster
      if roster.end_date == null || startswith(roster.expression, "at(") ? true : timecmp(roster.end_date, plantimestamp()) > 0
    }
  }

  # The services and jobs of a roster, sorted by name: the parts of a long roster then change only when its members do.
  roster_subjects = merge([
    for key, scheduler in local.windows ? var.schedulers : {} : {
      for schedule, roster in local.current_rosters[key] : "${key}/${schedule}" => concat(
        [for service in sort(keys(roster.services)) : { name = service, is_job = false }],
        [for job in sort(keys(roster.jobs)) : { name = job, is_job = true } if var.watch_jobs],
      )
    }
  ]...)

  # How many bytes the labels of a roster's service or job take at most, with its name before them.
  roster_label_bytes = merge([
    for key, scheduler in local.windows ? var.schedulers : {} : {
      for schedule, roster in local.current_rosters[key] : "${key}/${schedule}" =>
      length(roster.labels) == 0 ? 0 : 260 + max([for labels in values(roster.labels) : length(jsonencode(labels))]...)
    }
  ]...)

  rosters = merge([
    for key, scheduler in local.windows ? var.schedulers : {} : merge([
      for schedule, roster in local.current_rosters[key] : {
        # EventBridge Scheduler takes an input of 256 KB. A service or a job takes up to 264 bytes: a name of 255, a count,
        # and punctuation. 900 of them are 237,600 bytes, fewer with labels; all other fields together stay below 2,000.
        for part, subjects in chunklist(local.roster_subjects["${key}/${schedule}"], floor(237600 / (264 + local.roster_label_bytes["${key}/${schedule}"]))) :
        "${key}/${schedule}${part == 0 ? "" : "/${part + 1}"}" => merge(roster, {
          name = "${key}.${schedule}${part == 0 ? "" : ".${part + 1}"}"
          # AWS ignores both dates for at().
          start_date = startswith(roster.expression, "at(") ? null : roster.start_date
          end_date   = startswith(roster.expression, "at(") ? null : roster.end_date
          schedule   = schedule
          # CloudTrail shows the name of the role as sessionIssuer.userName, without the path that may stand before it.
          role          = reverse(split("/", scheduler.role_arn))[0]
          retry_minutes = scheduler.retry_minutes
          group         = scheduler.schedule_group_name
          services      = { for subject in subjects : subject.name => roster.services[subject.name] if !subject.is_job }
          jobs          = { for subject in subjects : subject.name => roster.jobs[subject.name] if subject.is_job }
          labels        = { for subject in subjects : subject.name => roster.labels[subject.name] if contains(keys(roster.labels), subject.name) }
        })
      }
    ]...)
  ]...)

  # The message that the function decodes. EventBridge Scheduler replaces <aws.scheduler.scheduled-time> by the time. It
  # finds the placeholder only if < and > are as they are, and jsonencode escapes them, so that is undone.
  roster_inputs = {
    for key, roster in local.rosters : key => replace(replace(jsonencode(merge(
      {
        rollcall                = "roster"
        environment             = roster.environment
        schedule                = roster.schedule
        scheduled_time          = "<aws.scheduler.scheduled-time>"
        flexible_window_minutes = roster.flexible_window_minutes
        account                 = local.places[split("/", key)[0]].account
        region                  = local.places[split("/", key)[0]].region
        cluster                 = roster.cluster
        services                = roster.services
        role                    = roster.role
      },
      roster.retry_minutes == null ? {} : { retry_minutes = roster.retry_minutes },
      # With the group, messages link to the schedule that is to be mended.
      roster.group == null ? {} : { group = roster.group },
      length(roster.jobs) == 0 ? {} : { jobs = roster.jobs },
      length(roster.labels) == 0 ? {} : { labels = roster.labels },
      # For the command line, which takes 24 where nothing is said; the function does not read it.
      var.maximum_override_hours == 24 ? {} : { override_hours_at_most = var.maximum_override_hours },
    )), "\\u003c", "<"), "\\u003e", ">")
  }

  roster_names = {
    for key, roster in local.rosters :
    key => join(" and ", [for what, count in { services = length(roster.services), jobs = length(roster.jobs) } : "${count} ${what}" if count > 0])
  }

  # Built from its parts, because the resource's own attribute is unknown in the first plan and the reviewer of a plan
  # should see whom the role trusts.
  roster_group_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${local.name}-rosters"
}

resource "aws_scheduler_schedule_group" "rosters" {
  count = local.windows ? 1 : 0

  name = "${local.name}-rosters"
  tags = var.tags
}

# What each roster's schedule is made from. Where this changes, the schedule is replaced and never updated, because an
# override may have left a start_date in the past, which AWS refuses in an update (see the ecs-scheduler module).
resource "terraform_data" "roster" {
  for_each = local.rosters

  # Without labels it is what it was before rosters carried any, so that an upgrade replaces no roster.
  input = sha256(jsonencode(concat(
    [{ for name, value in each.value : name => value if name != "labels" || try(length(value) > 0, true) }, var.environment, var.maximum_override_hours, aws_iam_role.rosters[0].arn, aws_sqs_queue.records.arn, aws_sqs_queue.dead["rules"].arn],
    contains(keys(local.schedulers_here), split("/", each.key)[0]) ? [] : [local.places[split("/", each.key)[0]]],
  )))
}

resource "aws_scheduler_schedule" "rosters" {
  for_each = local.rosters

  # A name over AWS's 64 characters is cut and ends in a hash of the whole name.
  name        = length(each.value.name) <= 64 ? each.value.name : "${substr(each.value.name, 0, 55)}.${substr(sha256(each.value.name), 0, 8)}"
  group_name  = aws_scheduler_schedule_group.rosters[0].name
  description = "${var.environment}: tells the notifier which calls ${each.value.schedule} makes (${local.roster_names[each.key]})"
  state       = "ENABLED" # The roster of a paused schedule is not in the input.

  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  # AWS refuses a start that has passed, and a cron() needs it no longer then.
  start_date = each.value.start_date == null ? null : timecmp(each.value.start_date, plantimestamp()) > 0 ? each.value.start_date : null
  end_date   = each.value.end_date

  # The roster is sent at the scheduled minute. It carries the flexible window of the calls that it describes.
  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.records.arn
    role_arn = aws_iam_role.rosters[0].arn
    input    = local.roster_inputs[each.key]

    # A roster that is an hour late is of no use: its window was reported without it.
    retry_policy {
      maximum_retry_attempts       = 185
      maximum_event_age_in_seconds = 60 * 60
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead["rules"].arn
    }
  }

  lifecycle {
    # An override moves the start of a roster with that of the calls that it describes. A plan leaves that alone.
    ignore_changes       = [start_date]
    replace_triggered_by = [terraform_data.roster[each.key]]

    precondition {
      condition     = length(local.roster_inputs[each.key]) <= 256 * 1024
      error_message = "The roster of ${each.key} has ${length(local.roster_inputs[each.key])} characters, and EventBridge Scheduler takes 262,144."
    }
  }

  # A schedule that fires before its role has the permission would fail.
  depends_on = [aws_iam_role_policy.rosters]
}

resource "aws_iam_role" "rosters" {
  count = local.windows ? 1 : 0

  name        = local.role_names.rosters
  path        = var.path
  description = "EventBridge Scheduler: sends rosters to the queue of ${local.function_name}"

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
          "aws:SourceArn"     = local.roster_group_arn
        }
      }
    }]
  })

  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "rosters" {
  count = local.windows ? 1 : 0

  name = "rosters"
  role = aws_iam_role.rosters[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # The second queue takes the rosters' own dead letters, which EventBridge Scheduler writes with this role.
      [{
        Sid      = "SendRosters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = [aws_sqs_queue.records.arn, aws_sqs_queue.dead["rules"].arn]
      }],
      !local.has_kms_key ? [] : [{
        Sid      = "EncryptRosters"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = local.kms_key_arn
      }],
    )
  })
}
