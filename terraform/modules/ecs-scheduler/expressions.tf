# What cron() expressions may hold. EventBridge Scheduler would refuse the others, but only in the apply.

locals {
  # One pattern for each field. An item is a number or a name, a range of two, or *, with a step where AWS takes one. Days
  # have wildcards of their own: L is the last, 15W the weekday next to the 15th, 2#1 the first Monday.
  cron_values = {
    minutes       = "[0-5]?[0-9]"
    hours         = "(?:[01]?[0-9]|2[0-3])"
    days_of_month = "(?:0?[1-9]|[12][0-9]|3[01])"
    months        = "(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
    days_of_week  = "(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"
    years         = "(?:19[7-9][0-9]|2[01][0-9]{2})"
  }
  cron_items = { for field, value in local.cron_values : field => "(?:\\*|${value}(?:-${value})?)${field == "days_of_week" ? "" : "(?:/[1-9][0-9]*)?"}" }
  cron_lists = { for field, item in local.cron_items : field => "${item}(?:,${item})*" }

  cron_pattern = join("", [
    "^cron\\(",
    "${local.cron_lists.minutes} ${local.cron_lists.hours} ",
    "(?:",
    "(?:${local.cron_lists.days_of_month}|L|LW|${local.cron_values.days_of_month}W) ${local.cron_lists.months} \\?",
    "|",
    "\\? ${local.cron_lists.months} (?:${local.cron_lists.days_of_week}|L|${local.cron_values.days_of_week}L|${local.cron_values.days_of_week}#[1-5])",
    ")",
    " ${local.cron_lists.years}\\)$",
  ])

  impossible_crons = [
    for key, expression in merge(
      { for key, schedule in var.schedules : "schedules[\"${key}\"]" => schedule.expression },
      { for key, job in var.jobs : "jobs[\"${key}\"]" => job.expression },
    ) : "${key}.expression is ${expression}." if startswith(expression, "cron(") && !can(regex(local.cron_pattern, expression))
  ]
}
