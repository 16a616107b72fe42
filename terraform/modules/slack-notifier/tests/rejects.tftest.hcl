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

run "rejects_no_secret" {
  command = plan
  variables {
    slack_webhook = {}
  }
  expect_failures = [var.slack_webhook]
}

run "rejects_two_secrets" {
  command = plan
  variables {
    slack_webhook = { ssm_parameter = "/a", secrets_manager_secret = "a" }
  }
  expect_failures = [var.slack_webhook]
}

run "rejects_the_webhook_itself_as_a_parameter" {
  command = plan
  variables {
    slack_webhook = { ssm_parameter = "https://hooks.slack.com/services/T/B/x" }
  }
  expect_failures = [var.slack_webhook]
}

run "rejects_the_webhook_itself_as_a_secret" {
  command = plan
  variables {
    slack_webhook = { secrets_manager_secret = "https://hooks.slack.com/services/T/B/x" }
  }
  expect_failures = [var.slack_webhook]
}

run "rejects_an_alias_as_the_secrets_key" {
  command = plan
  variables {
    slack_webhook = { ssm_parameter = "/a", kms_key_arn = "alias/aws/ssm" }
  }
  expect_failures = [var.slack_webhook]
}

run "rejects_a_package_that_is_not_there" {
  command = plan
  variables {
    package = { zip = "no-such.zip" }
  }
  expect_failures = [var.package]
}

run "rejects_a_package_with_another_hash" {
  command = plan
  variables {
    # The SHA-256 of nothing at all.
    package = { zip = "versions.tf", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  }
  expect_failures = [var.package]
}

run "rejects_a_hash_in_another_form" {
  command = plan
  variables {
    package = { zip = "versions.tf", sha256 = filebase64sha256("versions.tf") }
  }
  expect_failures = [var.package]
}

run "rejects_a_hash_of_an_object_on_s3" {
  command = plan
  variables {
    package = { s3_bucket = "artifacts", s3_key = "a.zip", sha256 = filesha256("versions.tf") }
  }
  expect_failures = [var.package]
}

run "rejects_two_packages" {
  command = plan
  variables {
    package = { zip = "versions.tf", s3_bucket = "artifacts", s3_key = "a.zip" }
  }
  expect_failures = [var.package]
}

run "rejects_a_bucket_without_a_key" {
  command = plan
  variables {
    package = { s3_bucket = "artifacts" }
  }
  expect_failures = [var.package]
}

run "rejects_an_unknown_architecture" {
  command = plan
  variables {
    function = { architecture = "arm" }
  }
  expect_failures = [var.function]
}

run "rejects_a_timeout_over_fifteen_minutes" {
  command = plan
  variables {
    function = { timeout_seconds = 901 }
  }
  expect_failures = [var.function]
}

run "rejects_a_retention_that_logs_do_not_offer" {
  command = plan
  variables {
    function = { log_retention_days = 31 }
  }
  expect_failures = [var.function]
}

run "rejects_a_reserved_concurrency_below_the_mappings" {
  command = plan
  variables {
    function = { reserved_concurrency = 1 }
  }
  expect_failures = [var.function]
}

run "rejects_a_mention_that_slack_would_show_as_text" {
  command = plan
  variables {
    message = { mention_on_failure = "@here" }
  }
  expect_failures = [var.message]
}

run "rejects_a_window_that_does_not_divide_the_day" {
  command = plan
  variables {
    message = { window_minutes = 50 }
  }
  expect_failures = [var.message]
}

run "rejects_a_window_of_no_minutes" {
  command = plan
  variables {
    message = { window_minutes = 0 }
  }
  expect_failures = [var.message]
}

run "rejects_a_window_of_half_a_minute" {
  command = plan
  variables {
    message = { window_minutes = 22.5 }
  }
  expect_failures = [var.message]
}

run "rejects_a_window_over_a_day" {
  command = plan
  variables {
    message = { window_minutes = 2880 }
  }
  expect_failures = [var.message]
}

run "rejects_a_batch_over_ten_thousand" {
  command = plan
  variables {
    batch_size = 10001
  }
  expect_failures = [var.batch_size]
}

run "rejects_a_window_over_five_minutes" {
  command = plan
  variables {
    batching_window_seconds = 301
  }
  expect_failures = [var.batching_window_seconds]
}

run "rejects_no_scheduler" {
  command = plan
  variables {
    schedulers = {}
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_key_both_made_and_given" {
  command = plan
  variables {
    kms_key = { create = true, arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1" }
  }
  expect_failures = [var.kms_key]
}

run "rejects_an_alias_as_the_queues_key" {
  command = plan
  variables {
    kms_key = { arn = "alias/aws/sqs" }
  }
  expect_failures = [var.kms_key]
}

run "rejects_a_topic_that_is_no_arn" {
  command = plan
  variables {
    alarm_topic_arns = ["oncall"]
  }
  expect_failures = [var.alarm_topic_arns]
}

run "rejects_an_environment_that_cannot_be_part_of_a_name" {
  command = plan
  variables {
    environment = "Dev"
  }
  expect_failures = [var.environment]
}

run "rejects_a_cluster_arn" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        cluster               = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/app-dev"
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_rosters_cluster_that_is_no_name" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { morning = { environment = "dev", cluster = "app*", expression = "cron(0 9 ? * MON-FRI *)" } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_job_with_a_revision" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { morning = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", jobs = { "report:7" = 1 } } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_job_of_no_task" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { morning = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)", jobs = { report = 0 } } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_rosters_key_with_another_dot" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { "morning.blue" = { environment = "dev", cluster = "app-dev", expression = "cron(0 9 ? * MON-FRI *)" } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_verification_of_no_minutes" {
  command = plan
  variables {
    verify = { minutes = 0 }
  }
  expect_failures = [var.verify]
}

run "rejects_verification_over_an_hour" {
  command = plan
  variables {
    verify = { minutes = 61 }
  }
  expect_failures = [var.verify]
}

run "rejects_verification_of_half_a_minute" {
  command = plan
  variables {
    verify = { minutes = 1.5 }
  }
  expect_failures = [var.verify]
}

run "rejects_a_roster_of_a_schedule_with_a_rate" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        rosters               = { refresh = { environment = "dev", cluster = "app-dev", expression = "rate(6 hours)", services = { nestjs = 1 } } }
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_retries_of_no_minutes" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        retry_minutes         = 0
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_retries_over_a_day" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:iam::123456789012:role/rollcall-dev-schedules"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        retry_minutes         = 1441
      }
    }
  }
  expect_failures = [var.schedulers]
}

run "rejects_a_role_that_is_no_role_arn" {
  command = plan
  variables {
    schedulers = {
      app = {
        role_arn              = "arn:aws:sts::123456789012:assumed-role/rollcall-dev-schedules/session"
        schedule_group_name   = "rollcall-dev"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
      }
    }
  }
  expect_failures = [var.schedulers]
}
