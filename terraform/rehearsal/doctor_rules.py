"""What `rollcall doctor` asks AWS and moto does not answer, added to it in a few lines each.

`history` holds CloudTrail's records, and `denied` the actions, such as `sqs:GetQueueUrl`, that the caller `doctor` may not call.
"""

import fnmatch
import io
import json
import re

import aws_rules
import boto3
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from moto.awslambda.models import LambdaBackend
from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudwatch.urls import url_paths as cloudwatch_urls
from moto.core.responses import ActionResult, BaseResponse
from moto.events.models import EventPattern
from moto.events.responses import EventsHandler
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse

history: list[dict] = []
denied: set[str] = set()

# What policies call a service that signs its requests by another name.
PREFIXES = {"monitoring": "cloudwatch"}


def lookup_events(self):
    events = [{"EventId": str(number), "CloudTrailEvent": json.dumps(record)} for number, record in enumerate(history)]
    return json.dumps({"Events": events})


def test_event_pattern(self):
    pattern = EventPattern.load(self._get_param("EventPattern"))
    return json.dumps({"Result": pattern.matches_event(json.loads(self._get_param("Event")))})


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def holds(condition: dict, context: dict) -> bool:
    def fits(operator: str, key: str, wanted) -> bool:
        assert operator in ("ArnEquals", "StringEquals"), operator
        return context.get(key) in as_list(wanted)

    return all(fits(operator, key, wanted) for operator, keys in condition.items() for key, wanted in keys.items())


def simulate_principal_policy(self):
    """IAM's simulator, for the Allow statements of a role's inline policies, with the conditions that the modules use."""
    arn = self._get_param("PolicySourceArn")
    role = iam_backends[arn.split(":")[4]]["aws"].get_role(arn.split("/")[-1])
    statements = [one for document in role.policies.values() for one in json.loads(document)["Statement"]]
    context = {entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in self._get_param("ContextEntries", [])}

    def decide(action: str, resource: str) -> str:
        def among(value: str, patterns) -> bool:
            return any(fnmatch.fnmatchcase(value, one) for one in as_list(patterns))

        def allows(one: dict) -> bool:
            return among(action, one["Action"]) and among(resource, one["Resource"]) and holds(one.get("Condition", {}), context)

        return "allowed" if any(map(allows, statements)) else "implicitDeny"

    results = [
        {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decide(action, resource)}
        for action in self._get_param("ActionNames")
        for resource in self._get_param("ResourceArns", ["*"])
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


@aws_rules.wrap(LambdaBackend, "list_event_source_mappings")
def list_event_source_mappings(original, self, event_source_arn, function_name):
    """By the function's name or by its ARN, whichever of them the mapping was made with (Lambda API reference)."""
    mappings = original(self, event_source_arn, None)
    return [one for one in mappings if not function_name or one.function_name.split(":")[-1] == function_name.split(":")[-1]]


CloudTrailResponse.lookup_events = lookup_events
EventsHandler.test_event_pattern = test_event_pattern
IamResponse.simulate_principal_policy = simulate_principal_policy


def caller_of(headers) -> tuple[str, str, str]:
    """The access key, the Region and the service that a request is signed for."""
    credential = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", headers.get("Authorization", ""))
    return credential.groups() if credential else ("", "", "")


@aws_rules.wrap(BaseResponse, "call_action")
def refuse(original, self):
    """Answers as AWS does where the caller lacks a permission."""
    caller, _, service = caller_of(self.headers)
    if caller == "doctor" and f"{PREFIXES.get(service, service)}:{self._get_action()}" in denied:
        if service in ("iam", "sns"):  # Services that answer in XML.
            error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not yours</Message></Error>"
            return 403, {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>"
        body = json.dumps({"__type": "AccessDeniedException", "message": "not yours"})
        return 403, {"Content-Type": "application/json", "x-amzn-errortype": "AccessDeniedException"}, body
    return original(self)


def cbor(text: str) -> bytes:
    return bytes([0x78, len(text)]) + text.encode()


def describe_alarms(request, *_):
    """DescribeAlarms in CBOR, the protocol of the SDK for Rust, which moto does not speak: asks moto again in its own."""
    caller, region, service = caller_of(request.headers)
    if aws_rules.CALLS:
        with open(aws_rules.CALLS, "a") as calls:
            line = {"caller": caller, "service": service, "action": "DescribeAlarms", "region": region}
            calls.write(json.dumps(line) + "\n")
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    if caller == "doctor" and "cloudwatch:DescribeAlarms" in denied:
        refusal = ("__type", "com.amazonaws.cloudwatch#AccessDeniedException", "message", "not yours")
        return 403, headers, b"\xa2" + b"".join(map(cbor, refusal))
    asked = RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(request.get_data())))
    keys = {"aws_access_key_id": "moto", "aws_secret_access_key": "moto"}
    cloudwatch = boto3.client("cloudwatch", endpoint_url=request.host_url, region_name=region, **keys)
    answer = {"MetricAlarms": cloudwatch.describe_alarms(**asked)["MetricAlarms"]}
    shape = cloudwatch.meta.service_model.operation_model("DescribeAlarms").output_shape
    body = bytearray()
    RpcV2CBORSerializer()._serialize_data_item(body, answer, shape)
    return 200, headers, bytes(body)


cloudwatch_urls["{0}/service/GraniteServiceVersion20100801/operation/DescribeAlarms$"] = describe_alarms
