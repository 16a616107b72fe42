"""An emulated AWS: moto's server as a process of its own on a free loopback port."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "ap-northeast-2"

# Taken out of the environment, so that the rehearsal never reaches an AWS account that somebody has configured.
PRIVATE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end(process: subprocess.Popen) -> None:
    """Ends a process that was started here, and waits until it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Emulator:
    """A context manager that starts the server and stops it when the block ends, also by an exception."""

    def __init__(self, log: Path, clock: Path | None = None):
        """With a `clock`, a file as Clock keeps it, AWS's rules about times go by that."""
        self.writes_left = log.with_name("writes-left")
        self.clock = {"REHEARSAL_CLOCK": str(clock), "REHEARSAL_WRITES_LEFT": str(self.writes_left)} if clock else {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.calls_log = log.with_name("calls.jsonl")

    def environment(self, caller: str, region: str = REGION) -> dict[str, str]:
        """The environment variables with which a process uses this emulator as AWS, under the caller's name."""
        inherited = {name: value for name, value in os.environ.items() if name not in PRIVATE}
        return inherited | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": caller,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "3",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def calls(self) -> list[dict]:
        """The requests so far: who called which action in which Region, and for functions on which resources."""
        return [json.loads(line) for line in self.calls_log.read_text().splitlines()]

    def client(self, service: str, region: str = REGION):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",
            config=Config(retries={"max_attempts": 1}, proxies={}),
        )

    def __enter__(self) -> "Emulator":
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("moto_server.py"), "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=log,
                stderr=log,
                env=self.environment("moto") | self.clock | {"REHEARSAL_CALLS": str(self.calls_log)},
            )
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError(f"moto ended at once; see {self.log}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        end(self.process)
        raise RuntimeError(f"moto does not answer; see {self.log}")

    def __exit__(self, *_) -> None:
        end(self.process)
