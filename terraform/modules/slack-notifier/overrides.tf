# What people need who make overrides with the command line (`rollcall extend` and its like): their own credentials change
# schedules, and the function gains nothing. Schedules of other accounts and Regions are out of their reach. The policy is an output, because who these people are is known elsewhere.

locals {
  groups_of_schedules = distinct(concat(compact(values(local.schedulers_here)[*].schedule_group_name), aws_scheduler_schedule_group.rosters[*].name))

  operator_statements = concat(
    [
      {
        Sid      = "FindSchedules"
        Effect   = "Allow"
        Action   = ["scheduler:ListScheduleGroups", "scheduler:ListSchedules"]
        Resource = "*" # AWS offers neither resource types nor conditions for these actions.
      },
      {
        Sid      = "ChangeSchedules"
        Effect   = "Allow"
        Action   = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"]
        Resource = [for group in local.groups_of_schedules : "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule/${group}/*"]
      },
      # Whoever makes or changes a schedule gives it its role. Both roles trust EventBridge Scheduler for their own group only.
      {
        Sid       = "GiveSchedulesTheirRoles"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = concat(sort(distinct(values(local.schedulers_here)[*].role_arn)), aws_iam_role.rosters[*].arn)
        Condition = { StringEquals = { "iam:PassedToService" = data.aws_service_principal.scheduler.name } }
      },
    ],
    length(local.clusters) == 0 ? [] : [{
      Sid       = "SeeServices"
      Effect    = "Allow"
      Action    = "ecs:DescribeServices"
      Resource  = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/*"
      Condition = local.in_these_clusters
    }],
  )
}
