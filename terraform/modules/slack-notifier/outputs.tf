output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_role_arn" {
  description = "ARN of the function's role, for a customer key's policy."
  value       = aws_iam_role.function.arn
}

output "log_group_name" {
  description = "Name of the log group; the logs are JSON."
  value       = aws_cloudwatch_log_group.function.name
}

output "dashboard_name" {
  description = "Name of the dashboard, with the Region; null without one."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "doctor_command" {
  description = "The command that checks this deployment, with its Region and all of its names; `eval \"$(terraform output -raw doctor_command)\"` runs it."
  value = join(" ", concat(
    ["AWS_REGION=${local.region}", "rollcall", "doctor", "--environment", var.environment, "--name", local.function_name],
    flatten([for group in distinct(compact(values(local.schedulers_here)[*].schedule_group_name)) : ["--group", group]]),
    [for group in aws_scheduler_schedule_group.rosters : "--roster-group=${group.name}"],
  ))
}

output "queue_url" {
  description = "URL of the queue between the rules and the function."
  value       = aws_sqs_queue.records.url
}

output "queue_arn" {
  description = "ARN of the queue between the rules and the function."
  value       = aws_sqs_queue.records.arn
}

output "table_name" {
  description = "Name of the window log, for `rollcall silence`; null without windows."
  value       = one(aws_dynamodb_table.windows[*].name)
}

output "roster_schedule_names" {
  description = "Names of the schedules in the group <name>-rosters, by <scheduler>/<schedule> or <scheduler>/<job>.job; a roster of more than 900 services and jobs is split into several, with /2 and so on."
  value       = { for key, schedule in aws_scheduler_schedule.rosters : key => schedule.name }
}

output "dead_letter_queue_urls" {
  description = "URLs of the dead-letter queues: records (the function failed at every receive) and rules (EventBridge could not deliver)."
  value       = { for key, queue in aws_sqs_queue.dead : key => queue.url }
}

output "verified_clusters" {
  description = "Names of the clusters of this account in which the function asks ECS what runs; empty if it does not ask."
  value       = local.verify ? local.clusters : []
}

output "event_source_mapping_id" {
  description = "UUID of the event source mapping, for disabling it by hand."
  value       = aws_lambda_event_source_mapping.records.uuid
}

output "rule_names" {
  description = "Names of the rules: failures and successes, jobs with `watch_jobs`, native and deployments with `verify.native_events`."
  value       = { for key, rule in aws_cloudwatch_event_rule.this : key => rule.name }
}

output "alarm_names" {
  description = "Names of all alarms."
  value = sort(concat(
    [aws_cloudwatch_metric_alarm.oldest_record.alarm_name, aws_cloudwatch_metric_alarm.stuck.alarm_name],
    values(aws_cloudwatch_metric_alarm.dead_letters)[*].alarm_name,
    values(aws_cloudwatch_metric_alarm.sums)[*].alarm_name,
  ))
}

output "operator_policy_json" {
  description = "JSON policy for people who make overrides (`rollcall extend`, `skip`, `up`, `down`, `cancel`) and look at them (`rollcall status`, `overrides`): attach it to their role. It allows changing schedules in the groups of this environment, and giving them their roles; null without `windows`."
  value       = local.windows ? jsonencode({ Version = "2012-10-17", Statement = local.operator_statements }) : null
}

output "kms_key_policy_statement" {
  description = "JSON statement that the policy of your own key needs, so that EventBridge can write to encrypted queues."
  value       = jsonencode(local.rules_may_encrypt)
}
