//! EventBridge Scheduler in memory, with what Terraform makes in it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target,
};
use chrono::{NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::cli::occurrences::Timing;
use crate::cli::overrides::entry::{Entry, Key};
use crate::cli::overrides::landscape::Landscape;
use crate::cli::overrides::plan::{Asked, Proposal, Situation, Until, Wish, cancel, propose};
use crate::cli::overrides::records;
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::Time;
use crate::cli::overrides::wanted::{Action, actions};
use crate::core::decode::decode_body;

pub(super) const SEOUL: Tz = chrono_tz::Asia::Seoul;
pub(super) const CALLS: &str = "rollcall-dev";
pub(super) const ROSTERS: &str = "rollcall-dev-rosters";

pub(super) fn seoul(text: &str) -> Time {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    SEOUL.from_local_datetime(&local).unwrap().to_utc()
}

pub(super) fn entry(
    group: &str,
    name: &str,
    cron: &str,
    minutes: i32,
    arn: &str,
    input: &Value,
) -> Entry {
    let flexible = FlexibleTimeWindow::builder();
    let flexible = if minutes == 0 {
        flexible.mode(FlexibleTimeWindowMode::Off)
    } else {
        flexible
            .mode(FlexibleTimeWindowMode::Flexible)
            .maximum_window_in_minutes(minutes)
    };
    let target = Target::builder()
        .arn(arn)
        .role_arn("arn:aws:iam::111122223333:role/rollcall-dev")
        .input(input.to_string());
    Entry {
        group: group.to_owned(),
        name: name.to_owned(),
        expression: format!("cron({cron})"),
        timezone: "Asia/Seoul".to_owned(),
        start: None,
        end: None,
        description: None,
        state: ScheduleState::Enabled,
        kms_key_arn: None,
        flexible: flexible.build().unwrap(),
        target: target.build().unwrap(),
        after_completion: ActionAfterCompletion::None,
    }
}

/// What Terraform makes of two schedules of three services.
pub(super) fn terraform() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (schedule, cron, counts) in [
        ("morning", "0 9 ? * MON-FRI *", [1, 2, 1]),
        ("evening", "0 18 ? * MON-FRI *", [0, 0, 0]),
    ] {
        let services = ["api", "web", "worker"].into_iter().zip(counts);
        for (service, count) in services.clone() {
            let input = json!({"Cluster": "app-dev", "Service": service, "DesiredCount": count});
            let arn = "arn:aws:scheduler:::aws-sdk:ecs:updateService";
            entries.push(entry(
                CALLS,
                &format!("{schedule}.{service}"),
                cron,
                5,
                arn,
                &input,
            ));
        }
        let roster = json!({
            "rollcall": "roster", "environment": "dev", "schedule": schedule, "cluster": "app-dev",
            "account": "111122223333", "region": "ap-northeast-2", "flexible_window_minutes": 5,
            "scheduled_time": "<aws.scheduler.scheduled-time>",
            "services": services.collect::<BTreeMap<_, _>>(),
            "labels": {"api": {"team": "pay"}, "web": {"team": "search"}},
        });
        let queue = "arn:aws:sqs:ap-northeast-2:111122223333:rollcall-dev-records";
        entries.push(entry(
            ROSTERS,
            &format!("ecs.{schedule}"),
            cron,
            0,
            queue,
            &roster,
        ));
    }
    entries
}

/// What came at a moment: a service was set to a count, or a roster expected that.
pub(super) type Came = (Time, String, i64);

/// EventBridge Scheduler.
#[derive(Clone)]
pub(super) struct Scheduler {
    pub(super) now: Time,
    pub(super) entries: BTreeMap<Key, Entry>,
    pub(super) calls: BTreeSet<Came>,
    pub(super) expected: BTreeSet<Came>,
    pub(super) told: Vec<Value>,
}

