"""moto with a healthy deployment of rollcall in it, into which one fault at a time is planted.

Prints a line of JSON with the server's address and the names of the faults. For each line of standard input, the name of
a fault, one of `OTHERS` (such as `healthy`, or `hurried`, where windows end at once and the test plays Lambda), or
`deny <service>:<action>`, it builds the deployment
anew, plants that, and prints `ready`. `forbid <service>:<action>…` denies these actions and no others, and leaves the deployment
as it is. `calls` prints which actions the caller `doctor` has called so far, `variables` those of the
function.
"""

import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

calls_log = tempfile.NamedTemporaryFile(suffix=".jsonl")
os.environ["REHEARSAL_CALLS"] = calls_log.name
os.environ |= {"AWS_ACCESS_KEY_ID": "builder", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "ap-northeast-2"}
sys.path.insert(0, str(Path(__file__).parents[3] / "terraform" / "rehearsal"))

import boto3  # noqa: E402
from doctor_rules import PREFIXES, denied, history  # noqa: E402
from moto.awslambda.models import lambda_backends  # noqa: E402
from moto.moto_api._internal.models import moto_api_backend  # noqa: E402
from moto.scheduler.models import scheduler_backends  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402
from moto.sns.models import sns_backends  # noqa: E402

ACCOUNT, REGION, NAME = "123456789012", "ap-northeast-2", "rollcall-dev"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


