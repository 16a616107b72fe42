//! Tells something outside that everybody was told, so that it rings where nothing of rollcall runs.
//!
//! A ping comes after what it vouches for: only once people and machines confirmed everything that was due, and something
//! new since the last ping. That something is overdue is told once, until all is told.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::memory::RememberedWindow;
use super::say::back_off;
use super::tell::Told;
use super::{Ports, Visit, VisitError};
use crate::core::report::LastReport;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::ports::machine::{Beat, RunId, Watchdog};
use crate::ports::notifier::{Notifier, NotifyError};
use crate::ports::window_log::WindowLog;

/// The name under which is kept what the watchdog was told.
const NAME: &str = "heartbeat";
/// How long a ping may take at most: it holds the window meanwhile.
const LONGEST: Duration = Duration::from_secs(3);
/// A ping that failed so often in a row is given up until something new is confirmed: the watchdog rings by itself.
const MOST_FAILURES: u32 = 8;

/// Pings the watchdog if there is cause to. Returns what came of it.
pub(super) async fn turn<L: WindowLog, N: Notifier, Q, E, C>(
    key: &WindowKey,
    told: &[Told<'_>],
    known: &RememberedWindow,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
) -> Option<Told<'static>> {
    let watchdog = ports.receivers.watchdog()?;
    let report = known.contents.reports.get(NAME);
    let mut report = report.cloned().unwrap_or_default();
    let beat = beat(told, &report)?;
    if let Some(not_before) = report.not_before.filter(|at| visit.now < *at) {
        return Some(Told {
            receiver: NAME,
            report,
            metrics: Metrics::default(),
            next: Ok(Some(not_before)),
        });
    }
    let mut metrics = Metrics::default();
    ping(key, beat, watchdog, visit, &mut report, &mut metrics).await;
    let noted = ports.log.note(key, NAME, &report).await;
    let retry = report
        .not_before
        .filter(|_| report.failures < MOST_FAILURES);
    Some(Told {
        receiver: NAME,
        report,
        metrics,
        next: noted.map(|()| retry).map_err(VisitError::from),
    })
}

/// What the watchdog is to hear, if anything.
fn beat(told: &[Told<'_>], report: &LastReport) -> Option<Beat> {
    let is_overdue = told.iter().any(|one| one.metrics.windows_overdue > 0);
    if is_overdue {
        return (!report.is_failing).then_some(Beat::Failing);
    }
    let newest = newest(told)?;
    let is_news = report.said_at.is_none_or(|said_at| said_at < newest);
    let is_given_up = report.failures >= MOST_FAILURES
        && report.not_before.is_some_and(|tried_at| newest < tried_at);
    (is_news && !is_given_up).then_some(Beat::Alive)
}

/// When something was confirmed last, if nobody is left who could not be told, or is still to be told for the first time.
fn newest(told: &[Told<'_>]) -> Option<DateTime<Utc>> {
    let others = || told.iter().filter(|one| !one.report.is_gone);
    let is_open = |one: &Told<'_>| {
        let settled_at = one.report.settled_at();
        let is_awaited = !matches!(one.next, Ok(None));
        one.next.is_err() || one.report.failures > 0 || (settled_at.is_none() && is_awaited)
    };
    if others().any(is_open) {
        return None;
    }
    others().filter_map(|one| one.report.settled_at()).max()
}

/// Pings the watchdog where nothing is remembered: everything about the window `key` and others was told.
pub(crate) async fn ping_at_once(
    key: &WindowKey,
    watchdog: &dyn Watchdog,
    deadline: Instant,
    metrics: &mut Metrics,
) {
    let _ = send(key, Beat::Alive, watchdog, deadline, metrics).await;
}

async fn ping(
    key: &WindowKey,
    beat: Beat,
    watchdog: &dyn Watchdog,
    visit: Visit<'_>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) {
    match send(key, beat, watchdog, visit.deadline, metrics).await {
        Ok(()) => {
            report.is_failing = beat == Beat::Failing;
            report.confirm(visit.now);
        }
        Err(error) => back_off(report, &error, visit.now),
    }
}

/// Sends a ping, and logs and counts what came of it.
async fn send(
    key: &WindowKey,
    beat: Beat,
    watchdog: &dyn Watchdog,
    deadline: Instant,
    metrics: &mut Metrics,
) -> Result<(), NotifyError> {
    let deadline = deadline.min(Instant::now() + LONGEST);
    let delivery = watchdog.ping(beat, run_id(key), deadline).await;
    match &delivery.result {
        Ok(()) => {
            metrics.heartbeats_sent += 1;
            tracing::info!(window = %key, "pinged the heartbeat about {key}: {beat:?}");
        }
        Err(error) => {
            metrics.heartbeats_failed += 1;
            let words = error.of("the heartbeat").to_string();
            tracing::warn!(window = %key, error = words, "cannot ping the heartbeat about {key}: {words}");
        }
    }
    delivery.result
}

/// The same for every ping about a window.
fn run_id(key: &WindowKey) -> RunId {
    let digest = Sha256::digest(key.to_string());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    RunId(bytes)
}
