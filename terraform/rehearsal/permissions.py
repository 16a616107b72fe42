"""Whether the policies allow what was really called, and deny what others might try.

The emulator writes down each request with its caller (aws_rules). Requests of a function, of Lambda that feeds it and of
EventBridge Scheduler are evaluated against the policies that Terraform applied, by @cloud-copilot/iam-simulate: moto's own
enforcement refuses calls that AWS allows, because it does not know conditions. The requests of Terraform itself are compared
with terraform/deployer-policy.json.
"""

import fnmatch
import json
import subprocess
from pathlib import Path

from said import Failed, check, say
from terraform import ROOT

ACCOUNT = "123456789012"
DEPLOYER = ROOT / "terraform/deployer-policy.json"

# Requests for which IAM checks an action of another name (Service Authorization Reference).
IAM_ACTIONS = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage", "ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}
IAM_SERVICES = {"monitoring": "cloudwatch"}

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def iam_action(call: dict) -> str:
    return f"{IAM_SERVICES.get(call['service'], call['service'])}:{IAM_ACTIONS.get(call['action'], call['action'])}"


def name_of(arn: str) -> str:
    return arn.split("/")[-1].split(":")[-1]


def resources_of(call: dict) -> tuple[list[str], dict]:
    """The ARNs that IAM looks at for a request, and the condition keys of its service."""
    region, service = call["region"], call["service"]
    if service == "sqs":
        return [f"arn:aws:sqs:{region}:{ACCOUNT}:{name_of(call['QueueUrl'])}"], {}
    if service == "dynamodb":
        return [f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{call['TableName']}"], {}
    if service == "ssm":
        return [f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{call['Name'].lstrip('/')}"], {}
    if service == "ecs":
        cluster = name_of(call["cluster"])
        keys = {"ecs:cluster": f"arn:aws:ecs:{region}:{ACCOUNT}:cluster/{cluster}"}
        named = [f"arn:aws:ecs:{region}:{ACCOUNT}:service/{cluster}/{name_of(service)}" for service in call.get("services", [])]
        named += call.get("tasks", [])
        return named or ["*"], keys
    return ["*"], {}


def role_policies(iam, role: str) -> list[dict]:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [{"name": name, "policy": iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]} for name in names]


def queue_policy(sqs, queue_arn: str) -> dict | None:
    url = sqs.get_queue_url(QueueName=name_of(queue_arn))["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
    return json.loads(policy) if policy else None


def request(action: str, resource: str, role_arn: str | None, service: str | None = None, **keys: str) -> dict:
    """A request by a role, or by a service of AWS itself."""
    principal = service or f"arn:aws:sts::{ACCOUNT}:assumed-role/{name_of(role_arn)}/session"
    context = {"aws:SecureTransport": "true", "aws:PrincipalIsAWSService": str(service is not None).lower()}
    return {
        "action": action,
        "principal": principal,
        "resource": {"resource": resource, "accountId": ACCOUNT},
        "contextVariables": context | ({} if service else {"aws:PrincipalArn": role_arn}) | keys,
    }


def simulation(name: str, is_allowed: bool, asked: dict, identity: list[dict], resource_policy: dict | None = None) -> dict:
    more = {"resourcePolicy": resource_policy} if resource_policy else {}
    return {"name": name, "isAllowed": is_allowed, "request": asked, "identityPolicies": identity} | more


class Permissions:
    def __init__(self, aws, library: Path | None):
        """`library` is a folder with @cloud-copilot/iam-simulate; without one nothing is evaluated, and that is said."""
        self.aws, self.library = aws, library
        self.simulations: list[dict] = []

    def add_calls_of_function(self, caller: str, role_arn: str) -> None:
        """What the function called, each request once."""
        policies = role_policies(self.aws.client("iam"), name_of(role_arn))
        seen = {json.dumps(call, sort_keys=True): call for call in self.aws.calls() if call["caller"] == caller}
        for call in seen.values():
            resources, keys = resources_of(call)
            for resource in resources:
                asked = request(iam_action(call), resource, role_arn, **keys)
                policy = queue_policy(self.aws.client("sqs", call["region"]), resource) if call["service"] == "sqs" else None
                self.simulations.append(simulation(f"{caller}: {iam_action(call)} on {resource}", True, asked, policies, policy))

    def add_mapping(self, queue_arn: str, role_arn: str) -> None:
        """What Lambda does in the function's name to feed it."""
        policies = role_policies(self.aws.client("iam"), name_of(role_arn))
        policy = queue_policy(self.aws.client("sqs", queue_arn.split(":")[3]), queue_arn)
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            asked = request(f"sqs:{action}", queue_arn, role_arn)
            self.simulations.append(simulation(f"mapping: sqs:{action} on {queue_arn}", True, asked, policies, policy))

    def add_schedules(self, role_arn: str, cluster_arn: str, services: list[str], dead_letters: str) -> None:
        """What EventBridge Scheduler does in the role's name; a service of another cluster is not its business."""
        policies = role_policies(self.aws.client("iam"), name_of(role_arn))
        inside = [cluster_arn.replace(":cluster/", ":service/") + f"/{service}" for service in services]
        outside = cluster_arn.replace(":cluster/", ":service/another-") + "/nestjs"
        for resource, is_allowed in [*((resource, True) for resource in inside), (outside, False)]:
            asked = request("ecs:UpdateService", resource, role_arn)
            self.simulations.append(simulation(f"schedule: ecs:UpdateService on {resource}", is_allowed, asked, policies))
        policy = queue_policy(self.aws.client("sqs", dead_letters.split(":")[3]), dead_letters)
        self.simulations.append(simulation(f"schedule: dead letter to {dead_letters}", True, request("sqs:SendMessage", dead_letters, role_arn), policies, policy))
        self.add_strangers(dead_letters)

    def add_senders(self, queue_arn: str, rule_arn: str, rosters_role_arn: str) -> None:
        """Rules and rosters may send to the queue, and strangers may not."""
        policy = queue_policy(self.aws.client("sqs", queue_arn.split(":")[3]), queue_arn)
        events, source = "events.amazonaws.com", "aws:SourceArn"
        asked = request("sqs:SendMessage", queue_arn, None, events, **{source: rule_arn})
        self.simulations.append(simulation(f"rule to {queue_arn}", True, asked, [], policy))
        asked = request("sqs:SendMessage", queue_arn, None, events, **{source: rule_arn.rsplit("/", 1)[0] + "/somebodys"})
        self.simulations.append(simulation(f"somebody's rule to {queue_arn}", False, asked, [], policy))
        policies = role_policies(self.aws.client("iam"), name_of(rosters_role_arn))
        asked = request("sqs:SendMessage", queue_arn, rosters_role_arn)
        self.simulations.append(simulation(f"roster to {queue_arn}", True, asked, policies, policy))
        self.add_strangers(queue_arn)

    def add_strangers(self, queue_arn: str) -> None:
        """An administrator of the account may read a queue, but not forge what lies in it, and nobody without TLS."""
        policy = queue_policy(self.aws.client("sqs", queue_arn.split(":")[3]), queue_arn)
        administrator, all_allowed = f"arn:aws:iam::{ACCOUNT}:role/administrator", [{"name": "all", "policy": EVERYTHING}]
        for action, is_allowed in (("SendMessage", False), ("ReceiveMessage", True), ("PurgeQueue", True)):
            asked = request(f"sqs:{action}", queue_arn, administrator)
            self.simulations.append(simulation(f"administrator: sqs:{action} on {queue_arn}", is_allowed, asked, all_allowed, policy))
        plain = request("sqs:ReceiveMessage", queue_arn, administrator)
        plain["contextVariables"] = plain["contextVariables"] | {"aws:SecureTransport": "false"}
        self.simulations.append(simulation(f"without TLS: sqs:ReceiveMessage on {queue_arn}", False, plain, all_allowed, policy))

    def add_operator(self, policy: dict, role_arn: str, rosters_role_arn: str, cluster_arn: str, elsewhere: str) -> None:
        """What somebody with the operators' policy may do, and that they may not do it in the group `elsewhere`."""
        operator, identity = f"arn:aws:iam::{ACCOUNT}:role/developers", [{"name": "operator", "policy": policy}]
        place = cluster_arn.split(":cluster/")[0].replace(":ecs:", ":scheduler:")
        mine = f"{place}:schedule/rollcall-dev/evening.nestjs"
        override = f"{place}:schedule/rollcall-dev-rosters/override-1a2b3c4d"
        passed, to_lambda = {"iam:PassedToService": "scheduler.amazonaws.com"}, {"iam:PassedToService": "lambda.amazonaws.com"}
        service = cluster_arn.replace(":cluster/", ":service/") + "/nestjs"
        asked = [
            *((True, f"scheduler:{verb}Schedule", arn, {}) for verb in ("Get", "Create", "Update", "Delete") for arn in (mine, override)),
            *((True, action, "*", {}) for action in ("scheduler:ListSchedules", "scheduler:ListScheduleGroups")),
            *((True, "iam:PassRole", arn, passed) for arn in (role_arn, rosters_role_arn)),
            (True, "ecs:DescribeServices", service, {"ecs:cluster": cluster_arn}),
            (False, "ecs:DescribeServices", service, {"ecs:cluster": cluster_arn + "-2"}),
            (False, "scheduler:UpdateSchedule", f"{place}:schedule/{elsewhere}/evening.nestjs", {}),
            (False, "scheduler:DeleteScheduleGroup", f"{place}:schedule-group/rollcall-dev", {}),
            (False, "iam:PassRole", role_arn, to_lambda),
            (False, "iam:PassRole", rosters_role_arn.replace("-rosters", "-function"), passed),
            (False, "ecs:UpdateService", service, {"ecs:cluster": cluster_arn}),
            (False, "sqs:SendMessage", f"{place.replace(':scheduler:', ':sqs:')}:rollcall-dev-records", {}),
        ]
        for is_allowed, action, resource, keys in asked:
            self.simulations.append(simulation(f"operator: {action} on {resource} {keys or ''}", is_allowed, request(action, resource, operator, **keys), identity))

    def evaluate(self) -> None:
        if self.library is None:
            say("  the IAM evaluator is missing (it takes node and npm), so no call was checked against the policies")
            return
        done = subprocess.run(
            ["node", Path(__file__).with_name("iam-evaluate.mjs"), self.library],
            input=json.dumps(self.simulations),
            capture_output=True,
            text=True,
        )
        if done.returncode not in (0, 1) or not done.stdout.strip() and done.returncode:
            raise Failed(f"the IAM evaluator failed: {done.stderr[-2000:]}")
        allowed = sum(one["isAllowed"] for one in self.simulations)
        check(
            done.returncode == 0,
            f"{allowed} requests that were made or will be are allowed, and {len(self.simulations) - allowed} that strangers may try are denied{done.stdout.rstrip() and ', but not so: ' + done.stdout}",
        )

    def check_deployer(self) -> None:
        statements = json.loads(DEPLOYER.read_text())["Statement"]
        allowed = [action for statement in statements for action in statement["Action"]]
        called = {iam_action(call) for call in self.aws.calls() if call["caller"] == "terraform"}
        # Whoever calls STS for their own identity needs no permission.
        called -= {"sts:GetCallerIdentity"}
        missing = sorted(action for action in called if not any(fnmatch.fnmatchcase(action, pattern) for pattern in allowed))
        check(called and not missing, f"{DEPLOYER.name} allows the {len(called)} actions that Terraform called{missing and f', but not {missing}' or ''}")
