//! `--trace`: what each invocation learned, and what a function with a table would have decided then.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::config::DEFAULT_PATIENCE;
use crate::delivery::{Decision, Knowledge, Patience, decide};
use crate::fact::Fact;
use crate::metrics::Metrics;
use crate::pipeline::Received;
use crate::roll::Over;
use crate::summary::Summary;
use crate::window::{MemoryLog, WindowLog};

/// What ECS would have said while the function waited is in no file.
const PATIENCE: Patience = Patience {
    verify: None,
    ..DEFAULT_PATIENCE
};

/// When an invocation happened, as far as its records tell: no earlier than its latest call.
pub(super) fn happened_at(received: &Received) -> Option<DateTime<Utc>> {
    let time = |fact: &Fact| match fact {
        Fact::Called(call) => Some(call.event_time),
        Fact::Expected(expected) => Some(expected.scheduled_time),
        Fact::Undelivered(undelivered) => Some(undelivered.scheduled_time),
        Fact::Observed(observed) => Some(observed.observed_at),
        Fact::Unobserved(unobserved) => Some(unobserved.observed_at),
        Fact::ServiceAction(action) => Some(action.created_at),
        Fact::RunTask(call) => Some(call.event_time),
        Fact::Task(task) => Some(task.observed_at),
        Fact::Silenced | Fact::Undecodable { .. } => None,
    };
    received.facts.values().flatten().filter_map(time).max()
}

/// Tells about one invocation, after its facts were appended.
pub(super) async fn trace(
    name: &str,
    received: &Received,
    counts: &Metrics,
    log: &MemoryLog,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let Metrics {
        records,
        decoded,
        undecodable,
        ..
    } = counts;
    let ignored: u64 = counts.ignored.values().sum();
    anstream::eprintln!(
        "trace: {name}: {records} records: {decoded} decoded, {ignored} ignored, {undecodable} undecodable"
    );
    for key in received.windows.keys() {
        let batches = log.read(key).await?;
        let Some(known) = Knowledge::of(key, &batches, None, PATIENCE) else {
            continue;
        };
        let totals = Summary::new(key, &known.roll, Over::default(), chrono_tz::UTC).totals();
        let decision = explain(decide(key, &known, PATIENCE, now));
        anstream::eprintln!("trace:   {key}: {totals}; at {}: {decision}", clock(now));
    }
    Ok(())
}

fn explain(decision: Decision) -> String {
    match decision {
        Decision::Post(reason) => format!("say it ({reason})"),
        Decision::FollowUp => "say what changed".to_owned(),
        Decision::Edit(reason) => format!("edit the message ({reason})"),
        Decision::Wait(until, reason) => format!("wait until {} ({reason})", clock(until)),
        Decision::Nothing => "nothing to say".to_owned(),
    }
}

fn clock(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
