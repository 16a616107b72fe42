#!/usr/bin/env python3
"""Writes the bodies of the fixtures' records to fuzz/corpus/pipeline, as seeds: each alone, and a batch as lines.

With them come a roster, a timer and a dead letter."""

import json
import pathlib

FUZZ = pathlib.Path(__file__).resolve().parent
# Larger seeds only slow the mutations down: 100 service events are skipped as one is.
LONGEST = 6_000

# Rollcall's own messages.
ROSTER = {
    "rollcall": "roster",
    "environment": "dev",
    "schedule": "morning",
    "scheduled_time": "2024-01-15T00:00:00Z",
    "flexible_window_minutes": 5,
    "account": "123456789012",
    "region": "ap-northeast-2",
    "cluster": "dev",
    "services": {"nestjs": 1, "frontend": 0},
    "jobs": {"nightly-report": 1},
    "role": "arn:aws:iam::123456789012:role/dev-ecs-scheduler",
    "retry_minutes": 15,
}
TIMER = {
    "rollcall": "timer",
    "window": {"start": "2024-01-15T00:00:00Z", "environment": "dev"},
    "unkept": 2,
}


def main():
    corpus = FUZZ / "corpus" / "pipeline"
    corpus.mkdir(parents=True, exist_ok=True)
    for fixture in sorted((FUZZ.parent / "fixtures").glob("*.json")):
        content = json.loads(fixture.read_text())
        records = content.get("Records", []) if isinstance(content, dict) else []
        bodies = [record["body"].replace("\n", " ") for record in records if "body" in record]
        seeds = {f"{fixture.stem}-{index}": body for index, body in enumerate(bodies[:12])}
        seeds[fixture.stem] = "\n".join(bodies[:4])
        for name, seed in seeds.items():
            if 0 < len(seed) <= LONGEST:
                (corpus / name).write_text(seed)
    (corpus / "roster").write_text(json.dumps(ROSTER))
    (corpus / "timer").write_text(json.dumps(TIMER))
    (corpus / "dead-letter").write_text("!" + json.dumps({"Cluster": "dev", "Service": "nestjs", "DesiredCount": 1}))
    print(f"{len(list(corpus.iterdir()))} seeds in {corpus.relative_to(FUZZ.parent)}")


if __name__ == "__main__":
    main()
