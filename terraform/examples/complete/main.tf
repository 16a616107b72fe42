# Each environment has its own schedules, queue and function, so a fault in dev does not stop the messages of stg.

provider "aws" {
  region = var.region
}

module "scheduler" {
  source   = "../../modules/ecs-scheduler"
  for_each = var.environments

  environment             = each.key
  cluster                 = each.value.cluster
  services                = each.value.services
  schedules               = var.schedules
  jobs                    = each.value.jobs
  timezone                = var.timezone
  flexible_window_minutes = var.flexible_window_minutes
}

module "notifier" {
  source   = "../../modules/slack-notifier"
  for_each = var.environments

  environment   = each.key
  schedulers    = { ecs = module.scheduler[each.key] }
  slack_webhook = { ssm_parameter = each.value.slack_webhook_parameter }
  package       = { zip = var.function_zip, sha256 = var.function_sha256 }
  function      = { architecture = var.architecture }
  message = {
    timezone           = var.timezone
    mention_on_failure = each.value.mention_on_failure
  }

  # smoke_tests.tf has the bus and what its events start.
  event_bus_arn = one(aws_cloudwatch_event_bus.rollcall[*].arn)
  # Each team hears of its own services; what is nobody's goes to the environment's channel. Routes need windows.
  routes = [
    for team, webhook in each.value.team_webhooks : { name = team, match = { labels = { team = team } }, webhook = webhook }
    if var.windows.enabled
  ]

  windows          = var.windows
  verify           = var.verify
  enabled          = var.notifier_enabled
  alarm_topic_arns = [aws_sns_topic.alarms.arn]
}

# Subscribe whoever is on call, by mail, a pager or another chat. Slack alone is not enough, because some of these alarms
# mean that Slack could not be reached.
resource "aws_sns_topic" "alarms" {
  name = "rollcall-alarms"
}
