"""The baseline: what a good Python handler for the same job looks like, on the standard library alone.

It takes the same SQS batches, folds them into one summary per environment and window, posts a table block to
the same kind of webhook with the same retries, and answers with the records that SQS shall bring again. It
leaves out what rollcall does beyond that: limits for any input, the preformatted form, advice, links.
"""

import json
import logging
import os
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MARGIN_SECONDS = 1.0
REQUEST_TIMEOUT_SECONDS = 10
SECTION_LIMIT = 3000
TABLE_ROWS = 100

WEBHOOK_URL = os.environ["SLACK_WEBHOOK_URL"]
ENVIRONMENT = os.environ.get("ROLLCALL_ENVIRONMENT")
ZONE = ZoneInfo(os.environ.get("ROLLCALL_TIMEZONE", "UTC"))
WINDOW_SECONDS = int(os.environ.get("ROLLCALL_WINDOW_MINUTES", "30")) * 60

logging.basicConfig(level=logging.INFO, format='{"level":"%(levelname)s","message":"%(message)s"}')
logger = logging.getLogger("rollcall")


@dataclass(order=True)
class Call:
    event_time: datetime
    accepted: bool
    event_id: str
    account: str = field(compare=False)
    region: str = field(compare=False)
    cluster: str | None = field(compare=False)
    service: str | None = field(compare=False)
    action: str = field(compare=False)
    error: str | None = field(compare=False)
    caller: str = field(compare=False)

    @property
    def window(self):
        start = int(self.event_time.timestamp()) // WINDOW_SECONDS * WINDOW_SECONDS
        return start, ENVIRONMENT or self.cluster or "unknown cluster"

    @property
    def key(self):
        return self.service or "(unknown)", self.cluster, self.region, self.account


# Decoding


def last_segment(text):
    return text.rsplit("/", 1)[-1] if text else None


def cluster_of(arn):
    """The cluster in arn:…:service/CLUSTER/NAME; an old ARN or a short name has none."""
    parts = arn.split("/") if arn and arn.startswith("arn:") else []
    return parts[1] if len(parts) == 3 else None


def decode(body):
    """A Call, or None for another event; raises on what cannot be decoded."""
    event = json.loads(body)
    detail = event["detail"]
    if event["detail-type"] != "AWS API Call via CloudTrail":
        return None
    if detail["eventSource"] != "ecs.amazonaws.com" or detail["eventName"] != "UpdateService":
        return None
    request = detail.get("requestParameters") or {}
    response = (detail.get("responseElements") or {}).get("service") or {}
    service = response.get("serviceArn") or request.get("service")
    cluster = response.get("clusterArn") or request.get("cluster") or cluster_of(service)
    code, message = detail.get("errorCode"), detail.get("errorMessage")
    return Call(
        event_time=datetime.fromisoformat(detail["eventTime"]),
        accepted=code is None and message is None,
        event_id=detail["eventID"],
        account=detail["recipientAccountId"],
        region=detail["awsRegion"],
        cluster=last_segment(cluster) or ("default" if service else None),
        service=last_segment(service),
        action=action_of(request, response),
        error=" - ".join(filter(None, (code or "UnknownError", message))),
        caller=caller_of(detail),
    )


def action_of(request, response):
    asked, running = request.get("desiredCount"), response.get("runningCount")
    desired = asked if asked is not None else response.get("desiredCount")
    if asked is None:
        kind = "Restart" if request.get("forceNewDeployment") else "Update"
    elif running is None:
        kind = "Scale Up" if desired else "Scale Down"
    elif desired == running:
        kind = "Restart" if request.get("forceNewDeployment") else "No Change"
    else:
        kind = "Scale Up" if desired > running else "Scale Down"
    return kind if desired is None else f"{kind} (→ {desired})"


def caller_of(detail):
    identity = detail.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    role = issuer.get("userName") or last_segment(issuer.get("arn"))
    if (detail.get("userAgent") or "").startswith("AmazonEventBridgeScheduler"):
        return f"EventBridge Scheduler as {role}"
    return f"{last_segment(identity.get('arn'))} as {role}"


# Folding


def fold(calls):
    """The last call of each service and the number of its calls, failures first, then by name."""
    distinct = {call.event_id: call for call in calls}
    last, attempts = {}, Counter()
    for call in sorted(distinct.values()):
        last[call.key] = call
        attempts[call.key] += 1
    rows = [(call, attempts[key]) for key, call in last.items()]
    return sorted(rows, key=lambda row: (row[0].accepted, row[0].key[0]))


