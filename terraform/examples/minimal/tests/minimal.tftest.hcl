mock_provider "aws" {
  source = "../../modules/slack-notifier/tests/mocks"
}

variables {
  region   = "ap-northeast-2"
  cluster  = "app-dev"
  services = { nestjs = {}, python-api = { desired_count = { morning = 2 } } }
  timezone = "Asia/Seoul"
  package  = { zip = "versions.tf" } # Nothing is deployed, so any file can stand for the package.
}

run "the_least_that_works_applies" {
  assert {
    condition     = output.function_name == "rollcall-dev" && output.table_name == "rollcall-dev-windows"
    error_message = "One function and one table for dev."
  }
  assert {
    condition     = module.scheduler.rosters.morning.services == { nestjs = 1, python-api = 2 }
    error_message = "The services are those of the variable, with their counts."
  }
}

run "another_environment_has_names_of_its_own" {
  variables {
    environment = "stg"
  }

  assert {
    condition     = output.function_name == "rollcall-stg" && output.table_name == "rollcall-stg-windows"
    error_message = "Everything is named after the environment."
  }
}
