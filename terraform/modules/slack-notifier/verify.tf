# Permissions and events for asking ECS. That ECS accepted a call does not mean that tasks run, so the function asks ECS
# until a service is steady or verify.minutes are over, and how the tasks of a job ended. It only reads, and only in the
# clusters that the schedules call.

locals {
  # These come from inputs alone, so that the plan shows them. Clusters of other accounts are asked about by roles there.
  cluster_arns = [for arn in local.all_cluster_arns : arn if split(":", arn)[4] == local.account]
  clusters     = sort(distinct([for arn in local.cluster_arns : split("/", arn)[1]]))

  # One Region, or all of them: the condition names the clusters with their Regions.
  cluster_regions = distinct([for arn in local.cluster_arns : split(":", arn)[3]])
  cluster_region  = length(local.cluster_regions) == 1 ? local.cluster_regions[0] : "*"

  clusterless = [for key, scheduler in var.schedulers : key if scheduler.cluster == null && length(scheduler.rosters) == 0]

  wants_verify = local.windows && var.verify.enabled
  verify       = local.wants_verify && length(local.clusters) > 0

  in_these_clusters = { ArnEquals = { "ecs:cluster" = local.cluster_arns } }

  # The condition names the clusters, because the resource cannot: a service from before 2021 may have an ARN without its
  # cluster.
  verify_statements = !local.verify ? [] : [
    {
      Sid       = "AskServices"
      Effect    = "Allow"
      Action    = "ecs:DescribeServices"
      Resource  = "arn:${local.partition}:ecs:${local.cluster_region}:${local.account}:service/*"
      Condition = local.in_these_clusters
    },
    {
      Sid       = "AskTasks"
      Effect    = "Allow"
      Action    = "ecs:DescribeTasks"
      Resource  = "arn:${local.partition}:ecs:${local.cluster_region}:${local.account}:task/*"
      Condition = local.in_these_clusters
    },
    {
      Sid       = "ListTasks"
      Effect    = "Allow"
      Action    = "ecs:ListTasks"
      Resource  = "*" # ListTasks has no other resource type than container instances, and the function lists tasks by service.
      Condition = local.in_these_clusters
    },
  ]
  autoscaling_statements = !(local.verify && var.verify.autoscaling) ? [] : [{
    Sid      = "ReadBounds"
    Effect   = "Allow"
    Action   = "application-autoscaling:DescribeScalableTargets"
    Resource = "*" # AWS offers neither resource types nor conditions for this action.
  }]

  # ECS's own events, off by default. They arrive within seconds and give reasons; reports do not depend on them.
  native_patterns = !(local.wants_verify && length(local.all_cluster_arns) > 0 && var.verify.native_events) ? {} : {
    native = {
      description = "Steady states, trouble and ended jobs"
      pattern = jsonencode({
        source        = ["aws.ecs"]
        "detail-type" = concat(["ECS Service Action"], var.watch_jobs ? ["ECS Task State Change"] : [])
        detail = {
          clusterArn = local.all_cluster_arns
          "$or" = concat(
            [
              { eventType = ["WARN", "ERROR"] },
              { eventName = ["SERVICE_STEADY_STATE"] },
            ],
            # Tasks of jobs have the group family:<family>; tasks of services have service:<name> and are not matched.
            !var.watch_jobs ? [] : [{ lastStatus = ["STOPPED"], group = [{ prefix = "family:" }] }],
          )
        }
      })
    }
    # These events name the cluster only within the service's ARN, so services with an ARN from before 2021 are not matched.
    deployments = {
      description = "Deployments in trouble"
      pattern = jsonencode({
        source        = ["aws.ecs"]
        "detail-type" = ["ECS Deployment State Change"]
        resources     = [for arn in local.all_cluster_arns : { prefix = "${replace(arn, ":cluster/", ":service/")}/" }]
        detail        = { eventType = ["WARN", "ERROR"] }
      })
    }
  }
}

check "verification_knows_the_clusters" {
  assert {
    condition     = !local.wants_verify || length(local.clusterless) == 0
    error_message = "The cluster of ${join(", ", local.clusterless)} is not known, so the function cannot ask ECS whether tasks of its services run, and only reports which calls were accepted. Give schedulers[*].cluster, or set verify = { enabled = false }."
  }
}
