"""The rehearsal applies the examples in two Regions, sends events in, reads the messages that come out, and destroys it all.

Everything runs on loopback: an emulated AWS with rules that aws_rules adds to it, a fake Slack, and the real function. The
rehearsal plays what the emulator does not. EventBridge Scheduler never fires there, so this sends the rosters and the
schedules' dead letters, and puts events on the bus as CloudTrail would. lambda_service plays Lambda. Beside it days plays
whole days of Scheduler, with overrides. The emulated ECS starts
no task by itself, so this sets how each service is when the function asks about it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from terraform import GRACE_SECONDS, ROOT, VERIFY_MINUTES, Terraform, complete

sys.path.insert(0, str(ROOT / "fixtures"))
import dates  # noqa: E402
import days  # noqa: E402
import generate as cloudtrail  # noqa: E402  (the fixtures' own composer of records)
from doctor import Doctor  # noqa: E402
from elsewhere import Elsewhere  # noqa: E402
from emulator import REGION, Emulator  # noqa: E402
from fake_slack import FakeSlack, visible_text  # noqa: E402
from lambda_service import LONGEST_CHAIN, POLLERS, Function, Mapping  # noqa: E402
from permissions import Permissions  # noqa: E402
from releases import Release  # noqa: E402
from said import Failed, check, check_words, say, wait_until  # noqa: E402

# The rehearsal fails after this time, so that it ends if something hangs. Long enough for a busy machine.
LIMIT_SECONDS = 900
# The function's time for a batch. Shorter than in AWS, so that the function soon gives up on a Slack that is down, and long
# enough for a busy machine: a batch that takes longer comes back only after its visibility timeout.
INVOCATION_SECONDS = 15
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
FIRST_WINDOW = ("billing and orders did not start", "1 throttled call names no service", "3 running, schedule wanted 1")
MORNING = (
    "6 running, 1 not up in time, 1 changed, 1 failed, 1 never called",
    "1/1 running (",
    "ECS wants 3 tasks, the schedule wanted 2",
    "3 running, schedule wanted 2",
)
JOB = ("report", "Run Task", "exit 0")

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
    def __init__(self, aws: Emulator, slack: FakeSlack, terraform: Terraform, elsewhere: Elsewhere, permissions: Permissions, doctor: Doctor, release: Release, binary: Path, work: Path):
        self.aws, self.slack, self.terraform, self.elsewhere, self.permissions = aws, slack, terraform, elsewhere, permissions
        self.doctor, self.release = doctor, release
        self.binary, self.work = binary, work
        self.sqs, self.events, self.lambdas, self.ecs = (aws.client(name) for name in ("sqs", "events", "lambda", "ecs"))
        # A window whose deadline is past, so that the function reports it at once.
        now = datetime.now(timezone.utc)
        self.window = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - timedelta(minutes=60)

    def run(self, lint) -> None:
        self.put_secrets()
        with ThreadPoolExecutor() as aside:
            # Most of an apply is waiting for queues, so all are made at once.
            beside = [
                aside.submit(self.elsewhere.apply),
                aside.submit(dates.rehearse, self.aws, self.work),
                aside.submit(days.rehearse, self.doctor.command_line, self.work / "days"),
            ]
            self.apply()
            beside.append(aside.submit(lint, self.second_plan))
            self.create_services()
            self.doctor.make_ready(self.outputs["alarm_topic_arn"])
            self.doctor.finds_nothing(self.outputs["doctor_commands"]["dev"])
            self.take_over_the_mapping()
            self.doctor.finds("rollcall-dev-records: is Disabled")
            dev = cloudtrail.Place("app-dev", self.outputs["scheduler_role_arns"]["dev"].split("/")[-1], REGION)
            self.the_rules_choose(dev)
            self.put_events_on_the_bus(dev)
            self.exercise(dev)
            for task in beside:
                task.result()
        self.elsewhere.check_applied(self.outputs["dashboard_names"]["dev"])
        self.elsewhere.exercise(INVOCATION_SECONDS)
        self.metrics_match_the_dashboard()
        self.policies_allow_what_was_called()
        self.override()
        self.destroy()

    def exercise(self, dev) -> None:
        """Feeds the real function, in as many instances as the mapping has pollers."""
        with ExitStack() as running:
            functions = [running.enter_context(self.function("dev")) for _ in range(POLLERS)]
            say(f"started two instances of the real function: asked for work after {functions[0].start_milliseconds:.0f} ms")
            mapping = running.enter_context(Mapping(self.aws, self.mappings["dev"], functions, INVOCATION_SECONDS))
            undelivered = running.enter_context(Mapping(self.aws, self.undelivered["dev"], functions, INVOCATION_SECONDS))
            self.one_message_comes_out(mapping)
            fired = self.a_morning_is_reported(mapping, undelivered, dev)
            self.a_second_schedule_has_its_own_message(mapping, dev, fired)
            self.a_job_runs_and_ends(mapping, dev)
            self.a_poison_record_ends_in_the_dead_letter_queue(mapping, dev)
            self.slack_is_down_and_comes_back(mapping, dev)
            self.long_chains_are_allowed(mapping, dev)
            check(mapping.most_running == POLLERS, "both pollers had invocations at the same time")
            check(mapping.repeated > 0, f"{mapping.repeated} of {mapping.handled} records were delivered once more, and said no more for it")

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
        self.release.a_tampered_one_is_refused(self.terraform)
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
        say(f"playing dev's event source mapping: two pollers, batches of up to {mapping.settings['BatchSize']}")
        self.wait_for_messages(1, mapping)
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        check(all(name in said for name in ("orders", "dev")), "it names the environment and the service that failed")
        check_words(said, FIRST_WINDOW)
        check(self.slack.webhook("dev") not in self.log("dev").read_text(), "the webhook stands nowhere in the function's log")
        wait_until(lambda: self.waiting(mapping.queue_url) == 0, 60, "the queue is empty: the window is reported, and no timer is needed", mapping)
        check(len(self.slack.messages) == 1, "one message came out")

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
        batches = mapping.batches
        for fragment in (called[:3], called[3:5], called[5:]):
            records = [cloudtrail.accepted(service, fired, desired=template["services"][service], place=dev) for service in fragment]
            self.put(*records)
            wait_until(lambda: all(mapping.has_handled(record["eventID"]) for record in records), 30, "the fragment is kept", mapping)  # noqa: B023
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
        wait_until(lambda: undelivered.handled == 1, 30, "the schedules' dead letter comes by the second mapping", undelivered)
        check(not self.slack.messages, "nothing is said while the missing one may yet answer")
        self.wait_for_messages(1, mapping)
        say(f"  one message for {mapping.batches - batches} batches and a dead letter")
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        check_words(said, MORNING)
        check(given_up in said and "AccessDeniedException" in said, f"{given_up}, which Scheduler gave up on, is a failed row with its error")
        check(missing in said, f"{missing}, which nobody called, is named")
        wait_until(lambda: self.waiting(mapping.queue_url) == 0, 60, "the last timer of the window is gone", mapping)
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
        self.wait_for_messages(1, mapping)
        [message] = self.slack.messages
        show_message(message)
        said = json.dumps(message, ensure_ascii=False)
        # The first message of a window need not name its schedules.
        check_words(said, (called, "Total: 1 running", *(["second"] if is_same_window else [])))
        check(not any(service in said for service in others), "it says nothing about the services of the morning")

    def a_job_runs_and_ends(self, mapping: Mapping, dev) -> None:
        say("the end of a job's task, its call, and its roster")
        self.slack.messages.clear()
        schedule = self.aws.client("scheduler").get_schedule(GroupName="rollcall-dev-rosters", Name="ecs.nightly-report.job")
        # A time in another window, so that the job has a message of its own.
        at = self.window - timedelta(minutes=120)
        [task] = self.ecs.run_task(cluster="app-dev", taskDefinition="report", launchType="FARGATE", count=1)["tasks"]
        # AWS's SDK cannot read how the emulator describes tasks, so the task's end is sent as an event of ECS. It comes first:
        # the window is long over, so the function reports the call as soon as it has it.
        called, ended = at + timedelta(minutes=1), at + timedelta(minutes=3)
        self.put_entries(task_stopped(dev, task["taskArn"].split("/")[-1], "family:report", ended, createdAt=cloudtrail.iso(called)))
        wait_until(lambda: mapping.has_handled(task["taskArn"]), 60, "the task's end is kept", mapping)
        response = {"tasks": [{"taskArn": task["taskArn"], "lastStatus": "PROVISIONING"}], "failures": []}
        asked = {"cluster": "app-dev", "taskDefinition": "report", "count": 1, "launchType": "FARGATE"}
        self.put(cloudtrail.record("ecs", "RunTask", called, asked, response, dev))
        self.sqs.send_message(
            QueueUrl=mapping.queue_url,
            MessageBody=schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", cloudtrail.iso(at)),
        )
        self.wait_for_messages(1, mapping)
        [message] = self.slack.messages
        show_message(message)
        check_words(json.dumps(message, ensure_ascii=False), JOB)

    def a_poison_record_ends_in_the_dead_letter_queue(self, mapping: Mapping, dev) -> None:
        say("a record that nobody can decode, among good ones")
        self.slack.messages.clear()
        sent = self.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody="not a record")
        self.put(cloudtrail.accepted("inventory", self.window + timedelta(minutes=2), place=dev))
        dead = self.outputs["dead_letter_queue_urls"]["dev"]["records"]
        wait_until(lambda: self.waiting(dead) > 0, 90, "the poison record lies in the dead-letter queue", mapping)
        check(
            mapping.deliveries[sent["MessageId"]] == MAX_RECEIVES,
            f"SQS gave up on the poison record after {MAX_RECEIVES} receives, as the queue's redrive policy says",
        )
        self.wait_for_messages(1, mapping)
        say("  the good record beside it was told once")
        [letter] = self.sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
        check(letter["Body"] == "not a record", "the poison record is what the alarm of the dead-letter queue would ring for")

    def slack_is_down_and_comes_back(self, mapping: Mapping, dev) -> None:
        say("Slack is down")
        self.slack.messages.clear()
        self.slack.requests = 0
        self.slack.is_down = True
        call = cloudtrail.accepted("notifications", self.window - timedelta(minutes=57), place=dev)
        self.put(call)
        wait_until(lambda: self.slack.requests > 0 and mapping.has_handled(call["eventID"]), 90, "the function keeps the record and tries to post", mapping)
        check(not self.slack.messages, "its message fails, and the record is kept in the log and need not come again")
        self.slack.is_down = False
        self.wait_for_messages(1, mapping)
        say("  Slack is back: one message, nothing lost")

    def long_chains_are_allowed(self, mapping: Mapping, dev) -> None:
        """Lambda's loop detection, with the setting that Terraform made and with AWS's default."""
        say(f"the longest chain of timers was {mapping.longest_chain} invocations; one that is longer than Lambda's {LONGEST_CHAIN}:")
        name = self.configurations["dev"]["FunctionName"]
        header = f"Root=1-00000000-000000000000000000000000;Lineage=1:0123abcd:{LONGEST_CHAIN + 4}"
        check(mapping.recursive_loop() == "Allow", "the function's recursion configuration is Allow")

        def send(service: str, at: datetime) -> str:
            record = cloudtrail.accepted(service, at, place=dev)
            body = {"version": "0", "id": service, "detail-type": CALL, "source": "aws.ecs", "account": "123456789012", "time": record["eventTime"], "region": REGION, "resources": [], "detail": record}
            traced = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
            return self.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody=json.dumps(body), MessageSystemAttributes=traced)["MessageId"]

        self.slack.messages.clear()
        send("catalog", self.window - timedelta(minutes=150))
        self.wait_for_messages(1, mapping)
        check(mapping.dropped == 0, "Lambda dropped nothing of it")
        self.lambdas.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate")
        send("checkout", self.window - timedelta(minutes=180))
        wait_until(lambda: mapping.dropped > 0, 30, "with Terminate, AWS's default, Lambda drops it", mapping)
        check(len(self.slack.messages) == 1, "with Terminate, AWS's default, Lambda drops it, and nothing is said")
        self.lambdas.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")

    def policies_allow_what_was_called(self) -> None:
        say("checking the policies against what was called")
        self.permissions.check_deployer()
        for environment, caller, outputs, region in (("dev", "function-dev", self.outputs, REGION), ("dev", "function-elsewhere", self.elsewhere.outputs, self.elsewhere.region)):
            role = self.aws.client("lambda", region).get_function_configuration(FunctionName=outputs["function_names"][environment])["Role"]
            queue = f"arn:aws:sqs:{region}:123456789012:{outputs['queue_urls'][environment].split('/')[-1]}"
            self.permissions.add_calls_of_function(caller, role)
            self.permissions.add_mapping(queue, role)
            rule = f"arn:aws:events:{region}:123456789012:rule/rollcall-{environment}-successes"
            self.permissions.add_senders(queue, rule, role.replace("-function", "-rosters"))
        self.permissions.add_mapping(self.outputs["schedules_dead_letter_queue_arns"]["dev"], self.configurations["dev"]["Role"])
        self.permissions.add_schedules(
            self.outputs["scheduler_role_arns"]["dev"],
            f"arn:aws:ecs:{REGION}:123456789012:cluster/app-dev",
            list(self.outputs["rosters"]["dev"]["morning"]["services"]),
            self.outputs["schedules_dead_letter_queue_arns"]["dev"],
        )
        self.permissions.add_operator(
            json.loads(self.outputs["operator_policies"]["dev"]),
            self.outputs["scheduler_role_arns"]["dev"],
            self.configurations["dev"]["Role"].replace("-function", "-rosters"),
            f"arn:aws:ecs:{REGION}:123456789012:cluster/app-dev",
            "rollcall-stg",
        )
        self.permissions.evaluate()

    def metrics_match_the_dashboard(self) -> None:
        written: set[str] = set()
        for line in self.log("dev").read_text().splitlines():
            if '"CloudWatchMetrics"' in line:
                for block in json.loads(line)["_aws"]["CloudWatchMetrics"]:
                    check_namespace = block["Namespace"] == "Rollcall" and ["FunctionName"] in block["Dimensions"]
                    written |= {metric["Name"] for metric in block["Metrics"] if check_namespace}
        body = json.loads(self.aws.client("cloudwatch").get_dashboard(DashboardName=self.outputs["dashboard_names"]["dev"])["DashboardBody"])
        shown = {
            metric[1]
            for widget in body["widgets"]
            for metric in widget["properties"].get("metrics", [])
            if metric[0] == "Rollcall"
        }
        check(shown and shown <= written, f"the function wrote all {len(shown)} of its metrics that the dashboard shows")

    def override(self) -> None:
        """Adds schedules to both groups, which Terraform does not know."""
        # Days with a morning, of which the first lies ahead at any time of day and the second has runs before it.
        today = datetime.now(timezone.utc).date()
        mornings = [day for day in (today + timedelta(days=ahead) for ahead in range(2, 7)) if day.weekday() < 5]
        days = [f"--on={day}" for day in mornings[::2]]
        command = [self.doctor.command_line, "skip", "--environment", "dev", "--schedule", "morning", *days, "--yes"]
        done = subprocess.run(command, env=self.aws.environment("operator"), capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, f"an override holds{done.returncode and ': ' + done.stderr or ''}")

    def destroy(self) -> None:
        say("destroying")
        with ThreadPoolExecutor() as both:
            there: Future = both.submit(self.elsewhere.destroy)
            say(f"  {self.terraform.destroy()}")
            there.result()
        left = []
        for region in (REGION, self.elsewhere.region):
            left += [
                *self.aws.client("sqs", region).list_queues().get("QueueUrls", []),
                *(rule["Name"] for rule in self.aws.client("events", region).list_rules()["Rules"]),
                *(schedule["Name"] for schedule in self.aws.client("scheduler", region).list_schedules()["Schedules"]),
                *(function["FunctionName"] for function in self.aws.client("lambda", region).list_functions()["Functions"]),
                *(role["RoleName"] for role in self.aws.client("iam").list_roles()["Roles"]),
                *self.aws.client("dynamodb", region).list_tables()["TableNames"],
                *(alarm["AlarmName"] for alarm in self.aws.client("cloudwatch", region).describe_alarms()["MetricAlarms"]),
                *(dashboard["DashboardName"] for dashboard in self.aws.client("cloudwatch", region).list_dashboards()["DashboardEntries"]),
            ]
        check(not left, f"nothing is left in either Region: no queue, rule, schedule, function, role, table, alarm or dashboard {left or ''}")

    # What the steps use

    def function(self, environment: str) -> Function:
        return Function(self.binary, self.configurations[environment], self.aws.environment(f"function-{environment}"), self.log(environment))

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

    def put(self, *records: dict) -> None:
        self.put_entries(*(entry(CALL, record, record["eventTime"]) for record in records))

    def put_entries(self, *entries: dict) -> None:
        for first in range(0, len(entries), 10):
            answer = self.events.put_events(Entries=entries[first : first + 10])
            if answer["FailedEntryCount"]:
                raise Failed(f"the bus refused events: {answer}")

    def wait_for_messages(self, count: int, mapping: Mapping) -> None:
        """Waits for that many messages from the first Region, and fails on more of them."""
        wait_until(lambda: len(self.slack.messages) >= count, 90, f"{count} message out", mapping)
        check(len(self.slack.messages) == count, f"{count} message out")

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


def stop(signum, _frame):
    raise Failed(f"not finished after {LIMIT_SECONDS} s" if signum == signal.SIGALRM else "interrupted")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, required=True, help="the function, rollcall-lambda")
    arguments.add_argument("--command-line", type=Path, required=True, help="the command line, rollcall, with all features")
    arguments.add_argument("--release", type=Path, help="a folder that scripts/release made: its function runs, and not --binary")
    arguments.add_argument("--work", type=Path, required=True, help="a folder for state and logs; emptied first")
    arguments.add_argument("--checkov-python", help="a Python that has checkov")
    arguments.add_argument("--iam-library", type=Path, help="a folder with @cloud-copilot/iam-simulate in node_modules")
    options = arguments.parse_args()

    for signum in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    signal.alarm(LIMIT_SECONDS)

    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with Emulator(work / "moto.log") as aws, FakeSlack() as slack:
            say(f"an emulated AWS answers on port {aws.port} (pid {aws.process.pid}), a fake Slack on port {slack.server.server_port}")
            release = Release(options.release, work)
            binary = release.function or options.binary.resolve()
            terraform = complete(work, aws.environment("terraform"), release.variables)
            elsewhere = Elsewhere(aws, slack, binary, release.variables, work)
            permissions = Permissions(aws, options.iam_library and options.iam_library.resolve())
            doctor = Doctor(aws, options.command_line.resolve())
            Rehearsal(aws, slack, terraform, elsewhere, permissions, doctor, release, binary, work).run(linter(options.checkov_python, work))
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
