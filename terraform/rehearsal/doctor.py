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

    def look(self) -> tuple[int, dict[str, list[str]]]:
        """The exit status, and what was found, by outcome."""
        command = [self.command_line, "doctor", "--environment", "dev", "--json"]
        done = subprocess.run(command, env=self.aws.environment("doctor"), capture_output=True, text=True, timeout=LIMIT_SECONDS)
        check(done.stdout != "", f"the doctor looked {done.stderr}".strip())
        found: dict[str, list[str]] = {"fine": [], "wrong": [], "unknown": []}
        for finding in json.loads(done.stdout)["findings"]:
            found[finding["outcome"]].append(f"{finding['area']}: {finding['subject']}: {finding['text']}")
        return done.returncode, found

    def finds_nothing(self) -> None:
        status, found = self.look()
        for one in found["wrong"] + found["unknown"]:
            say(f"  {one}")
        check((status, found["wrong"], found["unknown"]) == (0, [], []), f"rollcall doctor finds nothing wrong in {len(found['fine'])} checks")

    def finds(self, words: str) -> None:
        status, found = self.look()
        check(status == 1 and any(words in one for one in found["wrong"]), f"rollcall doctor finds that {words}")
