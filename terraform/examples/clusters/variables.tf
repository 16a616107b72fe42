variable "region" {
  description = "Region of the ECS clusters."
  type        = string
  nullable    = false
}

variable "timezone" {
  description = "Zone in which schedules are read and messages are written."
  type        = string
  default     = "UTC"
  nullable    = false
}

variable "environments" {
  description = "The environments: the name of the SSM SecureString that holds their Slack webhook, and their clusters under short names, each with its services and schedules (as in the ecs-scheduler module). The short names head the rosters."
  type = map(object({
    slack_webhook_parameter = string
    dashboard               = optional(bool, false)
    clusters = map(object({
      cluster = string
      services = map(object({
        desired_count = optional(map(number), {})
        except        = optional(set(string), [])
      }))
      schedules = map(object({
        expression    = string
        desired_count = number
      }))
    }))
  }))
  nullable = false
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

variable "windows" {
  description = "As in the slack-notifier module."
  type = object({
    settle_seconds = optional(number, 300)
    grace_seconds  = optional(number, 600)
  })
  default  = {}
  nullable = false
}

variable "alarm_topic_arns" {
  description = "SNS topics of the alarms, made elsewhere; one topic may serve every environment."
  type        = set(string)
  default     = []
  nullable    = false
}
