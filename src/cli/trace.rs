//! `rollcall replay --trace`: tells what each file held, and what a function with a table would have decided at that
//! time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::words::counted;
use crate::config::DEFAULT_WAIT_POLICY;
use crate::core::decide::{Decision, MessageKind, decide};
use crate::core::fact::Fact;
use crate::core::observation::Observations;
use crate::core::policy::WaitPolicy;
use crate::core::reader::Reader;
use crate::core::report::LastReport;
use crate::core::runs::{Arrival, Runs};
use crate::core::snapshot::WindowSnapshot;
use crate::core::summary::Summary;
use crate::core::window::{WindowKey, Windowing};
use crate::metrics::Metrics;
use crate::pipeline::{self, Received};

/// Without questions to ECS: no file tells what ECS would have answered while the function waited.
const POLICY: WaitPolicy = WaitPolicy {
    verify: None,
    ..DEFAULT_WAIT_POLICY
};

/// What was learned, file by file.
pub(super) struct Trace {
    windowing: Windowing,
    facts: BTreeMap<WindowKey, Vec<(Fact, Arrival)>>,
}

impl Trace {
    pub(super) fn new(windowing: &Windowing) -> Self {
        Self {
            windowing: windowing.clone(),
            facts: BTreeMap::new(),
        }
    }

    /// Tells about one file, as if all its records had arrived at the time of its latest call.
    pub(super) fn file(
        &mut self,
        name: &str,
        received: &Received,
        counts: &Metrics,
        now: DateTime<Utc>,
    ) {
        let Metrics {
            decoded,
            undecodable,
            ..
        } = counts;
        let records = counted(counts.records, "record", "records");
        let ignored: u64 = counts.ignored.values().sum();
        anstream::eprintln!(
            "trace: {name}: {records}: {decoded} decoded, {ignored} ignored, {undecodable} undecodable"
        );
        let now = happened_at(received).unwrap_or(now);
        let arrival = Arrival {
            at: now,
            siblings_until: None,
        };
        for (key, facts) in &received.facts {
            let known = self.facts.entry(key.clone()).or_default();
            known.extend(facts.iter().map(|fact| (fact.clone(), arrival)));
        }
        let mut windows: BTreeSet<WindowKey> = received.windows.keys().cloned().collect();
        for key in windows.clone() {
            windows.extend(self.forward(&key, arrival));
        }
        for key in &windows {
            self.window(key, now);
        }
    }

    /// Takes calls that answer runs of earlier windows there, as the function does. Returns those windows.
    fn forward(&mut self, key: &WindowKey, arrival: Arrival) -> Vec<WindowKey> {
        let facts = self.facts.get(key).into_iter().flatten();
        let runs = Runs::fold(key.start, facts.map(|(fact, arrival)| (fact, *arrival)));
        let elsewhere = pipeline::elsewhere(key, runs, self.windowing.period);
        let mut targets = Vec::new();
        for (target, fact) in elsewhere {
            // A fact that is there already came with an earlier file.
            let known = self.facts.entry(target.clone()).or_default();
            if known.iter().all(|(known, _)| *known != fact) {
                known.push((fact, arrival));
                targets.push(target);
            }
        }
        targets
    }

    fn window(&self, key: &WindowKey, now: DateTime<Utc>) {
        let facts = self.facts.get(key).into_iter().flatten();
        let runs = Runs::fold(key.start, facts.map(|(fact, arrival)| (fact, *arrival)));
        let observations = Observations::default();
        let policy = WaitPolicy {
            period: self.windowing.period,
            ..POLICY
        };
        let snapshot = WindowSnapshot::new(key, &runs, &observations, policy, now);
        let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
        let summary = Summary::new(
            &snapshot,
            &all,
            MessageKind::First,
            Reader::english(chrono_tz::UTC),
        );
        let overrides = match runs.overrides.len() {
            0 => String::new(),
            // Each is told at once, whatever is decided about runs.
            count => format!(", {}", counted(count as u64, "override", "overrides")),
        };
        let decision = explain(&decide(&snapshot, &LastReport::default()));
        anstream::eprintln!(
            "trace:   {key}: {}{overrides}; at {}: {decision}",
            summary.totals(),
            clock(now)
        );
    }
}

/// When the records of a file may have arrived: at the time of the latest of them.
fn happened_at(received: &Received) -> Option<DateTime<Utc>> {
    let time = |fact: &Fact| match fact {
        Fact::UpdateService(call) => Some(call.event_time),
        Fact::Roster(roster) => Some(roster.scheduled_time),
        Fact::DeadLetter(letter) => Some(letter.scheduled_time),
        Fact::ServiceEvent(event) => Some(event.created_at),
        Fact::RunTask(call) => Some(call.event_time),
        Fact::Task(task) => Some(task.observed_at),
        Fact::Override(one) => Some(one.scheduled_time),
        Fact::Silenced { .. }
        | Fact::SilenceExpired { .. }
        | Fact::Undecodable { .. }
        | Fact::Unkept { .. } => None,
    };
    received.facts.values().flatten().filter_map(time).max()
}

fn explain(decision: &Decision) -> String {
    match decision {
        Decision::Say(message) => format!("say it ({})", message.reason),
        Decision::Hold(until, _) => format!("hold it back until {}", clock(*until)),
        Decision::Wait(until, reason) => format!("wait until {} ({reason})", clock(*until)),
        Decision::Nothing => "nothing to say".to_owned(),
    }
}

fn clock(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
