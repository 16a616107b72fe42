//! Tells every receiver its part of a window.
//!
//! All are told at the same time, each with its own report, so that none waits for another that does not answer.

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};

use super::machines::MachineTurn;
use super::memory::RememberedWindow;
use super::{Ports, Visit, VisitError, live, notices, say, turn_deadline, watchdog};
use crate::core::audience::Audience;
use crate::core::report::LastReport;
use crate::core::routes::DEFAULT;
use crate::core::snapshot::WindowSnapshot;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::ports::Clock;
use crate::ports::notifier::Notifier;
use crate::ports::receivers::{MachineReceiver, Receiver};
use crate::ports::window_log::{VisitNotes, WindowLog, WindowLogError};

/// One receiver's turn in a visit.
pub(super) struct Turn<'a, L, N, C> {
    pub(super) receiver: &'a Receiver<N>,
    pub(super) log: &'a L,
    pub(super) clock: &'a C,
    pub(super) visit: Visit<'a>,
}

/// What came of telling one receiver.
pub(super) struct Told<'a> {
    pub(super) receiver: &'a str,
    pub(super) report: LastReport,
    pub(super) metrics: Metrics,
    /// When there is more to tell.
    pub(super) next: Result<Option<DateTime<Utc>>, VisitError>,
}

/// What a receiver was told before.
pub(super) struct Before {
    pub(super) report: LastReport,
    /// It is not in the log yet.
    pub(super) is_unnoted: bool,
}

impl Before {
    fn of(name: &str, known: &RememberedWindow) -> Self {
        let report = known.contents.reports.get(name);
        Self {
            report: report.cloned().unwrap_or_default(),
            is_unnoted: known.unnoted.contains(name),
        }
    }
}

/// The turns of all receivers of a window.
type Turns<'a> = Vec<LocalBoxFuture<'a, Told<'a>>>;

/// Tells every receiver what is due. Returns when there is more to tell.
pub(super) async fn tell<L: WindowLog, N: Notifier, Q, E, C: Clock>(
    key: &WindowKey,
    has_lapsed: bool,
    known: &mut RememberedWindow,
    notes: &mut VisitNotes,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let observations = &known.contents.observations;
    let snapshot = WindowSnapshot::new(key, &known.runs, observations, visit.policy, visit.now);
    notes.runs = snapshot.statuses.len();
    let audience = Audience::of(ports.receivers.routes(), &snapshot);
    let mut turns = machine_turns(&audience, &snapshot, known, ports, visit);
    turns.extend(people_turns(
        &audience, snapshot, has_lapsed, known, ports, visit,
    ));
    let told = join_all(turns).await;
    let pinged = watchdog::turn(key, &told, known, ports, visit).await;
    let mut next = Ok(None);
    for told in told.into_iter().chain(pinged) {
        metrics.add_told(told.metrics);
        // What was told and could not be noted is known here alone: the next visit of this instance must not repeat it.
        if told.next.is_err() {
            known.unnoted.insert(told.receiver.to_owned());
        } else {
            known.unnoted.remove(told.receiver);
        }
        let reports = &mut known.contents.reports;
        reports.insert(told.receiver.to_owned(), told.report);
        next = earlier(next, told.next);
    }
    next
}

/// The turns of people, each with its part of the window.
fn people_turns<'a, L: WindowLog, N: Notifier, Q, E, C: Clock>(
    audience: &Audience<'_>,
    snapshot: WindowSnapshot<'a>,
    has_lapsed: bool,
    known: &RememberedWindow,
    ports: &Ports<'a, L, N, Q, E, C>,
    visit: Visit<'a>,
) -> Turns<'a> {
    let receivers: Vec<&'a Receiver<N>> = ports.receivers.iter().collect();
    let reports = &known.contents.reports;
    let report = |place: usize| reports.get(&receivers.get(place)?.name);
    let heard = audience.parts(snapshot, report);
    let mut visit = visit;
    if receivers.len() > 1 {
        visit.deadline = turn_deadline(visit.deadline);
    }
    let mut turns: Turns<'a> = Vec::with_capacity(heard.len());
    for (place, (part, &receiver)) in heard.into_iter().zip(&receivers).enumerate() {
        let is_nothing = part.is_blank() && part.overrides.is_empty();
        if is_nothing && place != DEFAULT && report(place).is_none() {
            continue;
        }
        let part = receiver.own(part);
        let mut before = Before::of(&receiver.name, known);
        // The visitor that did not come back may have posted a message.
        before.report.is_in_doubt |= has_lapsed;
        before.report.notices.is_in_doubt |= has_lapsed;
        let turn = Turn {
            receiver,
            log: ports.log,
            clock: ports.clock,
            visit,
        };
        turns.push(turn.take(part, before).boxed_local());
    }
    turns
}

