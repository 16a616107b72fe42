"""A clock that the rehearsal sets, so that whole days pass in seconds.

The emulated AWS reads it from a file (aws_rules). A program sees it by libfaketime, which stands between it and the system's
clock. Terraform keeps the real time, so that the clock begins in its future.
"""

from datetime import datetime, timezone
from pathlib import Path

import libfaketime


class Clock:
    def __init__(self, path: Path, now: datetime):
        self.path = path
        self.set(now)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(float(self.path.read_text()), timezone.utc)

    def set(self, now: datetime) -> None:
        # A reader must never see half of a number.
        written = self.path.with_suffix(".new")
        written.write_text(str(now.timestamp()))
        written.replace(self.path)

    def environment(self) -> dict[str, str]:
        """The variables with which a process starts at the clock's time. Its waits and its time limits stay real."""
        _, preload = libfaketime.get_reload_information()
        return preload | {"FAKETIME": f"@{self.now:%Y-%m-%d %H:%M:%S}", "TZ": "UTC"}
