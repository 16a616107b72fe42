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

run "two_rules_divide_the_calls_by_error_code_alone" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["failures"].event_pattern) == {
      source        = ["aws.ecs"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource  = ["ecs.amazonaws.com"]
        eventName    = ["UpdateService"]
        errorCode    = [{ exists = true }]
        userIdentity = { sessionContext = { sessionIssuer = { arn = ["arn:aws:iam::123456789012:role/rollcall-dev-schedules"] } } }
      }
    }
    error_message = "Failures: an error code, the schedules' role, and nothing of requestParameters."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["successes"].event_pattern).detail == merge(
      jsondecode(aws_cloudwatch_event_rule.this["failures"].event_pattern).detail, { errorCode = [{ exists = false }] }
    )
    error_message = "Successes differ from failures in the error code and in nothing else, so the rules neither overlap nor leave a gap."
  }
  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.event_pattern) <= 2048])
    error_message = "An event pattern has at most 2,048 characters."
  }
}

run "watching_everybody_is_opt_in" {
  command = plan
  variables { watch_all_callers = true }

  assert {
    condition     = alltrue([for key in ["failures", "successes"] : !strcontains(aws_cloudwatch_event_rule.this[key].event_pattern, "userIdentity")])
    error_message = "Without the role's condition every caller matches."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["jobs"].event_pattern).detail.userIdentity.sessionContext.sessionIssuer.arn == ["arn:aws:iam::123456789012:role/rollcall-dev-schedules"]
    error_message = "Tasks that somebody else runs are no jobs."
  }
}

run "a_third_rule_matches_accepted_and_refused_calls_of_jobs" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["jobs"].event_pattern) == {
      source        = ["aws.ecs"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource  = ["ecs.amazonaws.com"]
        eventName    = ["RunTask"]
        userIdentity = { sessionContext = { sessionIssuer = { arn = ["arn:aws:iam::123456789012:role/rollcall-dev-schedules"] } } }
      }
    }
    error_message = "The schedules' role, and nothing of an error code or requestParameters."
  }
  assert {
    condition     = output.rule_names == { failures = "rollcall-dev-failures", jobs = "rollcall-dev-jobs", successes = "rollcall-dev-successes" }
    error_message = "Three rules by default."
  }
}

run "jobs_can_be_left_out" {
  command = plan
  variables { watch_jobs = false }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["failures", "successes"]
    error_message = "No rule for jobs."
  }
}

run "the_pattern_still_fits_with_five_long_roles" {
  command = plan
  variables {
    schedulers = {
      for n in range(5) : "cluster-${n}" => {
        role_arn              = "arn:aws:iam::123456789012:role/${join("", [for i in range(64) : "r"])}"
        schedule_group_name   = "group-${n}"
        dead_letter_queue_arn = "arn:aws:sqs:ap-northeast-2:123456789012:dead-${n}"
        cluster               = "app-dev"
      }
    }
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.event_pattern) <= 2048])
    error_message = "An event pattern has at most 2,048 characters."
  }
}

run "the_dashboard_shows_every_rule" {
  command = apply
  variables { verify = { native_events = true } }

  assert {
    condition     = alltrue([for name in values(output.rule_names) : strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "\"${name}\"")]) && length(output.rule_names) == 5
    error_message = "What matched, and what could not be delivered, of each rule."
  }
}

run "events_that_the_rules_cannot_deliver_are_kept" {
  command = apply

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.this : target.dead_letter_config[0].arn == aws_sqs_queue.dead["rules"].arn])
    error_message = "All rules have the rules' dead-letter queue."
  }
}

run "only_the_rules_may_write_to_the_queues" {
  command = apply

  assert {
    condition = alltrue([
      for key, policy in { records = aws_sqs_queue.records.policy, rules-dead = aws_sqs_queue.dead["rules"].policy } : jsondecode(policy).Statement[0] == {
        Sid                        = "RulesMaySend"
        Effect                     = "Allow"
        Action                     = "sqs:SendMessage"
        Principal                  = { Service = "events.amazonaws.com" }
        Resource                   = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-${key}"
        Condition = {
          ArnEquals = {
            "aws:SourceArn" = [
              "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-failures",
              "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-jobs",
              "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-dev-successes",
            ]
          }
        }
      }
    ])
    error_message = "The queue and the rules' dead-letter queue accept these rules and nobody else."
  }
  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.records, aws_sqs_queue.dead["rules"], aws_sqs_queue.dead["records"]] : contains(jsondecode(queue.policy).Statement[*].Sid, "DenyPlainTransport")])
    error_message = "No queue takes requests without TLS."
  }
}
