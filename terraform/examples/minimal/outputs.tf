output "function_name" {
  description = "The notifier's function; rollcall doctor --name takes it."
  value       = module.notifier.function_name
}

output "table_name" {
  description = "The table in which the function keeps windows, for rollcall silence and rollcall export."
  value       = module.notifier.table_name
}
