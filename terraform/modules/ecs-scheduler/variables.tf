variable "environment" {
  description = "Name of the environment, such as dev or stg. It names everything here and stands in the roster, so that the notifier reports each environment apart."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment))
    error_message = "environment is 1 to 20 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "name" {
  description = "Name of the schedule group, its role and its dead-letter queue; null means rollcall-<environment>. Set it where one environment has several clusters."
  type        = string
  default     = null

  validation {
    condition     = var.name == null || can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$", var.name))
    error_message = "name is 1 to 48 letters, digits, hyphens and underscores: the names made from it end within AWS's 64."
  }
}

variable "cluster" {
  description = "Name of the ECS cluster that holds the services, in the provider's account and Region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.cluster))
    error_message = "cluster is the short name of the cluster (letters, digits, hyphens, underscores), not its ARN."
  }
}

variable "services" {
  description = <<-EOT
    The services to scale; the key is the service's name in ECS. `{}` is the usual value.

    - `desired_count`: counts that differ from the schedule's own, by schedule, such as `{ morning = 2 }`.
    - `except`: schedules that leave this service alone.
    - `service_arn`: only for a service that still has the short ARN from before 2021 (`…:service/NAME`, without the cluster), since the role is allowed exact ARNs.
  EOT
  type = map(object({
    desired_count = optional(map(number), {})
    except        = optional(set(string), [])
    service_arn   = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.services) : can(regex("^[A-Za-z0-9_-]{1,255}$", key))])
    error_message = "Each key of services is an ECS service name: 1 to 255 letters, digits, hyphens and underscores."
  }
  validation {
    condition = alltrue(flatten([
      for service in values(var.services) : [for count in values(service.desired_count) : count >= 0 && floor(count) == count]
    ]))
    error_message = "services[*].desired_count holds whole numbers from 0 up."
  }
  validation {
    condition = alltrue([
      for key, service in var.services :
      service.service_arn == null || can(regex("^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:service/(.+/)?${key}$", service.service_arn))
    ])
    error_message = "services[*].service_arn is the ARN of the ECS service that the key names."
  }
}

