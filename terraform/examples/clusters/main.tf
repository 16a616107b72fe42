# Several environments in one Region, and several clusters in an environment. Each cluster has schedules of its own; each
# environment has one notifier, so that one message tells of all its clusters. For another Region, apply this again there
# with a state of its own: no two names collide.

provider "aws" {
  region = var.region

  default_tags {
    tags = { product = "rollcall" }
  }
}

locals {
  clusters = merge([
    for environment, settings in var.environments : {
      for name, cluster in settings.clusters : "${environment}-${name}" => merge(cluster, { environment = environment, name = name })
    }
  ]...)
}

module "scheduler" {
  source   = "../../modules/ecs-scheduler"
  for_each = local.clusters

  environment = each.value.environment
  name        = "rollcall-${each.key}" # The clusters of an environment need names of their own.
  cluster     = each.value.cluster
  services    = each.value.services
  schedules   = each.value.schedules
  timezone    = var.timezone
}

module "notifier" {
  source   = "../../modules/slack-notifier"
  for_each = var.environments

  environment   = each.key
  schedulers    = { for key, cluster in local.clusters : cluster.name => module.scheduler[key] if cluster.environment == each.key }
  slack_webhook = { ssm_parameter = each.value.slack_webhook_parameter }
  package       = { zip = var.function_zip, sha256 = var.function_sha256 }
  function      = { architecture = var.architecture }
  message       = { timezone = var.timezone }
  windows       = var.windows

  # The least that alarms; terraform/README.md says what it costs.
  alarms           = "least"
  dashboard        = each.value.dashboard
  detailed_metrics = false
  alarm_topic_arns = var.alarm_topic_arns
}
