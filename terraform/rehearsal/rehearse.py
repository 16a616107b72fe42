"""The rehearsal applies the complete example, sends events in, reads one message that comes out, and destroys it again.

Everything runs on loopback: an emulated AWS with a table, a fake Slack, and the real function. The rehearsal plays what the
emulator does not. EventBridge Scheduler never fires there, so this sends the rosters and the schedules' dead letters, and
puts events on the bus as CloudTrail would. lambda_service.Mapping drives the event source mappings. The emulated ECS
starts no task by itself, so this sets how each service is when the function asks about it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from emulator import REGION, Emulator
from fake_slack import FakeSlack, visible_text
from lambda_service import Function, Mapping
from terraform import GRACE_SECONDS, ROOT, VERIFY_MINUTES, Terraform

sys.path.insert(0, str(ROOT / "fixtures"))
import generate as cloudtrail  # noqa: E402  (the fixtures' own composer of records)

# The rehearsal fails after this time, so that it ends if something hangs. Long enough for a busy machine.
LIMIT_SECONDS = 600
# The function's time for a batch. Shorter than in AWS, so that the function soon gives up on a Slack that is down.
INVOCATION_SECONDS = 8
# How long the fragments of a window may take to arrive in the rehearsal before the window is due.
FRAGMENTS_SECONDS = 25

# The services that ECS does not have as the morning's roster asks. A service that was never called has no task either.
NOT_STARTED = "billing"  # Its tasks are wanted, and none runs.
CHANGED = "gateway"  # Somebody wants another count, and it runs.
CHANGED_COUNT = 3

# After how many receives SQS moves a record that keeps failing to the dead-letter queue.
MAX_RECEIVES = 30
# How long EventBridge Scheduler retries a call, in minutes: the default of the schedules' module.
RETRY_MINUTES = 15

# What the messages are to say, in the words of src/core/summary.
FIRST_WINDOW = (
    "2 running, 1 starting, 1 changed, 2 failed (1 call named no service)",
    "0/1 starting",
    "3/3 running, not 1",
)
MORNING = (
    "6/10 running, 1 starting, 1 changed, 1 failed, 1 missing",
    "1/1 running (",
    "0/1 starting",
    "0 of 1 running",
    "3/3 running, not 2",
    "ECS wants 3 tasks where 2 was asked for",
    "no call was recorded, and ECS has its desired count at 0",
)
JOB = ("report", "Run Task", "exit 0")

STARTED = time.monotonic()


class Failed(Exception):
    """An expectation of a step did not hold."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def check(condition: bool, text: str) -> None:
    if not condition:
        raise Failed(f"expected that {text}")
    say(f"  ok: {text}")


def check_words(said: str, words: tuple[str, ...]) -> None:
    for text in words:
        check(text in said, f"it says {text}")


def show_message(message: dict) -> None:
    print("          ┌─ Slack got, on " + message["path"])
    for line in visible_text(message.get("blocks", [])):
        print(f"          │ {line}")
    print("          ├─ and for the notification")
    for line in message.get("text", "").splitlines():
        print(f"          │ {line}")
    print("          └─", flush=True)


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


CALL = "AWS API Call via CloudTrail"


def entry(detail_type: str, detail: dict, time: str, *resources: str) -> dict:
    """An event as the bus takes it."""
    return {
        "Source": "aws.ecs",
        "DetailType": detail_type,
        "Detail": compact(detail),
        "Resources": list(resources),
        "Time": time,
    }


def service_action(place, service: str, kind: str, name: str, at: datetime, **more) -> dict:
    detail = {"eventType": kind, "eventName": name, "clusterArn": place.cluster_arn(), "createdAt": cloudtrail.iso(at)}
    return entry("ECS Service Action", detail | more, cloudtrail.iso(at), place.service_arn(service))


