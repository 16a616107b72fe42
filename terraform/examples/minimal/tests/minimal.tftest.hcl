mock_provider "aws" {
  source = "../../modules/slack-notifier/tests/mocks"
}

# Nothing is deployed, so any file can stand for the package.
variables { function_zip = "versions.tf" }

run "the_least_that_works_applies" {
  assert {
    condition     = output.function_name == "rollcall-dev"
    error_message = "One function for dev."
  }
}
