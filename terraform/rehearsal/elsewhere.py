"""Another Region of the same account, beside the first: examples/clusters with 200 services, applied, exercised, planned
again without a change, and destroyed.

Names of IAM and of dashboards are unique in an account; the emulator plays that. Both Regions have an environment dev and
an environment stg.
"""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import generate as cloudtrail
from lambda_service import Function, Mapping
from said import check, check_words, say, wait_until
from terraform import ARCHITECTURE, EXAMPLES, GRACE_SECONDS, SETTLE_SECONDS, Terraform

REGION = "eu-central-1"
SERVICES = 190
MORNING = {"morning": {"expression": "cron(0 9 ? * MON-FRI *)", "desired_count": 1}}


def environments() -> dict:
    app = {"cluster": "app-dev", "services": {f"service-{n:03}": {} for n in range(SERVICES)}, "schedules": MORNING}
    data = {"cluster": "data-dev", "services": {f"data-{n}": {} for n in range(5)}, "schedules": MORNING}
    stg = {"cluster": "app-stg", "services": {f"service-{n:03}": {} for n in range(5)}, "schedules": MORNING}
    return {
        "dev": {"slack_webhook_parameter": "/rollcall/dev/slack-webhook", "dashboard": True, "clusters": {"app": app, "data": data}},
        "stg": {"slack_webhook_parameter": "/rollcall/stg/slack-webhook", "clusters": {"app": stg}},
    }


class Elsewhere:
    region = REGION

    def __init__(self, aws, slack, binary: Path, package: tuple[str, ...], work: Path):
        self.aws, self.slack, self.binary, self.work = aws, slack, binary, work
        variables = work / "elsewhere.tfvars.json"
        variables.write_text(json.dumps({"region": REGION, "environments": environments()}))
        self.terraform = Terraform(
            work / "elsewhere",
            aws.environment("terraform", REGION),
            EXAMPLES / "clusters",
            f"-var-file={variables}",
            *package,
            f"-var=architecture={ARCHITECTURE}",
            f"-var=windows={{settle_seconds={SETTLE_SECONDS},grace_seconds={GRACE_SECONDS}}}",
        )

    def apply(self) -> None:
        ssm = self.aws.client("ssm", REGION)
        for environment in ("dev", "stg"):
            ssm.put_parameter(Name=f"/rollcall/{environment}/slack-webhook", Type="SecureString", Value=self.slack.webhook(f"elsewhere-{environment}"))
        self.terraform.init()
        self.summary = self.terraform.apply()

    def check_applied(self, first_dashboard: str) -> None:
        say(f"in {REGION}, beside the first Region: {self.summary}")
        is_empty, _, printed = self.terraform.plan_again()
        if not is_empty:
            print(printed)
        check(is_empty, "a second plan there has no changes")
        self.outputs = self.terraform.outputs()
        calls = self.aws.client("scheduler", REGION).list_schedules(MaxResults=100, GroupName="rollcall-dev-app")
        check(len(calls["Schedules"]) > 0, f"{SERVICES + 10} services have schedules, under roles within IAM's quotas")
        mine = self.outputs["dashboard_names"]["dev"]
        regions = {
            widget["properties"].get("region")
            for name in (first_dashboard, mine)
            for widget in json.loads(self.aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])["widgets"]
        } - {None}
        check(len(regions) == 2, f"neither dashboard overwrote the other: {first_dashboard}, {mine}")

    def exercise(self, seconds: float) -> Mapping:
        """A morning of the large cluster: every call is accepted, and every task runs."""
        say(f"a morning of {SERVICES} services in {REGION}")
        role = self.outputs["scheduler_role_arns"]["dev-app"].split("/")[-1]
        place = cloudtrail.Place("app-dev", role, REGION)
        lambdas, ecs = self.aws.client("lambda", REGION), self.aws.client("ecs", REGION)
        name = self.outputs["function_names"]["dev"]
        configuration = lambdas.get_function_configuration(FunctionName=name)
        queue_arn = f"arn:aws:sqs:{REGION}:123456789012:{self.outputs['queue_urls']['dev'].split('/')[-1]}"
        settings = next(m for m in lambdas.list_event_source_mappings()["EventSourceMappings"] if m["EventSourceArn"] == queue_arn)
        lambdas.update_event_source_mapping(UUID=settings["UUID"], Enabled=False)
        ecs.create_cluster(clusterName="app-dev")
        ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "example.com/app:1", "memory": 64}])
        services = list(environments()["dev"]["clusters"]["app"]["services"])
        for service in services:
            ecs.create_service(cluster="app-dev", serviceName=service, taskDefinition="app", desiredCount=1)
            ecs.update_service(cluster="app-dev", service=service, desiredCount=1)

        roster = self.aws.client("scheduler", REGION).get_schedule(GroupName="rollcall-dev-rosters", Name="app.morning")["Target"]["Input"]
        fired = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=30)
        self.aws.client("sqs", REGION).send_message(
            QueueUrl=self.outputs["queue_urls"]["dev"], MessageBody=roster.replace("<aws.scheduler.scheduled-time>", cloudtrail.iso(fired))
        )
        events = self.aws.client("events", REGION)
        records = [cloudtrail.accepted(service, fired + timedelta(seconds=1), place=place) for service in services]
        entries = [
            {"Source": "aws.ecs", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(record), "Time": record["eventTime"]}
            for record in records
        ]
        for first in range(0, len(entries), 10):
            events.put_events(Entries=entries[first : first + 10])

        environment = self.aws.environment("function-elsewhere", REGION)
        log = self.work / "function-elsewhere.log"
        with Function(self.binary, configuration, environment, log) as one, Function(self.binary, configuration, environment, log) as two:
            with Mapping(self.aws, settings, [one, two], seconds) as mapping:
                mine = lambda: [message for message in self.slack.messages if message["path"].endswith("elsewhere-dev")]  # noqa: E731
                wait_until(mine, 90, "the large morning is reported", mapping)
        said = json.dumps(mine()[0], ensure_ascii=False)
        check_words(said, (f"all {SERVICES} services up",))
        check(mapping.batches > 1, f"one message for {mapping.batches} batches by two pollers, {mapping.repeated} records delivered twice")
        return mapping

    def destroy(self) -> None:
        say(f"in {REGION}: {self.terraform.destroy()}")
