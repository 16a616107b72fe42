output "alarm_topic_arn" {
  description = "Topic of all alarms; subscribe whoever is on call."
  value       = aws_sns_topic.alarms.arn
}

output "scheduler_role_arns" {
  description = "By environment, the role whose calls are reported."
  value       = { for environment, scheduler in module.scheduler : environment => scheduler.role_arn }
}

output "function_names" {
  description = "By environment, the notifier's function."
  value       = { for environment, notifier in module.notifier : environment => notifier.function_name }
}

output "queue_urls" {
  description = "By environment, the queue between the rules and the function."
  value       = { for environment, notifier in module.notifier : environment => notifier.queue_url }
}

output "dead_letter_queue_urls" {
  description = "By environment, the notifier's dead-letter queues."
  value       = { for environment, notifier in module.notifier : environment => notifier.dead_letter_queue_urls }
}

output "table_names" {
  description = "By environment, the window log, for rollcall silence."
  value       = { for environment, notifier in module.notifier : environment => notifier.table_name }
}

output "roster_schedule_names" {
  description = "By environment, the schedules that send rosters to the notifier."
  value       = { for environment, notifier in module.notifier : environment => notifier.roster_schedule_names }
}

output "verified_clusters" {
  description = "By environment, the clusters in which ECS is asked what runs."
  value       = { for environment, notifier in module.notifier : environment => notifier.verified_clusters }
}

output "schedules_dead_letter_queue_arns" {
  description = "By environment, the queue of the calls that Scheduler gave up on."
  value       = { for environment, scheduler in module.scheduler : environment => scheduler.dead_letter_queue_arn }
}

output "rosters" {
  description = "By environment, what each schedule and each job is expected to do."
  value       = { for environment, scheduler in module.scheduler : environment => scheduler.rosters }
}

output "dashboard_names" {
  description = "By environment, its dashboard."
  value       = { for environment, notifier in module.notifier : environment => notifier.dashboard_name }
}

output "routes" {
  description = "By environment, which team hears of what, for rollcall routes test."
  value       = { for environment, notifier in module.notifier : environment => notifier.routes_json }
}

output "operator_policies" {
  description = "By environment, the policy to attach for people who make overrides."
  value       = { for environment, notifier in module.notifier : environment => notifier.operator_policy_json }
}

output "doctor_commands" {
  description = "By environment, the command that checks the deployment."
  value       = { for environment, notifier in module.notifier : environment => notifier.doctor_command }
}
