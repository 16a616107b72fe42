# One notifier in a central account for the services of two other accounts. Each of these has its schedules, a rule that forwards
# their records to the central account's event bus, and a role by which the function asks ECS. docs/accounts.md tells the rest.
#
# A third account is a third provider and a third module "workload": Terraform has no for_each over providers of this age.

provider "aws" {
  region = var.region

  assume_role {
    role_arn = var.central.deploy_role_arn
  }
  default_tags {
    tags = { product = "rollcall" }
  }
}

provider "aws" {
  alias  = "pay"
  region = var.region

  assume_role {
    role_arn = var.pay.deploy_role_arn
  }
  default_tags {
    tags = { product = "rollcall" }
  }
}

provider "aws" {
  alias  = "search"
  region = var.region

  assume_role {
    role_arn = var.search.deploy_role_arn
  }
  default_tags {
    tags = { product = "rollcall" }
  }
}

data "aws_partition" "current" {}

locals {
  accounts = [var.pay.account_id, var.search.account_id]
  # The default bus, where the notifier's rules are.
  bus_arn = "arn:${data.aws_partition.current.partition}:events:${var.region}:${var.central.account_id}:event-bus/default"
}

# Lets the other accounts send events to this account's default bus. For a whole organization, `principal = "*"` with a
# condition on aws:PrincipalOrgID takes the place of the list.
resource "aws_cloudwatch_event_permission" "workload" {
  for_each = toset(local.accounts)

  principal    = each.value
  statement_id = "rollcall-${each.value}"
  action       = "events:PutEvents"
}

module "pay" {
  source    = "./workload"
  providers = { aws = aws.pay }

  environment       = var.environment
  cluster           = var.pay.cluster
  services          = var.pay.services
  schedules         = var.pay.schedules
  timezone          = var.timezone
  central_bus_arn   = local.bus_arn
  function_role_arn = module.notifier.function_role_arn
}

module "search" {
  source    = "./workload"
  providers = { aws = aws.search }

  environment       = var.environment
  cluster           = var.search.cluster
  services          = var.search.services
  schedules         = var.search.schedules
  timezone          = var.timezone
  central_bus_arn   = local.bus_arn
  function_role_arn = module.notifier.function_role_arn
}

module "notifier" {
  source = "../../modules/slack-notifier"

  environment = var.environment
  schedulers = {
    pay    = merge(module.pay.scheduler, { account_id = var.pay.account_id })
    search = merge(module.search.scheduler, { account_id = var.search.account_id })
  }
  account_aliases = { (var.pay.account_id) = var.pay.alias, (var.search.account_id) = var.search.alias }
  # The names of the roles are known before they are made: they trust the function, which is made first.
  ecs_reader_role_arns = [for account in local.accounts : "arn:${data.aws_partition.current.partition}:iam::${account}:role/rollcall-${var.environment}-reader"]

  slack_webhook    = { ssm_parameter = var.slack_webhook_parameter }
  package          = { zip = var.function_zip, sha256 = var.function_sha256 }
  function         = { architecture = var.architecture }
  message          = { timezone = var.timezone }
  alarm_topic_arns = var.alarm_topic_arns
}
