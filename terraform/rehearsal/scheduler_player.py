"""Plays EventBridge Scheduler, which the emulated AWS only stores: fires its schedules in accelerated time.

A stretch of time is played at once: whatever changes schedules does so between two stretches. What Scheduler does is
taken from its user guide (schedule types, flexible time windows, time zones, deletion after completion). Where the guide
leaves open what happens, as where a run falls on its schedule's end, the player fails, so that nothing rests on it.
"""

import fnmatch
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter
from clock import Clock
from said import Failed
from terraform import ROOT

sys.path.insert(0, str(ROOT / "fixtures"))
import shapes  # noqa: E402  (the fixtures' own composer of records)

ECS = "arn:aws:scheduler:::aws-sdk:ecs:"
# Longer than clocks are ever put forward or back.
ZONES_CHANGE = timedelta(hours=3)


@dataclass(frozen=True, order=True)
class Call:
    """A call of ECS that a schedule made: the time that its expression says, what was called, and the count it asked for."""

    scheduled: datetime
    subject: str
    count: int
    at: datetime = field(compare=False)
    schedule: str = field(compare=False)


@dataclass
class Played:
    """What happened in a stretch: the calls in the order of their times, and the queue's messages."""

    calls: list[Call] = field(default_factory=list)
    messages: list[dict] = field(default_factory=list)


def occurrences(expression: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    """When an expression fires after one time and not after the other, in UTC.

    An hour that clocks skip has no run, and of an hour that comes twice the first one counts.
    """
    zone = ZoneInfo(zone)
    kind, _, inner = expression.removesuffix(")").partition("(")
    if kind == "at":
        on_the_clock = [datetime.fromisoformat(inner)]
    elif kind == "cron":
        # The library knows UTC only, so it is asked about the time on the clock as if that were UTC.
        first, last = ((time.astimezone(zone) + change).replace(tzinfo=timezone.utc) for time, change in ((after, -ZONES_CHANGE), (until, ZONES_CHANGE)))
        on_the_clock = AwsCroniter(inner).get_all_schedule_bw_dates(first, last)
    else:
        raise Failed(f"only AWS knows when {expression} fires")
    times = []
    for local in on_the_clock:
        local = local.replace(tzinfo=zone)
        time = local.astimezone(timezone.utc)
        if time.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None) and after < time <= until:
            times.append(time)
    return times


