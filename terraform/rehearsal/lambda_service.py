"""What Lambda does around the function: the Runtime API for one instance of it, and the event source mapping."""

import json
import queue
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from emulator import end

RUNTIME = "/2018-06-01/runtime"


class Function:
    """One instance: the real binary, fed through a Runtime API on loopback."""

    def __init__(self, binary: Path, configuration: dict, environment: dict[str, str], log: Path):
        self.binary, self.configuration, self.log = binary, configuration, log
        self.pending: queue.Queue = queue.Queue()
        self.answers: queue.Queue = queue.Queue()
        self.is_ready = threading.Event()
        function = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                function.is_ready.set()
                event, deadline = function.pending.get()
                if event is None:
                    self.close_connection = True
                    return
                body = json.dumps(event).encode()
                self.send_response(200)
                for name, value in {
                    "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": function.configuration["FunctionArn"],
                    "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
                    "Content-Type": "application/json",
                    "Content-Length": str(len(body)),
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                function.answers.put((self.path.endswith("/response"), body))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.environment = (
            environment
            | configuration["Environment"]["Variables"]
            | {
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_LOG_FORMAT": configuration["LoggingConfig"]["LogFormat"],
                "AWS_LAMBDA_LOG_LEVEL": configuration["LoggingConfig"].get("ApplicationLogLevel", "INFO"),
            }
        )

    def __enter__(self) -> "Function":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([self.binary], env=self.environment, stdout=log, stderr=log)
        if not self.is_ready.wait(timeout=20):
            self.__exit__()
            raise RuntimeError(f"the function did not ask for work:\n{self.log.read_text()[-2000:]}")
        self.start_milliseconds = (time.monotonic() - started) * 1000
        return self

    def __exit__(self, *_) -> None:
        end(self.process)
        self.pending.put((None, 0))
        self.server.shutdown()
        self.server.server_close()

    def invoke(self, event: dict, seconds: float) -> dict | None:
        """The function's answer, or None where the invocation failed."""
        self.pending.put((event, int((time.time() + seconds) * 1000)))
        try:
            succeeded, body = self.answers.get(timeout=seconds + 2)
        except queue.Empty:
            return None
        return json.loads(body) if succeeded else None


class Mapping:
    """An event source mapping as Lambda plays it: poll, invoke, delete what succeeded, give back the rest."""

    def __init__(self, sqs, settings: dict, function: Function):
        self.sqs, self.settings, self.function = sqs, settings, function
        self.queue_arn = settings["EventSourceArn"]
        self.queue_url = sqs.get_queue_url(QueueName=self.queue_arn.split(":")[-1])["QueueUrl"]
        self.reports_partial_failures = "ReportBatchItemFailures" in settings.get("FunctionResponseTypes", [])

    def receive(self) -> list[dict]:
        batch: list[dict] = []
        while len(batch) < self.settings["BatchSize"]:
            received = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(10, self.settings["BatchSize"] - len(batch)),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not received:
                break
            batch += received
        return batch

    def record(self, message: dict) -> dict:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {
                name: {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": self.queue_arn.split(":")[3],
        }

    def poll_once(self, seconds: float) -> tuple[int, int]:
        """Handles one batch. Returns how many records it had, and how many of them come back."""
        batch = self.receive()
        if not batch:
            return 0, 0
        answer = self.function.invoke({"Records": [self.record(message) for message in batch]}, seconds)
        failed = self.failed_ids(answer, {message["MessageId"] for message in batch})
        for message in batch:
            if message["MessageId"] in failed:
                # The record is received again at once; the rehearsal does not wait for its visibility timeout.
                self.sqs.change_message_visibility(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
            else:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(batch), len(failed)

    def failed_ids(self, answer: dict | None, batch: set[str]) -> set[str]:
        """As Lambda decides: without an answer, or with an id that was not in the batch, the whole batch failed."""
        if answer is None:
            return batch
        if not self.reports_partial_failures:
            return set()
        failed = {failure.get("itemIdentifier") for failure in answer.get("batchItemFailures") or []}
        return failed if failed <= batch else batch
