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

output "schedule_names" {
  description = "Names of the schedules in the group, by <schedule>/<service> or job/<job>."
  value       = { for key, schedule in aws_scheduler_schedule.this : key => schedule.name }
}

output "rosters" {
  description = "For each schedule and each job that is not paused, what it is expected to do: the notifier's roll call. A job's key ends in .job, as a schedule may have the same name; a job with a rate() is reported, but never expected."
  value = merge(
    {
      for key, schedule in local.active : key => {
        environment             = var.environment
        cluster                 = var.cluster
        expression              = schedule.expression
        timezone                = schedule.timezone
        flexible_window_minutes = schedule.flexible_window_minutes
        start_date              = schedule.start_date
        end_date                = schedule.end_date
        services                = { for service in schedule.services : service => local.updates["${key}/${service}"].input.DesiredCount }
        jobs                    = {}
      }
    },
    {
      for key, job in local.expected_jobs : key => {
        environment             = var.environment
        cluster                 = var.cluster
        expression              = job.expression
        timezone                = job.timezone
        flexible_window_minutes = job.flexible_window_minutes
        start_date              = job.start_date
        end_date                = job.end_date
        services                = {}
        # CloudTrail and ECS tell the revision that ran, which the schedule may leave open: the family is what both know.
        jobs = { (split(":", job.task_definition)[0]) = job.task_count }
      }
    },
  )
}
