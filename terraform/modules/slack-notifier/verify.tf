# Asking ECS. A call that was accepted is no task that runs; with this the function asks until a service is steady or the
# time is over, and how a job's tasks ended. It only reads, and only in the clusters that the schedules call.

locals {
  # Known while planning: both come from inputs.
  clusters = sort(distinct(flatten([
    for scheduler in values(var.schedulers) : concat(
      scheduler.cluster == null ? [] : [scheduler.cluster],
      [for roster in values(scheduler.rosters) : reverse(split("/", roster.cluster))[0]],
    )
  ])))
  cluster_arns = [for cluster in local.clusters : "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${cluster}"]

  clusterless = [for key, scheduler in var.schedulers : key if scheduler.cluster == null && length(scheduler.rosters) == 0]

  wants_verify = local.windows && var.verify.enabled
  verify       = local.wants_verify && length(local.clusters) > 0

  in_these_clusters = { ArnEquals = { "ecs:cluster" = local.cluster_arns } }

  # The condition names the cluster, not the resource: a service from before 2021 may have an ARN without one.
  verify_statements = !local.verify ? [] : [
    {
      Sid       = "AskServices"
      Effect    = "Allow"
      Action    = "ecs:DescribeServices"
      Resource  = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/*"
      Condition = local.in_these_clusters
    },
    {
      Sid       = "AskTasks"
      Effect    = "Allow"
      Action    = "ecs:DescribeTasks"
      Resource  = "arn:${local.partition}:ecs:${local.region}:${local.account}:task/*"
      Condition = local.in_these_clusters
    },
    {
      Sid       = "ListTasks"
      Effect    = "Allow"
      Action    = "ecs:ListTasks"
      Resource  = "*" # Its only resource is a container instance; a list of a service's tasks names none.
      Condition = local.in_these_clusters
    },
  ]
  autoscaling_statements = !(local.verify && var.verify.autoscaling) ? [] : [{
    Sid      = "ReadBounds"
    Effect   = "Allow"
    Action   = "application-autoscaling:DescribeScalableTargets"
    Resource = "*" # It has neither resources nor conditions to name.
  }]

  # ECS's own events, by choice. They arrive in seconds and give reasons, but what is said rests on asking.
  native_patterns = !(local.verify && var.verify.native_events) ? {} : {
    native = {
      description = "Steady states, trouble and ended jobs"
      pattern = jsonencode({
        source        = ["aws.ecs"]
        "detail-type" = concat(["ECS Service Action"], var.watch_jobs ? ["ECS Task State Change"] : [])
        detail = {
          clusterArn = local.cluster_arns
          "$or" = concat(
            [
              { eventType = ["WARN", "ERROR"] },
              { eventName = ["SERVICE_STEADY_STATE"] },
            ],
            # A task of a service has the group service:<name>.
            !var.watch_jobs ? [] : [{ lastStatus = ["STOPPED"], group = [{ prefix = "family:" }] }],
          )
        }
      })
    }
    # These name no cluster but in the service's ARN, so the few services with an ARN from before 2021 are not matched.
    deployments = {
      description = "Deployments in trouble"
      pattern = jsonencode({
        source        = ["aws.ecs"]
        "detail-type" = ["ECS Deployment State Change"]
        resources     = [for cluster in local.clusters : { prefix = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/${cluster}/" }]
        detail        = { eventType = ["WARN", "ERROR"] }
      })
    }
  }
}

check "verification_knows_the_clusters" {
  assert {
    condition     = !local.wants_verify || length(local.clusterless) == 0
    error_message = "Nobody told the cluster of ${join(", ", local.clusterless)}, so ECS cannot be asked about its services, and accepted is the last word on them: give schedulers[*].cluster, or set verify = { enabled = false }."
  }
}
