//! Turn a receiver whose messages cannot be edited: each run once, and later what changed.

use chrono::{DateTime, TimeDelta, Utc};

use super::{FIRST_RETRY, LONGEST_RETRY, Turn, Visit, VisitError};
use crate::core::decide::{Decision, Message, MessageKind, decide, decide_last};
use crate::core::notice;
use crate::core::report::{Heard, LastReport};
use crate::core::snapshot::WindowSnapshot;
use crate::core::summary::Summary;
use crate::core::words::Language;
use crate::metrics::Metrics;
use crate::ports::notifier::{Notifier, NotifyError};
use crate::ports::window_log::WindowLog;

/// How late a message may be before an alarm, which does not depend on Slack, tells of it.
pub(super) const OVERDUE: TimeDelta = TimeDelta::minutes(15);
/// A window is told in at most so many messages in one visit; the next visit goes on.
const MESSAGES: usize = 8;

/// Tells what is due, message by message. Returns when to come again.
pub(super) async fn tell<L: WindowLog, N: Notifier, C>(
    snapshot: &WindowSnapshot<'_>,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let say = async |message: &Message, report: &mut LastReport, metrics: &mut Metrics| {
        let is_told = say(snapshot, message, to, report, metrics).await;
        // Directly after the send: whatever happens next must not repeat the message.
        to.note(snapshot.key, report).await?;
        Ok(is_told)
    };
    tell_due(snapshot, to.name(), to.visit, report, metrics, say).await
}

/// Gives each message that is due for the receiver `name` to `say`, which tells it, notes that, and returns whether the receiver confirmed it.
/// Returns when to come again.
pub(super) async fn tell_due(
    snapshot: &WindowSnapshot<'_>,
    name: &str,
    visit: Visit<'_>,
    report: &mut LastReport,
    metrics: &mut Metrics,
    mut say: impl AsyncFnMut(&Message, &mut LastReport, &mut Metrics) -> Result<bool, VisitError>,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    for _ in 0..MESSAGES {
        let decision = if visit.is_last() {
            decide_last(snapshot, report)
        } else {
            decide(snapshot, report)
        };
        trace(snapshot, name, &decision);
        match decision {
            Decision::Say(message) => {
                if !say(&message, report, metrics).await? {
                    overdue(snapshot, name, message.due_at, metrics);
                    return Ok(report.not_before);
                }
            }
            Decision::Hold(not_before, message) => {
                overdue(snapshot, name, message.due_at, metrics);
                return Ok(Some(not_before));
            }
            Decision::Wait(until, _) => return Ok(Some(until)),
            Decision::Nothing => return Ok(None),
        }
    }
    Ok(Some(visit.now))
}

fn trace(snapshot: &WindowSnapshot<'_>, name: &str, decision: &Decision) {
    let key = snapshot.key;
    let words = match decision {
        Decision::Say(message) => format!("tell {} runs ({})", message.runs.len(), message.reason),
        Decision::Hold(until, _) => format!("hold a message back until {until}"),
        Decision::Wait(until, reason) => format!("wait until {until} ({reason})"),
        Decision::Nothing => "nothing to tell".to_owned(),
    };
    let runs = snapshot.statuses.len();
    tracing::info!(window = %key, receiver = name, runs, "decided about {key}: {words}");
}

async fn say<L, N: Notifier, C>(
    snapshot: &WindowSnapshot<'_>,
    message: &Message,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> bool {
    let (key, name) = (snapshot.key, to.name());
    let is_told = |group| {
        let mut runs = message.runs.iter();
        runs.any(|&index| snapshot.statuses[index].group == group)
    };
    let ended = notice::ended_in(snapshot, report, false, is_told);
    let mut summary = match message.kind {
        MessageKind::Changes => {
            Summary::changes(snapshot, &message.runs, report, to.receiver.reader)
        }
        kind => Summary::new(snapshot, &message.runs, kind, to.receiver.reader),
    };
    summary.mention_ended(&ended);
    let delivery = to
        .receiver
        .notifier
        .notify(&summary, to.visit.deadline)
        .await;
    metrics.said(&summary, &delivery);
    match delivery.result {
        Ok(()) => {
            tracing::info!(window = %key, receiver = name, "said {key}: {}", summary.totals_in(Language::English));
            for &index in &message.runs {
                let one = &snapshot.statuses[index];
                report.told.tell(one.subject, one.run, &one.status);
            }
            for one in ended {
                notice::note(report, one, Heard::WithRuns);
            }
            report.confirm(to.visit.now);
            true
        }
        Err(error) => {
            tracing::error!(window = %key, receiver = name, %error, "cannot say {key} to {name}: {error}");
            back_off(report, &error, to.visit.now);
            false
        }
    }
}

/// Tells the log and the metrics that a message to the receiver `name` is long due.
pub(super) fn overdue(
    snapshot: &WindowSnapshot<'_>,
    name: &str,
    due_at: DateTime<Utc>,
    metrics: &mut Metrics,
) {
    let key = snapshot.key;
    if snapshot.now >= due_at + OVERDUE {
        tracing::error!(window = %key, receiver = name, "{key} is past its deadline and could not be said to {name}");
        metrics.windows_overdue += 1;
    }
}

/// How long to wait after so many failures in a row.
pub(super) fn delay_after(failures: u32) -> TimeDelta {
    let delay = FIRST_RETRY * 2_i32.saturating_pow(failures.min(10));
    delay.min(LONGEST_RETRY)
}

/// Remembers when the receiver may be called again: later each time, and not before it asked for.
pub(super) fn back_off(report: &mut LastReport, error: &NotifyError, now: DateTime<Utc>) {
    let delay = delay_after(report.failures);
    let asked = error
        .retry_after()
        .and_then(|asked| TimeDelta::from_std(asked).ok());
    report.failures = report.failures.saturating_add(1);
    report.not_before = now.checked_add_signed(asked.map_or(delay, |asked| asked.max(delay)));
    report.is_in_doubt |= error.is_ambiguous();
}
