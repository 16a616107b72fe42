"""Verifies signed requests as a receiver in Python would, with the package of Standard Webhooks.

Reads a JSON list of {"secret", "headers", "body"} from standard input, and writes a line for each: the type of the event, or why it
was refused.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for case in json.load(sys.stdin):
    try:
        event = Webhook(case["secret"]).verify(case["body"], case["headers"])
        print(event["type"])
    except WebhookVerificationError as error:
        print(error)
