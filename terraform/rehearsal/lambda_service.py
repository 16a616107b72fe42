"""What Lambda does around the function: the Runtime API for one instance of it, and the event source mapping.

The mapping has two pollers, each with an instance of its own, as maximum_concurrency = 2 gives it. Each fills its own batch
until the batching window is over or the batch is full, so one burst of records comes in several batches at once. What
the function reports as failed is left alone and comes back by its visibility timeout, or when the function decided; what
succeeded is deleted. SQS delivers at least once: some of what was deleted is delivered once more. Sources: Lambda
developer guide, «Using Lambda with Amazon SQS», and SQS developer guide, «at-least-once delivery».

Loop detection: the trace header of a message that the function sends carries how often its chain was invoked. From the
17th invocation on, Lambda drops the batch unless the function's recursion configuration is Allow (Lambda developer guide,
«recursive loop detection»). Which of a batch's headers counts is not documented; here the longest chain does.
"""

import json
import queue
import re
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from emulator import end

POLLERS = 2
# After about so many invocations of one chain Lambda ends it.
LONGEST_CHAIN = 16
# AWS's batching windows are tens of seconds; the rehearsal waits for a fraction of them.
WINDOW_SPEED = 40
# Every so many records that were deleted, one is delivered once more.
REPEATED = 7


class Function:
    """One instance: the real binary, fed through a Runtime API on loopback."""

    def __init__(self, binary: Path, configuration: dict, environment: dict[str, str], log: Path):
        self.binary, self.configuration, self.log = binary, configuration, log
        self.pending: queue.Queue = queue.Queue()
        self.answers: queue.Queue = queue.Queue()
        self.is_ready = threading.Event()
        # An instance handles one invocation at a time.
        self.busy = threading.Lock()
        function = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                function.is_ready.set()
                event, trace, deadline = function.pending.get()
                if event is None:
                    self.close_connection = True
                    return
                body = json.dumps(event).encode()
                self.send_response(200)
                for name, value in {
                    "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": function.configuration["FunctionArn"],
                    "Lambda-Runtime-Trace-Id": trace,
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
        if not self.is_ready.wait(timeout=60):
            self.__exit__()
            raise RuntimeError(f"the function did not ask for work:\n{self.log.read_text()[-2000:]}")
        self.start_milliseconds = (time.monotonic() - started) * 1000
        return self

    def __exit__(self, *_) -> None:
        end(self.process)
        self.pending.put((None, "", 0))
        self.server.shutdown()
        self.server.server_close()

    def invoke(self, event: dict, trace: str, seconds: float) -> dict | None:
        """The function's answer, or None where the invocation failed."""
        with self.busy:
            self.pending.put((event, trace, int((time.time() + seconds) * 1000)))
            try:
                succeeded, body = self.answers.get(timeout=seconds + 2)
            except queue.Empty:
                return None
        return json.loads(body) if succeeded else None


class Mapping:
    """An event source mapping as Lambda plays it, from entering its block to leaving it."""

    def __init__(self, aws, settings: dict, functions: list[Function], seconds: float):
        self.settings, self.functions, self.seconds = settings, functions, seconds
        self.queue_arn = settings["EventSourceArn"]
        self.region, name = self.queue_arn.split(":")[3], self.queue_arn.split(":")[-1]
        self.sqs, self.lambdas = aws.client("sqs", self.region), aws.client("lambda", self.region)
        self.queue_url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.reports_partial_failures = "ReportBatchItemFailures" in settings.get("FunctionResponseTypes", [])
        self.is_over, self.lock = threading.Event(), threading.Lock()
        self.problems: list[BaseException] = []
        self.batches = self.handled = self.failed = self.repeated = self.dropped = self.longest_chain = self.running = self.most_running = 0
        # How often each message was delivered, and what is to be delivered once more.
        self.deliveries: dict[str, int] = {}
        self.handled_bodies: list[str] = []
        self.again: list[dict] = []

    def __enter__(self) -> "Mapping":
        self.pollers = [threading.Thread(target=self.poll, args=(function,), daemon=True) for function in self.functions[:POLLERS]]
        for poller in self.pollers:
            poller.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        for poller in self.pollers:
            poller.join(timeout=self.seconds + 10)

    def poll(self, function: Function) -> None:
        try:
            while not self.is_over.is_set():
                batch = self.gather()
                if batch:
                    self.handle(batch, function)
        except BaseException as problem:  # The rehearsal's own thread reports it.
            self.problems.append(problem)

    def gather(self) -> list[dict]:
        """Waits for a record, then gathers until the batching window is over or the batch is full."""
        batch, until = self.receive(1), None
        window = self.settings.get("MaximumBatchingWindowInSeconds", 0) / WINDOW_SPEED
        while batch and len(batch) < self.settings["BatchSize"]:
            until = until or time.monotonic() + window
            if time.monotonic() >= until:
                break
            batch += self.receive(0) or (time.sleep(0.05) or [])
        with self.lock:
            if batch and self.again:
                batch.append(self.again.pop())
        return batch

    def receive(self, wait_seconds: int) -> list[dict]:
        return self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=min(10, self.settings["BatchSize"]),
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def handle(self, batch: list[dict], function: Function) -> None:
        # A repeated message may be in the batch that holds it anyway.
        batch = list({message["MessageId"]: message for message in batch}.values())
        chain = 1 + max(chain_length(message) for message in batch)
        with self.lock:
            for message in batch:
                self.deliveries[message["MessageId"]] = self.deliveries.get(message["MessageId"], 0) + 1
            self.longest_chain = max(self.longest_chain, chain)
        if chain > LONGEST_CHAIN and self.recursive_loop() != "Allow":
            with self.lock:
                self.dropped += 1
            return
        with self.lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        trace = f"Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0;Lineage=1:0123abcd:{chain}"
        answer = function.invoke({"Records": [self.record(message) for message in batch]}, trace, self.seconds)
        failed = self.failed_ids(answer, {message["MessageId"] for message in batch})
        self.delete([message for message in batch if message["MessageId"] not in failed])
        with self.lock:
            self.running -= 1
            self.batches += 1
            self.failed += len(failed)

    def recursive_loop(self) -> str:
        name = self.functions[0].configuration["FunctionName"]
        return self.lambdas.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]

    def delete(self, messages: list[dict]) -> None:
        for message in messages:
            if message.get("IsRepeated"):
                continue
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            with self.lock:
                self.handled += 1
                self.handled_bodies.append(message["Body"])
                if self.handled % REPEATED == 0:
                    self.repeated += 1
                    self.again.append(message | {"IsRepeated": True})

    def has_handled(self, text: str) -> bool:
        """Whether a message with this text in its body was handled. A count would not tell: the function's timers come between."""
        with self.lock:
            return any(text in body for body in self.handled_bodies)

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
            "awsRegion": self.region,
        }

    def failed_ids(self, answer: dict | None, batch: set[str]) -> set[str]:
        """As Lambda decides: without an answer, or with an id that was not in the batch, the whole batch failed."""
        if answer is None:
            return batch
        if not self.reports_partial_failures:
            return set()
        failed = {failure.get("itemIdentifier") for failure in answer.get("batchItemFailures") or []}
        return failed if failed <= batch else batch


def chain_length(message: dict) -> int:
    """How many invocations led to this message, by the lineage in its trace header."""
    lineage = re.search(r"Lineage=[^;]*:(\d+)", message["Attributes"].get("AWSTraceHeader", ""))
    return int(lineage[1]) if lineage else 0
