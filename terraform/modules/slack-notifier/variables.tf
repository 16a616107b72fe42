variable "environment" {
  description = "Name of the environment, such as dev or stg; it names everything here and heads every message."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment)) && !endswith(var.environment, "-rosters")
    error_message = "environment is 1 to 20 lower-case letters, digits and hyphens, begins with a letter, and does not end in -rosters, which names a schedule group."
  }
}

variable "name" {
  description = "Name of the function, its queues and its alarms, and with the Region that of its roles and its dashboard; null means rollcall-<environment>."
  type        = string
  default     = null

  validation {
    condition     = var.name == null || can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$", var.name))
    error_message = "name is 1 to 48 letters, digits, hyphens and underscores: the names made from it end within AWS's 64."
  }
}

variable "schedulers" {
  description = <<-EOT
    The ecs-scheduler modules of this environment, under names of your choice: `schedulers = { app = module.scheduler }`. Only these attributes are read, so schedules from elsewhere can be described by hand.

    - `role_arn`: the role that makes the schedules' calls. The rules match it, and rosters carry its name, by which the function tells these calls from others.
    - `schedule_group_name`: the group whose metrics are watched; null watches none, as where the schedules share the group `default` with others. Messages link to the schedule `<schedule>.<service>` in it, as the ecs-scheduler module names them.
    - `dead_letter_queue_arn`: the schedules' dead-letter queue, which is watched too.
    - `has_dead_letter_queue`: false where the schedules have none: calls that EventBridge Scheduler gives up on are then reported as missing, without the reason. (A plan cannot see by the ARN itself, which may not be known yet.)
    - `dead_letter_visibility_seconds`: that queue's visibility timeout, at least 6 x the function's timeout. Where it is given, and with `windows`, the function reads the queue, and what it cannot handle moves to the notifier's own dead-letter queue.
    - `kms_key_arn`: the customer key of that queue.
    - `cluster`: name of the cluster, in which ECS is asked what runs (`verify`); rosters name theirs themselves.
    - `retry_minutes`: maximum event age in the schedules' retry policy. Rosters carry it, so that the function knows how late a call may come.
    - `account_id`, `region`: where the schedules and services are, if not in the notifier's own account and Region (docs/accounts.md). The group and the queue of such schedules are not watched from here; the queue is read where it is in the notifier's Region.
    - `rosters`: for each schedule, when it fires and which calls it makes, so that a call that is missing can be reported. `services` are desired counts by service, `jobs` task counts by the task definition's family, `labels` the labels of those services and jobs that have some (by the same names), by which routes choose. A schedule with a `rate()` cannot have one: only AWS knows when it fires.
  EOT
  type = map(object({
    role_arn              = string
    schedule_group_name   = optional(string)
    dead_letter_queue_arn = optional(string)
    has_dead_letter_queue = optional(bool, true)
    account_id            = optional(string)
    region                = optional(string)

    dead_letter_visibility_seconds = optional(number)
    kms_key_arn                    = optional(string)
    cluster                        = optional(string)
    retry_minutes                  = optional(number)
    rosters = optional(map(object({
      environment             = string
      cluster                 = string
      expression              = string
      timezone                = optional(string, "UTC")
      flexible_window_minutes = optional(number, 0)
      start_date              = optional(string)
      end_date                = optional(string)
      services                = optional(map(number), {})
      jobs                    = optional(map(number), {})
      labels                  = optional(map(map(string)), {})
    })), {})
  }))
  nullable = false

  validation {
    condition     = length(var.schedulers) >= 1 && length(var.schedulers) <= 5
    error_message = "schedulers holds 1 to 5 entries: their role ARNs have to fit into an event pattern of 2,048 characters."
  }
  validation {
    condition = alltrue([
      for scheduler in values(var.schedulers) :
      (scheduler.account_id == null || can(regex("^[0-9]{12}$", scheduler.account_id))) && (scheduler.region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", scheduler.region)))
    ])
    error_message = "schedulers[*].account_id is twelve digits, and region a Region such as eu-west-1."
  }
  validation {
    condition     = alltrue([for scheduler in values(var.schedulers) : (scheduler.dead_letter_queue_arn != null) == scheduler.has_dead_letter_queue])
    error_message = "schedulers[*] gives its dead_letter_queue_arn, or has_dead_letter_queue = false where there is none."
  }
  validation {
    condition     = alltrue([for key in keys(var.schedulers) : can(regex("^[A-Za-z0-9_-]{1,32}$", key))])
    error_message = "Each key of schedulers is 1 to 32 letters, digits, hyphens and underscores."
  }
  validation {
    condition     = alltrue(flatten([for scheduler in values(var.schedulers) : [for key in keys(scheduler.rosters) : can(regex("^([A-Za-z0-9_-]{1,30}|[A-Za-z0-9_-]{1,60}\\.job)$", key))]]))
    error_message = "Each key of schedulers[*].rosters is 1 to 30 letters, digits, hyphens and underscores, or up to 60 of them and .job."
  }
  validation {
    condition     = alltrue([for scheduler in values(var.schedulers) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", scheduler.role_arn))])
    error_message = "schedulers[*].role_arn is the ARN of an IAM role (…:role/…)."
  }
  validation {
    condition = alltrue([
      for scheduler in values(var.schedulers) :
      scheduler.retry_minutes == null ? true : scheduler.retry_minutes >= 1 && scheduler.retry_minutes <= 1440 && floor(scheduler.retry_minutes) == scheduler.retry_minutes
    ])
    error_message = "schedulers[*].retry_minutes is a whole number from 1 to 1440."
  }
  validation {
    condition     = alltrue(flatten([for scheduler in values(var.schedulers) : [for roster in values(scheduler.rosters) : can(regex("^(cron|at)\\(.+\\)$", roster.expression))]]))
    error_message = "schedulers[*].rosters[*].expression is cron(…) or at(…). A schedule with a rate() has no roster, because the roster would be sent at other times than the schedule's calls."
  }
  validation {
    condition     = alltrue([for scheduler in values(var.schedulers) : scheduler.cluster == null || can(regex("^[A-Za-z0-9_-]{1,255}$", scheduler.cluster))])
    error_message = "schedulers[*].cluster is the short name of an ECS cluster (letters, digits, hyphens, underscores), not its ARN."
  }
  validation {
    condition = alltrue(flatten([
      for scheduler in values(var.schedulers) : [for roster in values(scheduler.rosters) : can(regex("^(arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/)?[A-Za-z0-9_-]{1,255}$", roster.cluster))]
    ]))
    error_message = "schedulers[*].rosters[*].cluster is the name or the ARN of an ECS cluster."
  }
  validation {
    condition = alltrue(flatten([
      for scheduler in values(var.schedulers) : [for roster in values(scheduler.rosters) : [for service in keys(roster.services) : can(regex("^[A-Za-z0-9_-]{1,255}$", service))]]
    ]))
    error_message = "schedulers[*].rosters[*].services has names of ECS services as keys."
  }
  validation {
    condition = alltrue(flatten([
      for scheduler in values(var.schedulers) : [for roster in values(scheduler.rosters) : [for family, count in roster.jobs : can(regex("^[A-Za-z0-9_-]{1,255}$", family)) && count >= 1 && floor(count) == count]]
    ]))
    error_message = "schedulers[*].rosters[*].jobs has families of task definitions (without a revision) as keys, and whole numbers from 1 up."
  }
  validation {
    condition = alltrue(flatten([
      for scheduler in values(var.schedulers) : [
        for roster in values(scheduler.rosters) : [
          for name, labels in roster.labels : length(labels) <= 10 && alltrue([
            for key, value in labels : can(regex("^[A-Za-z0-9_.-]{1,63}$", key)) && can(regex("^[A-Za-z0-9 _.:/=+@-]{1,63}$", value))
          ])
        ]
      ]
    ]))
    error_message = "schedulers[*].rosters[*].labels holds up to 10 labels of a service or job. Keys are 1 to 63 letters, digits and _ . -, and values besides them spaces and : / = + @."
  }
}

variable "watch_all_callers" {
  description = "Also report UpdateService calls of people and pipelines, so that manual changes show in the window they fall in. Failures of the schedules are matched either way."
  type        = bool
  default     = false
  nullable    = false
}

variable "watch_jobs" {
  description = "Also report the jobs, that is the RunTask calls of the schedules' roles, never those of others. false removes their rule, and jobs from the rosters: the rollback switch."
  type        = bool
  default     = true
  nullable    = false
}

variable "slack_webhook" {
  description = <<-EOT
    Where the incoming webhook's URL is kept; null where only the bot of `slack_bot` posts. Its value is never an argument, so it is never in the state; the function reads it when it starts.

    - `ssm_parameter`: name of an SSM SecureString, such as /rollcall/dev/slack-webhook.
    - `secrets_manager_secret`: or the name of a Secrets Manager secret that holds the URL as plain text.
    - `kms_key_arn`: the customer key that encrypts it; null means AWS's own key (aws/ssm, aws/secretsmanager), which needs no permission.
  EOT
  type = object({
    ssm_parameter          = optional(string)
    secrets_manager_secret = optional(string)
    kms_key_arn            = optional(string)
  })
  default = null

  validation {
    condition     = var.slack_webhook == null ? true : (var.slack_webhook.ssm_parameter == null) != (var.slack_webhook.secrets_manager_secret == null)
    error_message = "slack_webhook names exactly one of ssm_parameter and secrets_manager_secret."
  }
  validation {
    condition     = try(var.slack_webhook.ssm_parameter, null) == null || can(regex("^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$", var.slack_webhook.ssm_parameter))
    error_message = "slack_webhook.ssm_parameter is the name of a parameter (letters, digits, _ . - and, where it begins with one, /), never the webhook's URL."
  }
  validation {
    condition     = try(var.slack_webhook.secrets_manager_secret, null) == null || can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.slack_webhook.secrets_manager_secret))
    error_message = "slack_webhook.secrets_manager_secret is the name of a secret (letters, digits and / _ + = . @ -), not its ARN and never the webhook's URL."
  }
  validation {
    condition     = try(var.slack_webhook.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.slack_webhook.kms_key_arn))
    error_message = "slack_webhook.kms_key_arn is the ARN of a KMS key (…:key/…), not an alias."
  }
}

