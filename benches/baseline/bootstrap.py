"""A Lambda custom runtime in Python: polls the Runtime API and calls handler.handler."""

import http.client
import json
import os
import time
import traceback

import handler

PATH = "/2018-06-01/runtime/invocation/"


class Context:
    """What the handler needs to know about its invocation."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return self._deadline_ms - int(time.time() * 1000)


def call(connection, method, path, body=None):
    connection.request(method, PATH + path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.headers, response.read()


def main():
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        headers, event = call(connection, "GET", "next")
        context = Context(headers)
        try:
            result = handler.handler(json.loads(event), context)
            outcome, body = "response", result
        except Exception as error:
            traceback.print_exc()
            outcome, body = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        call(connection, "POST", f"{context.aws_request_id}/{outcome}", json.dumps(body))


if __name__ == "__main__":
    main()
