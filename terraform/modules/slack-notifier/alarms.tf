# Alarms go to SNS and never through the function or Slack, so that they work when the function or Slack does not.

locals {
  # How old a record may be that the function has hardly tried. A batch may take its batching window and its timeout, fail
  # as a whole and come back once, which are two visibility timeouts; a timer is sent with a delay of up to 15 minutes.
  # SQS leaves messages out of this age once they were received three times, so records that keep failing do not show
  # here: the alarm records-stuck rings for those.
  oldest_seconds = 2 * local.visibility + 15 * 60

  # For how many periods of five minutes the function may have records without finishing one. A batch that is gathered and
  # handled as slowly as allowed, and succeeds, is shorter than that.
  stuck_periods = max(3, ceil((local.batching_window_seconds + var.function.timeout_seconds) / 300) + 1)

  queue_alarms = merge(
    { for key, queue in aws_sqs_queue.dead : "${key}-dead" => { queue = queue.name, minutes = 1, what = key == "records" ? "Records that the function failed on in ${local.max_receive_count} attempts" : "Events and rosters that EventBridge could not put into the queue" } },
    # Where the function reads such a queue, a letter is a fault only if it stays: letters that the function failed on wait
    # in flight, are not counted here, and end in the dead-letter queue of the records.
    { for key, scheduler in local.schedulers_here : "schedules-dead-${key}" => {
      queue   = reverse(split(":", scheduler.dead_letter_queue_arn))[0]
      minutes = contains(keys(local.read_dead_letters), key) ? 15 : 1
      what    = contains(keys(local.read_dead_letters), key) ? "The function does not take the calls that EventBridge Scheduler gave up on" : "Calls that EventBridge Scheduler gave up on"
    } if scheduler.has_dead_letter_queue },
  )

  # Whose faults show elsewhere too: throttled records wait and oldest-record rings, a lapsed claim that matters ends in
  # windows-overdue, and Slack reports the calls that ECS refused.
  is_second_sign = ["function-throttles", "claims-lapsed", "schedules-errors"]

  sum_alarms = { for key, alarm in local.all_sum_alarms : key => alarm if var.alarms == "all" || !contains(local.is_second_sign, try(regex("^schedules-errors", key), key)) }

  all_sum_alarms = merge(
    {
      function-errors    = { namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = local.function_name }, what = "The function failed as a whole, so its batch comes again" }
      function-throttles = { namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = local.function_name }, what = "Lambda refused to run the function, so records wait" }
    },
    # The function writes these metrics to its log, from which CloudWatch reads them, so they do not need Slack.
    !local.windows ? {} : {
      windows-overdue = { namespace = "Rollcall", metric = "WindowsOverdue", dimensions = { FunctionName = local.function_name }, what = "A window is a quarter of an hour past its deadline and could not be reported" }
    },
    # Two guards of one thing: the function ends a chain of timers that has grown too long, and Lambda must not end one before.
    !local.windows ? {} : {
      timers-ended                  = { namespace = "Rollcall", metric = "TimersEnded", dimensions = { FunctionName = local.function_name }, what = "The function ended a chain of timers that had grown too long, and reported its window as it stood" }
      recursive-invocations-dropped = { namespace = "AWS/Lambda", metric = "RecursiveInvocationsDropped", dimensions = { FunctionName = local.function_name }, what = "Lambda took the timers of windows for a runaway loop and ended them, so messages of windows are lost: the function's recursion configuration must be Allow" }
    },
    # A claim lapses when an invocation ends before it releases it. A single one may be an instance that Lambda shut down;
    # several mean that invocations crash or run out of time.
    !local.windows ? {} : {
      claims-lapsed = { namespace = "Rollcall", metric = "ClaimsLapsed", dimensions = { FunctionName = local.function_name }, threshold = 3, seconds = 900, what = "More than 3 invocations in a quarter of an hour ended without releasing the window that they had claimed" }
    },
    merge([
      for key, scheduler in local.schedulers_here : {
        "schedules-dropped-${key}" = { namespace = "AWS/Scheduler", metric = "InvocationDroppedCount", dimensions = { ScheduleGroup = scheduler.schedule_group_name }, what = "EventBridge Scheduler gave up on a call" }
        "schedules-errors-${key}"  = { namespace = "AWS/Scheduler", metric = "TargetErrorCount", dimensions = { ScheduleGroup = scheduler.schedule_group_name }, what = "ECS refused a scheduled call; it may yet succeed when tried again" }
      } if scheduler.schedule_group_name != null
    ]...),
  )
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.queue_alarms

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = "${each.value.what}: ${each.value.queue} is not empty."
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateNumberOfMessagesVisible"
  dimensions        = { QueueName = each.value.queue }
  statistic         = "Maximum"
  period            = 60

  evaluation_periods  = each.value.minutes
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0

  # SQS stops publishing metrics of a queue that nobody used for about six hours, also where letters wait in it. The alarm
  # then stays as it is, and so keeps ringing until somebody takes the letters out: that is a use, and SQS publishes a 0.
  treat_missing_data = "ignore"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = var.tags
}

resource "aws_cloudwatch_metric_alarm" "oldest_record" {
  alarm_name        = "${local.name}-oldest-record"
  alarm_description = "A record that was received less than three times is older than two batches and a quarter of an hour (${local.oldest_seconds} s): the function does not keep up, or is disabled."
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateAgeOfOldestMessage"
  dimensions        = { QueueName = aws_sqs_queue.records.name }
  statistic         = "Maximum"
  period            = 60

  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.oldest_seconds
  treat_missing_data  = "notBreaching" # SQS publishes an age only while the queue holds a message.

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = var.tags
}

# Records that failed come back many times before they are dead letters, with windows for about 6.5 hours. This alarm rings
# after a quarter of an hour: all that time records were in flight, that is received or waiting for their next attempt, and
# none was deleted.
resource "aws_cloudwatch_metric_alarm" "stuck" {
  alarm_name        = "${local.name}-records-stuck"
  alarm_description = "For ${5 * local.stuck_periods} minutes the function had records and finished none of them: ${local.windows ? "most often the table cannot be reached" : "most often Slack cannot be reached"}. They come back, and move to ${aws_sqs_queue.dead["records"].name} after ${local.max_receive_count} attempts."

  metric_query {
    id          = "stuck"
    label       = "Records in flight, and none deleted"
    expression  = "IF(in_flight > 0 AND FILL(deleted, 0) == 0, 1, 0)"
    return_data = true
  }

  metric_query {
    id = "in_flight"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesNotVisible"
      dimensions  = { QueueName = aws_sqs_queue.records.name }
      stat        = "Maximum"
      period      = 300
    }
  }

  metric_query {
    id = "deleted"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "NumberOfMessagesDeleted"
      dimensions  = { QueueName = aws_sqs_queue.records.name }
      stat        = "Sum"
      period      = 300
    }
  }

  evaluation_periods  = local.stuck_periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = var.tags
}

resource "aws_cloudwatch_metric_alarm" "sums" {
  for_each = local.sum_alarms

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = "${each.value.what}."
  namespace         = each.value.namespace
  metric_name       = each.value.metric
  dimensions        = each.value.dimensions
  statistic         = "Sum"
  period            = lookup(each.value, "seconds", 60)

  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = lookup(each.value, "threshold", 0)
  treat_missing_data  = "notBreaching" # These metrics are published only when there is something to count.

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = var.tags
}
