variable "region" {
  description = "Region of the ECS cluster; EventBridge rules see the calls of their own Region only."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment. It heads every message and is part of every name."
  type        = string
  default     = "dev"
  nullable    = false
}

variable "cluster" {
  description = "Name of the ECS cluster that holds the services."
  type        = string
  nullable    = false
}

variable "services" {
  description = "The services to scale; the key is the service's name in ECS, and {} is the usual value. As in the ecs-scheduler module."
  type = map(object({
    desired_count = optional(map(number), {})
    except        = optional(set(string), [])
  }))
  nullable = false
}

variable "schedules" {
  description = "When to scale to which count, read in `timezone`; as in the ecs-scheduler module."
  type = map(object({
    expression    = string
    desired_count = number
  }))
  default = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
    evening = { expression = "cron(0 18 ? * MON-FRI *)", desired_count = 0 }
  }
  nullable = false
}

variable "timezone" {
  description = "Zone in which schedules are read and messages are written, such as Asia/Seoul."
  type        = string
  default     = "UTC"
  nullable    = false
}

variable "slack_webhook_parameter" {
  description = "Name of the SSM SecureString that holds the Slack webhook; null means /rollcall/<environment>/slack-webhook."
  type        = string
  default     = null
}

variable "package" {
  description = "The function's package: the file that scripts/download fetched, with the SHA-256 that it printed. As in the slack-notifier module."
  type = object({
    zip    = string
    sha256 = optional(string)
  })
  default  = { zip = "rollcall-lambda-arm64.zip" }
  nullable = false
}

variable "architecture" {
  description = "Architecture of the package: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false
}
