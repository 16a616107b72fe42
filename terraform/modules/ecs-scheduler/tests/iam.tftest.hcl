mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {}, python-api = {} }
  schedules   = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
}

run "role_may_scale_exactly_these_services" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Sid    = "ScaleServices"
        Effect = "Allow"
        Action = "ecs:UpdateService"
        Resource = [
          "arn:aws:ecs:ap-northeast-2:123456789012:service/app/nestjs",
          "arn:aws:ecs:ap-northeast-2:123456789012:service/app/python-api",
        ]
      },
      {
        Sid      = "KeepDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      },
    ]
    error_message = "Two permissions and no more: update these services, write the dead-letter queue."
  }
}

run "only_this_group_may_use_the_role" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = "123456789012"
          "aws:SourceArn"     = "arn:aws:scheduler:ap-northeast-2:123456789012:schedule-group/rollcall-dev"
        }
      }
    }]
    error_message = "The trust is tied to the account and the schedule group."
  }
}

run "a_service_with_the_short_arn_is_allowed_by_it" {
  command = apply
  variables {
    services = { nestjs = { service_arn = "arn:aws:ecs:ap-northeast-2:123456789012:service/nestjs" } }
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == ["arn:aws:ecs:ap-northeast-2:123456789012:service/nestjs"]
    error_message = "The given ARN stands in the policy as it is."
  }
}

run "jobs_add_run_task_and_pass_role_and_nothing_else" {
  command = apply
  variables {
    services = {}
    jobs = {
      report = {
        expression       = "cron(0 2 * * ? *)"
        task_definition  = "report"
        passed_role_arns = ["arn:aws:iam::123456789012:role/report-task"]
        network          = { subnet_ids = ["subnet-1"] }
      }
      pinned = {
        expression      = "rate(1 day)"
        task_definition = "pinned:7"
        launch_type     = "EC2"
      }
    }
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : { sid = s.Sid, resource = s.Resource }] == [
      { sid = "RunJobs", resource = ["arn:aws:ecs:ap-northeast-2:123456789012:task-definition/pinned:7", "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/report:*"] },
      { sid = "PassRolesToJobs", resource = ["arn:aws:iam::123456789012:role/report-task"] },
      { sid = "KeepDeadLetters", resource = aws_sqs_queue.dead_letters.arn },
    ]
    error_message = "A job's definition and roles are allowed exactly."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Condition.ArnEquals["ecs:cluster"] == "arn:aws:ecs:ap-northeast-2:123456789012:cluster/app"
    error_message = "Jobs run in this cluster only."
  }
}

run "customer_key_is_opt_in" {
  command = apply
  variables { kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" }

  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == var.kms_key_arn
    error_message = "The queue uses the customer's key."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[2].Action == ["kms:Decrypt", "kms:GenerateDataKey"] && jsondecode(aws_iam_role_policy.this.policy).Statement[2].Resource == var.kms_key_arn
    error_message = "Scheduler writes dead letters with this role, so the role needs the key."
  }
}