variable "schedules" {
  description = <<-EOT
    When to scale, and to what. The key names the schedule in every message, such as morning.

    - `expression`: `cron(…)`, `rate(…)` or `at(yyyy-mm-ddThh:mm:ss)`, read in `timezone`. A schedule with a `rate()` has no roster, because only AWS knows when it fires: its calls are reported, but a service that it did not call is never reported as missing. Prefer `cron()`. An `at()` whose time is past in every zone is left out, so the next apply removes its schedules.
    - `desired_count`: the count that each service gets, unless the service says otherwise.
    - `services`: only these services; null means all of them.
    - `timezone`, `flexible_window_minutes`: null means the module's own.
    - `start_date`, `end_date`: RFC 3339 in UTC; AWS ignores them for `at()`.
    - `paused`: the schedules stay but do nothing, and have no roster.
  EOT
  type = map(object({
    expression              = string
    desired_count           = number
    services                = optional(set(string))
    timezone                = optional(string)
    flexible_window_minutes = optional(number)
    start_date              = optional(string)
    end_date                = optional(string)
    paused                  = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.schedules) : can(regex("^[A-Za-z0-9_-]{1,30}$", key))])
    error_message = "Each key of schedules is 1 to 30 letters, digits, hyphens and underscores."
  }
  validation {
    condition     = alltrue([for s in values(var.schedules) : s.desired_count >= 0 && floor(s.desired_count) == s.desired_count])
    error_message = "schedules[*].desired_count is a whole number from 0 up."
  }
  validation {
    condition     = alltrue([for s in values(var.schedules) : can(regex("^(cron|rate|at)\\(.+\\)$", s.expression))])
    error_message = "schedules[*].expression is cron(…), rate(…) or at(…)."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) :
      can(regex("^cron\\([0-9,*/-]+ [0-9,*/-]+ ([0-9LW,*/-]+ [0-9A-Z,*/-]+ \\?|\\? [0-9A-Z,*/-]+ [0-9A-Z#,*/-]+) [0-9,*/-]+\\)$", s.expression))
      if startswith(s.expression, "cron(")
    ])
    error_message = "A cron expression has six fields (minutes hours day-of-month month day-of-week year), and exactly one of day-of-month and day-of-week is ?."
  }
  validation {
    condition = alltrue(flatten([
      for s in values(var.schedules) : [
        for position, most in [59, 23] : [
          for number in regexall("[0-9]+", element(split(" ", trimprefix(s.expression, "cron(")), position)) : tonumber(number) <= most
        ]
      ] if startswith(s.expression, "cron(")
    ]))
    error_message = "In a cron expression minutes are 0 to 59 and hours 0 to 23."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) : can(regex("^rate\\([1-9][0-9]* (minute|hour|day)s?\\)$", s.expression))
      if startswith(s.expression, "rate(")
    ])
    error_message = "A rate expression is rate(<number from 1> minutes|hours|days)."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) : can(timeadd("${trimsuffix(trimprefix(s.expression, "at("), ")")}Z", "0s"))
      if startswith(s.expression, "at(")
    ])
    error_message = "A one-time expression is at(yyyy-mm-ddThh:mm:ss), without a zone: the zone is timezone."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) : s.timezone == null || can(regex("^(UTC|[A-Za-z]+/[A-Za-z0-9_+/-]+)$", s.timezone))
    ])
    error_message = "schedules[*].timezone is UTC or a name of the IANA database such as Asia/Seoul."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) :
      s.flexible_window_minutes == null ? true : s.flexible_window_minutes >= 0 && s.flexible_window_minutes <= 1440 && floor(s.flexible_window_minutes) == s.flexible_window_minutes
    ])
    error_message = "schedules[*].flexible_window_minutes is a whole number from 0 (off) to 1440."
  }
  validation {
    condition = alltrue(flatten([
      for s in values(var.schedules) : [for date in [s.start_date, s.end_date] : date == null || can(regex("Z$", timeadd(date, "0s")))]
    ]))
    error_message = "schedules[*].start_date and end_date are RFC 3339 times in UTC, such as 2027-01-04T00:00:00Z."
  }
  validation {
    condition = alltrue([
      for s in values(var.schedules) : s.start_date == null || s.end_date == null ? true : try(timecmp(s.start_date, s.end_date) < 0, true)
    ])
    error_message = "schedules[*].start_date lies before end_date."
  }
}

variable "timezone" {
  description = "Time zone in which expressions are read, where a schedule names none. Daylight saving is honoured by EventBridge Scheduler."
  type        = string
  default     = "UTC"
  nullable    = false

  validation {
    condition     = can(regex("^(UTC|[A-Za-z]+/[A-Za-z0-9_+/-]+)$", var.timezone))
    error_message = "timezone is UTC or a name of the IANA database such as Asia/Seoul."
  }
}

variable "flexible_window_minutes" {
  description = "EventBridge Scheduler spreads the calls over this many minutes after the scheduled time, so that a whole environment does not start at once; 0 turns the window OFF, which is the rollback switch."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.flexible_window_minutes >= 0 && var.flexible_window_minutes <= 1440 && floor(var.flexible_window_minutes) == var.flexible_window_minutes
    error_message = "flexible_window_minutes is a whole number from 0 (off) to 1440."
  }
}

