# What tells machines what people hear: an event bus, an address that is called with signed requests, and a heartbeat.
# Secrets are read by the function when it first needs them, so that only their names stand here.

variable "event_bus_arn" {
  description = "The EventBridge bus that gets an event for each group of schedules that fire together; docs/events.md says what is in it. null sends none."
  type        = string
  default     = null

  validation {
    condition     = var.event_bus_arn == null || can(regex("^arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9/_.-]{1,256}$", var.event_bus_arn))
    error_message = "event_bus_arn is the ARN of an event bus, such as arn:aws:events:eu-central-1:123456789012:event-bus/default."
  }
}

variable "events" {
  description = <<-EOT
    An address that is called with each event, signed after Standard Webhooks 1.0; null calls none. All values are kept in SSM SecureStrings, whose names stand here.

    - `url_parameter`: the parameter that holds the address, which begins with https://.
    - `secret_parameter`: the parameter that holds the secret that signs, such as whsec_…; while it is replaced, the new and the old one, separated by a space.
    - `token_parameter`: the parameter that holds a bearer token, where the address wants one besides the signature.
    - `kms_key_arn`: the customer key that encrypts them; null means AWS's own key, which needs no permission.
  EOT
  type = object({
    url_parameter    = string
    secret_parameter = string
    token_parameter  = optional(string)
    kms_key_arn      = optional(string)
  })
  default = null

  validation {
    condition     = var.events == null ? true : alltrue([for name in compact([var.events.url_parameter, var.events.secret_parameter, var.events.token_parameter]) : can(regex("^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$", name)) && !startswith(name, "whsec_")])
    error_message = "The parameters of events are names of SSM parameters (letters, digits, _ . - and, where a name begins with one, /), never an address, a secret or a token."
  }
  validation {
    condition     = try(var.events.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.events.kms_key_arn))
    error_message = "events.kms_key_arn is the ARN of a KMS key (…:key/…), not an alias."
  }
}

variable "heartbeat_url_parameter" {
  description = "The SSM SecureString that holds the address of a check in the form of healthchecks.io, which rings where it is not pinged; docs/events.md shows how to set it up. null pings none."
  type        = string
  default     = null

  validation {
    condition     = var.heartbeat_url_parameter == null || can(regex("^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$", var.heartbeat_url_parameter))
    error_message = "heartbeat_url_parameter is the name of an SSM parameter (letters, digits, _ . - and, where it begins with one, /), never the address itself."
  }
}

locals {
  # As local.secrets has those of Slack. The keys are part of the names of the permissions in iam.tf.
  event_secrets = {
    for key, secret in {
      EventsUrl    = { parameter = try(var.events.url_parameter, null), kms_key_arn = try(var.events.kms_key_arn, null) }
      EventsSecret = { parameter = try(var.events.secret_parameter, null), kms_key_arn = try(var.events.kms_key_arn, null) }
      EventsToken  = { parameter = try(var.events.token_parameter, null), kms_key_arn = try(var.events.kms_key_arn, null) }
      Heartbeat    = { parameter = var.heartbeat_url_parameter, kms_key_arn = null }
    } : key => { parameter = secret.parameter, secret = null, kms_key_arn = secret.kms_key_arn } if secret.parameter != null
  }

  event_environment = { for name, value in {
    ROLLCALL_EVENT_BUS               = var.event_bus_arn
    ROLLCALL_EVENTS_URL_PARAMETER    = try(var.events.url_parameter, null)
    ROLLCALL_EVENTS_SECRET_PARAMETER = try(var.events.secret_parameter, null)
    ROLLCALL_EVENTS_TOKEN_PARAMETER  = try(var.events.token_parameter, null)
    ROLLCALL_HEARTBEAT_URL_PARAMETER = var.heartbeat_url_parameter
  } : name => value if value != null }

  event_statements = [for arn in compact([var.event_bus_arn]) : {
    Sid       = "SendEvents"
    Effect    = "Allow"
    Action    = "events:PutEvents"
    Resource  = arn
    Condition = { StringEquals = { "events:source" = "rollcall" } }
  }]
}
