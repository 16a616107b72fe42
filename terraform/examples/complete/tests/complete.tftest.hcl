mock_provider "aws" {
  source = "../../modules/slack-notifier/tests/mocks"

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-2:123456789012:rollcall-alarms" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:ap-northeast-2:123456789012:event-bus/rollcall" }
  }
}

variables {
  region       = "ap-northeast-2"
  timezone     = "Asia/Seoul"
  function_zip = "versions.tf" # Nothing is deployed, so any file can stand for the package.
  schedules = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
    evening = { expression = "cron(0 18 ? * MON-FRI *)", desired_count = 0 }
  }
  environments = {
    dev = {
      cluster                 = "app-dev"
      slack_webhook_parameter = "/rollcall/dev/slack-webhook"
      services                = { nestjs = {}, python-api = { desired_count = { morning = 2 } } }
      jobs                    = { nightly-report = { expression = "cron(0 2 * * ? *)", task_definition = "report:7", network = { subnet_ids = ["subnet-1"] } } }
    }
    stg = {
      cluster                 = "app-stg"
      slack_webhook_parameter = "/rollcall/stg/slack-webhook"
      mention_on_failure      = "<!subteam^S012AB3CD>"
      team_webhooks           = { search = "/rollcall/stg/search-webhook" }
      services                = { nestjs = { labels = { team = "search" } }, python-api = { except = ["evening"] } }
    }
  }
}

run "each_environment_has_schedules_and_a_notifier_of_its_own" {
  assert {
    condition     = output.function_names.dev == "rollcall-dev" && output.function_names.stg == "rollcall-stg"
    error_message = "One function for each environment."
  }
  assert {
    condition     = length(module.scheduler["dev"].schedule_names) == 4 + 1 && length(module.scheduler["stg"].schedule_names) == 3
    error_message = "Services times schedules, less the exceptions, and a job."
  }
  assert {
    condition     = output.rosters.dev.morning.services.python-api == 2 && !contains(keys(output.rosters.stg.evening.services), "python-api")
    error_message = "Rosters say what each environment expects."
  }
}

run "each_environment_has_a_window_log_and_rosters" {
  assert {
    condition     = output.table_names == { dev = "rollcall-dev-windows", stg = "rollcall-stg-windows" }
    error_message = "One table for each environment."
  }
  assert {
    condition     = output.roster_schedule_names.stg == { "ecs/evening" = "ecs.evening", "ecs/morning" = "ecs.morning" }
    error_message = "One roster for each schedule."
  }
  assert {
    condition     = keys(output.roster_schedule_names.dev) == ["ecs/evening", "ecs/morning", "ecs/nightly-report.job"] && output.rosters.dev["nightly-report.job"].jobs == { report = 1 }
    error_message = "And one for the job."
  }
}

run "each_environment_is_verified_in_its_own_cluster" {
  assert {
    condition     = output.verified_clusters == { dev = tolist(["app-dev"]), stg = tolist(["app-stg"]) }
    error_message = "The schedules' module tells its cluster."
  }
}

run "verification_can_be_turned_off" {
  variables { verify = { enabled = false } }

  assert {
    condition     = alltrue([for clusters in values(output.verified_clusters) : length(clusters) == 0])
    error_message = "Nothing is asked."
  }
}

run "windows_can_be_turned_off" {
  variables { windows = { enabled = false } }

  assert {
    condition     = output.table_names.dev == null && length(output.roster_schedule_names.dev) == 0
    error_message = "No table, no rosters."
  }
}

run "an_environment_that_is_up_starts_its_smoke_tests" {
  variables {
    smoke_tests = {
      dev = "arn:aws:states:ap-northeast-2:123456789012:stateMachine:smoke-dev"
      stg = "arn:aws:codebuild:ap-northeast-2:123456789012:project/smoke-stg"
    }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.up["dev"].event_pattern) == { source = ["rollcall"], "detail-type" = ["Environment Up"], detail = { environment = ["dev"], route = [null] } }
    error_message = "The rule waits for the whole environment."
  }
  assert {
    condition = { for key, policy in aws_iam_role_policy.smoke_test : key => jsondecode(policy.policy).Statement[0] } == {
      dev = { Sid = "StartSmokeTest", Effect = "Allow", Action = "states:StartExecution", Resource = "arn:aws:states:ap-northeast-2:123456789012:stateMachine:smoke-dev" }
      stg = { Sid = "StartSmokeTest", Effect = "Allow", Action = "codebuild:StartBuild", Resource = "arn:aws:codebuild:ap-northeast-2:123456789012:project/smoke-stg" }
    }
    error_message = "Each role starts its own smoke test and nothing more."
  }
}

run "reject_a_smoke_test_of_something_else" {
  command = plan
  variables { smoke_tests = { dev = "arn:aws:lambda:ap-northeast-2:123456789012:function:smoke" } }
  expect_failures = [var.smoke_tests]
}

run "each_team_hears_of_its_own_services" {
  assert {
    condition     = jsondecode(output.routes.stg) == { routes = [{ name = "search", match = { labels = { team = "search" } }, webhook = "/rollcall/stg/search-webhook" }] }
    error_message = "One route for each team."
  }
  assert {
    condition     = output.rosters.stg.morning.labels.nestjs.team == "search" && jsondecode(output.routes.dev).routes == []
    error_message = "Rosters carry the labels that routes match, and an environment without teams has no routes."
  }
}
