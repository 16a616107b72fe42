"""Rules of AWS that moto does not know, added to it in a few lines each, with the source of each rule.

They are stricter where AWS's documentation leaves something open, so that what passes here passes there. What is played
and what is not stands in terraform/README.md.
"""

import copy
import json
import os
import re
import threading
import time
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonpath_ng.ext
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths as lambda_urls
from moto.cloudwatch.models import CloudWatchBackend
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend, PolicyVersion
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.sqs.models import Message, Queue
from moto.sqs.responses import SQSResponse


def wrap(owner, name):
    """A decorator: replaces a method by one that gets the original as its first argument."""

    def decorate(replacement):
        original = getattr(owner, name)
        setattr(owner, name, lambda self, *arguments, **keywords: replacement(original, self, *arguments, **keywords))
        return replacement

    return decorate


# What moto forgets and AWS answers. Without these a second plan would show changes.


@wrap(LambdaFunction, "__init__")
def keep_logging_configuration(original, self, *arguments, spec, **keywords):
    self.logging = spec.get("LoggingConfig", {})
    original(self, *arguments, spec=spec, **keywords)


@wrap(LambdaFunction, "get_configuration")
def answer_logging_configuration(original, self, *arguments, **keywords):
    return original(self, *arguments, **keywords) | {"LoggingConfig": self.logging}


queue_attributes = Queue.attributes.fget


def attributes_as_given(self):
    """moto answers a redrive policy with spaces in it; AWS answers what it was given."""
    attributes = queue_attributes(self)
    if attributes.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = json.dumps(json.loads(attributes["RedrivePolicy"]), separators=(",", ":"))
    return attributes


Queue.attributes = property(attributes_as_given)


@wrap(Queue, "_set_attributes")
def keep_policy(original, self, attributes, *arguments, **keywords):
    """moto drops a queue's policy when another attribute is set; AWS keeps what is not named."""
    original(self, {"Policy": getattr(self, "policy", None)} | attributes, *arguments, **keywords)


# moto builds the same parser anew for each path and event, which takes a second for an event on a slow machine.
jsonpath_ng.ext.parse = cache(jsonpath_ng.ext.parse)


# Lambda: PutFunctionRecursionConfig and GetFunctionRecursionConfig (Lambda API reference). The default is Terminate.


def recursion_config(self):
    function = self.backend.get_function(self.path.split("/")[3])
    if self.method == "PUT":
        function.recursive_loop = json.loads(self.body)["RecursiveLoop"]
    return json.dumps({"RecursiveLoop": getattr(function, "recursive_loop", "Terminate")})


LambdaResponse.put_function_recursion_config = LambdaResponse.get_function_recursion_config = recursion_config
lambda_urls[r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/recursion-config$"] = LambdaResponse.dispatch


# EventBridge Scheduler: dates in the past are refused, in updates too, and an update replaces every attribute, so that what
# it leaves out returns to its default (API reference of CreateSchedule and UpdateSchedule). AWS tolerates a start of the
# last five minutes; here none is tolerated, so that the rehearsal need not wait. For an end, and for an at() that has
# passed, no source was found; both are refused here.


# Where the rehearsal plays whole days, its clock is a file that holds seconds since 1970 (clock.py).
CLOCK = os.environ.get("REHEARSAL_CLOCK")


def present() -> float:
    return float(Path(CLOCK).read_text()) if CLOCK else time.time()


def refuse_past_dates(start_date, end_date, schedule_expression, schedule_expression_timezone, **_):
    now = present()
    if start_date is not None and float(start_date) < now:
        raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end_date is not None and float(end_date) < now:
        raise ValidationException("The EndDate you specify cannot be in the past.")
    once = re.fullmatch(r"at\((.+)\)", schedule_expression)
    zone = ZoneInfo(schedule_expression_timezone or "UTC")
    if once and datetime.fromisoformat(once[1]).replace(tzinfo=zone).timestamp() < now:
        raise ValidationException("The schedule expression lies in the past.")


# Where the rehearsal interrupts a command, this file holds how many changes of schedules are still taken.
WRITES_LEFT = os.environ.get("REHEARSAL_WRITES_LEFT")


def take_a_write() -> None:
    left = WRITES_LEFT and Path(WRITES_LEFT)
    if left and left.exists():
        if int(left.read_text()) == 0:
            raise ValidationException("The rehearsal takes no further change.")
        left.write_text(str(int(left.read_text()) - 1))


@wrap(EventBridgeSchedulerBackend, "delete_schedule")
def delete_schedule(original, self, *arguments, **keywords):
    take_a_write()
    return original(self, *arguments, **keywords)


@wrap(EventBridgeSchedulerBackend, "create_schedule")
def create_schedule(original, self, **attributes):
    """A request that the client repeats, because the answer was lost, carries the same ClientToken and succeeds again. moto does
    not know tokens, so that here a request with the same attributes does.
    """
    before = self.get_schedule_group(attributes["group_name"]).schedules.get(attributes["name"])
    if before and before.made_of == attributes:
        return before
    take_a_write()
    refuse_past_dates(**attributes)
    made_of = copy.deepcopy(attributes)
    schedule = original(self, **attributes)
    schedule.made_of = made_of
    return schedule


@wrap(EventBridgeSchedulerBackend, "update_schedule")
def update_schedule(original, self, **attributes):
    take_a_write()
    refuse_past_dates(**attributes)
    return original(self, **attributes | {"state": attributes["state"] or "ENABLED"})


@wrap(EventBridgeSchedulerResponse, "update_schedule")
def replace_action_after_completion(original, self):
    """moto keeps what is done after completion; AWS replaces it too."""
    answer = original(self)
    schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), self.uri.split("?")[0].split("/")[-1])
    schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
    return answer


