output "function_name" {
  description = "The notifier's function; rollcall doctor --name takes it."
  value       = module.notifier.function_name
}

output "table_name" {
  description = "The table in which the function keeps windows, for rollcall silence and rollcall export."
  value       = module.notifier.table_name
}

output "doctor_command" {
  description = "The command that checks the deployment: eval \"$(terraform output -raw doctor_command)\"."
  value       = module.notifier.doctor_command
}