# Rendering


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def status(call, attempts):
    if call.accepted:
        return "✅" if attempts == 1 else f"✅ after {attempts} attempts"
    return "❌ Error" if attempts == 1 else f"❌ after {attempts} attempts"


def period(calls):
    first, last = min(calls).event_time, max(calls).event_time + timedelta(seconds=30)
    return f"{first.astimezone(ZONE):%Y-%m-%d %H:%M}~{last.astimezone(ZONE):%H:%M %Z}"


def render(environment, calls, undecodable):
    rows = fold(calls)
    failures = [call for call, _ in rows if not call.accepted]
    totals = f"Total: {len(rows) - len(failures)} succeeded, {len(failures)} failed"
    cells = [("Service", "Action", "Status")]
    cells += [(call.key[0], call.action, status(call, attempts)) for call, attempts in rows[: TABLE_ROWS - 1]]
    if len(rows) >= TABLE_ROWS:
        totals = f"… and {len(rows) - TABLE_ROWS + 1} more\n{totals}"
    callers = Counter(call.caller for call in calls).most_common(3)
    notes = "Called by " + ", ".join(f"{caller} ({count})" for caller, count in callers) + "."
    if undecodable:
        notes += f"  ⚠️ {undecodable} messages could not be decoded."
    lines = ["❌ *Failures*"] + [f"• {escape(call.key[0])}: {escape(call.error)}" for call in failures]
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": f"📊 ECS Scheduled Scaling Summary · {environment}"}},
        context(period(calls)),
        {"type": "table", "rows": [[{"type": "raw_text", "text": text} for text in row] for row in cells]},
        section(f"*{totals}*"),
    ]
    if failures:
        blocks.append(section("\n".join(lines)[:SECTION_LIMIT]))
    blocks.append(context(escape(notes)))
    text = f"ECS Scheduled Scaling Summary · {escape(environment)}\n{totals}"
    if failures:
        text += "\n" + "\n".join(lines[1:])
    return {"text": text[:SECTION_LIMIT], "blocks": blocks, "unfurl_links": False}


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def context(text):
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


# Delivery


def post(message, deadline):
    """Whether Slack said ok; retries what may pass while there is time."""
    body, backoff = json.dumps(message).encode(), 0.5
    while (left := deadline - time.monotonic()) > 0:
        wait, backoff = backoff, min(backoff * 2, 10)
        request = urllib.request.Request(WEBHOOK_URL, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=min(left, REQUEST_TIMEOUT_SECONDS)) as response:
                return response.status == 200 and response.read().strip() == b"ok"
        except urllib.error.HTTPError as error:
            logger.warning("slack answered %d", error.code)
            if error.code == 429:
                wait = float(error.headers.get("Retry-After", 1))
            elif error.code < 500:
                return False
        except OSError as error:
            logger.warning("slack cannot be reached: %s", type(error).__name__)
        if time.monotonic() + wait >= deadline:
            return False
        time.sleep(wait)
    return False


def put_metrics(**counts):
    """CloudWatch's embedded metric format."""
    definitions = [{"Name": name, "Unit": "Count"} for name in counts]
    directive = {"Namespace": "Rollcall", "Dimensions": [[]], "Metrics": definitions}
    now = int(time.time() * 1000)
    print(json.dumps({"_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]}, **counts}), flush=True)


def handler(event, context):
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    windows, failed, first_seen, ignored, posted = {}, [], 0, 0, 0
    for record in event["Records"]:
        try:
            call = decode(record["body"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.error("cannot decode %s: %s", record["messageId"], type(error).__name__)
            first_seen += record["attributes"]["ApproximateReceiveCount"] == "1"
            failed.append(record["messageId"])
            continue
        if call is None:
            ignored += 1
        else:
            windows.setdefault(call.window, []).append((record["messageId"], call))
    undecodable = len(failed)
    for index, ((_, environment), members) in enumerate(sorted(windows.items())):
        if index > 0:
            time.sleep(1)
        calls = [call for _, call in members]
        if post(render(environment, calls, first_seen if index == 0 else 0), deadline):
            posted += 1
            logger.info("reported %s: %d calls", environment, len(calls))
        else:
            failed += [message_id for message_id, _ in members]
    put_metrics(Records=len(event["Records"]), Ignored=ignored, Undecodable=undecodable, MessagesPosted=posted)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
