output "role_arn" {
  description = "ARN of the role that makes the calls; CloudTrail records name it, and the notifier's rules match it."
  value       = aws_iam_role.this.arn
}

output "schedule_group_name" {
  description = "Name of the schedule group, the dimension of Scheduler's metrics."
  value       = aws_scheduler_schedule_group.this.name
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue that holds the calls Scheduler gave up on."
  value       = aws_sqs_queue.dead_letters.arn
}

output "dead_letter_visibility_seconds" {
  description = "That queue's visibility timeout, which has to suit the function that reads it."
  value       = var.dead_letter_visibility_seconds
}

output "kms_key_arn" {
  description = "The customer key of that queue; null with SSE-SQS."
  value       = var.kms_key_arn
}

output "cluster" {
  description = "Name of the cluster, in which the notifier asks ECS what runs."
  value       = var.cluster
}

output "retry_minutes" {
  description = "For how many minutes after its time EventBridge Scheduler tries a call again; the notifier expects calls that late."
  value       = var.retry.maximum_age_minutes
}

output "schedule_names" {
  description = "Names of the schedules in the group, by <schedule>/<service> or job/<job>."
  value       = { for key, schedule in aws_scheduler_schedule.this : key => schedule.name }
}

output "rosters" {
  description = "What the notifier is to expect: for each schedule and each job with a cron() or an at() that is not paused, its time, the counts it asks for, and the labels of its services and jobs. A job's key ends in .job, because a schedule may have the same name. What runs at a rate() has no roster: its calls are reported, but a call that is missing is not."
  value = merge(
    {
      for key, schedule in local.service_rosters : key => {
        environment             = var.environment
        cluster                 = var.cluster
        expression              = schedule.expression
        timezone                = schedule.timezone
        flexible_window_minutes = schedule.flexible_window_minutes
        start_date              = schedule.start_date
        end_date                = schedule.end_date
        services                = { for service in schedule.services : service => local.updates["${key}/${service}"].input.DesiredCount }
        jobs                    = {}
        labels                  = { for service in schedule.services : service => var.services[service].labels if length(var.services[service].labels) > 0 }
      }
    },
    {
      for key, job in local.job_rosters : key => {
        environment             = var.environment
        cluster                 = var.cluster
        expression              = job.expression
        timezone                = job.timezone
        flexible_window_minutes = job.flexible_window_minutes
        start_date              = job.start_date
        end_date                = job.end_date
        services                = {}
        # The schedule may name no revision, while CloudTrail and ECS always do. Only the family is known to all of them.
        jobs   = { (split(":", job.input.TaskDefinition)[0]) = job.input.Count }
        labels = { for family, labels in { (split(":", job.input.TaskDefinition)[0]) = var.jobs[trimsuffix(key, ".job")].labels } : family => labels if length(labels) > 0 }
      }
    },
  )
}
