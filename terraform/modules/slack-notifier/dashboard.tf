# The graphs follow a call from the schedule to Slack, from left to right and top to bottom. Dead letters and details of
# windows, jobs and ECS come after that, and the alarms last.

locals {
  # CloudWatch refuses a graph without a metric.
  widgets = [for widget in local.all_widgets : widget if length(widget.metrics) > 0]

  all_widgets = concat(local.path_widgets, local.job_widgets, local.verify_widgets, !local.windows ? [] : [
    {
      title     = "Windows: timers, ended, overdue, claims lapsed"
      statistic = "Sum"
      metrics   = [for metric in ["Timers", "TimersEnded", "WindowsOverdue", "ClaimsLapsed"] : ["Rollcall", metric, "FunctionName", local.function_name]]
    },
    {
      title     = "Window log: requests, throttled"
      statistic = "Sum"
      metrics   = [for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents"] : ["AWS/DynamoDB", metric, "TableName", "${local.name}-windows"]]
    },
    {
      title     = "Rosters: sent, errors, given up"
      statistic = "Sum"
      metrics   = [for metric in ["InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount"] : ["AWS/Scheduler", metric, "ScheduleGroup", "${local.name}-rosters"]]
    },
  ])

  job_widgets = !var.watch_jobs ? [] : [{
    title     = "Jobs: succeeded, failed"
    statistic = "Sum"
    metrics   = [for metric in ["JobsSucceeded", "JobsFailed"] : ["Rollcall", metric, "FunctionName", local.function_name]]
  }]

  verify_widgets = !local.verify ? [] : [{
    title     = "ECS: answers, failed requests"
    statistic = "Sum"
    metrics   = [for metric in ["Looks", "LooksFailed"] : ["Rollcall", metric, "FunctionName", local.function_name]]
  }]

  path_widgets = [
    {
      title     = "1 Schedules: attempts, errors, given up"
      statistic = "Sum"
      metrics = concat([], [
        for scheduler in local.schedulers_here : [
          for metric in ["InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount"] :
          ["AWS/Scheduler", metric, "ScheduleGroup", scheduler.schedule_group_name]
        ] if scheduler.schedule_group_name != null
      ]...)
    },
    {
      title     = "2 Rules: records matched, not delivered"
      statistic = "Sum"
      metrics = concat([
        for key in keys(local.rules) : [
          for metric in ["MatchedEvents", "FailedInvocations"] :
          ["AWS/Events", metric, "RuleName", "${local.name}-${key}"]
        ]
      ]...)
    },
    {
      title     = "3 Queue: sent, deleted, waiting, in flight"
      statistic = "Sum"
      metrics = [
        for metric in ["NumberOfMessagesSent", "NumberOfMessagesDeleted", "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"] :
        ["AWS/SQS", metric, "QueueName", "${local.name}-records"]
      ]
    },
    {
      title     = "Queue: age of the oldest record (s)"
      statistic = "Maximum"
      metrics   = [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${local.name}-records"]]
    },
    {
      title     = "4 Function: runs, errors, throttles"
      statistic = "Sum"
      metrics   = [for metric in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", local.function_name]]
    },
    {
      title     = "Function: duration (ms)"
      statistic = "Maximum"
      metrics   = [["AWS/Lambda", "Duration", "FunctionName", local.function_name]]
    },
    {
      title     = "5 Records: decoded, ignored, undecodable"
      statistic = "Sum"
      metrics   = [for metric in ["Records", "Decoded", "Ignored", "Undecodable"] : ["Rollcall", metric, "FunctionName", local.function_name]]
    },
    {
      title     = join(", ", concat(["Services: succeeded", "failed"], local.windows ? ["missing"] : [], local.verify ? ["late"] : []))
      statistic = "Sum"
      metrics   = [for metric in concat(["ServicesSucceeded", "ServicesFailed"], local.windows ? ["ServicesMissing"] : [], local.verify ? ["ServicesLate"] : []) : ["Rollcall", metric, "FunctionName", local.function_name]]
    },
    {
      title     = "6 Slack: messages, rate limits"
      statistic = "Sum"
      metrics   = [for metric in concat(["MessagesPosted", "MessagesFailed", "SlackRateLimited"], var.slack_bot == null ? [] : ["MessagesEdited", "RepliesPosted"]) : ["Rollcall", metric, "FunctionName", local.function_name]]
    },
    {
      title     = "Slack: latency (ms)"
      statistic = "Maximum"
      metrics   = [["Rollcall", "SlackLatency", "FunctionName", local.function_name]]
    },
    {
      title     = "Dead letters waiting"
      statistic = "Maximum"
      metrics   = [for alarm in local.queue_alarms : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", alarm.queue]]
    },
  ]

  alarm_arns = concat(
    [aws_cloudwatch_metric_alarm.oldest_record.arn, aws_cloudwatch_metric_alarm.stuck.arn],
    values(aws_cloudwatch_metric_alarm.dead_letters)[*].arn,
    values(aws_cloudwatch_metric_alarm.sums)[*].arn,
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = "${local.name}-${local.region}"
  dashboard_body = jsonencode({
    start = "-PT12H"
    widgets = concat(
      [
        for position, widget in local.widgets : {
          type   = "metric"
          x      = position % 3 * 8
          y      = floor(position / 3) * 6
          width  = 8
          height = 6
          properties = {
            title   = widget.title
            stat    = widget.statistic
            period  = 300
            region  = local.region
            metrics = widget.metrics
          }
        }
      ],
      [{
        type       = "alarm"
        x          = length(local.widgets) % 3 * 8
        y          = floor(length(local.widgets) / 3) * 6
        width      = 8
        height     = 6
        properties = { title = "Alarms", alarms = local.alarm_arns }
      }],
    )
  })
}