variable "slack_bot" {
  description = <<-EOT
    A Slack app's bot, which posts one message for the schedules that fire together, and edits it while records arrive; docs/slack-app.md shows how to make the app. Needs `windows`. With `slack_webhook` too, the function posts by the webhook where Slack refuses the bot.

    - `channel`: the channel's id, such as C012AB3CD.
    - `ssm_parameter`, `secrets_manager_secret`, `kms_key_arn`: where the token is kept, as in `slack_webhook`.
    - `reply_broadcast`: show the replies about failures in the channel too, not in the message's thread alone.
  EOT
  type = object({
    channel                = string
    ssm_parameter          = optional(string)
    secrets_manager_secret = optional(string)
    kms_key_arn            = optional(string)
    reply_broadcast        = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.slack_bot == null ? true : can(regex("^[CGD][A-Z0-9]{2,}$", var.slack_bot.channel))
    error_message = "slack_bot.channel is the channel's id (C012AB3CD), which its details show at the bottom; not its name."
  }
  validation {
    condition     = var.slack_bot == null ? true : (var.slack_bot.ssm_parameter == null) != (var.slack_bot.secrets_manager_secret == null)
    error_message = "slack_bot names exactly one of ssm_parameter and secrets_manager_secret."
  }
  validation {
    condition     = try(var.slack_bot.ssm_parameter, null) == null || can(regex("^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$", var.slack_bot.ssm_parameter)) && !can(regex("^xox", var.slack_bot.ssm_parameter))
    error_message = "slack_bot.ssm_parameter is the name of a parameter (letters, digits, _ . - and, where it begins with one, /), never the token."
  }
  validation {
    condition     = try(var.slack_bot.secrets_manager_secret, null) == null || can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.slack_bot.secrets_manager_secret)) && !can(regex("^xox", var.slack_bot.secrets_manager_secret))
    error_message = "slack_bot.secrets_manager_secret is the name of a secret (letters, digits and / _ + = . @ -), not its ARN and never the token."
  }
  validation {
    condition     = try(var.slack_bot.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.slack_bot.kms_key_arn))
    error_message = "slack_bot.kms_key_arn is the ARN of a KMS key (…:key/…), not an alias."
  }
}

