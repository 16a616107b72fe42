//! Redacted records tell the same, and betray nothing.

use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rollcall::core::decode::{Decoded, decode_body};
use rollcall::core::fact::Fact;
use rollcall::core::observation::{Answer, StoredObservations};
use rollcall::core::redact::Redactor;
use serde_json::{Value, json};

use crate::arbitrary::{self, fold};

/// What must not change in the JSON of a replay: how many of what there are, and how each stands.
fn structure(told: &Value) -> Value {
    let windows = told["windows"].as_array().unwrap().iter().map(|window| {
        let mut runs: Vec<String> = window["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                let fields = [
                    "kind", "time", "action", "desired_count", "status", "verdict", "calls", "running_count",
                    "took_seconds", "advice",
                ];
                let fields = fields.map(|field| run[field].to_string());
                let named = ["name", "cluster", "region", "account", "schedule", "error_code", "reason"];
                let named = named.map(|field| run[field].is_null().to_string());
                format!("{} {}", fields.join(" "), named.join(" "))
            })
            .collect();
        runs.sort();
        let messages = window["messages"].as_array().unwrap();
        let totals: Vec<&Value> = messages.iter().map(|message| &message["totals"]).collect();
        json!({
            "start": window["start"], "verdict": window["verdict"], "silenced": window["is_silenced"],
            "totals": window["totals"], "messages": totals, "runs": runs,
        })
    });
    let mut windows: Vec<Value> = windows.collect();
    windows.sort_by_key(Value::to_string);
    json!({
        "windows": windows, "totals": told["totals"], "verdict": told["verdict"],
        "undecodable": told["records"]["undecodable"], "used": told["records"]["used"],
    })
}

fn replay(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .env_clear()
        .args(["replay", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_fixture_tells_the_same_when_it_is_redacted() {
    let folder = tempfile::tempdir().unwrap();
    insta::glob!("../../fixtures", "*.{json,jsonl,gz}", |path| {
        let saved = folder.path().join(path.file_name().unwrap());
        let (path, saved) = (path.to_str().unwrap(), saved.to_str().unwrap());
        let plain: Value = serde_json::from_str(&replay(&[path])).unwrap();
        let shown = replay(&[path, "--redact", "--save", saved]);
        let redacted: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(structure(&plain), structure(&redacted), "{path}");
        assert_eq!(shown, replay(&[saved]), "{path}");
        let text = std::fs::read_to_string(saved).unwrap();
        for secret in [
            "123456789012",
            "nestjs",
            "billing",
            "dev-ecs-scheduler",
            "jane",
            "203.0.113.165",
            "kim",
            "holiday",
            "nobody is here",
            "Asia/Seoul",
        ] {
            assert!(!text.contains(secret), "{path}: {secret}");
            assert!(!shown.contains(secret), "{path}: {secret}");
        }
    });
}

#[test]
fn a_fixture_that_is_only_saved_replays_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "came-up.json",
        "scheduler-dead-letter.json",
        "poison-among-good.json",
        "cloudtrail-log.json.gz",
    ] {
        let path = format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let saved = folder.path().join(name);
        let saved = saved.to_str().unwrap();
        let plain: Value = serde_json::from_str(&replay(&[&path])).unwrap();
        let kept: Value = serde_json::from_str(&replay(&[&path, "--save", saved])).unwrap();
        assert_eq!(plain["windows"], kept["windows"], "{name}");
        let again: Value = serde_json::from_str(&replay(&[saved])).unwrap();
        assert_eq!(plain["windows"], again["windows"], "{name}");
    }
}

/// A name that no word of AWS contains, in the forms that names have.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "zq[a-z]{4,9}",
        "zq[a-z]{2,5}-[a-z0-9]{2,5}",
        "zq[a-z0-9_]{4,12}",
        "Zq[A-Za-z]{4,9}",
    ]
}

/// The names and ids of a record, each of which must not be seen again.
#[derive(Debug, Clone)]
struct Secrets {
    names: Vec<String>,
    account: String,
    hex: String,
    ip: String,
}

fn secrets() -> impl Strategy<Value = Secrets> {
    let names = prop::collection::vec(name(), 8);
    let ip = "10\\.1[0-9]{2}\\.1[0-9]{2}\\.1[0-9]{2}";
    (names, "9[0-9]{11}", "f[0-9]{4}[0-9a-f]{27}", ip).prop_map(|(names, account, hex, ip)| {
        Secrets {
            names,
            account,
            hex,
            ip,
        }
    })
}

