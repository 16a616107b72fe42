locals {
  function_name = local.name
  function_arn  = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.function_name}"
  log_group     = "/aws/lambda/${local.function_name}"

  # The secrets that the function reads. The keys are part of the names of the permissions in iam.tf.
  secrets = merge(local.event_secrets, {
    for key, secret in { Webhook = var.slack_webhook, Token = var.slack_bot } : key => {
      # A Secrets Manager secret is read through Parameter Store, so the function knows one way to read a secret.
      parameter   = secret.ssm_parameter != null ? secret.ssm_parameter : "/aws/reference/secretsmanager/${secret.secrets_manager_secret}"
      secret      = secret.secrets_manager_secret
      kms_key_arn = secret.kms_key_arn
    } if secret != null
  })

  function_environment = merge(
    {
      ROLLCALL_ENVIRONMENT    = var.environment
      ROLLCALL_TIMEZONE       = var.message.timezone
      ROLLCALL_WINDOW_MINUTES = tostring(var.message.window_minutes)
    },
    var.slack_webhook == null ? {} : { SLACK_WEBHOOK_PARAMETER = local.secrets.Webhook.parameter },
    var.slack_bot == null ? {} : {
      SLACK_BOT_TOKEN_PARAMETER = local.secrets.Token.parameter
      SLACK_CHANNEL             = var.slack_bot.channel
      SLACK_REPLY_BROADCAST     = tostring(var.slack_bot.reply_broadcast)
    },
    local.windows_environment,
    local.routes_environment,
    local.event_environment,
    local.accounts_environment,
    var.detailed_metrics ? {} : { ROLLCALL_METRICS = "alarms" },
    var.message.language == "en" ? {} : { ROLLCALL_LANGUAGE = var.message.language },
    var.message.rows == 12 ? {} : { ROLLCALL_ROWS = tostring(var.message.rows) },
    var.message.mention_on_failure == null ? {} : { ROLLCALL_MENTION_ON_FAILURE = var.message.mention_on_failure },
  )
}

locals {
  # The first plan does not know the queue's URL and the table's name; what is not known takes less than 400 bytes.
  environment_bytes = 400 + sum(concat([0], [for name, value in local.function_environment : length(name) + (contains(["ROLLCALL_TABLE", "ROLLCALL_QUEUE_URL"], name) ? 0 : length(value))]))
}

resource "aws_lambda_function" "this" {
  function_name = local.function_name
  description   = "${var.environment}: one Slack message per ECS scaling window"
  role          = aws_iam_role.function.arn

  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.function.architecture]
  memory_size   = var.function.memory_mb
  timeout       = var.function.timeout_seconds

  filename          = var.package.zip
  source_code_hash  = var.package.zip == null ? null : filebase64sha256(var.package.zip)
  s3_bucket         = var.package.s3_bucket
  s3_key            = var.package.s3_key
  s3_object_version = var.package.s3_object_version

  reserved_concurrent_executions = coalesce(var.function.reserved_concurrency, -1)

  environment {
    variables = local.function_environment
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.function.log_level
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function.name
  }

  tracing_config {
    mode = var.function.tracing ? "Active" : "PassThrough"
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.slack_webhook != null || var.slack_bot != null
      error_message = "Messages need a way to Slack: give slack_webhook, slack_bot, or both."
    }
    precondition {
      condition     = local.environment_bytes <= 4096
      error_message = "The function's environment would have about ${local.environment_bytes} bytes, and Lambda takes 4,096: use shorter names."
    }
    precondition {
      condition     = var.slack_bot == null || local.windows
      error_message = "slack_bot needs windows.enabled: the function keeps in the table which message it edits."
    }
    precondition {
      condition     = var.function.reserved_concurrency == null ? true : var.function.reserved_concurrency >= 2 * (1 + length(local.read_dead_letters))
      error_message = "function.reserved_concurrency is at least 2 for each mapping, that is ${2 * (1 + length(local.read_dead_letters))}: with less, Lambda throttles and messages age."
    }
  }

  # The first invocation needs the role's permissions. The log group comes before the function by its reference.
  depends_on = [aws_iam_role_policy.function]
}

# A window is revisited by timers, which are messages that the function sends to its own queue. Lambda takes such a chain for
# a runaway loop and ends it after about 16 invocations, by the lineage in the trace header, which the AWS SDK passes on. A
# window whose tasks do not start, or which Slack does not take, has longer chains. So Lambda is told to allow them, and the
# function counts the hops itself: a chain that is too long ends, loudly (alarm timers-ended). Without windows the function
# sends nothing, and Lambda's own guard stays.
resource "aws_lambda_function_recursion_config" "this" {
  count = local.windows ? 1 : 0

  function_name  = aws_lambda_function.this.function_name
  recursive_loop = "Allow"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = local.log_group
  retention_in_days = var.function.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_event_source_mapping" "records" {
  event_source_arn = aws_sqs_queue.records.arn
  function_name    = aws_lambda_function.this.arn
  enabled          = var.enabled

  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = local.batching_window_seconds

  # Without this Lambda deletes the whole batch when the function returns, the records that it reports as failed too.
  function_response_types = ["ReportBatchItemFailures"]

  # Two is the least that AWS allows. More would split a window into more batches without being faster, because Slack
  # accepts one message a second.
  scaling_config {
    maximum_concurrency = 2
  }

  tags = var.tags

  # Before the function is fed, its chains must be allowed.
  depends_on = [aws_lambda_function_recursion_config.this]
}
