# The smallest configuration: services of one cluster, scaled up in the morning and down in the evening, one message each time.
# Nothing in this file has to be edited: terraform.tfvars holds what is yours.

provider "aws" {
  region = var.region
}

module "scheduler" {
  source = "../../modules/ecs-scheduler"

  environment = var.environment
  cluster     = var.cluster
  services    = var.services
  schedules   = var.schedules
  timezone    = var.timezone
}

module "notifier" {
  source = "../../modules/slack-notifier"

  environment   = var.environment
  schedulers    = { ecs = module.scheduler }
  slack_webhook = { ssm_parameter = coalesce(var.slack_webhook_parameter, "/rollcall/${var.environment}/slack-webhook") }
  package       = var.package
  function      = { architecture = var.architecture }
  message       = { timezone = var.timezone }
}
