# The smallest configuration: two services, scaled up in the morning and down in the evening, one message each time.

provider "aws" {
  region = "ap-northeast-2"
}

module "scheduler" {
  source = "../../modules/ecs-scheduler"

  environment = "dev"
  cluster     = "app-dev"
  services    = { nestjs = {}, python-api = { desired_count = { morning = 2 } } }
  schedules = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
    evening = { expression = "cron(0 18 ? * MON-FRI *)", desired_count = 0 }
  }
  timezone = "Asia/Seoul"
}

module "notifier" {
  source = "../../modules/slack-notifier"

  environment   = "dev"
  schedulers    = { ecs = module.scheduler }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { zip = var.function_zip }
}