variable "jobs" {
  description = <<-EOT
    ECS tasks to start on a schedule (`ecs:runTask`), because a scheduled job that fails is noticed as little as a service that does.

    - `task_definition`: the family (its newest active revision runs), or family:revision. The notifier knows a job by its family, so two jobs of one family are one row.
    - `passed_role_arns`: the task role and the execution role of the task definition, which the schedule's role must be allowed to pass; empty where the definition has none.
    - `network`: for tasks in `awsvpc` mode, that is all of Fargate's.
    - The rest is as in `schedules`; a job with a `rate()` has no roster either.
  EOT
  type = map(object({
    expression              = string
    task_definition         = string
    task_count              = optional(number, 1)
    launch_type             = optional(string, "FARGATE")
    passed_role_arns        = optional(set(string), [])
    timezone                = optional(string)
    flexible_window_minutes = optional(number)
    paused                  = optional(bool, false)
    network = optional(object({
      subnet_ids         = set(string)
      security_group_ids = optional(set(string), [])
      assign_public_ip   = optional(bool, false)
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.jobs) : can(regex("^[A-Za-z0-9_-]{1,60}$", key))])
    error_message = "Each key of jobs is 1 to 60 letters, digits, hyphens and underscores."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) : can(regex("^(cron\\((\\S+ ){5}\\S+\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\)|at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\))$", job.expression))
    ])
    error_message = "jobs[*].expression is cron(<six fields>), rate(<number> minutes|hours|days) or at(yyyy-mm-ddThh:mm:ss)."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : can(regex("^[A-Za-z0-9_-]{1,255}(:[1-9][0-9]*)?$", job.task_definition))])
    error_message = "jobs[*].task_definition is a family or family:revision, not an ARN."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : contains(range(1, 11), job.task_count)])
    error_message = "jobs[*].task_count is 1 to 10, the most that one RunTask call starts."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : contains(["FARGATE", "EC2", "EXTERNAL"], job.launch_type)])
    error_message = "jobs[*].launch_type is FARGATE, EC2 or EXTERNAL."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : job.launch_type != "FARGATE" || try(length(job.network.subnet_ids) > 0, false)])
    error_message = "A job on FARGATE names its network with at least one subnet."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) : job.timezone == null || can(regex("^(UTC|[A-Za-z]+/[A-Za-z0-9_+/-]+)$", job.timezone))
    ])
    error_message = "jobs[*].timezone is UTC or a name of the IANA database such as Asia/Seoul."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) :
      job.flexible_window_minutes == null ? true : job.flexible_window_minutes >= 0 && job.flexible_window_minutes <= 1440 && floor(job.flexible_window_minutes) == job.flexible_window_minutes
    ])
    error_message = "jobs[*].flexible_window_minutes is a whole number from 0 (off) to 1440."
  }
}

variable "retry" {
  description = "How long EventBridge Scheduler tries a call again before it goes to the dead-letter queue. AWS's own default of 185 attempts in a day would report the morning's failure in the evening."
  type = object({
    maximum_attempts    = optional(number, 3)
    maximum_age_minutes = optional(number, 15)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(range(0, 186), var.retry.maximum_attempts)
    error_message = "retry.maximum_attempts is a whole number from 0 to 185."
  }
  validation {
    condition     = var.retry.maximum_age_minutes >= 1 && var.retry.maximum_age_minutes <= 1440 && floor(var.retry.maximum_age_minutes) == var.retry.maximum_age_minutes
    error_message = "retry.maximum_age_minutes is a whole number from 1 to 1440."
  }
}

variable "kms_key_arn" {
  description = "Customer key for the dead-letter queue; null means SSE-SQS. The role here is granted its use; the key's own policy must leave access to IAM, as the default key policy does."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key (…:key/…), not an alias."
  }
}

variable "dead_letter_visibility_seconds" {
  description = "Visibility timeout of the dead-letter queue, which the notifier reads: at least 6 x its function's timeout."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.dead_letter_visibility_seconds >= 30 && var.dead_letter_visibility_seconds <= 43200 && floor(var.dead_letter_visibility_seconds) == var.dead_letter_visibility_seconds
    error_message = "dead_letter_visibility_seconds is a whole number from 30 to 43200 (12 hours)."
  }
}
