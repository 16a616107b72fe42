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
    pay = {
      account_id                     = "111122223333"
      role_arn                       = "arn:aws:iam::111122223333:role/rollcall-dev-schedules"
      schedule_group_name            = "rollcall-dev"
      dead_letter_queue_arn          = "arn:aws:sqs:ap-northeast-2:111122223333:rollcall-dev-schedules-dead"
      dead_letter_visibility_seconds = 300
      rosters                        = { morning = { environment = "dev", cluster = "pay-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { api = 1 } } }
    }
    search = {
      account_id                     = "444455556666"
      region                         = "eu-west-1"
      role_arn                       = "arn:aws:iam::444455556666:role/rollcall-dev-schedules"
      schedule_group_name            = "rollcall-dev"
      dead_letter_queue_arn          = "arn:aws:sqs:eu-west-1:444455556666:rollcall-dev-schedules-dead"
      dead_letter_visibility_seconds = 300
      rosters                        = { morning = { environment = "dev", cluster = "search-dev", expression = "cron(0 9 ? * MON-FRI *)", services = { api = 1 } } }
    }
  }
  account_aliases      = { "111122223333" = "pay-dev" }
  ecs_reader_role_arns = ["arn:aws:iam::111122223333:role/rollcall-reader", "arn:aws:iam::444455556666:role/rollcall-reader"]
  slack_webhook        = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package              = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "schedules_of_other_accounts_and_regions_are_reported_here" {
  command = plan

  assert {
    condition = [for key in ["pay/morning", "search/morning"] : [for field in ["account", "region", "cluster"] : jsondecode(local.roster_inputs[key])[field]]] == [
      ["111122223333", "ap-northeast-2", "pay-dev"], ["444455556666", "eu-west-1", "search-dev"]
    ]
    error_message = "A roster says where its services are."
  }
  assert {
    condition     = jsondecode(local.accounts_environment.ROLLCALL_ACCOUNT_ALIASES) == { "111122223333" = "pay-dev" } && local.function_environment.ROLLCALL_ECS_ROLES == "{\"111122223333\":\"arn:aws:iam::111122223333:role/rollcall-reader\",\"444455556666\":\"arn:aws:iam::444455556666:role/rollcall-reader\"}"
    error_message = "The function knows the names of accounts, and a role for each."
  }
  assert {
    condition     = join(" ", local.cluster_arns) == "arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev" && join(" ", output.verified_clusters) == "app-dev"
    error_message = "Its own role may read the clusters of its own account alone."
  }
  assert {
    condition     = keys(local.read_dead_letters) == ["pay"] && length(aws_sqs_queue_redrive_policy.undelivered) == 0
    error_message = "Lambda reads queues of other accounts in its Region, and SQS moves letters within one account only."
  }
  assert {
    condition     = [for alarm in output.alarm_names : alarm if strcontains(alarm, "-pay") || strcontains(alarm, "-search")] == [] && !strcontains(output.doctor_command, "pay")
    error_message = "Metrics of other accounts and Regions cannot be seen here."
  }
}

run "the_function_may_assume_exactly_these_roles" {
  command = apply

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "AskElsewhere"] == [{
      Sid      = "AskElsewhere"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = ["arn:aws:iam::111122223333:role/rollcall-reader", "arn:aws:iam::444455556666:role/rollcall-reader"]
    }]
    error_message = "No other role."
  }
}

run "where_ecs_is_not_asked_no_role_is_assumed" {
  command = plan
  variables { verify = { enabled = false } }

  assert {
    condition     = length(local.accounts_statements) == 0 && !contains(keys(local.function_environment), "ROLLCALL_ECS_ROLES") && contains(keys(local.function_environment), "ROLLCALL_ACCOUNT_ALIASES")
    error_message = "The permission goes with what it is for."
  }
}

run "rejects_two_roles_of_one_account" {
  command = plan
  variables { ecs_reader_role_arns = ["arn:aws:iam::111122223333:role/one", "arn:aws:iam::111122223333:role/two"] }
  expect_failures = [var.ecs_reader_role_arns]
}

run "rejects_a_name_of_something_else_than_an_account" {
  command = plan
  variables { account_aliases = { pay = "pay-dev" } }
  expect_failures = [var.account_aliases]
}

run "rejects_one_name_for_two_accounts" {
  command = plan
  variables { account_aliases = { "111122223333" = "pay-dev", "444455556666" = "search", "777788889999" = "pay-dev" } }
  expect_failures = [var.account_aliases]
}
