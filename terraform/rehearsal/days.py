"""Whole days of an environment with overrides of the real command line, while Terraform plans and applies in between."""

import argparse
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from clock import Clock
from emulator import Emulator
from environment import EVENING, MORNING, NIGHT, SERVICES, ZONE, Environment, all_to
from said import Failed, check, say
from scheduler_player import occurrences


class Days(Environment):
    def run(self) -> None:
        self.begin()
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
        self.overriding.check_policy(json.loads(self.outputs["operator_policy"]))

    def an_extended_evening(self, day: int) -> None:
        self.until(day, "15:00")
        before = self.overriding.made()
        self.overriding.run("extend", "--for", "9h", "--yes", accept=(2,))
        check(self.overriding.made() == before, "an override that is longer than the module's input allows is refused")
        self.overriding.extend("evening", self.at(day, "22:00"))
        self.plan_is_empty("while an override holds")
        say(f"  an apply with a change elsewhere: {self.apply(tags={'team': 'one'})}")
        self.was(day, "an extended evening", NIGHT, all_to("09:00", 1), all_to("22:00", 0))
        self.was_read("dev stays up until 22:00 instead of 18:00 (3 services)")
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
        self.was_read("evening, morning on", "2 runs are skipped (3 services)")

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
        self.was_read("dev stays up until 22:00 instead of 18:30", "evening runs at 18:30 as scheduled")

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
            self.overriding.repeat("evening", self.at(day, "22:00"))
            [override] = self.overriding.ids()
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
