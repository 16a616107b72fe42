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
  slack_bot     = { channel = "C012AB3CD", ssm_parameter = "/rollcall/dev/slack-token" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "without_routes_nothing_changes" {
  command = plan

  assert {
    condition     = output.routes_json == jsonencode({ routes = [] }) && length(aws_ssm_parameter.routes) == 0
    error_message = "No routes and no parameter."
  }
  assert {
    condition     = length(local.routes_statements) == 0 && length(local.routes_environment) == 0
    error_message = "No permission and no variable."
  }
}

run "short_routes_stand_in_a_variable" {
  variables {
    routes = [
      {
        name               = "pay"
        match              = { cluster = "pay-*" }
        channel            = "C0PAY"
        label              = "payments dev"
        timezone           = "Europe/Berlin"
        rows               = 20
        mention_on_failure = "<!subteam^S0PAY>"
        routes             = [{ name = "ledger", match = { service = "ledger" }, language = "ko", rows = "all", events = true }]
      },
      { name = "search", match = { labels = { team = "search" } }, webhook = "/rollcall/search/webhook", webhook_kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555", continue = true },
      { name = "oncall", match = { outcome = "failed" }, webhook = "arn:aws:ssm:ap-northeast-2:210987654321:parameter/shared/oncall" },
    ]
  }

  assert {
    condition = jsondecode(aws_lambda_function.this.environment[0].variables.ROLLCALL_ROUTES) == {
      routes = [
        {
          name   = "pay", match = { cluster = "pay-*" }, channel = "C0PAY", label = "payments dev", timezone = "Europe/Berlin", rows = "20", mention_on_failure = "<!subteam^S0PAY>"
          routes = [{ name = "ledger", match = { service = "ledger" }, language = "ko", rows = "all", events = true }]
        },
        { name = "search", match = { labels = { team = "search" } }, webhook = "/rollcall/search/webhook", continue = true },
        { name = "oncall", match = { outcome = "failed" }, webhook = "arn:aws:ssm:ap-northeast-2:210987654321:parameter/shared/oncall" },
      ]
    }
    error_message = "The function reads the routes as JSON, without what they do not set."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_ROUTES == output.routes_json && length(aws_ssm_parameter.routes) == 0
    error_message = "The output is what the function reads."
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "ReadRoutes"] == [{
      Sid      = "ReadRoutes"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = ["arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/search/webhook", "arn:aws:ssm:ap-northeast-2:210987654321:parameter/shared/oncall"]
    }]
    error_message = "The function may read exactly the routes' webhooks."
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Resource if statement.Sid == "DecryptRoutes"] == [
      ["arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"]
    ]
    error_message = "And decrypt with exactly their keys."
  }
}