class Slack(BaseHTTPRequestHandler):
    """The two methods that the doctor calls, and those by which the function says its message."""

    is_revoked = is_member = is_archived = room_error = None

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if Slack.is_revoked:
            answer = {"ok": False, "error": "invalid_auth"}
        elif self.path.endswith("/auth.test"):
            answer = {"ok": True, "user": "rollcall", "team": "Example"}
        elif "/chat." in self.path:
            answer = {"ok": True, "channel": "C012AB3CD", "ts": "1705276800.000001"}
        elif self.path.endswith("/conversations.history"):
            answer = {"ok": True, "messages": []}
        elif Slack.room_error:
            answer = {"ok": False, "error": Slack.room_error}
        else:
            answer = {"ok": True, "channel": {"id": "C012AB3CD", "is_member": Slack.is_member, "is_archived": Slack.is_archived}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
moto.start()
ENDPOINT = "http://{}:{}".format(*moto.get_host_and_port())
slack_server = ThreadingHTTPServer(("127.0.0.1", 0), Slack)
threading.Thread(target=slack_server.serve_forever, daemon=True).start()


def client(service: str):
    return boto3.client(service, endpoint_url=ENDPOINT, region_name=REGION)


lambdas, sqs, events, iam = client("lambda"), client("sqs"), client("events"), client("iam")
scheduler, ecs, ssm, dynamodb = client("scheduler"), client("ecs"), client("ssm"), client("dynamodb")
cloudtrail, cloudwatch, sns, scaling = client("cloudtrail"), client("cloudwatch"), client("sns"), client("application-autoscaling")

QUEUES = {key: f"{NAME}-{key}" for key in ("records", "records-dead", "rules-dead", "schedules-dead")}
QUEUE_ARNS = {key: arn("sqs", name) for key, name in QUEUES.items()}
TOPIC = arn("sns", "alarms")
ROLES = {"function": f"{NAME}-function", "schedules": f"{NAME}-schedules", "rosters": f"{NAME}-rosters-role"}
CLUSTER_ARN = arn("ecs", "cluster/dev")
IN_CLUSTER = {"ArnEquals": {"ecs:cluster": CLUSTER_ARN}}


def url(queue: str) -> str:
    return sqs.get_queue_url(QueueName=QUEUES[queue])["QueueUrl"]


def environment() -> dict:
    return {
        "ROLLCALL_ENVIRONMENT": "dev",
        "ROLLCALL_TABLE": f"{NAME}-windows",
        "ROLLCALL_QUEUE_URL": url("records"),
        "ROLLCALL_MAX_RECEIVES": "30",
        "SLACK_BOT_TOKEN_PARAMETER": "/rollcall/dev/token",
        "SLACK_WEBHOOK_PARAMETER": "/rollcall/dev/webhook",
        "SLACK_CHANNEL": "C012AB3CD",
        "SLACK_API_URL": "http://127.0.0.1:{}/api/".format(slack_server.server_port),
    }


ROUTES = json.dumps({"routes": [{"name": "search", "match": {"cluster": "search-*"}, "webhook": "/rollcall/search/webhook"}]})
EVENTS = {"ROLLCALL_EVENTS_URL": "https://hooks.example.com/rollcall", "ROLLCALL_EVENTS_SECRET_PARAMETER": "/rollcall/dev/signing"}


def pattern(error_exists: bool, role: str = ROLES["schedules"]) -> str:
    detail = {
        "eventSource": ["ecs.amazonaws.com"],
        "eventName": ["UpdateService"],
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [role_arn(role)]}}},
        "errorCode": [{"exists": error_exists}],
    }
    return json.dumps({"source": ["aws.ecs"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail})


def job_pattern() -> str:
    detail = {"eventName": ["RunTask"], "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [role_arn(ROLES["schedules"])]}}}}
    return json.dumps({"source": ["aws.ecs"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail})


RULES = {"failures": lambda: pattern(True), "successes": lambda: pattern(False), "jobs": job_pattern}


def put_rule(key: str, text: str, state: str = "ENABLED", dead_letters: bool = True) -> None:
    name = f"{NAME}-{key}"
    events.put_rule(Name=name, EventPattern=text, State=state)
    target = {"Id": "queue", "Arn": QUEUE_ARNS["records"]}
    if dead_letters:
        target["DeadLetterConfig"] = {"Arn": QUEUE_ARNS["rules-dead"]}
    events.put_targets(Rule=name, Targets=[target])


def set_queue(queue: str, **attributes) -> None:
    sqs.set_queue_attributes(QueueUrl=url(queue), Attributes={name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()})


def queue_policy(*senders: str) -> dict:
    own = QUEUE_ARNS["records"]
    rules = [arn("events", f"rule/{NAME}-{key}") for key in RULES]
    deny = {"Bool": {"aws:PrincipalIsAWSService": "false"}, "ArnNotLike": {"aws:PrincipalArn": [role_arn(ROLES[one]) for one in senders]}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"Service": "events.amazonaws.com"}, "Resource": own, "Condition": {"ArnEquals": {"aws:SourceArn": rules}}},
            {"Effect": "Deny", "Action": "sqs:SendMessage", "Principal": "*", "Resource": own, "Condition": deny},
            {"Effect": "Deny", "Action": "sqs:*", "Principal": "*", "Resource": own, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ],
    }


def allow(*actions: str, on, condition=None) -> dict:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on} | ({"Condition": condition} if condition else {})


def policies() -> dict[str, list[dict]]:
    use = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    services = arn("ecs", "service/dev/*")
    return {
        "function": [
            allow(*use, "sqs:SendMessage", on=QUEUE_ARNS["records"]),
            allow(*use, on=[QUEUE_ARNS["schedules-dead"]]),
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=arn("logs", f"log-group:/aws/lambda/{NAME}:*")),
            allow("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", on=arn("dynamodb", f"table/{NAME}-windows")),
            allow("ssm:GetParameter", on=arn("ssm", "parameter/rollcall/dev/*")),
            allow("ecs:DescribeServices", on=services, condition=IN_CLUSTER),
            allow("ecs:DescribeTasks", on=arn("ecs", "task/*"), condition=IN_CLUSTER),
            allow("ecs:ListTasks", on="*", condition=IN_CLUSTER),
        ],
        "schedules": [
            allow("ecs:UpdateService", on=services),
            allow("ecs:RunTask", on=arn("ecs", "task-definition/report:*"), condition=IN_CLUSTER),
            allow("iam:PassRole", on=role_arn("task"), condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
            allow("sqs:SendMessage", on=QUEUE_ARNS["schedules-dead"]),
        ],
        "rosters": [allow("sqs:SendMessage", on=[QUEUE_ARNS["records"], QUEUE_ARNS["rules-dead"]])],
    }


