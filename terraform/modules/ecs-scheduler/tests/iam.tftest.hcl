mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {}, python-api = {} }
  schedules   = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
}

run "role_may_scale_the_services_of_its_cluster" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Sid      = "ScaleServices"
        Effect   = "Allow"
        Action   = "ecs:UpdateService"
        Resource = ["arn:aws:ecs:ap-northeast-2:123456789012:service/app/*"]
      },
      {
        Sid      = "KeepDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      },
    ]
    error_message = "Two permissions and no more: update services of this cluster, write the dead-letter queue."
  }
  assert {
    condition     = length(aws_iam_policy.services) == 0
    error_message = "That needs no managed policy."
  }
}

run "role_can_be_held_to_exactly_these_services" {
  command = apply
  variables { service_permissions = "services" }

  assert {
    condition = jsondecode(aws_iam_policy.services["1"].policy).Statement == [{
      Sid    = "ScaleServices"
      Effect = "Allow"
      Action = "ecs:UpdateService"
      Resource = [
        "arn:aws:ecs:ap-northeast-2:123456789012:service/app/nestjs",
        "arn:aws:ecs:ap-northeast-2:123456789012:service/app/python-api",
      ]
    }]
    error_message = "The managed policy names each service."
  }
  assert {
    condition     = keys(aws_iam_role_policy_attachment.services) == ["1"] && [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid] == ["KeepDeadLetters"]
    error_message = "It is attached, and the inline policy does not repeat it."
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
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == ["arn:aws:ecs:ap-northeast-2:123456789012:service/app/*", "arn:aws:ecs:ap-northeast-2:123456789012:service/nestjs"]
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

run "only_the_schedules_role_may_send_dead_letters_and_only_over_tls" {
  command = apply

  assert {
    condition = jsondecode(aws_sqs_queue.dead_letters.policy).Statement == [
      {
        Sid       = "DenyPlainTransport"
        Effect    = "Deny"
        Action    = "sqs:*"
        Principal = "*"
        Resource  = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlySchedulesMaySend"
        Effect    = "Deny"
        Action    = "sqs:SendMessage"
        Principal = "*"
        Resource  = "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-schedules-dead"
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = aws_iam_role.this.arn } }
      },
    ]
    error_message = "Nobody else in the account can forge a call that was given up."
  }
}

run "an_organization_can_bound_place_and_tag_the_role" {
  command = plan
  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    path                 = "/rollcall/"
    tags                 = { team = "platform" }
    service_permissions  = "services"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && aws_iam_role.this.path == "/rollcall/" && aws_iam_policy.services["1"].path == "/rollcall/"
    error_message = "The role has the boundary and the path."
  }
  assert {
    condition     = alltrue([for tags in [aws_iam_role.this.tags, aws_iam_policy.services["1"].tags, aws_sqs_queue.dead_letters.tags, aws_scheduler_schedule_group.this.tags] : tags == tomap({ team = "platform" })])
    error_message = "Everything that takes tags has them."
  }
}

run "the_roles_name_carries_the_region" {
  command = plan

  assert {
    condition     = aws_iam_role.this.name == "rollcall-dev-ap-northeast-2-schedules"
    error_message = "IAM's names are unique in an account, so two Regions need two names."
  }
}

run "long_names_of_roles_are_shortened_with_a_hash" {
  command = plan
  variables { name = "a-name-of-forty-eight-characters-is-the-longest" }

  assert {
    condition     = length(aws_iam_role.this.name) == 64 && endswith(aws_iam_role.this.name, "-ap-northeast-2-schedules")
    error_message = "A role's name has at most 64 characters, and keeps its Region: ${aws_iam_role.this.name}."
  }
}

run "tasks_of_jobs_can_be_tagged_by_run_task_alone" {
  command = apply
  variables {
    services = {}
    jobs     = { report = { expression = "rate(1 day)", task_definition = "report", launch_type = "EC2", tags = { cost = "reports" } } }
  }

  assert {
    condition = contains(jsondecode(aws_iam_role_policy.this.policy).Statement[*].Sid, "TagTasksOfJobs") && jsondecode(aws_iam_role_policy.this.policy).Statement[1] == {
      Sid       = "TagTasksOfJobs"
      Effect    = "Allow"
      Action    = "ecs:TagResource"
      Resource  = "arn:aws:ecs:ap-northeast-2:123456789012:task/app/*"
      Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
    }
    error_message = "ECS asks for TagResource where RunTask brings tags."
  }
}