impl Secrets {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.names
            .iter()
            .chain([&self.account, &self.hex, &self.ip])
    }

    /// A text of AWS that mentions them in one of several ways. A word of plain letters is a name only where a field holds it
    /// too, so the text names what the record names.
    fn text(&self, form: usize, is_job: bool) -> String {
        let Self {
            names,
            account,
            hex,
            ip,
        } = self;
        let [cluster, service, role, person, other] = &names[..5] else {
            unreachable!()
        };
        let service = if is_job { &names[7] } else { service };
        match form {
            0 => format!(
                "User: arn:aws:sts::{account}:assumed-role/{role}/{hex} is not authorized to perform: ecs:UpdateService on \
                 resource: arn:aws:ecs:eu-central-1:{account}:service/{cluster}/{service} because no policy allows it"
            ),
            1 => format!(
                "(service {service}) was unable to place a task: \"{cluster}\", task {hex}."
            ),
            2 => format!(
                "{person}@{other}.example from {ip}:443 at ip-{other}-9.{cluster}.internal, /{other}1/{service}"
            ),
            3 => format!(
                "CannotPullContainerError: {account}.dkr.ecr.eu-central-1.amazonaws.com/{other}7:{service}-1: not found"
            ),
            4 => format!(
                "{service}: {account} {hex} {ip} key={other}9 https://{other}.{cluster}.example/{service}?x"
            ),
            _ => "Rate exceeded".to_owned(),
        }
    }

    fn record(&self, id: usize, form: usize, is_job: bool) -> Value {
        let Self {
            names,
            account,
            hex,
            ip,
        } = self;
        let [cluster, service, role, person, _, agent, field, family] = &names[..] else {
            unreachable!()
        };
        let parameters = match (form, is_job) {
            (5, _) => Value::Null,
            (_, true) => {
                json!({"cluster": cluster, "taskDefinition": format!("{family}:3"), "overrides": {field: field}})
            }
            (_, false) => {
                json!({"cluster": cluster, "service": service, "desiredCount": 1, field: {"arn": agent}})
            }
        };
        let mut record = json!({
            "eventVersion": "1.11", "eventSource": "ecs.amazonaws.com", "awsRegion": "eu-central-1",
            "eventName": if is_job { "RunTask" } else { "UpdateService" },
            "eventTime": format!("2026-01-15T00:{:02}:07Z", id % 30), "eventID": format!("{field}-{id}"),
            "recipientAccountId": account, "sourceIPAddress": ip, "userAgent": format!("aws-cli/2.1 {agent}/1.0"),
            "requestParameters": parameters, "responseElements": null, field: person,
            "userIdentity": {
                "type": "AssumedRole", "principalId": format!("AROAX:{person}"), "accountId": account,
                "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{person}"),
                "sessionContext": {"sessionIssuer": {"userName": role, "arn": format!("arn:aws:iam::{account}:role/{role}")}},
            },
        });
        if form < 6 {
            record["errorCode"] = "AccessDeniedException".into();
            record["errorMessage"] = self.text(form, is_job).into();
        } else if !is_job {
            let arn = format!("arn:aws:ecs:eu-central-1:{account}:service/{cluster}/{service}");
            record["responseElements"] = json!({"service": {
                "serviceArn": arn, "serviceName": service, "desiredCount": 1, "runningCount": 0,
                "clusterArn": format!("arn:aws:ecs:eu-central-1:{account}:cluster/{cluster}"),
                "events": [{"id": hex, "message": format!("(service {service}) has started")}],
                "networkConfiguration": {"subnets": [field]},
            }});
        }
        record
    }
}

fn facts(records: &[Value]) -> Vec<Fact> {
    let decoded = records.iter().map(|record| {
        let event = json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs", "detail": record});
        match decode_body(&event.to_string()).unwrap() {
            Decoded::Fact { fact, .. } => fact,
            other => panic!("{other:?}"),
        }
    });
    decoded.collect()
}

