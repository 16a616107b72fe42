output "function_name" {
  description = "The notifier's function, in the central account."
  value       = module.notifier.function_name
}

output "roster_schedule_names" {
  description = "The schedules of the central account that send rosters to the notifier."
  value       = module.notifier.roster_schedule_names
}

output "reader_role_arns" {
  description = "By account, the role that the function assumes to ask ECS there."
  value       = { pay = module.pay.reader_role_arn, search = module.search.reader_role_arn }
}

output "central_bus_arn" {
  description = "The event bus that the rules of the other accounts send to."
  value       = local.bus_arn
}
