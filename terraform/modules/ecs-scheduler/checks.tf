# Warnings of a plan: mistakes that AWS accepts but that make calls fail.

locals {
  unknown_schedules = sort(setsubtract(
    flatten([for service in values(var.services) : concat(keys(service.desired_count), tolist(service.except))]),
    keys(var.schedules),
  ))
  unknown_services = sort(setsubtract(
    flatten([for schedule in values(var.schedules) : tolist(coalesce(schedule.services, []))]),
    keys(var.services),
  ))

  # UpdateService takes a burst of 50 and 5 a second after that, for the whole account and Region.
  update_burst      = 50
  update_per_minute = 5 * 60

  active = { for key, schedule in local.schedules : key => schedule if !schedule.paused }

  starts = { for key, schedule in local.active : "${schedule.expression} ${schedule.timezone}" => key... }
  crowded = [
    for start, keys in local.starts : {
      start   = start
      calls   = sum([for key in keys : length(local.active[key].services)])
      minutes = min([for key in keys : local.active[key].flexible_window_minutes]...)
    }
    if sum([for key in keys : length(local.active[key].services)]) > local.update_burst + local.update_per_minute * min([for key in keys : local.active[key].flexible_window_minutes]...)
  ]
}

check "update_service_rate" {
  assert {
    condition = length(local.crowded) == 0
    error_message = join(" ", [
      for c in local.crowded :
      "${c.start}: ${c.calls} UpdateService calls, but ECS takes ${local.update_burst} at once and 5 a second after that, for the whole account: ${local.update_burst} + ${local.update_per_minute} x ${c.minutes} min = ${local.update_burst + local.update_per_minute * c.minutes}. Make flexible_window_minutes at least ${ceil((c.calls - local.update_burst) / local.update_per_minute)}, or schedule some services later."
    ])
  }
}

# Services as ECS knows them, where the plan is to look. A service that is not there fails the plan here.
data "aws_ecs_service" "this" {
  for_each = var.look_up_services ? var.services : {}

  cluster_arn  = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}"
  service_name = each.key

  lifecycle {
    postcondition {
      condition     = self.scheduling_strategy != "DAEMON"
      error_message = "${each.key} is a daemon: ECS runs one task on each instance and refuses calls that set a count. Take it out of services."
    }
  }
}