# IAM: quotas of policies (IAM and AWS STS quotas), counted without white space. moto checks none.

INLINE_CHARACTERS = 10_240
MANAGED_CHARACTERS = 6_144
ATTACHED_POLICIES = 10


def characters(document: str) -> int:
    return len(re.sub(r"\s", "", document))


@wrap(IAMBackend, "put_role_policy")
def put_role_policy(original, self, role_name, policy_name, policy_json):
    others = [document for name, document in self.get_role(role_name).policies.items() if name != policy_name]
    if sum(map(characters, [*others, policy_json])) > INLINE_CHARACTERS:
        raise LimitExceededException(f"Maximum policy size of {INLINE_CHARACTERS} bytes exceeded for role {role_name}")
    original(self, role_name, policy_name, policy_json)


@wrap(PolicyVersion, "__init__")
def policy_version(original, self, *arguments, **keywords):
    original(self, *arguments, **keywords)
    if characters(self.document) > MANAGED_CHARACTERS:
        raise LimitExceededException(f"Cannot exceed quota for PolicySize: {MANAGED_CHARACTERS}")


@wrap(IAMBackend, "attach_role_policy")
def attach_role_policy(original, self, policy_arn, role_name):
    attached = self.get_role(role_name).managed_policies
    if policy_arn not in attached and len(attached) >= ATTACHED_POLICIES:
        raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {ATTACHED_POLICIES}")
    original(self, policy_arn, role_name)


# CloudWatch: a dashboard belongs to the account, not to a Region, and PutDashboard overwrites (API reference).

account_dashboards: dict[str, dict] = {}


def dashboards(self):
    return account_dashboards.setdefault(self.account_id, {})


CloudWatchBackend.dashboards = property(dashboards, lambda self, _: None)


# SQS keeps the trace header of a SendMessage request as the message's AWSTraceHeader (SQS developer guide, «message system
# attributes»). Lambda's loop detection reads the lineage in it.


request = threading.local()


def with_its_trace(original, self):
    header = self.headers.get("X-Amzn-Trace-Id")
    request.trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}} if header else None
    try:
        return original(self)
    finally:
        request.trace = None


wrap(SQSResponse, "send_message")(with_its_trace)
wrap(SQSResponse, "send_message_batch")(with_its_trace)


@wrap(Message, "__init__")
def keep_trace(original, self, message_id, body, system_attributes=None):
    original(self, message_id, body, system_attributes or getattr(request, "trace", None))


# DynamoDB checks a write's condition and writes as one step (DynamoDB developer guide, «condition expressions»). moto does not
# where two requests come at once, so that both would win a claim.

one_at_a_time = threading.RLock()


@wrap(DynamoHandler, "call_action")
def atomically(original, self):
    with one_at_a_time:
        return original(self)


# Each request is written down with who made it, so that policies can be checked against what was really called. The
# callers have access keys of their own.

CALLS = os.environ.get("REHEARSAL_CALLS")
PARAMETERS = ("QueueUrl", "TableName", "Name", "cluster", "services", "tasks", "ServiceNamespace", "serviceNamespace")


@wrap(BaseResponse, "call_action")
def write_down(original, self):
    if CALLS:
        credential = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", ""))
        if credential:
            caller, region, service = credential.groups()
            given = {name: self._get_param(name) for name in PARAMETERS} if caller.startswith("function") else {}
            with open(CALLS, "a") as calls:
                line = {"caller": caller, "service": service, "action": self._get_action(), "region": region}
                calls.write(json.dumps(line | {name: value for name, value in given.items() if value}) + "\n")
    return original(self)
