mock_provider "aws" {
  source = "../../modules/slack-notifier/tests/mocks"
}

mock_provider "aws" {
  alias  = "pay"
  source = "../../modules/slack-notifier/tests/mocks"
}

mock_provider "aws" {
  alias  = "search"
  source = "../../modules/slack-notifier/tests/mocks"
}

variables {
  region                  = "ap-northeast-2"
  environment             = "dev"
  function_zip            = "versions.tf" # Nothing is deployed, so any file can stand for the package.
  slack_webhook_parameter = "/rollcall/dev/slack-webhook"
  central                 = { account_id = "123456789012", deploy_role_arn = "arn:aws:iam::123456789012:role/terraform" }
  pay = {
    account_id      = "111122223333"
    alias           = "pay-dev"
    deploy_role_arn = "arn:aws:iam::111122223333:role/terraform"
    cluster         = "pay-dev"
    services        = { billing = { labels = { team = "pay" } } }
    schedules       = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
  }
  search = {
    account_id      = "444455556666"
    alias           = "search-dev"
    deploy_role_arn = "arn:aws:iam::444455556666:role/terraform"
    cluster         = "search-dev"
    services        = { nestjs = {} }
    schedules       = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
  }
}

run "two_accounts_send_to_the_central_bus" {
  assert {
    condition     = output.roster_schedule_names == { "pay/morning" = "pay.morning", "search/morning" = "search.morning" }
    error_message = "The notifier sends the rosters of both accounts."
  }
  assert {
    condition     = output.central_bus_arn == "arn:aws:events:ap-northeast-2:123456789012:event-bus/default" && sort(keys(aws_cloudwatch_event_permission.workload)) == tolist(["111122223333", "444455556666"])
    error_message = "Both accounts, and no other, may send events to the central bus."
  }
}
