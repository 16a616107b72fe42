"""An environment on a clock that the rehearsal sets: both modules on an emulated AWS of its own, and a player of Scheduler.

The calls of each day are compared with a model, and what `rollcall replay` says of the day's messages must hold: every run
that was made is reported, and none that was skipped is missing.
"""

import json
import subprocess
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import releases
from clock import Clock
from emulator import REGION, Emulator
from overriding import Overriding
from said import Failed, check, say
from scheduler_player import Played, Player
from shapes import Place, iso
from terraform import ROOT, Terraform

ZONE = ZoneInfo("Asia/Seoul")
SERVICES = ("gateway", "nestjs", "orders")
JOB = "report"
# Says when calls fall in flexible windows.
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

  maximum_override_hours = 8
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


class Environment:
    def __init__(self, aws: Emulator, clock: Clock, monday: date, command_line: Path, work: Path):
        self.aws, self.clock, self.monday, self.command_line, self.work = aws, clock, monday, command_line, work
        configuration = work / "configuration"
        configuration.mkdir()
        releases.stand_in(work)
        names = {"region": REGION, "modules": ROOT / "terraform/modules", "package": work / releases.PACKAGE}
        (configuration / "main.tf").write_text(CONFIGURATION % names)
        self.terraform = Terraform(configuration, aws.environment("terraform"), configuration)
        self.variables = {"evening": "cron(0 18 ? * MON-FRI *)", "orders": 1, "tags": {}}
        self.overriding = Overriding(aws, clock, command_line, ZONE)
        self.played: Played = Played()
        self.lines: list[str] = []

    # What is done to the environment

    def begin(self) -> None:
        """Makes it; the first Monday begins."""
        self.terraform.init()
        say(f"days with overrides: {self.apply()}")
        self.outputs = self.terraform.outputs()
        self.player = Player(self.aws, self.clock, Place("app-dev", self.outputs["role_name"], REGION), SEED)
        self.clock.set(self.at(0))

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
        """Every call of the day is told as a run of its schedule, at its time and with its count; none is said to have failed,
        or to be missing."""
        batch = self.work / f"day-{day}.jsonl"
        batch.write_text(json.dumps({"Records": self.played.messages}) + "\n")
        command = [self.command_line, "replay", batch, "--environment", "dev", "--timezone", ZONE.key, "--format", "json"]
        done = subprocess.run(command, env=self.aws.environment("replay"), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failed(f"replay of {batch}: {done.stderr}")
        windows = json.loads(done.stdout)["windows"]
        self.lines = [override["line"] for window in windows for override in window["overrides"] if override["line"]]
        for line in self.lines:
            say(f"  the channel reads: {line}")
        told = [run for window in windows for run in window["runs"]]
        wrong = [(run["name"], run["schedule"], run["time"], run["status"]) for run in told if run["verdict"] == "bad"]
        runs = sorted((run["time"], run["name"], (run["schedule"] or "").split(".")[0], run["desired_count"]) for run in told)
        calls = sorted((iso(call.scheduled), call.subject, call.schedule.split(".")[0], call.count) for call in self.played.calls)
        if runs != calls:
            say(f"  told {[run for run in runs if run not in calls]}, not told {[call for call in calls if call not in runs]}")
        check(
            not wrong and runs == calls,
            f"{name}: the channel reads of {len(told)} runs, with their schedules, times and counts, and of none that is missing {wrong or ''}",
        )

    def was_read(self, *words: str) -> None:
        """The channel read these words of the day's overrides."""
        missing = [text for text in words if not any(text in line for line in self.lines)]
        check(not missing, f"it reads of overrides: {words}{missing and f', but not {missing}' or ''}")

    def is_as_terraform_made_it(self, when: str) -> None:
        """No schedule is left that Terraform did not make."""
        left = sorted(schedule["Name"] for schedule in self.player.schedules() if schedule.get("ActionAfterCompletion") == "DELETE")
        check(not left, f"{when} no schedule of an override is left {left or ''}")
