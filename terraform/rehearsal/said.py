"""What the rehearsal prints, and how a step fails."""

import time

STARTED = time.monotonic()


class Failed(Exception):
    """An expectation of a step did not hold."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def check(condition: bool, text: str) -> None:
    if not condition:
        raise Failed(f"expected that {text}")
    say(f"  ok: {text}")


def check_words(said: str, words: tuple[str, ...]) -> None:
    for text in words:
        check(text in said, f"it says {text}")


def wait_until(condition, seconds: float, what: str, *mappings) -> None:
    """Waits while mappings do their work, and fails where one of them had a problem or the time is over."""
    end_at = time.monotonic() + seconds
    while not condition():
        for mapping in mappings:
            if mapping.problems:
                raise Failed(f"the mapping failed: {mapping.problems[0]!r}")
        if time.monotonic() > end_at:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
