# What can be seen at plan time and is worth a warning, but is no error.

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
  # No schedule's key can hold a dot, and a part of a long roster ends in a number, so no two rosters share a name. A rate
  # beats from the moment at which its schedule is made, and its roster's schedule is made at another: a roster would
  # expect the job when it is not due.
  expected_jobs = { for key, job in local.jobs : "${trimprefix(key, "job/")}.job" => job if !job.paused && !startswith(job.expression, "rate(") }
  expected      = merge(local.active, local.expected_jobs)

  starts = { for key, schedule in local.active : "${schedule.expression} ${schedule.timezone}" => key... }
  crowded = [
    for start, keys in local.starts : {
      start   = start
      calls   = sum([for key in keys : length(local.active[key].services)])
      minutes = min([for key in keys : local.active[key].flexible_window_minutes]...)
    }
    if sum([for key in keys : length(local.active[key].services)]) > local.update_burst + local.update_per_minute * min([for key in keys : local.active[key].flexible_window_minutes]...)
  ]

  # The minute past the hour, where the expression fixes it. Windows are UTC; whole and half hour zones keep the minute
  # modulo 30, the few quarter hour zones do not.
  start_minutes = {
    for key, schedule in local.expected : key => tonumber(coalesce(regex("^cron\\(([0-9]+) |^at\\(.{14}([0-9]{2})", schedule.expression)...))
    if can(regex("^cron\\(([0-9]+) |^at\\(.{14}([0-9]{2})", schedule.expression))
    && !can(regex("Kathmandu|Katmandu|Chatham|Eucla", schedule.timezone))
  }
  # One minute more, because Scheduler is precise to the minute only.
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
