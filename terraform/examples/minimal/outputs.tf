output "function_name" {
  description = "The notifier's function."
  value       = module.notifier.function_name
}
