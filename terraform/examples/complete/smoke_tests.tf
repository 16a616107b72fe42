# Starts smoke tests when an environment is up: rollcall says so on a bus, and a rule on the bus starts a state machine of Step
# Functions or a project of CodeBuild. docs/events.md says what is in the event, which a state machine gets as its input.

variable "smoke_tests" {
  description = "By environment: the ARN of the state machine or the CodeBuild project that tests it once it is up."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for environment in keys(var.smoke_tests) : contains(keys(var.environments), environment)])
    error_message = "smoke_tests names environments of environments."
  }
  validation {
    condition     = alltrue([for arn in values(var.smoke_tests) : can(regex("^arn:[a-z-]+:(states:[a-z0-9-]+:[0-9]{12}:stateMachine:.+|codebuild:[a-z0-9-]+:[0-9]{12}:project/.+)$", arn))])
    error_message = "A smoke test is the ARN of a state machine (…:stateMachine:NAME) or of a CodeBuild project (…:project/NAME)."
  }
}

resource "aws_cloudwatch_event_bus" "rollcall" {
  count = length(var.smoke_tests) > 0 ? 1 : 0

  name = "rollcall"
}

resource "aws_cloudwatch_event_rule" "up" {
  for_each = var.smoke_tests

  name           = "rollcall-${each.key}-up"
  description    = "${each.key} is up: start its smoke tests"
  event_bus_name = aws_cloudwatch_event_bus.rollcall[0].name
  # Of routes that have events of their own, none: null is the whole environment.
  event_pattern = jsonencode({
    source        = ["rollcall"]
    "detail-type" = ["Environment Up"]
    detail        = { environment = [each.key], route = [null] }
  })
}

resource "aws_cloudwatch_event_target" "smoke_test" {
  for_each = var.smoke_tests

  rule           = aws_cloudwatch_event_rule.up[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.rollcall[0].name
  target_id      = "smoke-test"
  arn            = each.value
  role_arn       = aws_iam_role.smoke_test[each.key].arn
}

resource "aws_iam_role" "smoke_test" {
  for_each = var.smoke_tests

  name        = "rollcall-${each.key}-${var.region}-smoke-test"
  description = "EventBridge: starts the smoke tests of ${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.up[each.key].arn } }
    }]
  })
}

resource "aws_iam_role_policy" "smoke_test" {
  for_each = var.smoke_tests

  name = "start"
  role = aws_iam_role.smoke_test[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "StartSmokeTest"
      Effect   = "Allow"
      Action   = strcontains(each.value, ":states:") ? "states:StartExecution" : "codebuild:StartBuild"
      Resource = each.value
    }]
  })
}