impl Scheduler {
    pub(super) fn new(now: Time) -> Self {
        let entries = terraform()
            .into_iter()
            .map(|entry| (entry.key(), entry))
            .collect();
        Self {
            now,
            entries,
            calls: BTreeSet::new(),
            expected: BTreeSet::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn landscape(&self) -> Landscape {
        Landscape::read(self.entries.values().cloned())
    }

    /// Lets time pass: all fires that is due, and what has no run left deletes itself.
    pub(super) fn play(&mut self, until: Time) {
        for entry in self.entries.values() {
            let timing = Timing::parse(&entry.expression, &entry.timezone).unwrap();
            let runs = timing.after(self.now).take_while(|time| *time <= until);
            for at in runs {
                let is_before = entry.start.is_some_and(|start| at < start);
                let is_after = entry.end.is_some_and(|end| at > end);
                if is_before || is_after || !entry.is_enabled() {
                    continue;
                }
                let text = entry
                    .input()
                    .replace("<aws.scheduler.scheduled-time>", &at.to_rfc3339());
                let input: Value = serde_json::from_str(&text).unwrap();
                if input.get("rollcall").is_some() {
                    decode_body(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
                }
                if input["rollcall"] == "override" {
                    self.told.push(input);
                } else if input["rollcall"] == "roster" {
                    for (service, count) in input["services"].as_object().unwrap() {
                        self.expected
                            .insert((at, service.clone(), count.as_i64().unwrap()));
                    }
                } else {
                    let service = input["Service"].as_str().unwrap().to_owned();
                    self.calls
                        .insert((at, service, input["DesiredCount"].as_i64().unwrap()));
                }
            }
        }
        self.entries.retain(|_, entry| {
            let timing = Timing::parse(&entry.expression, &entry.timezone).unwrap();
            let next = timing.after(until).next();
            let next = next.filter(|next| entry.end.is_none_or(|end| *next <= end));
            entry.after_completion == ActionAfterCompletion::None || next.is_some()
        });
        self.now = until;
    }

    /// Makes requests, in their order and at most so many; says whether these were all.
    pub(super) fn make(&mut self, proposal: &Proposal, at_most: usize) -> bool {
        let landscape = self.landscape();
        let told = proposal
            .is_to_be_told(self.now)
            .then(|| records::told(&landscape, &proposal.one, self.now))
            .flatten();
        let stages = actions(
            &landscape,
            &proposal.overrides,
            told.into_iter().collect(),
            self.now,
        );
        let all: Vec<Action> = stages.into_iter().flatten().collect();
        for action in all.iter().take(at_most) {
            match action {
                Action::Create(entry) => {
                    // As AWS refuses it.
                    assert!(
                        entry
                            .start
                            .is_none_or(|start| start > self.now - TimeDelta::minutes(5))
                    );
                    let before = self.entries.insert(entry.key(), (**entry).clone());
                    assert!(
                        before.is_none() || before.as_ref() == Some(&**entry),
                        "{entry:?} is not new"
                    );
                    assert!(entry.name.len() <= 64);
                }
                Action::Update(before, after) => {
                    // As AWS refuses it.
                    assert!(
                        after
                            .start
                            .is_none_or(|start| start > self.now - TimeDelta::minutes(5))
                    );
                    assert_eq!(
                        self.entries.insert(after.key(), (**after).clone()).as_ref(),
                        Some(&**before)
                    );
                }
                Action::Delete(entry) => assert!(self.entries.remove(&entry.key()).is_some()),
            }
        }
        all.len() <= at_most
    }
}

pub(super) fn asked(wish: Wish) -> Asked {
    Asked {
        wish,
        services: BTreeSet::new(),
        reason: Some("demo".to_owned()),
        by: "kim".to_owned(),
    }
}

pub(super) fn with(scheduler: &Scheduler, asked: &Asked) -> Result<Proposal, Refusal> {
    propose(
        Situation::new(&scheduler.landscape(), scheduler.now, scheduler.now),
        asked,
    )
}

pub(super) fn extend(until: &str) -> Asked {
    let clock = NaiveTime::parse_from_str(until, "%H:%M").unwrap();
    asked(Wish::Extend {
        until: Until::Clock(clock),
        schedule: None,
    })
}

/// The calls of a day as `time service count`, sorted.
pub(super) fn calls_on(scheduler: &Scheduler, day: &str) -> Vec<String> {
    let calls = scheduler.calls.iter().map(|(at, service, count)| {
        format!(
            "{} {service} {count}",
            at.with_timezone(&SEOUL).format("%Y-%m-%d %H:%M")
        )
    });
    let of_day = calls.filter_map(|call| call.strip_prefix(day).map(|rest| rest.trim().to_owned()));
    of_day.collect()
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Wish(Asked),
    /// Takes back one of the overrides that hold.
    Cancel(usize),
}

pub(super) fn proposal(scheduler: &Scheduler, step: &Step) -> Option<Proposal> {
    match step {
        Step::Wish(asked) => with(scheduler, asked).ok(),
        Step::Cancel(nth) => {
            let landscape = scheduler.landscape();
            let id = &landscape.overrides.get(*nth)?.id;
            cancel(
                Situation::new(&landscape, scheduler.now, scheduler.now),
                id,
                "lee",
            )
            .ok()
        }
    }
}