variable "windows" {
  description = <<-EOT
    One message for the schedules of a window that fire together: the function keeps what it learns of a window in a DynamoDB table. With rosters, it reports a service that no schedule called as missing.

    - `enabled`: false removes the table, the rosters and the reading of the schedules' dead letters, and every batch becomes a message. The rollback switch of all this.
    - `settle_seconds`: how long no new record must have arrived before a message that holds failures; a retry may yet succeed. Schedules that fire no further apart share a message.
    - `grace_seconds`: how much later than the last possible call its record may arrive before it counts as missing.
    - `deletion_protection`: of the table; false by default, because nothing else depends on its 14 days of data, and turning windows off should be one step.
  EOT
  type = object({
    enabled             = optional(bool, true)
    settle_seconds      = optional(number, 300)
    grace_seconds       = optional(number, 600)
    deletion_protection = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for seconds in [var.windows.settle_seconds, var.windows.grace_seconds] : seconds >= 0 && seconds <= 86400 && floor(seconds) == seconds])
    error_message = "windows.settle_seconds and windows.grace_seconds are whole numbers from 0 to 86400."
  }
}

variable "verify" {
  description = <<-EOT
    Ask ECS whether the tasks of accepted calls run, and how jobs ended. Needs `windows`, and a cluster from `schedulers`. The function only reads, and only in these clusters.

    - `enabled`: false removes the permissions, and messages report accepted calls without asking whether tasks run. The rollback switch.
    - `minutes`: for how long after a call was accepted the function asks ECS again, until the service is steady.
    - `autoscaling`: also read the bounds of Application Auto Scaling, which may undo what a schedule asked for.
    - `native_events`: also send ECS's own events about services and ended jobs to the function. They add reasons and arrive sooner; reports do not depend on them.
  EOT
  type = object({
    enabled       = optional(bool, true)
    minutes       = optional(number, 10)
    autoscaling   = optional(bool, true)
    native_events = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(range(1, 61), var.verify.minutes)
    error_message = "verify.minutes is a whole number from 1 to 60; verify.enabled = false turns it off."
  }
}

variable "package" {
  description = <<-EOT
    The function's package: `rollcall-lambda-<architecture>.zip` of a release, which `scripts/download` fetches and verifies, or one that .ci/package built.

    - `zip`: path of the local file; a change of its content is a change of the plan.
    - `sha256`: the file's SHA-256 in hexadecimal, as the release's SHA256SUMS and `scripts/download` say it. The plan refuses another file. null takes any file.
    - `s3_bucket`, `s3_key`, `s3_object_version`: or an object in the same Region. Without a version, a new object under the old key is not seen.
  EOT
  type = object({
    zip               = optional(string)
    sha256            = optional(string)
    s3_bucket         = optional(string)
    s3_key            = optional(string)
    s3_object_version = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.package.zip == null) != (var.package.s3_bucket == null) && (var.package.s3_bucket == null) == (var.package.s3_key == null)
    error_message = "package is either zip, or s3_bucket together with s3_key."
  }
  validation {
    condition     = var.package.zip == null ? true : fileexists(var.package.zip)
    error_message = "package.zip is a file that exists; get it with scripts/download, or build it with .ci/package."
  }
  validation {
    condition     = var.package.sha256 == null ? true : can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "package.sha256 is 64 hexadecimal digits in lower case, as in the release's SHA256SUMS."
  }
  validation {
    condition     = var.package.sha256 == null || var.package.zip != null
    error_message = "package.sha256 goes with package.zip: what an object on S3 contains, a plan does not see. There, name the s3_object_version."
  }
  validation {
    condition     = var.package.sha256 == null || !try(fileexists(var.package.zip), false) ? true : filesha256(var.package.zip) == var.package.sha256
    error_message = "package.zip is another file than the one with the SHA-256 package.sha256: download it again with scripts/download, and compare both with the release's SHA256SUMS. Only where you meant to deploy another package, change package.sha256."
  }
}

variable "function" {
  description = <<-EOT
    How the function runs.

    - `architecture`: arm64 costs a fifth less than x86_64; the package must match.
    - `timeout_seconds`: for one batch, including waiting out Slack's rate limit.
    - `log_level`: TRACE, DEBUG or INFO. None above INFO, at which Lambda would drop the lines of the metrics, and the alarms on them would never ring.
    - `tracing`: X-Ray.
    - `reserved_concurrency`: null reserves none; a mapping never runs more than two at once, and with `windows` each schedules' dead-letter queue has one too.
  EOT
  type = object({
    architecture         = optional(string, "arm64")
    memory_mb            = optional(number, 128)
    timeout_seconds      = optional(number, 30)
    log_level            = optional(string, "INFO")
    log_retention_days   = optional(number, 30)
    tracing              = optional(bool, false)
    reserved_concurrency = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "function.architecture is arm64 or x86_64."
  }
  validation {
    condition     = var.function.memory_mb >= 128 && var.function.memory_mb <= 10240 && floor(var.function.memory_mb) == var.function.memory_mb
    error_message = "function.memory_mb is a whole number from 128 to 10240."
  }
  validation {
    condition     = contains(range(10, 901), var.function.timeout_seconds)
    error_message = "function.timeout_seconds is a whole number from 10 (Slack may take some seconds) to 900."
  }
  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO"], var.function.log_level)
    error_message = "function.log_level is TRACE, DEBUG or INFO. Lambda takes a line without a level for INFO, and metrics are lines without a level: above INFO it would drop them all, and the alarms on them would never ring."
  }
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.function.log_retention_days)
    error_message = "function.log_retention_days is a number that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, and years up to 3653."
  }
  validation {
    condition     = var.function.reserved_concurrency == null ? true : var.function.reserved_concurrency >= 2 && floor(var.function.reserved_concurrency) == var.function.reserved_concurrency
    error_message = "function.reserved_concurrency is at least 2, the mapping's maximum concurrency: with less, Lambda throttles and messages age."
  }
}

