output "function_name" {
  description = "The notifier's function."
  value       = module.notifier.function_name
}

output "doctor_command" {
  description = "The command that checks the deployment: eval \"$(terraform output -raw doctor_command)\"."
  value       = module.notifier.doctor_command
}
