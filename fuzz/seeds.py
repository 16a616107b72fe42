#!/usr/bin/env python3
"""Writes seeds: to fuzz/corpus/pipeline the bodies of the fixtures' records, each alone, and a batch as lines, with a roster, a
timer and a dead letter; to fuzz/corpus/routes examples of routes, each below a line that describes a run."""

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

RUN = "dev pay-dev api 123456789012 ap-northeast-2 morning team=search"
ROUTES = {
    "teams": [
        {"name": "pay", "match": {"cluster": "pay-*"}, "channel": "C0PAY", "label": "payments dev", "timezone": "Europe/Berlin"},
        {"name": "search", "match": {"labels": {"team": "search"}}, "webhook": "/rollcall/search/webhook", "continue": True},
        {"name": "oncall", "match": {"outcome": "failed"}, "webhook": "/rollcall/oncall/webhook", "mention_on_failure": "<!here>"},
    ],
    "nested": [
        {"name": "a", "match": {"environment": "{dev,stg}"}, "rows": "all", "routes": [
            {"name": "b", "match": {"service": "a?i"}, "language": "ko", "events": False, "routes": [
                {"name": "c", "match": {"schedule": "morning", "account": "1*", "region": "*-2"}, "rows": 20}]}]},
    ],
}


def write_routes():
    corpus = FUZZ / "corpus" / "routes"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, routes in ROUTES.items():
        (corpus / name).write_text(RUN + "\n" + json.dumps({"routes": routes}))


def main():
    write_routes()
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
