"""`rollcall doctor` on the stack that Terraform applied: nothing is wrong with it, and a mapping that is disabled is found.

The faults that people make one by one are planted in tests/emulator/doctor, on a deployment that is made without Terraform.
"""

import json
import subprocess
from pathlib import Path

from said import check, say

LIMIT_SECONDS = 120


class Doctor:
    def __init__(self, aws, command_line: Path):
        self.aws, self.command_line = aws, command_line

    def make_ready(self, alarm_topic: str) -> None:
        """What a deployment needs and Terraform does not make: a trail, somebody who hears the alarms, a job's task."""
        self.aws.client("s3").create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
        trails = self.aws.client("cloudtrail")
        trails.create_trail(Name="audit", S3BucketName="trail", IsMultiRegionTrail=True)
        trails.start_logging(Name="audit")
        selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}
        trails.put_event_selectors(TrailName="audit", EventSelectors=[selector])
        self.aws.client("sns").subscribe(TopicArn=alarm_topic, Protocol="email", Endpoint="people@example.com")

    def look(self, command: str) -> tuple[int, dict[str, list[str]]]:
        """The exit status, and what was found, by outcome."""
        environment = self.aws.environment("doctor")
        environment["PATH"] = f"{self.command_line.parent}:{environment['PATH']}"
        done = subprocess.run(f"{command} --json", shell=True, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        check(done.stdout != "", f"the doctor looked {done.stderr}".strip())
        found: dict[str, list[str]] = {"fine": [], "wrong": [], "unknown": []}
        for finding in json.loads(done.stdout)["findings"]:
            found[finding["outcome"]].append(f"{finding['area']}: {finding['subject']}: {finding['text']}")
        return done.returncode, found

    def finds_nothing(self, command: str) -> None:
        """The command is the one that Terraform's output says."""
        status, found = self.look(command)
        for one in found["wrong"] + found["unknown"]:
            say(f"  {one}")
        check((status, found["wrong"], found["unknown"]) == (0, [], []), f"rollcall doctor finds nothing wrong in {len(found['fine'])} checks")

    def finds(self, words: str) -> None:
        status, found = self.look("rollcall doctor --environment dev")
        check(status == 1 and any(words in one for one in found["wrong"]), f"rollcall doctor finds that {words}")