def put_policy(role: str, statements: list[dict]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLES[role], PolicyName=role, PolicyDocument=document)


MORNING, EVENING, NIGHT = "cron(0 9 ? * MON-FRI *)", "cron(0 19 ? * MON-FRI *)", "cron(10 2 * * ? *)"


def put_schedule(group: str, name: str, call=None, target=None, put=scheduler.create_schedule, **changes) -> None:
    kind, given = call or ("updateService", None)
    if group.endswith("-rosters"):
        target = {"Arn": QUEUE_ARNS["records"], "RoleArn": role_arn(ROLES["rosters"]), "DeadLetterConfig": {"Arn": QUEUE_ARNS["rules-dead"]}} | (target or {})
    else:
        target = {"Arn": f"arn:aws:scheduler:::aws-sdk:ecs:{kind}", "RoleArn": role_arn(ROLES["schedules"]), "DeadLetterConfig": {"Arn": QUEUE_ARNS["schedules-dead"]}} | (target or {})
    if given is not None:
        target["Input"] = given if isinstance(given, str) else json.dumps(given)
    settings = {"ScheduleExpression": MORNING, "ScheduleExpressionTimezone": "Asia/Seoul", "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}, "State": "ENABLED"}
    put(GroupName=group, Name=name, Target={key: value for key, value in target.items() if value is not None}, **(settings | changes))


def update(service: str, count: int):
    return "updateService", {"Cluster": "dev", "Service": service, "DesiredCount": count}


def roster(schedule: str, services: dict, **changes) -> tuple[str, str]:
    message = {
        "rollcall": "roster",
        "environment": "dev",
        "schedule": schedule,
        "scheduled_time": "<aws.scheduler.scheduled-time>",
        "flexible_window_minutes": 5,
        "account": ACCOUNT,
        "region": REGION,
        "cluster": "dev",
        "services": services,
        "role": ROLES["schedules"],
    }
    return "roster", json.dumps(message | changes)


SERVICES = ("api", "web")
OFF = {"Mode": "OFF"}


def build_schedules() -> None:
    scheduler.create_schedule_group(Name=NAME)
    scheduler.create_schedule_group(Name=f"{NAME}-rosters")
    # Another environment's, which the doctor must leave alone.
    scheduler.create_schedule_group(Name=f"{NAME}-eu")
    scheduler.create_schedule_group(Name=f"{NAME}-eu-rosters")
    put_schedule(f"{NAME}-eu", "other", update("elsewhere", 1))
    for service in SERVICES:
        put_schedule(NAME, f"morning.{service}", update(service, 1))
        put_schedule(NAME, f"evening.{service}", update(service, 0), ScheduleExpression=EVENING)
    put_schedule(NAME, "report", ("runTask", {"Cluster": "dev", "TaskDefinition": "report", "Count": 1}), ScheduleExpression=NIGHT)
    rosters = f"{NAME}-rosters"
    put_schedule(rosters, "main.morning", roster("morning", {service: 1 for service in SERVICES}), FlexibleTimeWindow=OFF)
    put_schedule(rosters, "main.evening", roster("evening", {service: 0 for service in SERVICES}), FlexibleTimeWindow=OFF, ScheduleExpression=EVENING)
    put_schedule(rosters, "main.report.job", roster("report.job", {}, jobs={"report": 1}), FlexibleTimeWindow=OFF, ScheduleExpression=NIGHT)


def put_alarm(key: str, namespace: str, metric: str, dimensions: dict, **changes) -> None:
    settings = {"AlarmActions": [TOPIC], "ActionsEnabled": True, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    dimensions = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    cloudwatch.put_metric_alarm(AlarmName=f"{NAME}-{key}", Namespace=namespace, MetricName=metric, Dimensions=dimensions, **(settings | changes))


def put_queue_alarm(queue: str, **changes) -> None:
    put_alarm(queue, "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": QUEUES[queue]}, **changes)


def put_table(**changes) -> None:
    settings = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    }
    dynamodb.create_table(TableName=f"{NAME}-windows", BillingMode="PAY_PER_REQUEST", **(settings | changes))
    ttl(True)


