# Routes: which team hears of what, and where. The function reads them as JSON, from a variable where they are short, and else
# from a parameter that this module writes. What is refused here is what the function refuses too, which would not start. The
# function alone knows which zones there are, since it holds their database.

variable "routes" {
  description = <<-EOT
    Which team hears of what; without routes everything goes to `slack_webhook` or `slack_bot`. An ordered list: the first route that matches takes a run, unless it continues, and what no route takes goes where it went before. docs/routes.md tells the rest. Needs `windows`. The plan checks all of it but one thing: whether a zone exists, such as Europe/Berln. The function refuses such a zone at its start; so does `terraform output -raw routes_json | rollcall routes show --routes -`, and docs/routes.md shows how to ask it before you apply.

    - `name`: its name, 1 to 40 letters, digits, hyphens and underscores. What a route was told is kept by it.
    - `match`: what it takes; all that is given has to fit. `environment`, `cluster`, `service`, `account`, `region`, `schedule` and the values of `labels` are patterns such as `pay-*` or `{pay,ledger}-dev`; `outcome` is failed or succeeded. Nothing given takes everything.
    - `channel`: the id of the channel in which `slack_bot` speaks; or
    - `webhook`: the name or ARN of the SSM SecureString that holds a webhook's address, or `/aws/reference/secretsmanager/` and the name of a secret of Secrets Manager, and `webhook_kms_key_arn` the customer key that encrypts it. Without both the route speaks where the one above it speaks.
    - `label`, `timezone`, `language`, `rows` (or "all"), `mention_on_failure`: as in `message`, for this route alone.
    - `continue`: whether the routes after it are asked, too. `events`: whether events for machines are sent about its part.
    - `routes`: routes of its own, to which it leaves what they match. They take over what they do not set.
  EOT
  type = list(object({
    name = string
    match = optional(object({
      environment = optional(string)
      cluster     = optional(string)
      service     = optional(string)
      account     = optional(string)
      region      = optional(string)
      schedule    = optional(string)
      labels      = optional(map(string), {})
      outcome     = optional(string)
    }), {})
    channel             = optional(string)
    webhook             = optional(string)
    webhook_kms_key_arn = optional(string)
    label               = optional(string)
    timezone            = optional(string)
    language            = optional(string)
    rows                = optional(string)
    mention_on_failure  = optional(string)
    continue            = optional(bool, false)
    events              = optional(bool)
    routes = optional(list(object({
      name = string
      match = optional(object({
        environment = optional(string)
        cluster     = optional(string)
        service     = optional(string)
        account     = optional(string)
        region      = optional(string)
        schedule    = optional(string)
        labels      = optional(map(string), {})
        outcome     = optional(string)
      }), {})
      channel             = optional(string)
      webhook             = optional(string)
      webhook_kms_key_arn = optional(string)
      label               = optional(string)
      timezone            = optional(string)
      language            = optional(string)
      rows                = optional(string)
      mention_on_failure  = optional(string)
      continue            = optional(bool, false)
      events              = optional(bool)
    })), [])
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(flatten([for route in var.routes : concat([route.name], route.routes[*].name)])) <= 50
    error_message = "routes holds at most 50 routes, those of routes included: each has a message of its own in a window."
  }
  validation {
    condition     = alltrue([for name in flatten([for route in var.routes : concat([route.name], route.routes[*].name)]) : can(regex("^[A-Za-z0-9_-]{1,40}$", name)) && name != "default"])
    error_message = "routes[*].name is 1 to 40 letters, digits, hyphens and underscores, and not default, which is who hears of what no route takes."
  }
  validation {
    condition     = length(flatten([for route in var.routes : concat([route.name], route.routes[*].name)])) == length(distinct(flatten([for route in var.routes : concat([route.name], route.routes[*].name)])))
    error_message = "Each of the routes has a name of its own, also those in routes of others: what a route was told is kept by its name."
  }
  validation {
    condition = alltrue([
      for glob in flatten([for route in var.routes : [for one in concat([route.match], route.routes[*].match) : [one.environment, one.cluster, one.service, one.account, one.region, one.schedule, values(one.labels)]]]) :
      glob == null || can(regex("^([\\pL\\pN_.:/@+= *?,-]|\\{[\\pL\\pN_.:/@+= *?,-]*\\})+$", glob)) && try(floor(length(trim(base64encode(glob), "=")) * 3 / 4) <= 256, false)
    ])
    error_message = "What routes[*].match gives are patterns for names of up to 256 bytes, of which a letter such as ü or 가 takes two or three: * stands for any characters, ? for one, {a,b} for either; other signs than - _ . : / @ + = , are in no name."
  }
  validation {
    condition     = alltrue([for outcome in flatten([for route in var.routes : concat([route.match.outcome], route.routes[*].match.outcome)]) : outcome == null || try(contains(["failed", "succeeded"], outcome), false)])
    error_message = "routes[*].match.outcome is failed or succeeded."
  }
  validation {
    condition     = alltrue([for channel in flatten([for route in var.routes : concat([route.channel], route.routes[*].channel)]) : channel == null || can(regex("^[CGD][A-Z0-9]{2,}$", channel))])
    error_message = "routes[*].channel is the channel's id (C012AB3CD), which its details show at the bottom; not its name."
  }
  validation {
    condition = alltrue([
      for webhook in flatten([for route in var.routes : concat([route.webhook], route.routes[*].webhook)]) :
      webhook == null || can(regex("^(/aws/reference/secretsmanager/[A-Za-z0-9/_+=.@-]+|(/[A-Za-z0-9_.-]+)+|[A-Za-z0-9_.-]+|arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+)$", webhook)) && !can(regex("^xox", webhook)) && (try(!startswith(webhook, "/aws/"), false) || try(startswith(webhook, "/aws/reference/secretsmanager/"), false))
    ])
    error_message = "routes[*].webhook is the name or ARN of the SSM parameter that holds the webhook's address, never the address itself, which is a secret."
  }
  validation {
    condition     = alltrue(flatten([for route in var.routes : [for one in concat([[route.channel, route.webhook]], [for one in route.routes : [one.channel, one.webhook]]) : one[0] == null || one[1] == null]]))
    error_message = "Each of the routes has a channel or a webhook, or neither; not both."
  }
  validation {
    condition     = alltrue([for arn in flatten([for route in var.routes : concat([route.webhook_kms_key_arn], route.routes[*].webhook_kms_key_arn)]) : arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "routes[*].webhook_kms_key_arn is the ARN of a KMS key (…:key/…), not an alias."
  }
  validation {
    condition     = alltrue([for label in flatten([for route in var.routes : concat([route.label], route.routes[*].label)]) : label == null || can(regex("^[^\\pC\\pZ]([^\\pC]{0,78}[^\\pC\\pZ])?$", label))])
    error_message = "routes[*].label is 1 to 80 characters without a space at either end."
  }
  validation {
    condition     = alltrue([for timezone in flatten([for route in var.routes : concat([route.timezone], route.routes[*].timezone)]) : timezone == null || can(regex("^((Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(/[A-Za-z0-9_+-]+){1,2}|CET|CST6CDT|Cuba|EET|EST|EST5EDT|Egypt|Eire|GB|GB-Eire|GMT|GMT[+-]?0|Greenwich|HST|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|MET|MST|MST7MDT|NZ|NZ-CHAT|Navajo|PRC|PST8PDT|Poland|Portugal|ROC|ROK|Singapore|Turkey|UCT|UTC|Universal|W-SU|WET|Zulu)$", timezone))])
    error_message = "routes[*].timezone is a name of the IANA database, such as Asia/Seoul, UTC or GMT."
  }
  validation {
    condition     = alltrue([for language in flatten([for route in var.routes : concat([route.language], route.routes[*].language)]) : language == null || try(contains(["en", "ko"], language), false)])
    error_message = "routes[*].language is en or ko."
  }
  validation {
    condition     = alltrue([for rows in flatten([for route in var.routes : concat([route.rows], route.routes[*].rows)]) : rows == null || can(regex("^([1-9]|[1-8][0-9]|90|all)$", rows))])
    error_message = "routes[*].rows is a whole number from 1 to 90, or all."
  }
  validation {
    condition = alltrue([
      for mention in flatten([for route in var.routes : concat([route.mention_on_failure], route.routes[*].mention_on_failure)]) :
      mention == null || can(regex("^<(!here|!channel|!everyone|!subteam\\^S[A-Z0-9]+|@[UW][A-Z0-9]+)>( <(!subteam\\^S[A-Z0-9]+|@[UW][A-Z0-9]+)>)*$", mention)) && try(length(mention) <= 200, false)
    ])
    error_message = "routes[*].mention_on_failure is <!here>, <!channel>, <!everyone>, <!subteam^S…> or <@U…>; more groups and people may follow, each after a space, up to 200 characters."
  }
}

locals {
  # All routes, those of routes after the one that they are of.
  all_routes = flatten([for route in var.routes : concat([route], route.routes)])

  # What each route matches, as texts by names: the labels among the others.
  route_parts = {
    for route in local.all_routes : route.name => merge(
      { for key, value in route.match : key => value if key != "labels" && value != null },
      { for key, value in route.match.labels : "labels.${key}" => value if value != null },
    )
  }

  # The lists in which one route keeps those after it from hearing of anything.
  route_lists = concat([var.routes[*].name], [for route in var.routes : route.routes[*].name])
  continuing  = [for route in local.all_routes : route.name if route.continue]

  # A route never hears of anything behind one that matches the same or more, unless that continues. A route with an outcome
  # takes nothing away, and hears wherever it stands. The pattern * matches whatever is known, and the environment always is.
  unreachable_routes = distinct(flatten([
    for names in local.route_lists : [
      for index, name in names : [
        for before in slice(names, 0, index) : name
        if !contains(local.continuing, before)
        && !contains(keys(local.route_parts[before]), "outcome") && !contains(keys(local.route_parts[name]), "outcome")
        && alltrue([
          for key, value in local.route_parts[before] :
          try(local.route_parts[name][key] == value || value == "*", key == "environment" && value == "*")
        ])
      ]
    ]
  ]))

  # A route of a route that asks for another outcome never hears of anything either.
  contradicting_routes = flatten([
    for route in var.routes : [
      for below in route.routes : below.name
      if lookup(local.route_parts[route.name], "outcome", lookup(local.route_parts[below.name], "outcome", "")) != lookup(local.route_parts[below.name], "outcome", lookup(local.route_parts[route.name], "outcome", ""))
    ]
  ])

  # Only what is set, since Lambda takes 4 KB for all variables together.
  routes_json = jsonencode({
    routes = [
      for route in var.routes : merge(
        { for key, value in route : key => value if !contains(["match", "routes", "continue", "webhook_kms_key_arn"], key) && value != null },
        local.route_matches[route.name],
        route.continue ? { continue = true } : {},
        length(route.routes) == 0 ? {} : {
          routes = [
            for below in route.routes : merge(
              { for key, value in below : key => value if !contains(["match", "continue", "webhook_kms_key_arn"], key) && value != null },
              local.route_matches[below.name],
              below.continue ? { continue = true } : {},
            )
          ]
        },
      )
    ]
  })
  route_matches = {
    for route in local.all_routes : route.name => length(local.route_parts[route.name]) == 0 ? {} : {
      match = merge(
        { for key, value in route.match : key => value if key != "labels" && value != null },
        length(route.match.labels) == 0 ? {} : { labels = { for key, value in route.match.labels : key => value if value != null } },
      )
    }
  }

  # jsonencode writes no characters of several bytes but those of labels; base64 tells bytes.
  routes_bytes = length(base64encode(local.routes_json)) / 4 * 3
  has_routes   = length(var.routes) > 0
  # Half of what Lambda takes is left to the other variables.
  has_routes_parameter = local.has_routes && local.routes_bytes > 2048

  routes_environment = !local.has_routes ? {} : local.has_routes_parameter ? {
    ROLLCALL_ROUTES_PARAMETER = aws_ssm_parameter.routes[0].name
    # The function reads the parameter when it starts, and Lambda starts it anew when a variable changes.
    ROLLCALL_ROUTES_DIGEST = substr(sha256(local.routes_json), 0, 8)
  } : { ROLLCALL_ROUTES = local.routes_json }

  route_webhooks = distinct(compact(local.all_routes[*].webhook))
  # The webhooks that Secrets Manager holds: they are read through Parameter Store, which needs both permissions.
  route_secret_prefix = "/aws/reference/secretsmanager/"
  route_secrets       = [for webhook in local.route_webhooks : trimprefix(webhook, local.route_secret_prefix) if startswith(webhook, local.route_secret_prefix)]
  # The customer keys, by the service that decrypts with them.
  route_keys = {
    for service in ["ssm", "secretsmanager"] : service => distinct([
      for route in local.all_routes : route.webhook_kms_key_arn
      if route.webhook_kms_key_arn != null && startswith(coalesce(route.webhook, "-"), local.route_secret_prefix) == (service == "secretsmanager")
    ])
  }
  routes_statements = concat(
    length(local.route_webhooks) == 0 && !local.has_routes_parameter ? [] : [{
      Sid    = "ReadRoutes"
      Effect = "Allow"
      Action = "ssm:GetParameter"
      Resource = concat(
        [for webhook in local.route_webhooks : startswith(webhook, "arn:") ? webhook : "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter/${trimprefix(webhook, "/")}"],
        local.has_routes_parameter ? ["arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${local.routes_parameter}"] : [],
      )
    }],
    # The ARN of a secret ends in a hyphen and six characters that Secrets Manager chooses.
    length(local.route_secrets) == 0 ? [] : [{
      Sid      = "ReadRouteSecrets"
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = [for secret in local.route_secrets : "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${secret}-??????"]
    }],
    [for service, keys in local.route_keys : {
      Sid       = service == "ssm" ? "DecryptRoutes" : "DecryptRouteSecrets"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = keys
      Condition = { StringEquals = { "kms:ViaService" = "${service}.${local.region}.amazonaws.com" } }
    } if length(keys) > 0],
  )
  routes_parameter = "/rollcall/${local.name}/routes"
}

resource "aws_ssm_parameter" "routes" {
  count = local.has_routes_parameter ? 1 : 0

  name        = local.routes_parameter
  description = "${var.environment}: which team hears of what; no secrets"
  type        = "String"
  tier        = local.routes_bytes > 4096 ? "Advanced" : "Standard"
  value       = local.routes_json
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = local.routes_bytes <= 8192
      error_message = "The routes would have about ${local.routes_bytes} bytes of JSON, and a parameter takes 8,192: use fewer routes, or shorter patterns."
    }
  }
}

output "routes_json" {
  description = "The routes as the function reads them, for `rollcall routes test --routes -` and `rollcall routes show`."
  value       = local.routes_json

  precondition {
    condition     = !local.has_routes || local.windows
    error_message = "routes needs windows.enabled: the function keeps in the table what each route was told."
  }
  precondition {
    condition     = var.slack_bot != null || length(compact(local.all_routes[*].channel)) == 0
    error_message = "routes[*].channel needs slack_bot, which speaks there: give slack_bot, or a webhook instead of the channel."
  }
  precondition {
    condition     = length(local.unreachable_routes) == 0
    error_message = "These routes never hear of anything, since one before each of them matches the same or more and does not continue: ${join(", ", local.unreachable_routes)}."
  }
  precondition {
    condition     = length(local.contradicting_routes) == 0
    error_message = "These routes never hear of anything, since they ask for another outcome than the route that they are of: ${join(", ", local.contradicting_routes)}."
  }
}