/// The turns of machines, each with everything or with the part of a route.
fn machine_turns<'a, L: WindowLog, N: Notifier, Q, E, C>(
    audience: &Audience<'_>,
    snapshot: &WindowSnapshot<'a>,
    known: &RememberedWindow,
    ports: &Ports<'a, L, N, Q, E, C>,
    visit: Visit<'a>,
) -> Turns<'a> {
    let reports = &known.contents.reports;
    let turn = |to: &'a MachineReceiver| {
        let part = if to.route.is_none() {
            snapshot.clone()
        } else {
            audience.part(snapshot, to.place, reports.get(&to.name))
        };
        if part.is_blank() {
            return None;
        }
        let turn = MachineTurn {
            to,
            log: ports.log,
            visit,
        };
        let before = Before::of(&to.name, known);
        Some(turn.take(part, before).boxed_local())
    };
    let machines = ports.receivers.machines().iter();
    machines.filter_map(turn).collect()
}

/// The earlier time, or what went wrong first.
fn earlier(
    one: Result<Option<DateTime<Utc>>, VisitError>,
    other: Result<Option<DateTime<Utc>>, VisitError>,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    Ok(one?.into_iter().chain(other?).min())
}

impl<'a, L: WindowLog, N: Notifier, C: Clock> Turn<'a, L, N, C> {
    /// Tells the receiver what is due.
    async fn take(self, mut part: WindowSnapshot<'a>, before: Before) -> Told<'a> {
        let mut report = before.report;
        let mut metrics = Metrics::default();
        let caught_up = if before.is_unnoted {
            self.note(part.key, &report).await
        } else {
            Ok(())
        };
        let next = match caught_up {
            Err(error) => Err(error.into()),
            Ok(()) => self.tell(&mut part, &mut report, &mut metrics).await,
        };
        Told {
            receiver: &self.receiver.name,
            report,
            metrics,
            next,
        }
    }

    /// Tells of overrides, then of runs. Returns when there is more to tell.
    async fn tell(
        &self,
        part: &mut WindowSnapshot<'_>,
        report: &mut LastReport,
        metrics: &mut Metrics,
    ) -> Result<Option<DateTime<Utc>>, VisitError> {
        let notifier = &self.receiver.notifier;
        notifier.prepare().await;
        // A window that was told in a message which cannot be edited goes on like that.
        let is_said_once = report.said_at.is_some() && report.messages.is_empty();
        let is_said_once = is_said_once || self.receiver.is_told_at_the_end;
        let channel = notifier.live().filter(|_| !is_said_once);
        let notices = notices::tell(part, channel, self, report, metrics).await?;
        let runs = match channel {
            Some(channel) => live::tell(part, channel, self, report, metrics).await?,
            None => say::tell(part, self, report, metrics).await?,
        };
        Ok(notices.into_iter().chain(runs).min())
    }
}

impl<L, N, C> Turn<'_, L, N, C> {
    /// The receiver's name, as logs have it.
    pub(super) fn name(&self) -> &str {
        &self.receiver.name
    }
}

impl<L: WindowLog, N, C> Turn<'_, L, N, C> {
    /// Keeps what the receiver was told.
    pub(super) async fn note(
        &self,
        key: &WindowKey,
        report: &LastReport,
    ) -> Result<(), WindowLogError> {
        self.log.note(key, &self.receiver.name, report).await
    }
}
