mock_provider "aws" {
  source = "../../modules/slack-notifier/tests/mocks"
}

variables {
  region       = "eu-central-1"
  function_zip = "versions.tf" # Nothing is deployed, so any file can stand for the package.
  environments = {
    dev = {
      slack_webhook_parameter = "/rollcall/dev/slack-webhook"
      clusters = {
        app  = { cluster = "app-dev", services = { nestjs = {} }, schedules = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } } }
        data = { cluster = "data-dev", services = { ingest = {} }, schedules = { morning = { expression = "cron(30 8 ? * MON-FRI *)", desired_count = 1 } } }
      }
    }
    stg = {
      slack_webhook_parameter = "/rollcall/stg/slack-webhook"
      clusters                = { app = { cluster = "app-stg", services = { nestjs = {} }, schedules = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } } } }
    }
  }
}

run "an_environment_has_one_notifier_for_all_its_clusters" {
  assert {
    condition     = output.function_names == { dev = "rollcall-dev", stg = "rollcall-stg" } && keys(output.scheduler_role_arns) == ["dev-app", "dev-data", "stg-app"]
    error_message = "One function for each environment, one set of schedules for each cluster."
  }
  assert {
    condition     = output.verified_clusters == { dev = tolist(["app-dev", "data-dev"]), stg = tolist(["app-stg"]) }
    error_message = "ECS is asked about both clusters of dev."
  }
  assert {
    condition     = output.roster_schedule_names == { dev = { "app/morning" = "app.morning", "data/morning" = "data.morning" }, stg = { "app/morning" = "app.morning" } }
    error_message = "A roster for each cluster's schedule."
  }
}