variable "message" {
  description = <<-EOT
    What the messages say.

    - `timezone`: zone of the times in them.
    - `window_minutes`: length of a window. Windows begin at multiples of it after midnight UTC, so it has to divide the 1440 minutes of a day.
    - `mention_on_failure`: who is mentioned in the message of a failure, in Slack's form, such as <!subteam^S012AB3CD>; null means nobody.
    - `language`: the language of messages, en or ko.
    - `rows`: how many rows the table of a message has, 1 to 90; the other services are counted in a row of their own.
  EOT
  type = object({
    timezone           = optional(string, "UTC")
    window_minutes     = optional(number, 30)
    mention_on_failure = optional(string)
    language           = optional(string, "en")
    rows               = optional(number, 12)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^(UTC|[A-Za-z]+/[A-Za-z0-9_+/-]+)$", var.message.timezone))
    error_message = "message.timezone is UTC or a name of the IANA database such as Asia/Seoul."
  }
  validation {
    condition     = var.message.window_minutes >= 1 ? floor(var.message.window_minutes) == var.message.window_minutes && 1440 % var.message.window_minutes == 0 : false
    error_message = "message.window_minutes is a whole number from 1 to 1440 that divides the 1440 minutes of a day, such as 15, 30 or 60: otherwise windows would begin at other times each day."
  }
  validation {
    condition     = var.message.mention_on_failure == null || can(regex("^<(!here|!channel|!everyone|!subteam\\^S[A-Z0-9]+|@[UW][A-Z0-9]+)>( <(!subteam\\^S[A-Z0-9]+|@[UW][A-Z0-9]+)>)*$", var.message.mention_on_failure))
    error_message = "message.mention_on_failure is <!here>, <!channel>, <!everyone>, <!subteam^S…> or <@U…>; more groups and people may follow, each after a space."
  }

  validation {
    condition     = contains(["en", "ko"], var.message.language)
    error_message = "message.language is en or ko."
  }

  validation {
    condition     = var.message.rows >= 1 && var.message.rows <= 90 && floor(var.message.rows) == var.message.rows
    error_message = "message.rows is a whole number from 1 to 90."
  }
}

variable "enabled" {
  description = "Whether Lambda invokes the function. false disables the event source mappings and keeps everything else: records wait in the queue for up to 4 days. This is the rollback switch."
  type        = bool
  default     = true
  nullable    = false
}

variable "batch_size" {
  description = "Most records in one invocation. The default lets the batching window, not a count, end a batch; Lambda ends it at 6 MB in any case, which is about 200 of the largest records."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size is a whole number from 1 to 10000."
  }
}

