# Quotas of AWS that a plan can compute. The first two failed with the list of ARNs in one policy.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment             = "dev"
  cluster                 = "a-cluster-with-a-long-name-as-organizations-have-them"
  flexible_window_minutes = 5
  services                = { for n in range(1000) : "a-service-of-some-team-in-some-department-${n}" => {} }
  schedules               = { morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 } }
}

run "the_role_of_a_thousand_services_has_a_short_policy" {
  command = plan

  assert {
    condition     = length(aws_scheduler_schedule.this) == 1000
    error_message = "A thousand services, a schedule each."
  }
  assert {
    condition     = join(" ", local.service_arns) == "arn:aws:ecs:ap-northeast-2:123456789012:service/a-cluster-with-a-long-name-as-organizations-have-them/*" && local.inline_characters < 2000
    error_message = "IAM takes 10,240 characters of inline policies; here are about ${local.inline_characters}."
  }
}

run "the_policies_of_two_hundred_exact_services_are_chunked" {
  command = plan
  variables {
    service_permissions = "services"
    services            = { for n in range(200) : "a-service-of-some-team-in-some-department-${n}" => {} }
  }

  assert {
    condition     = length(aws_iam_policy.services) == 6 && alltrue([for policy in aws_iam_policy.services : length(policy.policy) <= 6144])
    error_message = "A managed policy has at most 6,144 characters."
  }
  assert {
    condition     = length(flatten([for policy in aws_iam_policy.services : jsondecode(policy.policy).Statement[0].Resource])) == 200
    error_message = "Together they name every service."
  }
}

run "rejects_exact_services_over_ten_policies" {
  command = plan
  variables {
    service_permissions = "services"
    services            = { for n in range(600) : "a-service-of-some-team-in-some-department-${n}" => {} }
  }
  expect_failures = [aws_iam_role.this]
}

run "rejects_more_jobs_than_one_policy_holds" {
  command = plan
  variables {
    services = {}
    jobs     = { for n in range(150) : "job-${n}" => { expression = "cron(0 2 * * ? *)", task_definition = "a-task-definition-of-some-team-${n}", launch_type = "EC2" } }
  }
  expect_failures = [aws_iam_role_policy.this]
}
