variable "environment" {
  description = "Name of the environment, such as dev."
  type        = string
  nullable    = false
}

variable "cluster" {
  description = "Name of the ECS cluster."
  type        = string
  nullable    = false
}

variable "services" {
  description = "As in the ecs-scheduler module."
  type = map(object({
    desired_count = optional(map(number), {})
    except        = optional(set(string), [])
    labels        = optional(map(string), {})
  }))
  nullable = false
}

variable "schedules" {
  description = "As in the ecs-scheduler module."
  type = map(object({
    expression    = string
    desired_count = number
  }))
  nullable = false
}

variable "timezone" {
  description = "Zone in which schedules are read."
  type        = string
  nullable    = false
}

variable "central_bus_arn" {
  description = "ARN of the event bus in the notifier's account."
  type        = string
  nullable    = false
}

variable "function_role_arn" {
  description = "ARN of the role of the notifier's function."
  type        = string
  nullable    = false
}