variable "batching_window_seconds" {
  description = "How long Lambda gathers records before it invokes the function. null means 20 with `windows`, and 300 without, the longest that Lambda offers: without windows every batch is a message, so longer batches are fewer messages, each up to five minutes later."
  type        = number
  default     = null

  validation {
    condition     = var.batching_window_seconds == null ? true : contains(range(0, 301), var.batching_window_seconds)
    error_message = "batching_window_seconds is a whole number from 0 to 300."
  }
}

variable "visibility_timeout_seconds" {
  description = "Visibility timeout of the queue; null derives it as 6 x function timeout + batching window, below which a slow batch would be delivered a second time while the first still runs."
  type        = number
  default     = null

  validation {
    condition     = var.visibility_timeout_seconds == null ? true : var.visibility_timeout_seconds <= 43200 && floor(var.visibility_timeout_seconds) == var.visibility_timeout_seconds
    error_message = "visibility_timeout_seconds is a whole number up to 43200 (12 hours)."
  }
}

variable "kms_key" {
  description = <<-EOT
    Encryption of the queues. The default is SSE-SQS, which needs no key.

    - `create`: make a customer key whose policy lets EventBridge use it.
    - `arn`: or use yours; its key policy must hold the statement of the output `kms_key_policy_statement`, or EventBridge can deliver nothing.
  EOT
  type = object({
    create = optional(bool, false)
    arn    = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = !(var.kms_key.create && var.kms_key.arn != null)
    error_message = "kms_key either creates a key or names one by arn, not both."
  }
  validation {
    condition     = var.kms_key.arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key.arn))
    error_message = "kms_key.arn is the ARN of a KMS key (…:key/…), not an alias: EventBridge cannot use aws/sqs."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that are notified when an alarm begins and when it ends. Without a topic the alarms exist but notify nobody. A topic must not depend on the function or its webhook."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_topic_arns) <= 5 && alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns holds up to 5 ARNs of standard SNS topics."
  }
}

