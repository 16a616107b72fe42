output "scheduler" {
  description = "What the notifier takes as one of its schedulers."
  value       = module.scheduler
}

output "reader_role_arn" {
  description = "The role that the function assumes to ask ECS here."
  value       = aws_iam_role.reader.arn
}
