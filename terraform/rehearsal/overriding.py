"""Makes overrides as the command line does, schedule by schedule through AWS's API."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from clock import Clock
from scheduler_player import runs

READ_ONLY = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")


class Overriding:
    def __init__(self, aws, clock: Clock, command_line: Path, zone: ZoneInfo):
        self.scheduler, self.clock, self.zone = aws.client("scheduler"), clock, zone

    def of(self, schedule: str) -> list[dict]:
        """The recurring schedules of the calls and of the roster."""
        found = []
        for group, prefix in (("rollcall-dev", f"{schedule}."), ("rollcall-dev-rosters", f"ecs.{schedule}")):
            for one in self.scheduler.list_schedules(GroupName=group, NamePrefix=prefix, MaxResults=100)["Schedules"]:
                read = self.scheduler.get_schedule(GroupName=group, Name=one["Name"])
                if read["ScheduleExpression"].startswith("at(") or read.get("ActionAfterCompletion") == "DELETE":
                    continue
                # AWS refuses to repeat the start that an earlier override left in the past.
                if read.get("StartDate") and read["StartDate"] <= self.clock.now:
                    del read["StartDate"]
                found.append({name: value for name, value in read.items() if name not in READ_ONLY and value is not None})
        return found

    def skip_run(self, schedule: dict, time: datetime) -> dict | None:
        """Moves the start to just after a run; runs before it are kept by a copy that ends before it, which is returned."""
        copy = None
        if runs(schedule, self.clock.now, time - timedelta(seconds=1)):
            end = time - timedelta(minutes=1)
            copy = schedule | {"Name": f"{schedule['Name'][:40]}-until-{time:%Y%m%d%H%M}", "EndDate": end, "ActionAfterCompletion": "DELETE"}
            self.scheduler.create_schedule(**copy)
        self.scheduler.update_schedule(**schedule | {"StartDate": time + timedelta(minutes=1)})
        return copy

    def add_run(self, schedule: dict, time: datetime) -> dict:
        once = {name: value for name, value in schedule.items() if name not in ("StartDate", "EndDate")}
        local = time.astimezone(self.zone)
        once |= {
            "Name": f"{schedule['Name'][:40]}-at-{time:%Y%m%d%H%M}",
            "ScheduleExpression": f"at({local:%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": self.zone.key,
            "ActionAfterCompletion": "DELETE",
        }
        self.scheduler.create_schedule(**once)
        return once

    def extend(self, schedule: str, at: datetime, until: datetime) -> list:
        undo = []
        for one in self.of(schedule):
            undo.append((one, self.skip_run(one, at), self.add_run(one, until)))
        return undo

    def skip(self, schedules: list[str], day: date) -> None:
        for schedule in schedules:
            for one in self.of(schedule):
                begin = datetime.combine(day, datetime.min.time(), self.zone)
                for time in runs(one | {"StartDate": None}, begin, begin + timedelta(days=1)):
                    self.skip_run(one, time)

    def up(self, now: datetime, span: timedelta) -> None:
        for schedule, time in (("morning", now + timedelta(minutes=2)), ("evening", now + span)):
            for one in self.of(schedule):
                self.add_run(one, time)

    def up_and_down(self, begin: str, end: str, all_to) -> list:
        return [all_to("10:02", 1, orders=2), all_to(end, 0)]

    def cancel(self, undo: list) -> None:
        for before, copy, added in undo:
            self.scheduler.update_schedule(**before)
            for one in (copy, added):
                if one:
                    self.scheduler.delete_schedule(GroupName=one["GroupName"], Name=one["Name"])