variable "dashboard" {
  description = "Make a CloudWatch dashboard of the whole path, from schedule to Slack. It is the largest part of what a small environment costs; terraform/README.md has the table."
  type        = bool
  default     = true
  nullable    = false
}

variable "detailed_metrics" {
  description = "Let the function write all its metrics. false leaves those that alarms watch; the other numbers stay in its log, where Logs Insights finds them, and the dashboard's graphs of them stay empty."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "`all`, or `least`: without the alarms whose faults show elsewhere too, that is function-throttles (records wait: oldest-record), claims-lapsed (windows-overdue) and schedules-errors (Slack reports the calls)."
  type        = string
  default     = "all"
  nullable    = false

  validation {
    condition     = contains(["all", "least"], var.alarms)
    error_message = "alarms is all or least."
  }
}

variable "operator_role_arns" {
  description = "IAM roles of people who may put messages into the queues, with * for what differs: to move dead letters back, and for `rollcall doctor --send-test`. Nobody else but the rules, the rosters and the function may send, not even an administrator."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.operator_role_arns) <= 20 && alltrue([for arn in var.operator_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.*[A-Za-z0-9].*$", arn))])
    error_message = "operator_role_arns holds up to 20 ARNs of roles, such as arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Operator_*; a lone * would let everybody send."
  }
}

variable "maximum_override_hours" {
  description = "How many hours an override of the command line may last, such as `rollcall up --for 4h`; longer ones it refuses. The rosters carry the number, so that the command line knows it without Terraform."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = contains(range(1, 721), var.maximum_override_hours)
    error_message = "maximum_override_hours is a whole number from 1 to 720 (30 days)."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the roles, where an organization demands one. It has to allow what the roles are allowed."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a managed policy (…:policy/…)."
  }
}

variable "path" {
  description = "IAM path of the roles, such as /rollcall/."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.path)) && length(var.path) <= 512
    error_message = "path begins and ends with a slash, such as /rollcall/, and has at most 512 characters."
  }
}

variable "tags" {
  description = "Tags of everything here that takes tags. Schedules and the dashboard take none in AWS."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50
    error_message = "tags holds up to 50 tags, the most that AWS takes on a resource."
  }
}