def ttl(enabled: bool) -> None:
    dynamodb.update_time_to_live(TableName=f"{NAME}-windows", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires_at"})


def build() -> None:
    moto_api_backend.reset()
    history.clear()
    denied.clear()
    Slack.is_revoked, Slack.is_member, Slack.is_archived, Slack.room_error = False, True, False, None
    bucket = "trail"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    cloudtrail.create_trail(Name="audit", S3BucketName=bucket, IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="audit")
    selectors("All", True)
    for queue, name in QUEUES.items():
        sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "345600" if queue == "records" else "1209600"})
    redrive = {"deadLetterTargetArn": QUEUE_ARNS["records-dead"], "maxReceiveCount": 30}
    set_queue("records", VisibilityTimeout="380", RedrivePolicy=redrive, Policy=queue_policy("function", "rosters"))
    set_queue("schedules-dead", VisibilityTimeout="360", RedrivePolicy=redrive)
    for role, name in ROLES.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        put_policy(role, policies()[role])
    for name, value in {"token": "xoxb-SECRET", "webhook": "https://hooks.slack.com/services/T0/B0/SECRET"}.items():
        ssm.put_parameter(Name=f"/rollcall/dev/{name}", Type="SecureString", Value=value)
    put_table()
    lambdas.create_function(
        FunctionName=NAME,
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=role_arn(ROLES["function"]),
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},  # An empty archive.
        Timeout=60,
        Environment={"Variables": environment()},
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": f"/aws/lambda/{NAME}"},
    )
    lambdas.put_function_recursion_config(FunctionName=NAME, RecursiveLoop="Allow")
    for queue in ("records", "schedules-dead"):
        put_mapping(queue)
    for key, text in RULES.items():
        put_rule(key, text())
    ecs.create_cluster(clusterName="dev")
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "app", "memory": 64}])
    ecs.register_task_definition(family="report", taskRoleArn=role_arn("task"), containerDefinitions=[{"name": "app", "image": "app", "memory": 64}])
    for service in SERVICES:
        ecs.create_service(cluster="dev", serviceName=service, taskDefinition="app", desiredCount=1)
    build_schedules()
    sns.create_topic(Name="alarms")
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="people@example.com")
    for queue in ("records-dead", "rules-dead", "schedules-dead"):
        put_queue_alarm(queue)
    put_alarm("function-errors", "AWS/Lambda", "Errors", {"FunctionName": NAME})


def selectors(kind: str, management: bool) -> None:
    cloudtrail.put_event_selectors(TrailName="audit", EventSelectors=[{"ReadWriteType": kind, "IncludeManagementEvents": management}])


def put_mapping(queue: str, **changes) -> None:
    settings = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": {"MaximumConcurrency": 2}, "BatchSize": 10}
    lambdas.create_event_source_mapping(EventSourceArn=QUEUE_ARNS[queue], FunctionName=NAME, **(settings | changes))


def remap(**changes) -> None:
    drop_mapping()
    put_mapping("records", **changes)


def drop_mapping() -> None:
    for mapping in lambdas.list_event_source_mappings()["EventSourceMappings"]:
        if mapping["EventSourceArn"] == QUEUE_ARNS["records"]:
            lambdas.delete_event_source_mapping(UUID=mapping["UUID"])


