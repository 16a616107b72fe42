variable "region" {
  description = "Region of the clusters and of the notifier."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, such as dev."
  type        = string
  nullable    = false
}

variable "timezone" {
  description = "Zone in which schedules are read and messages are written."
  type        = string
  default     = "UTC"
  nullable    = false
}

variable "central" {
  description = "The account of the notifier, and the role by which Terraform works in it."
  type = object({
    account_id      = string
    deploy_role_arn = string
  })
  nullable = false
}

variable "pay" {
  description = "The first account with services: its name in messages, the role by which Terraform works in it, and its cluster, services and schedules as in the ecs-scheduler module."
  type = object({
    account_id      = string
    alias           = string
    deploy_role_arn = string
    cluster         = string
    services = map(object({
      desired_count = optional(map(number), {})
      except        = optional(set(string), [])
      labels        = optional(map(string), {})
    }))
    schedules = map(object({
      expression    = string
      desired_count = number
    }))
  })
  nullable = false
}

variable "search" {
  description = "The second account with services, as `pay`."
  type = object({
    account_id      = string
    alias           = string
    deploy_role_arn = string
    cluster         = string
    services = map(object({
      desired_count = optional(map(number), {})
      except        = optional(set(string), [])
      labels        = optional(map(string), {})
    }))
    schedules = map(object({
      expression    = string
      desired_count = number
    }))
  })
  nullable = false
}

variable "slack_webhook_parameter" {
  description = "Name of the SSM SecureString in the central account that holds the Slack webhook."
  type        = string
  nullable    = false
}

variable "function_zip" {
  description = "Path of the function's package: one that scripts/download fetched, or that .ci/package built."
  type        = string
  default     = "../../../target/lambda/rollcall-lambda/bootstrap.zip"
  nullable    = false
}

variable "function_sha256" {
  description = "SHA-256 of the package, as scripts/download prints it: the plan refuses another file. null takes any file."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Architecture that the package was built for."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "SNS topics of the alarms, made elsewhere."
  type        = set(string)
  default     = []
  nullable    = false
}
