# What .ci/costs counts: its table in terraform/README.md is made from the plans of these two runs.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  schedulers = {
    ecs = {
      role_arn                       = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
      schedule_group_name            = "rollcall-dev"
      dead_letter_queue_arn          = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      dead_letter_visibility_seconds = 300
      cluster                        = "app-dev"
    }
  }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { s3_bucket = "artifacts", s3_key = "rollcall/bootstrap.zip" }
}

run "all" {
  command = plan
}

run "least" {
  command = plan
  variables {
    alarms           = "least"
    dashboard        = false
    detailed_metrics = false
  }
}
