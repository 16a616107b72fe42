//! Telling a machine: an event for each group of runs that people would be told of in a message that cannot be edited.

use tokio::time::Instant;

use super::say::{back_off, tell_due};
use super::tell::{Before, Told};
use super::{Visit, VisitError, turn_deadline};
use crate::core::decide::Message;
use crate::core::event::{Event, Receiver, by_group, confirm};
use crate::core::report::LastReport;
use crate::core::snapshot::WindowSnapshot;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::ports::notifier::NotifyError;
use crate::ports::receivers::MachineReceiver;
use crate::ports::window_log::WindowLog;

/// The answer 410 Gone.
const GONE: u16 = 410;

/// One machine's turn in a visit.
pub(super) struct MachineTurn<'a, L> {
    pub(super) to: &'a MachineReceiver,
    pub(super) log: &'a L,
    pub(super) visit: Visit<'a>,
}

impl<'a, L: WindowLog> MachineTurn<'a, L> {
    /// Tells the machine what is due.
    pub(super) async fn take(self, part: WindowSnapshot<'a>, before: Before) -> Told<'a> {
        let mut report = before.report;
        let mut metrics = Metrics::default();
        let caught_up = if before.is_unnoted {
            self.note(&part, &report).await
        } else {
            Ok(())
        };
        let next = match caught_up {
            Err(error) => Err(error),
            // Whoever is gone hears of no more in this window; the next one asks again.
            Ok(()) if report.is_gone => Ok(None),
            Ok(()) => {
                let deadline = turn_deadline(self.visit.deadline);
                let say =
                    async |message: &Message, report: &mut LastReport, metrics: &mut Metrics| {
                        self.say(&part, message, deadline, report, metrics).await
                    };
                tell_due(
                    &part,
                    &self.to.name,
                    self.visit,
                    &mut report,
                    &mut metrics,
                    say,
                )
                .await
            }
        };
        Told {
            receiver: &self.to.name,
            report,
            metrics,
            next,
        }
    }

    /// Sends an event for each group of the message's runs. Returns whether all of them were confirmed.
    async fn say(
        &self,
        part: &WindowSnapshot<'_>,
        message: &Message,
        deadline: Instant,
        report: &mut LastReport,
        metrics: &mut Metrics,
    ) -> Result<bool, VisitError> {
        for (group, news) in by_group(part, &message.runs) {
            let receiver = Receiver {
                route: self.to.route.as_deref(),
                report,
                is_whole: !self.to.is_by_outcome,
            };
            let event = Event::of(part, group, &news, receiver);
            let sent = send(part.key, &event, self.to, deadline, metrics).await;
            match &sent {
                Ok(()) => confirm(part, group, &news, report),
                Err(error) => {
                    report.is_gone = is_gone(error);
                    back_off(report, error, self.visit.now);
                }
            }
            // Directly after the send, so that the event is not repeated for want of the note.
            self.note(part, report).await?;
            if sent.is_err() {
                // Nobody waits for a machine that is gone.
                return Ok(report.is_gone);
            }
        }
        Ok(true)
    }

    async fn note(&self, part: &WindowSnapshot<'_>, report: &LastReport) -> Result<(), VisitError> {
        Ok(self.log.note(part.key, &self.to.name, report).await?)
    }
}

/// Sends an event, and logs and counts what came of it.
pub(crate) async fn send(
    key: &WindowKey,
    event: &Event,
    to: &MachineReceiver,
    deadline: Instant,
    metrics: &mut Metrics,
) -> Result<(), NotifyError> {
    let (name, kind, id) = (&to.name, event.kind, &event.id);
    let delivery = to.machine.send(event, deadline).await;
    match &delivery.result {
        Ok(()) => {
            metrics.events_sent += 1;
            tracing::info!(window = %key, receiver = name, event.id = id, "sent {kind} about {key} to {name}");
        }
        Err(error) => {
            metrics.events_failed += 1;
            let words = error.of(name).to_string();
            tracing::error!(window = %key, receiver = name, event.id = id, error = words, "cannot send {kind} about {key}: {words}");
            if is_gone(error) {
                metrics.machines_gone += 1;
                tracing::error!(window = %key, receiver = name, "{name} is gone (HTTP 410) and hears no more of {key}; remove its address if it is not coming back");
            }
        }
    }
    delivery.result
}

/// Whether the machine wants no more events.
fn is_gone(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Refused { status: GONE, .. })
}
