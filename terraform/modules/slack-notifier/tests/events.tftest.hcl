# What tells machines what people hear, and what the function may do for that.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  schedulers = {
    app = {
      role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name   = "rollcall-dev"
      dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      cluster               = "app-dev"
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "machines_are_opt_in" {
  command = plan

  assert {
    condition     = length(local.event_environment) == 0 && length(local.event_statements) == 0 && keys(local.secrets) == ["Webhook"]
    error_message = "No variable, no permission and no secret by default."
  }
}

run "a_bus_is_named_and_may_get_events_of_rollcall_alone" {
  command = plan
  variables { event_bus_arn = "arn:aws:events:ap-northeast-2:123456789012:event-bus/dev" }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_EVENT_BUS == "arn:aws:events:ap-northeast-2:123456789012:event-bus/dev"
    error_message = "The function knows its bus."
  }
  assert {
    condition = local.event_statements == [{
      Sid       = "SendEvents"
      Effect    = "Allow"
      Action    = "events:PutEvents"
      Resource  = "arn:aws:events:ap-northeast-2:123456789012:event-bus/dev"
      Condition = { StringEquals = { "events:source" = "rollcall" } }
    }]
    error_message = "One action, one bus, one source."
  }
}

run "an_address_is_called_with_secrets_of_parameters" {
  command = plan
  variables {
    events = {
      url_parameter    = "/rollcall/dev/events-url"
      secret_parameter = "/rollcall/dev/events-secret"
      kms_key_arn      = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
    }
    heartbeat_url_parameter = "/rollcall/dev/heartbeat"
  }

  assert {
    condition = { for name, value in aws_lambda_function.this.environment[0].variables : name => value if strcontains(name, "EVENTS") || strcontains(name, "HEARTBEAT") } == {
      ROLLCALL_EVENTS_URL_PARAMETER    = "/rollcall/dev/events-url"
      ROLLCALL_EVENTS_SECRET_PARAMETER = "/rollcall/dev/events-secret"
      ROLLCALL_HEARTBEAT_URL_PARAMETER = "/rollcall/dev/heartbeat"
    }
    error_message = "The environment names parameters and holds no secret."
  }
  assert {
    condition = [for statement in local.secret_statements : statement.Resource if startswith(statement.Sid, "ReadEvents") || statement.Sid == "ReadHeartbeat"] == [
      "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/dev/events-secret",
      "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/dev/events-url",
      "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/dev/heartbeat",
    ]
    error_message = "Each parameter can be read, and no other."
  }
  assert {
    condition     = length([for statement in local.secret_statements : statement if startswith(statement.Sid, "DecryptEvents")]) == 2
    error_message = "The customer key decrypts both."
  }
}

run "a_token_has_a_parameter_of_its_own" {
  command = plan
  variables { events = { url_parameter = "/url", secret_parameter = "/secret", token_parameter = "/token" } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_EVENTS_TOKEN_PARAMETER == "/token" && contains(keys(local.secrets), "EventsToken")
    error_message = "The token is read, too."
  }
}

run "reject_machines_without_a_way_to_people" {
  command = plan
  variables {
    slack_webhook           = null
    heartbeat_url_parameter = "/rollcall/dev/heartbeat"
  }
  expect_failures = [aws_lambda_function.this]
}

run "reject_a_bus_by_its_name" {
  command = plan
  variables { event_bus_arn = "default" }
  expect_failures = [var.event_bus_arn]
}

run "reject_an_address_in_place_of_a_parameter" {
  command = plan
  variables { events = { url_parameter = "https://ci.example/hook", secret_parameter = "/secret" } }
  expect_failures = [var.events]
}

run "reject_a_secret_in_place_of_a_parameter" {
  command = plan
  variables { events = { url_parameter = "/url", secret_parameter = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } }
  expect_failures = [var.events]
}

run "reject_an_alias_in_place_of_a_key" {
  command = plan
  variables { events = { url_parameter = "/url", secret_parameter = "/secret", kms_key_arn = "alias/events" } }
  expect_failures = [var.events]
}

run "reject_a_heartbeat_address_in_place_of_a_parameter" {
  command = plan
  variables { heartbeat_url_parameter = "https://hc-ping.com/1" }
  expect_failures = [var.heartbeat_url_parameter]
}
