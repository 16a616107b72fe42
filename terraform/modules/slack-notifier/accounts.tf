# Schedules of other accounts and Regions. Their records come to this account's event bus by rules there; the rosters are sent
# from here, because only the notifier knows its queue. ECS there is asked by assuming a role of that account.

variable "account_aliases" {
  description = "What accounts are called in messages, by their twelve digits, such as `{ \"111122223333\" = \"pay-dev\" }`. Messages show an account only where services of several accounts stand in one."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for account, name in var.account_aliases : can(regex("^[0-9]{12}$", account)) && can(regex("^[A-Za-z0-9]([A-Za-z0-9 _.-]{0,38}[A-Za-z0-9])?$", name))])
    error_message = "account_aliases has the twelve digits of accounts as keys, and names of 1 to 40 letters, digits, spaces and _ . - as values."
  }
  validation {
    condition = length(distinct(values(var.account_aliases))) == length(var.account_aliases)
    error_message = "account_aliases has a name of its own for each account, since rows of two accounts with one name could not be told apart. These share one: ${join("; ", [
      for accounts in values({ for account, name in var.account_aliases : name => account... }) : join(" and ", accounts) if length(accounts) > 1
    ])}."
  }
}

variable "ecs_reader_role_arns" {
  description = "ARNs of roles in other accounts, one for each account, that the function assumes to ask ECS there what runs (`verify`). Where an account has none, its services count as accepted, and nothing is asked there. docs/accounts.md lists what such a role has to allow."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ecs_reader_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "ecs_reader_role_arns holds ARNs of IAM roles (…:role/…)."
  }
  validation {
    condition     = length(distinct([for arn in var.ecs_reader_role_arns : try(split(":", arn)[4], arn)])) == length(var.ecs_reader_role_arns)
    error_message = "ecs_reader_role_arns holds one role for each account."
  }
}

locals {
  # Where the schedules of each scheduler and their services are.
  places = {
    for key, scheduler in var.schedulers : key => {
      account = coalesce(scheduler.account_id, local.account)
      region  = coalesce(scheduler.region, local.region)
    }
  }

  # The schedulers of this account and Region: the groups, queues and metrics of the others cannot be seen from here.
  schedulers_here = { for key, scheduler in var.schedulers : key => scheduler if scheduler.account_id == null && scheduler.region == null }

  # All clusters, wherever they are.
  all_cluster_arns = sort(distinct(flatten([
    for key, scheduler in var.schedulers : [
      for cluster in concat(
        scheduler.cluster == null ? [] : [scheduler.cluster],
        [for roster in values(scheduler.rosters) : reverse(split("/", roster.cluster))[0]],
      ) : "arn:${local.partition}:ecs:${local.places[key].region}:${local.places[key].account}:cluster/${cluster}"
    ]
  ])))

  asks_elsewhere = local.wants_verify && length(var.ecs_reader_role_arns) > 0

  # What the function's environment and its policy get.
  accounts_environment = merge(
    length(var.account_aliases) == 0 ? {} : { ROLLCALL_ACCOUNT_ALIASES = jsonencode(var.account_aliases) },
    !local.asks_elsewhere ? {} : { ROLLCALL_ECS_ROLES = jsonencode({ for arn in var.ecs_reader_role_arns : split(":", arn)[4] => arn }) },
  )
  accounts_statements = !local.asks_elsewhere ? [] : [{
    Sid      = "AskElsewhere"
    Effect   = "Allow"
    Action   = "sts:AssumeRole"
    Resource = sort(var.ecs_reader_role_arns)
  }]
}
