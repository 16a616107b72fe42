variable "region" {
  description = "Region of the ECS clusters; EventBridge rules see the calls of their own Region only."
  type        = string
  nullable    = false
}

variable "timezone" {
  description = "Zone in which schedules are read and messages are written."
  type        = string
  nullable    = false
}

variable "schedules" {
  description = "When to scale, for all environments; as in the ecs-scheduler module."
  type = map(object({
    expression    = string
    desired_count = number
  }))
  nullable = false
}

variable "flexible_window_minutes" {
  description = "Minutes over which a schedule's calls are spread; 0 is OFF, the rollback switch."
  type        = number
  default     = 5
  nullable    = false
}

variable "environments" {
  description = "The environments: their cluster, their services and jobs (as in the ecs-scheduler module), and the name of the SSM SecureString that holds the Slack webhook. `team_webhooks` names one for each team that hears of its services in a channel of its own: those with the label `team`."
  type = map(object({
    cluster                 = string
    slack_webhook_parameter = string
    mention_on_failure      = optional(string)
    team_webhooks           = optional(map(string), {})
    services = map(object({
      desired_count = optional(map(number), {})
      except        = optional(set(string), [])
      labels        = optional(map(string), {})
    }))
    jobs = optional(map(object({
      expression       = string
      task_definition  = string
      task_count       = optional(number, 1)
      launch_type      = optional(string, "FARGATE")
      passed_role_arns = optional(set(string), [])
      network = optional(object({
        subnet_ids         = set(string)
        security_group_ids = optional(set(string), [])
        assign_public_ip   = optional(bool, false)
      }))
    })), {})
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

variable "notifier_enabled" {
  description = "false stops feeding the functions and keeps the records waiting; the rollback switch of the notifier."
  type        = bool
  default     = true
  nullable    = false
}

variable "windows" {
  description = "One message per window, as in the slack-notifier module; { enabled = false } makes every batch a message again."
  type = object({
    enabled             = optional(bool, true)
    settle_seconds      = optional(number, 300)
    grace_seconds       = optional(number, 600)
    deletion_protection = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "verify" {
  description = "Ask ECS whether the tasks of accepted calls run, as in the slack-notifier module; { enabled = false } reports accepted calls without asking."
  type = object({
    enabled       = optional(bool, true)
    minutes       = optional(number, 10)
    autoscaling   = optional(bool, true)
    native_events = optional(bool, false)
  })
  default  = {}
  nullable = false
}
