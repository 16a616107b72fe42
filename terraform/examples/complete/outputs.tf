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

output "rosters" {
  description = "By environment, what each schedule is expected to do."
  value       = { for environment, scheduler in module.scheduler : environment => scheduler.rosters }
}