def set_function(**changes) -> None:
    lambdas.update_function_configuration(FunctionName=NAME, **changes)


def without(role: str, action: str) -> None:
    statements = policies()[role]
    for statement in statements:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    iam.delete_role_policy(RoleName=ROLES[role], PolicyName=role)
    if left := [statement for statement in statements if statement["Action"]]:
        put_policy(role, left)


def again(group: str, name: str, call, **changes) -> None:
    put_schedule(group, name, call, put=scheduler.update_schedule, **changes)


def scale(service: str, least: int, most: int) -> None:
    scaling.register_scalable_target(ServiceNamespace="ecs", ResourceId=f"service/dev/{service}", ScalableDimension="ecs:service:DesiredCount", MinCapacity=least, MaxCapacity=most)


def recreate_service(**changes) -> None:
    ecs.delete_service(cluster="dev", service="api", force=True)
    ecs.create_service(**{"cluster": "dev", "serviceName": "api", "taskDefinition": "app", "desiredCount": 1} | changes)


def remember(agent: str, **parameters) -> None:
    parameters = {"cluster": "dev", "service": "api"} | parameters
    history.append({"eventTime": "2026-01-15T00:00:00Z", "userAgent": agent, "requestParameters": parameters})


def drop_rules() -> None:
    for key in RULES:
        events.remove_targets(Rule=f"{NAME}-{key}", Ids=["queue"])


def drop_schedules() -> None:
    for one in scheduler.list_schedules(GroupName=NAME)["Schedules"]:
        scheduler.delete_schedule(GroupName=NAME, Name=one["Name"])


def pend() -> None:
    for subscription in sns_backends[ACCOUNT][REGION].subscriptions.values():
        subscription.arn = "PendingConfirmation"


def table_of(key: str) -> None:
    dynamodb.delete_table(TableName=f"{NAME}-windows")
    put_table(
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": key, "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", key)],
    )


ROSTERS = f"{NAME}-rosters"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0 terraform-provider-aws/5.70.0"

