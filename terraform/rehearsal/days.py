"""Whole days of an environment with overrides, on a clock that the rehearsal sets.

Both modules are applied to an emulated AWS of its own. The player fires what Terraform and the overrides made, day by day.
The calls of each day are compared with a model, and what `rollcall replay` says of the day's messages must hold: every run
that was made is reported, and none that was skipped is missing. Terraform plans and applies in between.
"""

import argparse
import json
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import releases
from clock import Clock
from emulator import REGION, Emulator
from overriding import Overriding
from said import Failed, check, say
from scheduler_player import Played, Player, occurrences
from shapes import Place
from terraform import ROOT, Terraform

ZONE = ZoneInfo("Asia/Seoul")
SERVICES = ("gateway", "nestjs", "orders")
JOB = "report"
SEED = 13

CONFIGURATION = """
variable "evening" { type = string }
variable "orders" { type = number }
variable "tags" { type = map(string) }

provider "aws" {
  region = "%(region)s"
}

module "scheduler" {
  source      = "%(modules)s/ecs-scheduler"
  environment = "dev"
  cluster     = "app-dev"
  timezone    = "Asia/Seoul"
  services    = { gateway = {}, nestjs = {}, orders = { desired_count = { morning = var.orders } } }
  schedules = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1 }
    evening = { expression = var.evening, desired_count = 0 }
  }
  jobs = { nightly-report = { expression = "cron(0 2 * * ? *)", task_definition = "report", launch_type = "EC2" } }
}

module "notifier" {
  source        = "%(modules)s/slack-notifier"
  environment   = "dev"
  schedulers    = { ecs = module.scheduler }
  slack_webhook = { ssm_parameter = "/rollcall/dev/slack-webhook" }
  package       = { zip = "%(package)s" }
  dashboard     = false
  alarms        = "least"
  tags          = var.tags
}

output "role_name" {
  value = reverse(split("/", module.scheduler.role_arn))[0]
}

output "operator_policy" {
  value = module.notifier.operator_policy_json
}
"""


def calls_at(clock: str, *counts: tuple[str, int]) -> list[tuple[str, str, int]]:
    return [(clock, subject, count) for subject, count in counts]


def all_to(clock: str, count: int, **others: int) -> list[tuple[str, str, int]]:
    """A call for each service at that time of day."""
    return calls_at(clock, *((service, others.get(service, count)) for service in SERVICES))


NIGHT = calls_at("02:00", (JOB, 1))
# From the third day on.
MORNING = all_to("09:00", 1, orders=2)
EVENING = all_to("18:30", 0)


