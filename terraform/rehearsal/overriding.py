"""Overrides by the real command line, at the time of the rehearsal's clock, with an operator's permissions."""

import fnmatch
import json
import subprocess
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from clock import Clock
from permissions import iam_action
from said import Failed, check, say

# The requests that change something.
WRITES = ("CreateSchedule", "UpdateSchedule", "DeleteSchedule")


class Overriding:
    def __init__(self, aws, clock: Clock, command_line: Path, zone: ZoneInfo):
        self.aws, self.clock, self.command_line, self.zone = aws, clock, command_line, zone

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """What a command printed."""
        environment = self.aws.environment("operator") | self.clock.environment()
        command = [str(self.command_line), *arguments, "--environment", "dev"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode not in accept:
            raise Failed(f"rollcall {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def extend(self, schedule: str, until: datetime, *more: str) -> str:
        """Returns what identifies the override."""
        before = self.ids()
        self.run("extend", *self.later(schedule, until), *more)
        [new] = self.ids() - before
        return new

    def later(self, schedule: str, until: datetime) -> list[str]:
        return ["--schedule", schedule, "--until", f"{until.astimezone(self.zone):%H:%M}", "--yes"]

    def repeat(self, schedule: str, until: datetime) -> None:
        """The same command again, which makes a new override only where none is there."""
        self.run("extend", *self.later(schedule, until))

    def skip(self, schedules: list[str], day: date) -> None:
        self.run("skip", *(f"--schedule={schedule}" for schedule in schedules), "--on", day.isoformat(), "--yes")

    def up(self, until: datetime) -> None:
        self.run("up", "--until", f"{until.astimezone(self.zone):%H:%M}", "--yes")

    def down(self) -> None:
        self.run("down", "--yes")

    def cancel(self, override: str) -> None:
        self.run("cancel", override, "--yes")

    def ids(self) -> set[str]:
        return {one["id"] for one in json.loads(self.run("overrides", "--json"))}

    def interrupted_after(self, writes: int, schedule: str, until: datetime) -> None:
        """AWS takes so many changes of a command and refuses the others, as if it had ended there."""
        self.aws.writes_left.write_text(str(writes))
        try:
            self.run("extend", *self.later(schedule, until), accept=(1, 2))
        finally:
            self.aws.writes_left.unlink()

    def writes(self) -> int:
        """How many requests of all commands have changed schedules."""
        return sum(call["action"] in WRITES for call in self.aws.calls() if call["caller"] == "operator")

    def made(self) -> list[str]:
        """What stands in Scheduler, but for the records of overrides, whose ids are new each time."""
        scheduler, found = self.aws.client("scheduler"), []
        for one in scheduler.list_schedules(MaxResults=100)["Schedules"]:
            if not one["Name"].startswith("override-"):
                read = scheduler.get_schedule(GroupName=one["GroupName"], Name=one["Name"])
                start = read.get("StartDate")
                start = start if start and start > self.clock.now else None
                found.append(f"{read['Name']} {read['ScheduleExpression']} from {start} to {read.get('EndDate')}: {read['Target']['Input']}")
        return sorted(found)

    def check_policy(self, policy: dict) -> None:
        """The operators' policy allows every action that the commands called."""
        allowed = [action for statement in policy["Statement"] for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])]
        called = {iam_action(call) for call in self.aws.calls() if call["caller"] == "operator"}
        # Whoever calls STS for their own identity needs no permission.
        called -= {"sts:GetCallerIdentity"}
        missing = sorted(action for action in called if not any(fnmatch.fnmatchcase(action, pattern) for pattern in allowed))
        check(called and not missing, f"the operators' policy allows the {len(called)} actions that the commands called{missing and f', but not {missing}' or ''}")
        say(f"  {self.writes()} requests of theirs changed schedules")