def deployment(place, service: str, kind: str, name: str, at: datetime) -> dict:
    """An event of a deployment, which names its cluster only within the service's ARN."""
    detail = {"eventType": kind, "eventName": name, "deploymentId": "ecs-svc/1", "updatedAt": cloudtrail.iso(at), "reason": "…"}
    return entry("ECS Deployment State Change", detail, cloudtrail.iso(at), place.service_arn(service))


def task_stopped(place, task: str, group: str, at: datetime, **more) -> dict:
    arn = place.ecs(f"task/{place.cluster}/{task}")
    detail = {
        "clusterArn": place.cluster_arn(),
        "taskArn": arn,
        "group": group,
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stoppedAt": cloudtrail.iso(at),
        "updatedAt": cloudtrail.iso(at),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "report", "exitCode": 0, "lastStatus": "STOPPED"}],
    }
    return entry("ECS Task State Change", detail | more, cloudtrail.iso(at), arn)


class Rehearsal:
    def __init__(self, aws: Emulator, slack: FakeSlack, terraform: Terraform, binary: Path, work: Path):
        self.aws, self.slack, self.terraform, self.binary, self.work = aws, slack, terraform, binary, work
        self.sqs, self.events, self.lambdas, self.ecs = (aws.client(name) for name in ("sqs", "events", "lambda", "ecs"))
        # A window whose deadline is past, so that the function reports it at once.
        now = datetime.now(timezone.utc)
        self.window = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - timedelta(minutes=60)

    def run(self, lint) -> None:
        self.put_secrets()
        self.apply()
        lint(self.second_plan)
        self.take_over_the_mapping()
        dev = cloudtrail.Place("app-dev", self.outputs["scheduler_role_arns"]["dev"].split("/")[-1], REGION)
        self.create_services()
        self.the_rules_choose(dev)
        self.put_events_on_the_bus(dev)
        with self.function("dev") as function:
            say(f"started the real function: asked for work after {function.start_milliseconds:.0f} ms")
            mapping = Mapping(self.sqs, self.mappings["dev"], function)
            undelivered = Mapping(self.sqs, self.undelivered["dev"], function)
            self.one_message_comes_out(mapping)
            fired = self.a_morning_is_reported(mapping, undelivered, dev)
            self.a_second_schedule_has_its_own_message(mapping, dev, fired)
            self.a_job_runs_and_ends(mapping, dev)
            self.a_poison_record_ends_in_the_dead_letter_queue(mapping, dev)
            self.slack_is_down_and_comes_back(mapping, dev)
        self.metrics_match_the_dashboard()
        self.destroy()

    # Steps

    def put_secrets(self) -> None:
        ssm = self.aws.client("ssm")
        for environment in ("dev", "stg"):
            ssm.put_parameter(
                Name=f"/rollcall/{environment}/slack-webhook", Type="SecureString", Value=self.slack.webhook(environment)
            )
        say("stored each environment's webhook as an SSM SecureString")

    def apply(self) -> None:
        say("applying terraform/examples/complete")
        self.terraform.init()
        say(f"  {self.terraform.apply()}")
        is_empty, self.second_plan, printed = self.terraform.plan_again()
        if not is_empty:
            print(printed)
        check(is_empty, "a second plan has no changes")
        self.outputs = self.terraform.outputs()
        schedules = self.aws.client("scheduler").list_schedules(MaxResults=100)["Schedules"]
        rosters = [schedule["Name"] for schedule in schedules if schedule["GroupName"].endswith("-rosters")]
        check(len(schedules) - len(rosters) == 40, "39 schedules for 20 services, of which one has no evening, and one for a job")
        check(
            sorted(rosters) == 2 * ["ecs.evening"] + 2 * ["ecs.morning"] + ["ecs.nightly-report.job"],
            "one roster for each schedule of each environment, and for the job",
        )
        check(
            {variables["ROLLCALL_VERIFY_MINUTES"] for variables in self.function_variables()} == {str(VERIFY_MINUTES)},
            f"the functions are to ask ECS for {VERIFY_MINUTES} minute, in {self.outputs['verified_clusters']}",
        )
        check(
            {variables["ROLLCALL_MAX_RECEIVES"] for variables in self.function_variables()} == {str(MAX_RECEIVES)}
            and set(self.max_receive_counts().values()) == {MAX_RECEIVES},
            f"the queues that the functions read give a record {MAX_RECEIVES} receives, and the functions know it",
        )
        self.check_permissions()

    def take_over_the_mapping(self) -> None:
        """Reads the settings that Terraform gave the mappings, then disables the emulator's own mappings."""
        self.mappings, self.undelivered, self.configurations = {}, {}, {}
        by_source = {m["EventSourceArn"]: m for m in self.lambdas.list_event_source_mappings()["EventSourceMappings"]}
        for environment, name in self.outputs["function_names"].items():
            configuration = self.lambdas.get_function_configuration(FunctionName=name)
            self.configurations[environment] = configuration
            self.mappings[environment] = by_source[self.queue_arn(self.outputs["queue_urls"][environment])]
            self.undelivered[environment] = by_source[self.outputs["schedules_dead_letter_queue_arns"][environment]]
            for mapping in (self.mappings[environment], self.undelivered[environment]):
                check(mapping["FunctionArn"] == configuration["FunctionArn"], f"{mapping['EventSourceArn'].split(':')[-1]} feeds {name}")
                self.lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        say("the emulator's own event source mappings are disabled (they know no windows and no partial failures);")
        say("  this driver plays them from here, with the settings that Terraform gave them")

    def create_services(self) -> None:
        """Creates the services that the schedules call, as they are after the morning's calls."""
        asked = self.outputs["rosters"]["dev"]["morning"]["services"]
        *called, _given_up, _missing = sorted(asked)
        self.ecs.create_cluster(clusterName="app-dev")
        for family in ("app", "report"):
            container = {"name": family, "image": f"example.com/{family}:1", "cpu": 256, "memory": 512}
            self.ecs.register_task_definition(family=family, containerDefinitions=[container])
        for service, count in asked.items():
            wanted = CHANGED_COUNT if service == CHANGED else count if service in called else 0
            self.ecs.create_service(cluster="app-dev", serviceName=service, taskDefinition="app", desiredCount=wanted)
            # The emulator runs the tasks of a service when its count is updated, and none before.
            if service != NOT_STARTED:
                self.ecs.update_service(cluster="app-dev", service=service, desiredCount=wanted)
        described = self.ecs.describe_services(cluster="app-dev", services=list(asked))["services"]
        counts = {service["serviceName"]: (service["runningCount"], service["desiredCount"]) for service in described}
        unlike = {service: counts[service] for service in called if counts[service] != (asked[service], asked[service])}
        check(
            unlike == {NOT_STARTED: (0, asked[NOT_STARTED]), CHANGED: (CHANGED_COUNT, CHANGED_COUNT)},
            f"ECS runs {len(called)} services as asked, but for {NOT_STARTED}, which has not started, and {CHANGED}, which has {CHANGED_COUNT} tasks",
        )

    def the_rules_choose(self, dev) -> None:
        say("putting ECS's own events and calls of jobs on the bus")
        at = self.window + timedelta(minutes=1)
        other_cluster, other_role = replace(dev, cluster="app-dev-2"), replace(dev, role="ci-deploy")
        asked = {"cluster": "app-dev", "taskDefinition": "report", "count": 1}
        calls = [
            cloudtrail.record("ecs", "RunTask", at, asked, {"tasks": [], "failures": []}, dev),
            cloudtrail.refused("?", at, cloudtrail.THROTTLED, place=dev, requestParameters=None, eventName="RunTask"),
        ]
        wanted = [
            service_action(dev, "nestjs", "INFO", "SERVICE_STEADY_STATE", at),
            service_action(dev, "nestjs", "WARN", "SERVICE_TASK_START_IMPAIRED", at),
            service_action(dev, "nestjs", "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", at, reason="RESOURCE:FARGATE"),
            deployment(dev, "nestjs", "ERROR", "SERVICE_DEPLOYMENT_FAILED", at),
            task_stopped(dev, "1", "family:report", at),
        ]
        unwanted = [
            service_action(dev, "nestjs", "INFO", "SERVICE_DEPLOYMENT_COMPLETED", at),
            service_action(other_cluster, "nestjs", "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", at),
            deployment(dev, "nestjs", "INFO", "SERVICE_DEPLOYMENT_COMPLETED", at),
            deployment(other_cluster, "nestjs", "ERROR", "SERVICE_DEPLOYMENT_FAILED", at),
            task_stopped(dev, "2", "service:nestjs", at),
            task_stopped(dev, "3", "family:report", at, lastStatus="RUNNING"),
            task_stopped(other_cluster, "4", "family:report", at),
        ]
        self.put(*calls, cloudtrail.record("ecs", "RunTask", at, asked, {"tasks": [], "failures": []}, other_role))
        self.put_entries(*wanted, *unwanted)

        arrived = self.take_all("dev")
        others = [event for event in arrived if event["detail-type"] != CALL]
        check(
            sorted(event["detail"]["eventID"] for event in arrived if event["detail-type"] == CALL)
            == sorted(call["eventID"] for call in calls),
            "the job's calls arrived, accepted and refused; another role's task did not",
        )
        check(
            sorted(compact(event["detail"]) for event in others) == sorted(entry["Detail"] for entry in wanted),
            f"{len(wanted)} of ECS's own events arrived: steady, in trouble, a job's task that ended; "
            f"{len(unwanted)} others did not",
        )

    def put_events_on_the_bus(self, dev) -> None:
        say("putting CloudTrail events on the bus")
        at = self.window + timedelta(minutes=1)
        stg = cloudtrail.Place("app-stg", self.outputs["scheduler_role_arns"]["stg"].split("/")[-1], REGION)
        other_role = replace(dev, role="ci-deploy")
        expected = [
            *(cloudtrail.accepted(service, at, place=dev) for service in ("accounts", "billing", "gateway", "nestjs")),
            cloudtrail.refused("orders", at, cloudtrail.NOT_FOUND, place=dev),
            cloudtrail.refused("?", at, cloudtrail.THROTTLED, place=dev, requestParameters=None),
        ]
        unwanted = [
            cloudtrail.accepted("checkout", at, place=other_role),
            cloudtrail.refused("checkout", at, cloudtrail.NOT_FOUND, place=other_role),
            cloudtrail.record("ecs", "CreateService", at, {"cluster": "app-dev", "serviceName": "x"}, place=dev),
        ]
        self.put(*expected, *unwanted, cloudtrail.accepted("catalog", at, place=stg))

        arrived = self.peek("dev")
        check(
            sorted(record["eventID"] for record in arrived) == sorted(record["eventID"] for record in expected),
            f"dev's queue has the {len(expected)} calls of dev's role, each once: "
            f"{sum('errorCode' not in record for record in arrived)} by the rule for successes, "
            f"{sum('errorCode' in record for record in arrived)} by the rule for failures",
        )
        check(any(record["requestParameters"] is None for record in arrived), "one of them is the throttled call without parameters")
        check(len(self.peek("stg")) == 1, "stg's queue has the one call of stg's role")
        say("  another role's calls and another event arrived nowhere")

    def one_message_comes_out(self, mapping: Mapping) -> None:
        say(f"playing dev's event source mapping: batches of up to {mapping.settings['BatchSize']}")
        records, failed = mapping.poll_once(INVOCATION_SECONDS)
        check((records, failed) == (6, 0), "one batch of 6 records, all handled")
        self.play_timers(mapping, until=lambda: bool(self.slack.messages))
        check(len(self.slack.messages) == 1, "one message out")
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        check(all(name in said for name in ("orders", "dev")), "it names the environment and the service that failed")
        check_words(said, FIRST_WINDOW)
        check(self.slack.webhook("dev") not in self.log("dev").read_text(), "the webhook stands nowhere in the function's log")
        check(self.waiting(mapping.queue_url) == 0, "the queue is empty: the window is reported, and no timer is needed")

    def a_morning_is_reported(self, mapping: Mapping, undelivered: Mapping, dev) -> datetime:
        """Returns when the morning's schedule fired."""
        say("the morning's roster, as Scheduler would send it")
        self.slack.messages.clear()
        schedule = self.aws.client("scheduler").get_schedule(GroupName="rollcall-dev-rosters", Name="ecs.morning")
        template = json.loads(schedule["Target"]["Input"])
        check(schedule["Target"]["Arn"] == mapping.queue_arn, "its target is the function's queue")
        check(
            (template["role"], template["retry_minutes"]) == (dev.role, RETRY_MINUTES),
            f"it names the role {dev.role}, as CloudTrail's records do, and {RETRY_MINUTES} minutes of retries",
        )
        # Fired so long ago that its flexible window is over and its last record is due soon.
        fired = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(
            minutes=template["flexible_window_minutes"], seconds=GRACE_SECONDS - FRAGMENTS_SECONDS
        )
        at = cloudtrail.iso(fired)
        self.sqs.send_message(
            QueueUrl=mapping.queue_url, MessageBody=schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", at)
        )
        *called, given_up, missing = sorted(template["services"])
        say(f"  {len(called)} of its {len(template['services'])} services answer in three fragments, one was given up on, one is not heard of")
        invocations = 0
        for fragment in (called[:3], called[3:5], called[5:]):
            self.put(*(cloudtrail.accepted(service, fired, desired=template["services"][service], place=dev) for service in fragment))
            records, failed = mapping.poll_once(INVOCATION_SECONDS)
            check(records >= len(fragment) and failed == 0, f"invocation {invocations + 1}: {records} records, all kept")
            invocations += 1
        self.sqs.send_message(
            QueueUrl=undelivered.queue_url,
            MessageBody=json.dumps({"Cluster": "app-dev", "Service": given_up, "DesiredCount": 1}),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in {
                    "ERROR_CODE": "AccessDeniedException",
                    "ERROR_MESSAGE": "not authorized to perform: ecs:UpdateService",
                    "RETRY_ATTEMPTS": "0",
                    "SCHEDULED_TIME": at,
                    "SCHEDULE_ARN": f"arn:aws:scheduler:{REGION}:123456789012:schedule/rollcall-dev/morning.{given_up}",
                    "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:ecs:updateService",
                }.items()
            },
        )
        check(undelivered.poll_once(INVOCATION_SECONDS) == (1, 0), "the schedules' dead letter came by the second mapping")
        check(not self.slack.messages, "nothing is said while the missing one may yet answer")
        timers = self.play_timers(mapping, until=lambda: bool(self.slack.messages))
        check(len(self.slack.messages) == 1, f"one message, brought by a timer ({timers} fired), for {invocations + 1} invocations")
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        check_words(said, MORNING)
        check(given_up in said and "AccessDeniedException" in said, f"{given_up}, which Scheduler gave up on, is a failed row with its error")
        check(missing in said, f"{missing}, which nobody called, is named")
        self.play_timers(mapping, until=lambda: False, seconds=5)
        check(len(self.slack.messages) == 1, "and no other message follows")
        items = self.aws.client("dynamodb").scan(TableName=self.outputs["table_names"]["dev"], ConsistentRead=True)["Items"]
        # The function also notes how long a window is; `rollcall silence` reads that.
        windows = [item for item in items if item["pk"]["S"] != "PERIOD"]
        check(windows and all("expires_at" in item for item in windows), f"the windows have {len(windows)} items, which all expire")
        return fired

    def a_second_schedule_has_its_own_message(self, mapping: Mapping, dev, fired: datetime) -> None:
        say("another schedule's roster, half a minute after the morning's, and its call")
        self.slack.messages.clear()
        schedule = self.aws.client("scheduler").get_schedule(GroupName="rollcall-dev-rosters", Name="ecs.morning")
        at = fired + timedelta(seconds=30)
        is_same_window = at.minute // 30 == fired.minute // 30
        template = json.loads(schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", cloudtrail.iso(at)))
        called, *others = sorted(template["services"])
        count = template["services"][called]
        roster = template | {"schedule": "second", "services": {called: count}}
        self.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody=json.dumps(roster))
        self.put(cloudtrail.accepted(called, at, desired=count, place=dev))
        self.play_timers(mapping, until=lambda: bool(self.slack.messages))
        check(len(self.slack.messages) == 1, "one message out")
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        # The first message of a window need not name its schedules.
        check_words(said, (called, "1/1 running, 0 failed", *(["second"] if is_same_window else [])))
        check(not any(service in said for service in others), "it says nothing about the services of the morning")

    def a_job_runs_and_ends(self, mapping: Mapping, dev) -> None:
        say("a job's roster, its call, and the end of its task")
        self.slack.messages.clear()
        schedule = self.aws.client("scheduler").get_schedule(GroupName="rollcall-dev-rosters", Name="ecs.nightly-report.job")
        # A time in another window, so that the job has a message of its own.
        at = self.window - timedelta(minutes=120)
        started = self.ecs.run_task(cluster="app-dev", taskDefinition="report", launchType="FARGATE", count=1)
        self.sqs.send_message(
            QueueUrl=mapping.queue_url,
            MessageBody=schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", cloudtrail.iso(at)),
        )
        [task] = started["tasks"]
        response = {"tasks": [{"taskArn": task["taskArn"], "lastStatus": "PROVISIONING"}], "failures": []}
        asked = {"cluster": "app-dev", "taskDefinition": "report", "count": 1, "launchType": "FARGATE"}
        self.put(cloudtrail.record("ecs", "RunTask", at + timedelta(minutes=1), asked, response, dev))
        # AWS's SDK cannot read how the emulator describes tasks, so the task's end is sent as an event of ECS.
        ended = at + timedelta(minutes=3)
        task_id = task["taskArn"].split("/")[-1]
        self.put_entries(task_stopped(dev, task_id, "family:report", ended, createdAt=cloudtrail.iso(at + timedelta(minutes=1))))
        records, failed = mapping.poll_once(INVOCATION_SECONDS)
        check(records >= 2 and failed == 0, f"{records} records, all kept")
        self.play_timers(mapping, until=lambda: bool(self.slack.messages))
        check(len(self.slack.messages) == 1, "one message out")
        [message] = self.slack.messages
        show_message(message)
        check_words(json.dumps(message, ensure_ascii=False), JOB)

    def a_poison_record_ends_in_the_dead_letter_queue(self, mapping: Mapping, dev) -> None:
        say("a record that nobody can decode, among good ones")
        self.slack.messages.clear()
        self.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody="not a record")
        self.put(cloudtrail.accepted("inventory", self.window + timedelta(minutes=2), place=dev))
        dead = self.outputs["dead_letter_queue_urls"]["dev"]["records"]
        receives = 0
        while not self.waiting(dead) and receives < 2 * MAX_RECEIVES:
            records, failed = mapping.poll_once(INVOCATION_SECONDS)
            receives += failed
            say(f"  {records} records, {failed} given back")
        check(receives == MAX_RECEIVES, f"the poison record was tried {MAX_RECEIVES} times")
        self.play_timers(mapping, until=lambda: bool(self.slack.messages))
        check(len(self.slack.messages) == 1, "the good record beside it was told once")
        [letter] = self.sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
        check(letter["Body"] == "not a record", "the poison record lies in the dead-letter queue, whose alarm would ring")

    def slack_is_down_and_comes_back(self, mapping: Mapping, dev) -> None:
        say("Slack is down")
        self.slack.messages.clear()
        self.slack.requests = 0
        self.slack.is_down = True
        window = self.window - timedelta(minutes=60)
        self.put(cloudtrail.accepted("notifications", window + timedelta(minutes=3), place=dev))
        records, failed = mapping.poll_once(INVOCATION_SECONDS)
        check((records, failed) == (1, 0), "the record is kept in the log, and need not come again")
        self.play_timers(mapping, until=lambda: self.slack.requests > 0)
        check(self.slack.requests > 0 and not self.slack.messages, f"{self.slack.requests} attempts to post its message failed")
        self.slack.is_down = False
        timers = self.play_timers(mapping, until=lambda: bool(self.slack.messages), seconds=60)
        check(len(self.slack.messages) == 1, f"Slack is back: {timers} timer, one message, nothing lost")

    def metrics_match_the_dashboard(self) -> None:
        written: set[str] = set()
        for line in self.log("dev").read_text().splitlines():
            if '"CloudWatchMetrics"' in line:
                for block in json.loads(line)["_aws"]["CloudWatchMetrics"]:
                    check_namespace = block["Namespace"] == "Rollcall" and ["FunctionName"] in block["Dimensions"]
                    written |= {metric["Name"] for metric in block["Metrics"] if check_namespace}
        body = json.loads(self.aws.client("cloudwatch").get_dashboard(DashboardName="rollcall-dev")["DashboardBody"])
        shown = {
            metric[1]
            for widget in body["widgets"]
            for metric in widget["properties"].get("metrics", [])
            if metric[0] == "Rollcall"
        }
        check(shown and shown <= written, f"the function wrote all {len(shown)} of its metrics that the dashboard shows")

    def destroy(self) -> None:
        say("destroying")
        say(f"  {self.terraform.destroy()}")
        left = [
            *self.sqs.list_queues().get("QueueUrls", []),
            *(rule["Name"] for rule in self.events.list_rules()["Rules"]),
            *(schedule["Name"] for schedule in self.aws.client("scheduler").list_schedules()["Schedules"]),
            *(function["FunctionName"] for function in self.lambdas.list_functions()["Functions"]),
            *(role["RoleName"] for role in self.aws.client("iam").list_roles()["Roles"]),
            *self.aws.client("dynamodb").list_tables()["TableNames"],
            *(alarm["AlarmName"] for alarm in self.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        ]
        check(not left, "nothing is left: no queue, rule, schedule, function, role, table or alarm")

    # What the steps use

    def function(self, environment: str) -> Function:
        return Function(self.binary, self.configurations[environment], self.aws.environment(), self.log(environment))

    def log(self, environment: str) -> Path:
        return self.work / f"function-{environment}.log"

    def max_receive_counts(self) -> dict[str, int]:
        """The count of each queue that a function reads, by the queue's name."""
        urls = list(self.outputs["queue_urls"].values())
        for arn in self.outputs["schedules_dead_letter_queue_arns"].values():
            urls.append(self.sqs.get_queue_url(QueueName=arn.split(":")[-1])["QueueUrl"])
        counts = {}
        for url in urls:
            attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
            counts[url.split("/")[-1]] = int(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"])
        return counts

    def check_permissions(self) -> None:
        """The emulator does not enforce IAM, so this reads the policies of the functions' roles."""
        iam = self.aws.client("iam")
        for environment, name in self.outputs["function_names"].items():
            policy = iam.get_role_policy(RoleName=f"{name}-function", PolicyName="function")["PolicyDocument"]
            resources = []
            for statement in policy["Statement"]:
                if "sqs:ChangeMessageVisibility" in statement["Action"]:
                    resource = statement["Resource"]
                    resources += [resource] if isinstance(resource, str) else resource
            read = [self.queue_arn(self.outputs["queue_urls"][environment]), self.outputs["schedules_dead_letter_queue_arns"][environment]]
            check(sorted(resources) == sorted(read), f"{name} may postpone messages of the queues that it reads, and of no other")

    def put(self, *records: dict) -> None:
        self.put_entries(*(entry(CALL, record, record["eventTime"]) for record in records))

    def put_entries(self, *entries: dict) -> None:
        for first in range(0, len(entries), 10):
            answer = self.events.put_events(Entries=entries[first : first + 10])
            if answer["FailedEntryCount"]:
                raise Failed(f"the bus refused events: {answer}")

    def play_timers(self, mapping: Mapping, until, seconds: float = 45) -> int:
        """Polls as the mapping would, until the condition holds or the time is over. Returns how many messages came."""
        came, end_at = 0, time.monotonic() + seconds
        while not until() and time.monotonic() < end_at:
            records, _ = mapping.poll_once(INVOCATION_SECONDS)
            came += records
            if not records:
                time.sleep(0.5)
        return came

    def function_variables(self) -> list[dict]:
        names = self.outputs["function_names"].values()
        return [self.lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"] for name in names]

    def take_all(self, environment: str) -> list[dict]:
        """The events in a queue, which is empty then."""
        events, url = [], self.outputs["queue_urls"][environment]
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                events.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return events

    def queue_arn(self, queue_url: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def waiting(self, queue_url: str) -> int:
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])

    def peek(self, environment: str) -> list[dict]:
        """The records in a queue, which stay there. Reading them counts as a receive, as in AWS."""
        records = []
        url = self.outputs["queue_urls"][environment]
        received = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            records.append(json.loads(message["Body"])["detail"])
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        return records


def linter(checkov_python: str | None, work: Path):
    """Lints the second plan, in which every policy is known; in the source they hold references."""

    def lint(plan: dict) -> None:
        if not checkov_python:
            say("  checkov is missing, so the applied policies are not linted")
            return
        path = work / "plan.json"
        path.write_text(json.dumps(plan))
        done = subprocess.run(
            [checkov_python, "-m", "checkov.main", "--config-file", ROOT / ".ci/checkov.yaml", "--framework", "terraform_plan", "--file", path],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            print(done.stdout[-3000:], done.stderr[-1000:])
        check(done.returncode == 0, "checkov passes on the plan, where every policy is known")

    return lint


def package(binary: Path, work: Path) -> Path:
    path = work / "bootstrap.zip"
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, binary.read_bytes())
    return path


def stop(signum, _frame):
    raise Failed(f"not finished after {LIMIT_SECONDS} s" if signum == signal.SIGALRM else "interrupted")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, required=True, help="the function, rollcall-lambda")
    arguments.add_argument("--work", type=Path, required=True, help="a folder for state and logs; emptied first")
    arguments.add_argument("--checkov-python", help="a Python that has checkov")
    options = arguments.parse_args()

    for signum in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    signal.alarm(LIMIT_SECONDS)

    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    binary = options.binary.resolve()
    try:
        with Emulator(work / "moto.log") as aws, FakeSlack() as slack:
            say(f"an emulated AWS answers on port {aws.port} (pid {aws.process.pid}), a fake Slack on port {slack.server.server_port}")
            terraform = Terraform(work, aws.environment(), package(binary, work))
            Rehearsal(aws, slack, terraform, binary, work).run(linter(options.checkov_python, work))
    except (Failed, RuntimeError) as failure:
        say(f"FAILED: {failure}")
        print(f"rehearsal: failed; logs are in {options.work}")
        return 1
    finally:
        signal.alarm(0)
    say("everything that was started has ended")
    print("rehearsal: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