class Days:
    def __init__(self, aws: Emulator, clock: Clock, monday: date, command_line: Path, work: Path):
        self.aws, self.clock, self.monday, self.command_line, self.work = aws, clock, monday, command_line, work
        configuration = work / "configuration"
        configuration.mkdir()
        releases.stand_in(work)
        names = {"region": REGION, "modules": ROOT / "terraform/modules", "package": work / releases.PACKAGE}
        (configuration / "main.tf").write_text(CONFIGURATION % names)
        self.terraform = Terraform(configuration, aws.environment("terraform"), configuration)
        self.variables = {"evening": "cron(0 18 ? * MON-FRI *)", "orders": 1, "tags": {}}
        self.played: Played = Played()

    # What is done to the environment

    def arguments(self) -> list[str]:
        return [f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in self.variables.items()]

    def apply(self, **variables) -> str:
        self.variables |= variables
        return self.terraform.apply(*self.arguments())

    def plan_is_empty(self, when: str) -> None:
        planned = self.terraform.run("plan", "-detailed-exitcode", "-no-color", self.terraform.state, *self.arguments(), accept=(0, 2))
        if planned.returncode:
            print(planned.stdout)
        check(planned.returncode == 0, f"a plan is empty {when}")

    def at(self, day: int, clock: str = "00:00") -> datetime:
        """A time of day, on the day with that number from the first Monday on."""
        hour, minute = map(int, clock.split(":"))
        local = datetime.combine(self.monday + timedelta(days=day), datetime.min.time(), ZONE)
        return local.replace(hour=hour, minute=minute).astimezone(timezone.utc)

    def until(self, day: int, clock: str = "00:00") -> None:
        """Lets time pass until then."""
        played = self.player.play(self.at(day, clock))
        self.played.calls += played.calls
        self.played.messages += played.messages

    # What must be so

    def was(self, day: int, name: str, *model: list[tuple[str, str, int]]) -> None:
        """Ends the day, compares its calls with the model, and looks at what the channel would read of it."""
        self.until(day + 1)
        expected = sorted(call for calls in model for call in calls)
        made = sorted((f"{call.scheduled.astimezone(ZONE):%H:%M}", call.subject, call.count) for call in self.played.calls)
        if made != expected:
            say(f"  made {[call for call in made if call not in expected]}, not made {[call for call in expected if call not in made]}")
        check(made == expected, f"{name}: {len(expected)} calls, at their times")
        self.is_told_truly(day, name)
        self.played = Played()

    def is_told_truly(self, day: int, name: str) -> None:
        """Every call of the day is told as a run that ECS accepted, and nothing is said to have failed or to be missing."""
        batch = self.work / f"day-{day}.jsonl"
        known = [message for message in self.played.messages if '"rollcall":"override"' not in message["body"].replace(" ", "")]
        batch.write_text(json.dumps({"Records": known}) + "\n")
        command = [self.command_line, "replay", batch, "--environment", "dev", "--timezone", ZONE.key, "--format", "json"]
        done = subprocess.run(command, env=self.aws.environment("replay"), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failed(f"replay of {batch}: {done.stderr}")
        told = [run for window in json.loads(done.stdout)["windows"] for run in window["runs"]]
        wrong = [(run["name"], run["schedule"], run["time"], run["status"]) for run in told if run["verdict"] == "bad"]
        accepted = sorted(run["name"] for run in told)
        check(
            not wrong and accepted == sorted(call.subject for call in self.played.calls),
            f"{name}: the channel reads of {len(told)} runs, and of none that is missing {wrong or ''}",
        )

    def is_as_terraform_made_it(self, when: str) -> None:
        """No schedule is left that Terraform did not make."""
        left = sorted(schedule["Name"] for schedule in self.player.schedules() if schedule.get("ActionAfterCompletion") == "DELETE")
        check(not left, f"{when} no schedule of an override is left {left or ''}")

    # The days

    def run(self) -> None:
        self.terraform.init()
        say(f"days with overrides: {self.apply()}")
        outputs = self.terraform.outputs()
        self.player = Player(self.aws, self.clock, Place("app-dev", outputs["role_name"], REGION), SEED)
        self.overriding = Overriding(self.aws, self.clock, self.command_line, ZONE)
        self.clock.set(self.at(0))
        self.was(0, "a normal Monday", NIGHT, all_to("09:00", 1), all_to("18:00", 0))
        self.an_extended_evening(1)
        self.the_inputs_change(2)
        self.a_skipped_holiday(3)
        self.was(4, "the Friday after it", NIGHT, all_to("09:00", 1, orders=2), EVENING)
        self.a_weekend_start(5)
        self.cancelled(7)
        self.two_overlap(8)
        self.stopped_early(10)
        self.interrupted(11)
        self.the_inputs_change_meanwhile(14)
        self.was(15, "the day after all that", NIGHT, MORNING, all_to("19:00", 0))
        self.is_as_terraform_made_it("after all days")
        self.plan_is_empty("after all days")
        self.look_at_the_status()
        self.overriding.check_policy(json.loads(outputs["operator_policy"]))
        self.destroyed(16)

    def an_extended_evening(self, day: int) -> None:
        self.until(day, "15:00")
        self.overriding.extend("evening", self.at(day, "22:00"))
        self.plan_is_empty("while an override holds")
        say(f"  an apply with a change elsewhere: {self.apply(tags={'team': 'one'})}")
        self.was(day, "an extended evening", NIGHT, all_to("09:00", 1), all_to("22:00", 0))
        self.is_as_terraform_made_it("the day after it")

    def the_inputs_change(self, day: int) -> None:
        """The evening's schedules and rosters have a start that lies in the past."""
        self.until(day, "12:00")
        self.plan_is_empty("after an override")
        say(f"  an apply with another time and another count: {self.apply(evening='cron(30 18 ? * MON-FRI *)', orders=2)}")
        self.was(day, "a day on which the inputs change", NIGHT, all_to("09:00", 1), EVENING)

    def a_skipped_holiday(self, day: int) -> None:
        self.overriding.skip(["morning", "evening"], self.monday + timedelta(days=day))
        self.was(day, "a skipped holiday", NIGHT)

    def a_weekend_start(self, day: int) -> None:
        """A start now is one of the minute after the next."""
        self.until(day, "10:00")
        self.overriding.up(self.at(day, "14:00"))
        self.was(day, "a start on a Saturday", NIGHT, all_to("10:02", 1, orders=2), all_to("14:00", 0))
        self.was(day + 1, "the Sunday after it", NIGHT)
        self.is_as_terraform_made_it("on the Sunday")

    def cancelled(self, day: int) -> None:
        self.until(day, "10:00")
        override = self.overriding.extend("evening", self.at(day, "22:00"))
        self.until(day, "12:00")
        self.overriding.cancel(override)
        self.was(day, "an override that was cancelled", NIGHT, MORNING, EVENING)

    def the_inputs_change_meanwhile(self, day: int) -> None:
        """Terraform makes the schedules of an override anew, and the same command again has them wait for its time."""
        self.until(day, "10:00")
        self.overriding.extend("evening", self.at(day, "22:00"))
        say(f"  an apply with another time while an override holds: {self.apply(evening='cron(0 19 ? * MON-FRI *)')}")
        self.until(day, "10:20")
        self.overriding.repeat("evening", self.at(day, "22:00"))
        self.was(day, "an override that outlasts a change of its schedule", NIGHT, MORNING, all_to("22:00", 0))

    def two_overlap(self, day: int) -> None:
        """An evening is extended twice, and tomorrow's is skipped before that is over."""
        self.until(day, "15:00")
        self.overriding.extend("evening", self.at(day, "21:00"))
        self.overriding.skip(["morning", "evening"], self.monday + timedelta(days=day + 1))
        self.until(day, "20:00")
        self.overriding.extend("evening", self.at(day, "22:00"))
        self.was(day, "overrides that overlap", NIGHT, MORNING, all_to("22:00", 0))
        self.was(day + 1, "the day that one of them skips", NIGHT)

    def stopped_early(self, day: int) -> None:
        self.until(day, "15:00")
        self.overriding.down()
        self.was(day, "a day that ends early", NIGHT, MORNING, all_to("15:02", 0), EVENING)

    def interrupted(self, day: int) -> None:
        """AWS refuses all changes after the first, the second and so on, and the same command completes what it left."""
        self.until(day, "10:00")
        before = self.overriding.made()
        writes = self.overriding.writes()
        override = self.overriding.extend("evening", self.at(day, "22:00"))
        wanted, writes = self.overriding.made(), self.overriding.writes() - writes
        self.overriding.cancel(override)
        for done in range(writes):
            self.until(day, f"10:{10 + 3 * done}" if done < 16 else f"11:{3 * (done - 16):02}")
            self.overriding.interrupted_after(done, "evening", self.at(day, "22:00"))
            override = self.overriding.repeat("evening", self.at(day, "22:00"))
            if self.overriding.made() != wanted:
                raise Failed(f"after {done} of {writes} changes the same command makes {self.overriding.made()}, not {wanted}")
            self.overriding.cancel(override)
            if self.overriding.made() != before:
                raise Failed(f"it was cancelled, and left {self.overriding.made()}, not {before}")
        check(True, f"a command that was interrupted after any of its {writes} changes is completed by the same command")
        self.was(day, "a day of interruptions", NIGHT, MORNING, EVENING)
        self.was(day + 1, "the Saturday after it", NIGHT)
        self.was(day + 2, "the Sunday after it", NIGHT)

    def look_at_the_status(self) -> None:
        ecs = self.aws.client("ecs")
        ecs.create_cluster(clusterName="app-dev")
        ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "example.com/app:1", "memory": 64}])
        for service in SERVICES:
            ecs.create_service(cluster="app-dev", serviceName=service, taskDefinition="app")
        printed = self.overriding.run("status")
        check(all(service in printed for service in SERVICES), "rollcall status shows the services")

    def destroyed(self, day: int) -> None:
        self.until(day, "15:00")
        self.overriding.extend("evening", self.at(day, "22:00"))
        say(f"  while an override holds: {self.terraform.destroy(*self.arguments())}")
        check(not self.player.schedules(), "nothing is left of it")


