output "scheduler_role_arns" {
  description = "By environment and cluster, the role whose calls are reported."
  value       = { for key, scheduler in module.scheduler : key => scheduler.role_arn }
}

output "function_names" {
  description = "By environment, the notifier's function."
  value       = { for environment, notifier in module.notifier : environment => notifier.function_name }
}

output "queue_urls" {
  description = "By environment, the queue between the rules and the function."
  value       = { for environment, notifier in module.notifier : environment => notifier.queue_url }
}

output "verified_clusters" {
  description = "By environment, the clusters in which ECS is asked what runs."
  value       = { for environment, notifier in module.notifier : environment => notifier.verified_clusters }
}

output "roster_schedule_names" {
  description = "By environment, the schedules that send rosters to the notifier."
  value       = { for environment, notifier in module.notifier : environment => notifier.roster_schedule_names }
}

output "dashboard_names" {
  description = "By environment, its dashboard; null without one."
  value       = { for environment, notifier in module.notifier : environment => notifier.dashboard_name }
}

output "doctor_commands" {
  description = "By environment, the command that checks the deployment."
  value       = { for environment, notifier in module.notifier : environment => notifier.doctor_command }
}
