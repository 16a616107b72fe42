//! Telling a receiver of overrides: a line when one begins, ends or is taken back, each once.

use chrono::{DateTime, Utc};

use super::say::{OVERDUE, delay_after};
use super::{Turn, Visit, VisitError};

use crate::core::notice::{self, Notice, Telling};
use crate::core::overrides::Override;
use crate::core::report::{Heard, LastReport};
use crate::core::runs::ArrivedOverride;
use crate::core::snapshot::WindowSnapshot;
use crate::metrics::Metrics;
use crate::ports::notifier::{Channel, Notifier, NotifyError};
use crate::ports::window_log::WindowLog;

/// How often a search that fails keeps a line back: repeating it is better than losing it.
const SEARCHES: u32 = 5;

/// Sends the lines that are messages of their own. Returns when to come again.
pub(super) async fn tell<L: WindowLog, N: Notifier, C>(
    snapshot: &WindowSnapshot<'_>,
    channel: Option<&impl Channel>,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let key = snapshot.key;
    let mut next: Option<DateTime<Utc>> = None;
    for (one, telling) in notice::untold(snapshot, report, channel.is_some(), to.visit.is_last()) {
        let again = match telling {
            Telling::With(_) => continue,
            Telling::At(at) => Some(at),
            Telling::Now if held_until(report, to.visit).is_some() => held_until(report, to.visit),
            Telling::Now => {
                let sent = send(snapshot, &one.told, channel, to, report, metrics).await;
                take(&sent, &one.told, to.visit, report);
                // Directly after the send: whatever happens next must not repeat the line.
                to.note(key, report).await?;
                if let Err(error) = &sent {
                    let name = to.name();
                    tracing::error!(window = %key, receiver = name, %error, "cannot tell {name} of an override in {key}: {error}");
                    overdue(snapshot, one, name, metrics);
                }
                sent.err().and_then(|_| held_until(report, to.visit))
            }
        };
        next = next.into_iter().chain(again).min();
    }
    if next.is_none() {
        report.notices.is_in_doubt = false;
    }
    Ok(next)
}

/// Until when nothing is sent, because the receiver asked for silence, failed, or refused a line.
fn held_until(report: &LastReport, visit: Visit<'_>) -> Option<DateTime<Utc>> {
    let until = report.not_before.max(report.notices.not_before)?;
    (visit.now < until).then_some(until)
}

/// Sends a line, unless it is found that nobody took note of.
async fn send<L, N: Notifier, C>(
    snapshot: &WindowSnapshot<'_>,
    one: &Override,
    channel: Option<&impl Channel>,
    to: &Turn<'_, L, N, C>,
    report: &LastReport,
    metrics: &mut Metrics,
) -> Result<(), NotifyError> {
    let (key, name) = (snapshot.key, to.name());
    let Some(notice) = Notice::of(one, snapshot.label, to.visit.now, to.receiver.reader) else {
        return Ok(());
    };
    let delivery = match channel {
        None => to.receiver.notifier.tell(&notice, to.visit.deadline).await,
        Some(channel) => {
            if report.notices.is_in_doubt && report.failures < SEARCHES {
                match channel.has_announced(key, &notice, to.visit.deadline).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    Err(error) if error.refusal().is_some() => {
                        tracing::warn!(window = %key, receiver = name, %error, "cannot look for an earlier line in {key}: {error}");
                    }
                    Err(error) => return Err(error),
                }
            }
            let delivery = channel.announce(key, &notice, to.visit.deadline).await;
            if delivery.is_refused() {
                // Slack refuses the bot, and will go on to: the webhook speaks instead, where there is one.
                to.receiver.notifier.tell(&notice, to.visit.deadline).await
            } else {
                delivery
            }
        }
    };
    metrics.posted(&delivery);
    if delivery.result.is_ok() {
        tracing::info!(window = %key, receiver = name, override.name = notice.name, "told of the override {}", notice.name);
    }
    delivery.result
}

/// Remembers what came of a line.
fn take(sent: &Result<(), NotifyError>, one: &Override, visit: Visit<'_>, report: &mut LastReport) {
    match sent {
        Ok(()) => {
            notice::note(report, one, Heard::Alone);
            report.reached();
            report.notices.refusals = 0;
            report.notices.not_before = None;
        }
        // What there is to say about runs need not wait because a line was refused.
        Err(error) if error.refusal().is_some() => {
            let notices = &mut report.notices;
            notices.not_before = visit.now.checked_add_signed(delay_after(notices.refusals));
            notices.refusals = notices.refusals.saturating_add(1);
        }
        Err(error) => {
            report.notices.is_in_doubt |= error.is_ambiguous();
            super::say::back_off(report, error, visit.now);
        }
    }
}

fn overdue(
    snapshot: &WindowSnapshot<'_>,
    one: &ArrivedOverride,
    name: &str,
    metrics: &mut Metrics,
) {
    if snapshot.now >= one.arrived_at + OVERDUE {
        let key = snapshot.key;
        tracing::error!(window = %key, receiver = name, "an override in {key} could not be told to {name} for long");
        metrics.windows_overdue += 1;
    }
}