FAULTS = {
    "trail-absent": lambda: cloudtrail.delete_trail(Name="audit"),
    "trail-stopped": lambda: cloudtrail.stop_logging(Name="audit"),
    "trail-reads-only": lambda: selectors("ReadOnly", True),
    "trail-without-management": lambda: selectors("All", False),
    "rules-absent": drop_rules,
    "rule-disabled": lambda: events.disable_rule(Name=f"{NAME}-failures"),
    "rule-of-another-role": lambda: put_rule("successes", pattern(False, "other")),
    "rule-without-dead-letters": lambda: put_rule("successes", pattern(False), dead_letters=False),
    "policy-absent": lambda: set_queue("records", Policy=""),
    "policy-without-function": lambda: set_queue("records", Policy=queue_policy("rosters")),
    "policy-without-rosters": lambda: set_queue("records", Policy=queue_policy("function")),
    "queue-hides-too-shortly": lambda: set_queue("records", VisibilityTimeout="60"),
    "queue-without-redrive": lambda: set_queue("records", RedrivePolicy=""),
    "queue-with-other-receives": lambda: set_queue("records", RedrivePolicy={"deadLetterTargetArn": QUEUE_ARNS["records-dead"], "maxReceiveCount": 5}),
    "queue-outlives-dead-letters": lambda: set_queue("records-dead", MessageRetentionPeriod="86400"),
    "dead-letter-queue-absent": lambda: sqs.delete_queue(QueueUrl=url("rules-dead")),
    "dead-letter-waits": lambda: sqs.send_message(QueueUrl=url("rules-dead"), MessageBody="{}"),
    "mapping-absent": drop_mapping,
    "mapping-disabled": lambda: remap(Enabled=False),
    "mapping-without-partial-failures": lambda: remap(FunctionResponseTypes=[]),
    "mapping-without-maximum": lambda: remap(ScalingConfig={}),
    "function-absent": lambda: lambdas.delete_function(FunctionName=NAME),
    "function-ends-loops": lambda: lambdas.put_function_recursion_config(FunctionName=NAME, RecursiveLoop="Terminate"),
    "function-lacks-a-variable": lambda: set_function(Environment={"Variables": {k: v for k, v in environment().items() if k != "ROLLCALL_QUEUE_URL"}}),
    "function-logs-too-little": lambda: setattr(lambda_backends[ACCOUNT][REGION].get_function(NAME), "logging", {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}),
    "function-reserves-too-little": lambda: lambdas.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=1),
    "function-sends-timers-elsewhere": lambda: set_function(Environment={"Variables": environment() | {"ROLLCALL_QUEUE_URL": url("records-dead")}}),
    "route-secret-absent": lambda: set_function(Environment={"Variables": environment() | {"ROLLCALL_ROUTES": ROUTES}}),
    "events-secret-absent": lambda: set_function(Environment={"Variables": environment() | EVENTS}),
    "function-may-not-put-events": lambda: set_function(Environment={"Variables": environment() | {"ROLLCALL_EVENT_BUS": "rollcall"}}),
    "secret-absent": lambda: ssm.delete_parameter(Name="/rollcall/dev/webhook"),
    "secret-malformed": lambda: ssm.put_parameter(Name="/rollcall/dev/webhook", Value="SECRET", Type="SecureString", Overwrite=True),
    "table-absent": lambda: dynamodb.delete_table(TableName=f"{NAME}-windows"),
    "table-with-other-keys": lambda: table_of("other"),
    "table-keeps-for-ever": lambda: ttl(False),
    "function-may-not-query": lambda: without("function", "dynamodb:Query"),
    "function-may-not-send": lambda: without("function", "sqs:SendMessage"),
    "function-may-not-ask-ecs": lambda: without("function", "ecs:DescribeServices"),
    "function-may-not-read-secrets": lambda: without("function", "ssm:GetParameter"),
    "schedules-may-not-update": lambda: without("schedules", "ecs:UpdateService"),
    "schedules-may-not-pass-roles": lambda: without("schedules", "iam:PassRole"),
    "schedules-may-not-bury": lambda: without("schedules", "sqs:SendMessage"),
    "rosters-may-not-send": lambda: without("rosters", "sqs:SendMessage"),
    "schedules-absent": drop_schedules,
    "schedule-disabled": lambda: again(NAME, "morning.api", update("api", 1), State="DISABLED"),
    "schedule-without-dead-letters": lambda: again(NAME, "morning.api", update("api", 1), target={"DeadLetterConfig": None}),
    "schedule-with-unreadable-input": lambda: again(NAME, "morning.api", ("updateService", {"Cluster": "dev"})),
    "schedule-crosses-windows": lambda: again(NAME, "report", ("runTask", {"Cluster": "dev", "TaskDefinition": "report", "Count": 1}), ScheduleExpression="cron(28 2 * * ? *)"),
    "service-absent": lambda: again(NAME, "morning.api", update("apj", 1)),
    "service-inactive": lambda: ecs.delete_service(cluster="dev", service="api", force=True),
    "service-is-a-daemon": lambda: recreate_service(schedulingStrategy="DAEMON"),
    "service-kept-within-bounds": lambda: scale("api", 1, 4),
    "service-counted-by-terraform": lambda: remember(TERRAFORM, desiredCount=1),
    "cluster-absent": lambda: again(NAME, "morning.api", ("updateService", {"Cluster": "dve", "Service": "api", "DesiredCount": 1})),
    "task-definition-absent": lambda: again(NAME, "report", ("runTask", {"Cluster": "dev", "TaskDefinition": "rapport", "Count": 1}), ScheduleExpression=NIGHT),
    "roster-escaped": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": 1, "web": 1}, scheduled_time="\\u003caws.scheduler.scheduled-time\\u003e"), FlexibleTimeWindow=OFF),
    "roster-unreadable": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": "one"}), FlexibleTimeWindow=OFF),
    "roster-to-another-queue": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": 1, "web": 1}), target={"Arn": QUEUE_ARNS["rules-dead"]}, FlexibleTimeWindow=OFF),
    "roster-without-a-service": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": 1}), FlexibleTimeWindow=OFF),
    "roster-with-another-service": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": 1, "web": 1, "gone": 1}), FlexibleTimeWindow=OFF),
    "roster-with-another-count": lambda: again(ROSTERS, "main.morning", roster("morning", {"api": 2, "web": 1}), FlexibleTimeWindow=OFF),
    "alarm-rings": lambda: cloudwatch.set_alarm_state(AlarmName=f"{NAME}-function-errors", StateValue="ALARM", StateReason="test"),
    "alarm-without-actions": lambda: put_queue_alarm("records-dead", AlarmActions=[]),
    "alarm-with-actions-off": lambda: put_queue_alarm("records-dead", ActionsEnabled=False),
    "alarm-absent": lambda: cloudwatch.delete_alarms(AlarmNames=[f"{NAME}-rules-dead"]),
    "alarm-of-errors-absent": lambda: cloudwatch.delete_alarms(AlarmNames=[f"{NAME}-function-errors"]),
    "subscription-pending": pend,
    "channel-absent": lambda: setattr(Slack, "room_error", "channel_not_found"),
    "channel-archived": lambda: setattr(Slack, "is_archived", True),
    "schedule-over": lambda: setattr(scheduler_backends[ACCOUNT][REGION].get_schedule(NAME, "morning.api"), "end_date", 1705276800),
    "token-revoked": lambda: setattr(Slack, "is_revoked", True),
    "bot-not-in-channel": lambda: setattr(Slack, "is_member", False),
}