run "a_webhook_in_secrets_manager_is_read_through_parameter_store" {
  command = plan
  variables {
    routes = [
      { name = "pay", match = { cluster = "pay" }, webhook = "/aws/reference/secretsmanager/pay/web+hook", webhook_kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" },
      { name = "search", webhook = "/rollcall/search/webhook", webhook_kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/99999999-2222-3333-4444-555555555555" },
    ]
  }

  assert {
    condition = jsonencode({ for statement in local.routes_statements : statement.Sid => statement.Resource }) == jsonencode({
      ReadRoutes = [
        "arn:aws:ssm:ap-northeast-2:123456789012:parameter/aws/reference/secretsmanager/pay/web+hook",
        "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/search/webhook",
      ]
      ReadRouteSecrets    = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:pay/web+hook-??????"]
      DecryptRoutes       = ["arn:aws:kms:ap-northeast-2:123456789012:key/99999999-2222-3333-4444-555555555555"]
      DecryptRouteSecrets = ["arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"]
    })
    error_message = "Reading a secret by its parameter needs both services' permissions, and its key is used by Secrets Manager."
  }
}

run "long_routes_stand_in_a_parameter" {
  variables {
    routes = [for index in range(40) : { name = "team-${index}", match = { cluster = "team-${index}-*" }, webhook = "/rollcall/team-${index}/webhook" }]
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_ROUTES_PARAMETER == "/rollcall/rollcall-dev/routes" && !contains(keys(aws_lambda_function.this.environment[0].variables), "ROLLCALL_ROUTES")
    error_message = "The variables name the parameter."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ROLLCALL_ROUTES_DIGEST == substr(sha256(output.routes_json), 0, 8)
    error_message = "Other routes start the function anew."
  }
  assert {
    condition     = aws_ssm_parameter.routes[0].value == output.routes_json && aws_ssm_parameter.routes[0].type == "String" && aws_ssm_parameter.routes[0].tier == "Standard"
    error_message = "The parameter holds the routes; up to 4 KB it costs nothing."
  }
  assert {
    condition = contains(
      one([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Resource if statement.Sid == "ReadRoutes"]),
      "arn:aws:ssm:ap-northeast-2:123456789012:parameter/rollcall/rollcall-dev/routes",
    )
    error_message = "The function may read it."
  }
}

run "routes_over_4_kb_need_the_advanced_tier" {
  command = plan
  variables {
    routes = [for index in range(45) : { name = "a-team-with-a-long-name-${index}", match = { cluster = "a-team-with-a-long-name-${index}-*" }, webhook = "/rollcall/team-${index}/webhook" }]
  }

  assert {
    condition     = aws_ssm_parameter.routes[0].tier == "Advanced"
    error_message = "A parameter of the standard tier holds 4 KB."
  }
}

run "rejects_routes_over_8_kb" {
  command = plan
  variables {
    routes = [for index in range(50) : { name = "team-${index}", match = { cluster = "a-cluster-whose-name-is-as-long-as-names-of-clusters-get-where-somebody-takes-pains-to-say-everything-about-it-in-it-${index}-*" }, webhook = "/rollcall/team-${index}/webhook" }]
  }
  expect_failures = [aws_ssm_parameter.routes]
}

run "rejects_more_than_50_routes" {
  command = plan
  variables {
    routes = [{ name = "all", routes = [for index in range(50) : { name = "r${index}", match = { cluster = "c${index}" } }] }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_name_with_a_space" {
  command = plan
  variables {
    routes = [{ name = "pay dev", webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_default_as_a_name" {
  command = plan
  variables {
    routes = [{ name = "default", webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_the_same_name_twice" {
  command = plan
  variables {
    routes = [{ name = "pay", match = { cluster = "a" }, routes = [{ name = "web", match = { service = "web" } }] }, { name = "web", webhook = "/rollcall/web" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_pattern_that_no_name_fits" {
  command = plan
  variables {
    routes = [{ name = "pay", match = { labels = { team = "[ab]" } }, webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_pattern_with_an_open_brace" {
  command = plan
  variables {
    routes = [{ name = "pay", match = { cluster = "{pay,web" }, webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_pattern_of_more_than_256_bytes" {
  command = plan
  variables {
    # 86 characters of three bytes each: 258.
    routes = [{ name = "pay", match = { cluster = join("", [for index in range(86) : "가"]) }, webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "a_pattern_of_256_bytes_is_accepted" {
  command = plan
  variables {
    routes = [{ name = "pay", match = { cluster = join("", concat(["a"], [for index in range(85) : "가"])) }, webhook = "/rollcall/pay" }]
  }
  assert {
    condition     = length(jsondecode(output.routes_json).routes) == 1
    error_message = "85 characters of three bytes and one of one byte are as many as the function takes."
  }
}

run "rejects_a_parameter_of_aws_itself" {
  command = plan
  variables {
    routes = [{ name = "pay", webhook = "/aws/service/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_an_unknown_outcome" {
  command = plan
  variables {
    routes = [{ name = "oncall", match = { outcome = "bad" }, webhook = "/rollcall/oncall" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_channels_name" {
  command = plan
  variables {
    routes = [{ name = "pay", channel = "#pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_the_webhook_itself" {
  command = plan
  variables {
    routes = [{ name = "pay", routes = [{ name = "web", webhook = "https://hooks.slack.com/services/T/B/x" }] }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_channel_and_a_webhook" {
  command = plan
  variables {
    routes = [{ name = "pay", channel = "C0PAY", webhook = "/rollcall/pay" }]
  }
  expect_failures = [var.routes]
}

run "rejects_an_alias_as_the_webhooks_key" {
  command = plan
  variables {
    routes = [{ name = "pay", webhook = "/rollcall/pay", webhook_kms_key_arn = "alias/aws/ssm" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_label_with_a_line_break" {
  command = plan
  variables {
    routes = [{ name = "pay", label = "pay\ndev" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_zone_that_is_none" {
  command = plan
  variables {
    routes = [{ name = "pay", timezone = "KST+9" }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_zone_in_no_continent" {
  command = plan
  variables {
    routes = [{ name = "pay", timezone = "Eurpe/Berlin" }]
  }
  expect_failures = [var.routes]
}

run "zones_of_every_form_are_accepted" {
  command = plan
  variables {
    routes = [for index, timezone in ["GMT", "GMT+0", "EST5EDT", "W-SU", "UTC", "Etc/GMT+9", "America/Argentina/Buenos_Aires", "US/East-Indiana"] : { name = "r${index}", match = { cluster = "c${index}" }, timezone = timezone }]
  }
  assert {
    condition     = length(jsondecode(output.routes_json).routes) == 8
    error_message = "These are names of the IANA database."
  }
}

run "rejects_an_unknown_language" {
  command = plan
  variables {
    routes = [{ name = "pay", language = "de" }]
  }
  expect_failures = [var.routes]
}

run "rejects_too_many_rows" {
  command = plan
  variables {
    routes = [{ name = "pay", rows = 91 }]
  }
  expect_failures = [var.routes]
}

run "rejects_a_mention_that_slack_does_not_know" {
  command = plan
  variables {
    routes = [{ name = "pay", mention_on_failure = "@here" }]
  }
  expect_failures = [var.routes]
}

run "rejects_routes_without_windows" {
  command = plan
  variables {
    slack_bot = null
    windows   = { enabled = false }
    routes    = [{ name = "pay", webhook = "/rollcall/pay" }]
  }
  expect_failures = [output.routes_json]
}

run "rejects_a_channel_without_a_bot" {
  command = plan
  variables {
    slack_bot = null
    routes    = [{ name = "pay", routes = [{ name = "web", channel = "C0WEB" }] }]
  }
  expect_failures = [output.routes_json]
}

run "rejects_a_route_behind_one_that_takes_everything" {
  command = plan
  variables {
    routes = [{ name = "pay", match = { labels = { team = "pay" } } }, { name = "ledger", match = { service = "ledger", labels = { team = "pay" } } }]
  }
  expect_failures = [output.routes_json]
}

run "rejects_a_route_behind_one_with_the_pattern_for_everything" {
  command = plan
  variables {
    routes = [{ name = "all", match = { environment = "*", cluster = "*" } }, { name = "pay", match = { cluster = "pay" } }]
  }
  expect_failures = [output.routes_json]
}

run "rejects_a_route_of_a_route_with_another_outcome" {
  command = plan
  variables {
    routes = [{ name = "oncall", match = { outcome = "failed" }, routes = [{ name = "praise", match = { outcome = "succeeded" } }] }]
  }
  expect_failures = [output.routes_json]
}

run "routes_that_can_be_reached_are_accepted" {
  command = plan
  variables {
    routes = [
      { name = "log", continue = true, routes = [{ name = "dev", match = { environment = "dev" } }] },
      { name = "pay", match = { labels = { team = "pay" } } },
      { name = "search", match = { labels = { team = "search" } } },
      { name = "known", match = { cluster = "*" } },
      { name = "rest" },
      { name = "oncall", match = { outcome = "failed" }, routes = [{ name = "oncall-pay", match = { cluster = "pay-*", outcome = "failed" } }] },
    ]
  }
  assert {
    condition     = length(jsondecode(output.routes_json).routes) == 6
    error_message = "A route that continues, one beside it, one that takes the rest, also behind one for whatever has a cluster, and one with an outcome are all reached."
  }
}