def clocks_are_put_forward_and_back() -> None:
    """What the player makes of the hours that a zone skips or repeats; the zone of the days has none."""
    spring, autumn = (datetime(2027, month, day, tzinfo=timezone.utc) for month, day in ((3, 27), (10, 30)))
    at_half_past_two = "cron(30 2 * * ? *)"
    skipped = [f"{time:%d %H:%M}" for time in occurrences(at_half_past_two, "Europe/Berlin", spring, spring + timedelta(days=3))]
    repeated = [f"{time:%d %H:%M}" for time in occurrences(at_half_past_two, "Europe/Berlin", autumn, autumn + timedelta(days=3))]
    check(
        skipped == ["27 01:30", "29 00:30"] and repeated == ["30 00:30", "31 00:30", "01 01:30"],
        f"the player skips an hour that does not exist, and takes one that comes twice once {skipped, repeated}",
    )


def rehearse(command_line: Path, work: Path) -> None:
    """Begins on a Monday that lies ahead, as Terraform knows only the real time."""
    work.mkdir(parents=True)
    clocks_are_put_forward_and_back()
    today = datetime.now(ZONE).date()
    monday = today + timedelta(days=7 - today.weekday())
    clock = Clock(work / "clock", datetime.combine(monday, datetime.min.time(), ZONE) - timedelta(hours=1))
    with Emulator(work / "moto.log", clock.path) as aws:
        Days(aws, clock, monday, command_line, work).run()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--command-line", type=Path, required=True, help="the command line, rollcall, with all features")
    arguments.add_argument("--work", type=Path, required=True, help="a folder for state and logs, which does not exist yet")
    options = arguments.parse_args()
    try:
        rehearse(options.command_line.resolve(), options.work.resolve())
    except (Failed, RuntimeError) as failure:
        say(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