/// How each run stands, without names.
fn outcomes(facts: &[Fact]) -> Vec<String> {
    let runs = fold(facts);
    let mut outcomes: Vec<String> = runs
        .iter()
        .map(|(_, run)| {
            let codes: Vec<_> = run
                .attempts
                .iter()
                .map(|attempt| attempt.caller.is_empty())
                .collect();
            format!(
                "{:?} {:?} {} {codes:?}",
                run.time,
                run.asked,
                run.attempt_count()
            )
        })
        .collect();
    outcomes.sort();
    outcomes
}

fn redacted(records: &[Value]) -> Vec<Value> {
    let mut redactor = Redactor::new();
    for record in records {
        let _ = redactor.redact(record.clone());
    }
    redactor.has_learned();
    let redacted = records.iter().map(|record| redactor.redact(record.clone()));
    redacted.collect()
}

proptest! {
    #[test]
    fn no_name_and_no_id_remains_and_the_runs_are_the_same(
        morning in prop::collection::vec((secrets(), 0_usize..8, any::<bool>()), 1..8),
    ) {
        let records: Vec<Value> = morning
            .iter()
            .enumerate()
            .map(|(id, (secrets, form, is_job))| secrets.record(id, *form, *is_job))
            .collect();
        let redacted = redacted(&records);
        let text = Value::from(redacted.clone()).to_string();
        for secret in morning.iter().flat_map(|(secrets, ..)| secrets.all()) {
            prop_assert!(!text.contains(secret.as_str()), "{} is in {}", secret, text);
        }
        let (before, after) = (facts(&records), facts(&redacted));
        prop_assert_eq!(outcomes(&before), outcomes(&after));
        let kinds = |facts: &[Fact]| facts.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        prop_assert_eq!(kinds(&before), kinds(&after));
    }
}

/// Random facts and answers, the same in each run of this test.
fn samples(count: usize) -> Vec<(Vec<Fact>, Vec<Answer>)> {
    let mut runner = TestRunner::deterministic();
    let strategy = (arbitrary::facts(40), arbitrary::answers(12));
    let sample = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(sample).collect()
}

/// A line as `rollcall export` writes it.
fn exported(facts: &[Fact], answers: &[Answer]) -> Value {
    let observations = arbitrary::observe(&fold(facts), answers);
    json!({
        "rollcall": "window",
        "window": {"start": arbitrary::start(), "environment": "acme-team"},
        "window_seconds": 1_800,
        "facts": facts,
        "observations": StoredObservations::from(&observations),
    })
}

#[test]
fn exported_windows_keep_every_fact_and_every_observation() {
    for (facts, answers) in samples(40) {
        let mut redactor = Redactor::new();
        let record = json!({ "facts": facts });
        let observations = arbitrary::observe(&fold(&facts), &answers);
        let _ = redactor.redact(record.clone());
        let _ = redactor.observations(observations.clone());
        redactor.has_learned();
        let redacted = redactor.redact(record);
        let redacted: Vec<Fact> = serde_json::from_value(redacted["facts"].clone()).unwrap();
        let kinds = |facts: &[Fact]| facts.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        assert_eq!(kinds(&facts), kinds(&redacted));

        let before = (
            observations.services.len(),
            observations.tasks.len(),
            observations.failures.len(),
        );
        let seen = redactor.observations(observations);
        assert_eq!(
            before,
            (seen.services.len(), seen.tasks.len(), seen.failures.len())
        );
        let text = serde_json::to_string(&(&redacted, StoredObservations::from(&seen))).unwrap();
        for secret in [
            "123456789012",
            "dev-ecs-scheduler",
            "dev-deployer",
            "jane",
            "nestjs",
            "<!channel>",
        ] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn an_exported_window_tells_the_same_when_it_is_redacted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exported.jsonl");
    let lines: Vec<String> = samples(3)
        .into_iter()
        .map(|(facts, answers)| exported(&facts, &answers).to_string())
        .collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let path = path.to_str().unwrap();
    let plain: Value = serde_json::from_str(&replay(&[path])).unwrap();
    let redacted: Value = serde_json::from_str(&replay(&[path, "--redact"])).unwrap();
    assert_eq!(plain["records"]["used"], 3, "{plain}");
    assert_eq!(plain["totals"], redacted["totals"]);
    assert_eq!(plain["records"], redacted["records"]);
    assert!(!redacted.to_string().contains("acme"), "{redacted}");
}
