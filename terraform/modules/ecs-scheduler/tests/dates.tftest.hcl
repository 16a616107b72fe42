# AWS refuses updates that repeat a start in the past, and the provider sends every attribute with every update.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "dev"
  cluster     = "app"
  services    = { nestjs = {} }
  schedules = {
    running  = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, start_date = "2020-01-01T00:00:00Z", end_date = "2099-01-01T00:00:00Z" }
    to_come  = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, start_date = "2098-01-01T00:00:00Z" }
    over     = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, end_date = "2020-01-01T00:00:00Z" }
    one_time = { expression = "at(2099-01-01T09:00:00)", desired_count = 1, start_date = "2020-01-01T00:00:00Z", end_date = "2020-02-01T00:00:00Z" }
  }
}

run "dates_are_sent_only_while_they_lie_ahead" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.this["running/nestjs"].start_date == null && aws_scheduler_schedule.this["running/nestjs"].end_date == "2099-01-01T00:00:00Z"
    error_message = "A start that has passed is left out; an end that lies ahead is sent."
  }
  assert {
    condition     = aws_scheduler_schedule.this["to_come/nestjs"].start_date == "2098-01-01T00:00:00Z"
    error_message = "A start that lies ahead is sent."
  }
  assert {
    condition     = keys(aws_scheduler_schedule.this) == ["one_time/nestjs", "running/nestjs", "to_come/nestjs"]
    error_message = "A schedule whose end has passed is removed, since it never fires again."
  }
  assert {
    condition     = aws_scheduler_schedule.this["one_time/nestjs"].start_date == null && aws_scheduler_schedule.this["one_time/nestjs"].end_date == null
    error_message = "AWS ignores the dates of at(), so none is sent that may be refused."
  }
}

run "rosters_follow" {
  command = plan

  assert {
    condition     = jsonencode({ for key, roster in output.rosters : key => roster.start_date }) == jsonencode({ one_time = null, running = "2020-01-01T00:00:00Z", to_come = "2098-01-01T00:00:00Z" })
    error_message = "The roster has the same dates as the calls that it describes. The notifier leaves out a start that has passed, too, and its schedule is not replaced on the day of the start."
  }
}
