"""Starts moto's server with one rule of AWS that it forgives: DynamoDB does each write as one step.

moto handles requests in threads, so that two `ADD appended :one` at once may give the same number, and the second batch of
facts then takes the place of the first. Source of the rule: DynamoDB developer guide, "Working with items", atomic counters.
"""

import sys
import threading

from moto.dynamodb.responses import DynamoHandler
from moto.server import main

one_at_a_time = threading.Lock()
call_action = DynamoHandler.call_action


def atomically(self):
    with one_at_a_time:
        return call_action(self)


DynamoHandler.call_action = atomically
main(sys.argv[1:])
