# Warnings of a plan: mistakes that AWS accepts but that make calls fail or a report hard to read.

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

  # The minute past the hour at which a schedule fires, where its expression fixes one. Windows are counted in UTC. A zone
  # that is whole or half hours from UTC has the same minutes modulo 30 as UTC; the few zones at a quarter of an hour do
  # not, and are left out. A window that does not divide the hour begins at other minutes in each hour, so the minute
  # alone does not tell where in the window a schedule fires: such windows are not checked.
  start_minutes = 60 % var.window_minutes != 0 ? {} : {
    for key, schedule in local.expected : key => tonumber(coalesce(regex("^cron\\(([0-9]+) |^at\\(.{14}([0-9]{2})", schedule.expression)...))
    if can(regex("^cron\\(([0-9]+) |^at\\(.{14}([0-9]{2})", schedule.expression))
    && !can(regex("Kathmandu|Katmandu|Chatham|Eucla", schedule.timezone))
  }
  # EventBridge Scheduler fires at any second of the scheduled minute, which is one minute more.
  straddling = [
    for key, minute in local.start_minutes : "${key} (minute ${minute} + ${local.expected[key].flexible_window_minutes} flexible + 1)"
    if minute % var.window_minutes + local.expected[key].flexible_window_minutes + 1 > var.window_minutes
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

check "inside_one_window" {
  assert {
    condition     = length(local.straddling) == 0
    error_message = "These schedules reach over the end of a ${var.window_minutes} minute window, so their report comes in two messages: ${join(", ", local.straddling)}. Move the schedule or shorten its flexible window."
  }
}