def runs(schedule: dict, after: datetime, until: datetime) -> list[datetime]:
    """When a schedule fires, within its dates. AWS ignores these for at()."""
    times = occurrences(schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"], after, until)
    if schedule["ScheduleExpression"].startswith("at("):
        return times
    dates = [schedule.get("StartDate"), schedule.get("EndDate")]
    if unclear := set(times) & set(dates):
        raise Failed(f"AWS does not say whether {schedule['Name']} fires at {unclear}, which is its start or its end")
    start, end = dates
    return [time for time in times if (start is None or time > start) and (end is None or time < end)]


def is_over(schedule: dict, now: datetime) -> bool:
    """Whether a schedule has no further run."""
    expression = schedule["ScheduleExpression"]
    if expression.startswith("at("):
        return not occurrences(expression, schedule["ScheduleExpressionTimezone"], now, datetime.max.replace(tzinfo=timezone.utc))
    end = schedule.get("EndDate")
    return end is not None and (end <= now or not runs(schedule, now, end))


class Player:
    def __init__(self, aws, clock: Clock, place: shapes.Place, seed: int):
        """`place` is the cluster, and the role that CloudTrail is to name. The seed says when calls fall in flexible windows."""
        self.scheduler, self.iam = aws.client("scheduler"), aws.client("iam")
        self.clock, self.place, self.random = clock, place, random.Random(seed)
        self.pending: list[tuple[datetime, datetime, dict]] = []
        self.counts: dict[str, int] = {}

    def schedules(self) -> list[dict]:
        """All schedules with their targets."""
        listed, more = [], {}
        while more is not None:
            page = self.scheduler.list_schedules(MaxResults=100, **more)
            listed += page["Schedules"]
            more = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
        return [self.scheduler.get_schedule(GroupName=one["GroupName"], Name=one["Name"]) for one in listed]

    def play(self, until: datetime) -> Played:
        """Fires what is due until then, deletes what is over, and sets the clock to the end."""
        played, schedules = Played(), self.schedules()
        firings = self.pending + [
            (time + self.delay(schedule), time, schedule)
            for schedule in schedules
            if schedule["State"] == "ENABLED"
            for time in runs(schedule, self.clock.now, until)
        ]
        firings.sort(key=lambda firing: (firing[0], firing[2]["Arn"]))
        self.pending = [firing for firing in firings if firing[0] > until]
        for at, scheduled, schedule in firings[: len(firings) - len(self.pending)]:
            self.fire(schedule, scheduled, at, played)
        self.clock.set(until)
        waiting = {schedule["Arn"] for _, _, schedule in self.pending}
        for schedule in schedules:
            if schedule.get("ActionAfterCompletion") == "DELETE" and schedule["Arn"] not in waiting and is_over(schedule, until):
                self.scheduler.delete_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])
        played.calls.sort()
        return played

    def delay(self, schedule: dict) -> timedelta:
        window = schedule["FlexibleTimeWindow"]
        minutes = window.get("MaximumWindowInMinutes", 0) if window["Mode"] == "FLEXIBLE" else 0
        return timedelta(seconds=self.random.randrange(minutes * 60)) if minutes else timedelta()

    def fire(self, schedule: dict, scheduled: datetime, at: datetime, played: Played) -> None:
        target = schedule["Target"]
        text = target["Input"].replace("<aws.scheduler.scheduled-time>", shapes.iso(scheduled))
        if target["Arn"].startswith("arn:aws:sqs:"):
            self.check_role(schedule, "sqs:SendMessage", target["Arn"])
            played.messages.append(shapes.message(text, at + timedelta(seconds=1)))
            return
        asked, action = json.loads(text), target["Arn"].removeprefix(ECS)
        if action == "updateService":
            subject, count = asked["Service"], asked["DesiredCount"]
            self.check_role(schedule, "ecs:UpdateService", f"{self.place.service_arn(subject)}")
            record = shapes.accepted(subject, at, desired=count, running=self.counts.get(subject, 0), place=self.place)
            self.counts[subject] = count
        elif action == "runTask":
            subject, count = asked["TaskDefinition"], asked["Count"]
            self.check_role(schedule, "ecs:RunTask", self.place.ecs(f"task-definition/{subject}:7"))
            record = shapes.run_task(subject, at, started=count, place=self.place, count=count)
        else:
            raise Failed(f"{schedule['Name']} calls {target['Arn']}, which the player does not know")
        played.calls.append(Call(scheduled, subject, count, at, schedule["Name"]))
        played.messages.append(shapes.arrive(shapes.envelope(record)))

    def check_role(self, schedule: dict, action: str, resource: str) -> None:
        """Fails where the schedule's role does not trust its group, or may not make the call."""
        role = self.iam.get_role(RoleName=schedule["Target"]["RoleArn"].split("/")[-1])["Role"]
        group = schedule["Arn"].replace(":schedule/", ":schedule-group/").rsplit("/", 1)[0]
        trusted = [one["Condition"]["StringEquals"]["aws:SourceArn"] for one in role["AssumeRolePolicyDocument"]["Statement"]]
        names = self.iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        policies = [self.iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"] for name in names]
        may = any(
            one["Effect"] == "Allow" and among(action, one["Action"]) and among(resource, one["Resource"])
            for policy in policies
            for one in policy["Statement"]
        )
        if group not in trusted or not may:
            raise Failed(f"{schedule['Name']}: {role['RoleName']} may not {action} on {resource}, or does not trust {group}")


def among(value: str, patterns: str | list[str]) -> bool:
    return any(fnmatch.fnmatchcase(value, one) for one in ([patterns] if isinstance(patterns, str) else patterns))