def hurry() -> None:
    quick = {"ROLLCALL_WINDOW_MINUTES": "1440", "ROLLCALL_SETTLE_SECONDS": "1", "ROLLCALL_GRACE_SECONDS": "1", "ROLLCALL_VERIFY_MINUTES": "0"}
    set_function(Environment={"Variables": environment() | quick})
    remap(Enabled=False)


def drop_table() -> None:
    """Without windows: the function has no table, and gets its records from the queue all the same."""
    kept = {name: value for name, value in environment().items() if name not in ("ROLLCALL_TABLE", "SLACK_BOT_TOKEN_PARAMETER", "SLACK_CHANNEL")}
    set_function(Environment={"Variables": kept})


# What is not a fault, or none that the doctor can call wrong.
OTHERS = {
    "healthy": lambda: None,
    "hurried": hurry,
    "without-a-table": drop_table,
    "bot-lacks-scope": lambda: setattr(Slack, "room_error", "missing_scope"),
}


def called() -> list[str]:
    lines = [json.loads(line) for line in Path(calls_log.name).read_text().splitlines()]
    return sorted({f"{PREFIXES.get(one['service'], one['service'])}:{one['action']}" for one in lines if one["caller"] == "doctor"})


def main() -> None:
    print(json.dumps({"endpoint": ENDPOINT, "faults": sorted(FAULTS)}), flush=True)
    for line in sys.stdin:
        wanted = line.strip()
        if wanted == "calls":
            print(json.dumps(called()), flush=True)
            continue
        if wanted == "variables":
            print(json.dumps(lambdas.get_function_configuration(FunctionName=NAME)["Environment"]["Variables"]), flush=True)
            continue
        if wanted.startswith("forbid ") or wanted == "forbid":
            denied.clear()
            denied.update(wanted.split()[1:])
            print("ready", flush=True)
            continue
        build()
        if wanted.startswith("deny "):
            denied.add(wanted.removeprefix("deny "))
        else:
            (FAULTS | OTHERS)[wanted]()
        print("ready", flush=True)


if __name__ == "__main__":
    main()
