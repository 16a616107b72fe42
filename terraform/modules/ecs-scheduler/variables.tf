variable "environment" {
  description = "Name of the environment, such as dev or stg. It names everything here and stands in the roster, so that the notifier reports each environment apart."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment)) && !endswith(var.environment, "-rosters")
    error_message = "environment is 1 to 20 lower-case letters, digits and hyphens, begins with a letter, and does not end in -rosters, which names the notifier's schedule group."
  }
}

variable "name" {
  description = "Name of the schedule group and its dead-letter queue, and with the Region that of its role; null means rollcall-<environment>. Set it where one environment has several clusters."
  type        = string
  default     = null

  validation {
    condition     = var.name == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$", var.name)) && !endswith(var.name, "-rosters")
    error_message = "name is 1 to 48 letters, digits, hyphens and underscores, so that the names made from it end within AWS's 64, and does not end in -rosters, which names the notifier's schedule group."
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
    - `service_arn`: only for a service that still has the short ARN from before 2021 (`…:service/NAME`, without the cluster), since the role is allowed no other ARN than those with the cluster.
    - `labels`: such as `{ team = "search" }`, which rosters carry, so that the notifier's routes can choose by them. Nothing is asked of AWS for them. At most 10.

    A service is not of the strategy DAEMON, which has no count. Where Terraform manages its `aws_ecs_service` too, that needs `lifecycle { ignore_changes = [desired_count] }`, or its next apply undoes what the schedules did.
  EOT
  type = map(object({
    desired_count = optional(map(number), {})
    except        = optional(set(string), [])
    service_arn   = optional(string)
    labels        = optional(map(string), {})
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
  validation {
    condition = alltrue([
      for service in values(var.services) : length(service.labels) <= 10 && alltrue([
        for key, value in service.labels : can(regex("^[A-Za-z0-9_.-]{1,63}$", key)) && can(regex("^[A-Za-z0-9 _.:/=+@-]{1,63}$", value))
      ])
    ])
    error_message = "services[*].labels holds up to 10 labels. Keys are 1 to 63 letters, digits and _ . -, and values besides them spaces and : / = + @."
  }
}

variable "schedules" {
  description = <<-EOT
    When to scale, and to what. The key names the schedule in every message, such as morning.

    - `expression`: `cron(…)`, `rate(…)` or `at(yyyy-mm-ddThh:mm:ss)`, read in `timezone`. A schedule with a `rate()` has no roster, because only AWS knows when it fires: its calls are reported, but a service that it did not call is never reported as missing. Prefer `cron()`. An `at()` whose time is past in every zone is left out, so the next apply removes its schedules.
    - `desired_count`: the count that each service gets, unless the service says otherwise.
    - `services`: only these services; null means all of them.
    - `timezone`, `flexible_window_minutes`: null means the module's own.
    - `start_date`, `end_date`: RFC 3339 in UTC; AWS ignores them for `at()`, so there they are never sent. A start that has passed is no change in a plan; a schedule whose end has passed is removed by the next apply. A `rate()` takes no start, because it counts from it, and AWS refuses a start that has passed.
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
  validation {
    condition     = alltrue([for s in values(var.schedules) : s.start_date == null || !startswith(s.expression, "rate(")])
    error_message = "A rate() takes no start_date: it would count from it, but once the date has passed AWS refuses to make the schedule with it again. Use cron()."
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
    - `launch_type`: FARGATE (also for null), EC2 or EXTERNAL. `capacity_provider_strategy` takes its place, such as `[{ capacity_provider = "FARGATE_SPOT" }]`.
    - `platform_version`: of Fargate; null is the latest.
    - `overrides`: what differs from the task definition: `containers` by name, and the task's `cpu`, `memory` (MiB) and `ephemeral_storage_gib`. At most 8,192 characters as JSON.
    - `tags`: of the tasks, besides the module's own; `propagate_tags` adds those of the task definition.
    - `labels`: as in `services`; they belong to the task definition's family.
    - The rest is as in `schedules`; a job with a `rate()` has no roster either.
  EOT
  type = map(object({
    expression              = string
    task_definition         = string
    task_count              = optional(number, 1)
    launch_type             = optional(string)
    platform_version        = optional(string)
    passed_role_arns        = optional(set(string), [])
    timezone                = optional(string)
    flexible_window_minutes = optional(number)
    paused                  = optional(bool, false)
    tags                    = optional(map(string), {})
    propagate_tags          = optional(bool, false)
    labels                  = optional(map(string), {})
    capacity_provider_strategy = optional(list(object({
      capacity_provider = string
      weight            = optional(number, 1)
      base              = optional(number, 0)
    })), [])
    network = optional(object({
      subnet_ids         = set(string)
      security_group_ids = optional(set(string), [])
      assign_public_ip   = optional(bool, false)
    }))
    overrides = optional(object({
      cpu                   = optional(number)
      memory                = optional(number)
      ephemeral_storage_gib = optional(number)
      containers = optional(map(object({
        command     = optional(list(string))
        environment = optional(map(string), {})
        cpu         = optional(number)
        memory      = optional(number)
      })), {})
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
      for job in values(var.jobs) : can(regex("^(cron\\(.+\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", job.expression)) || (startswith(job.expression, "at(") && can(timeadd("${trimsuffix(trimprefix(job.expression, "at("), ")")}Z", "0s")))
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
    condition     = alltrue([for job in values(var.jobs) : contains(["FARGATE", "EC2", "EXTERNAL"], coalesce(job.launch_type, "FARGATE"))])
    error_message = "jobs[*].launch_type is FARGATE, EC2 or EXTERNAL."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : job.launch_type == null || length(job.capacity_provider_strategy) == 0])
    error_message = "A job has a launch_type or a capacity_provider_strategy, not both: ECS refuses a call that names both."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) : length(job.capacity_provider_strategy) <= 20 && length([for provider in job.capacity_provider_strategy : provider if provider.base > 0]) <= 1 && alltrue([
        for provider in job.capacity_provider_strategy : contains(range(0, 1001), provider.weight) && provider.base >= 0 && provider.base <= 100000 && floor(provider.base) == provider.base
      ])
    ])
    error_message = "jobs[*].capacity_provider_strategy holds up to 20 providers with weights from 0 to 1000, of which one has a base."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) :
      length(job.capacity_provider_strategy) == 0 ? coalesce(job.launch_type, "FARGATE") != "FARGATE" || try(length(job.network.subnet_ids) > 0, false) : true
    ])
    error_message = "A job on FARGATE names its network with at least one subnet."
  }
  validation {
    condition = alltrue(flatten([
      for job in values(var.jobs) : [for provider in job.capacity_provider_strategy : !startswith(provider.capacity_provider, "FARGATE") || try(length(job.network.subnet_ids) > 0, false)]
    ]))
    error_message = "A job on FARGATE or FARGATE_SPOT names its network with at least one subnet."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : length(job.tags) <= 50])
    error_message = "jobs[*].tags holds up to 50 tags."
  }
  validation {
    condition = alltrue([
      for job in values(var.jobs) : length(job.labels) <= 10 && alltrue([
        for key, value in job.labels : can(regex("^[A-Za-z0-9_.-]{1,63}$", key)) && can(regex("^[A-Za-z0-9 _.:/=+@-]{1,63}$", value))
      ])
    ])
    error_message = "jobs[*].labels holds up to 10 labels. Keys are 1 to 63 letters, digits and _ . -, and values besides them spaces and : / = + @."
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

variable "dead_letter_reader_arns" {
  description = "ARNs of roles in other accounts that may read the dead-letter queue: the role of a notifier's function there. With a customer key, that key has to let them decrypt too."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.dead_letter_reader_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "dead_letter_reader_arns holds ARNs of IAM roles (…:role/…)."
  }
}

variable "service_permissions" {
  description = <<-EOT
    Which services the schedules' role may update.

    - `cluster`: all of the cluster, in one short statement, however many there are. Only schedules of this module's group can use the role.
    - `services`: exactly those of `services`, in as many managed policies as their ARNs need. A role has at most ten by default, and each holds 6,144 characters: enough for some 500 services.
  EOT
  type        = string
  default     = "cluster"
  nullable    = false

  validation {
    condition     = contains(["cluster", "services"], var.service_permissions)
    error_message = "service_permissions is cluster or services."
  }
}

variable "look_up_services" {
  description = "Read each service at ECS in every plan, and refuse a plan with a service that is not there or is a daemon. Takes `ecs:DescribeServices`, and services that exist before the schedules."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role, where an organization demands one. It has to allow what the role is allowed."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a managed policy (…:policy/…)."
  }
}

variable "path" {
  description = "IAM path of the role and its policies, such as /rollcall/."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.path)) && length(var.path) <= 512
    error_message = "path begins and ends with a slash, such as /rollcall/, and has at most 512 characters."
  }
}

variable "tags" {
  description = "Tags of everything here that takes tags, and of the tasks of jobs. Schedules take none in AWS; their group does."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50
    error_message = "tags holds up to 50 tags, the most that AWS takes on a resource."
  }
}
