//! What machines are told: the same facts as people hear, as JSON.
//!
//! Pure. An event holds how a whole group of runs stands, so that a receiver needs no earlier one to understand it.
//! `docs/event.schema.json` describes its data, and a test holds it to that: a field that is added here is added there,
//! and none is ever removed or given another meaning. `rollcall replay --format json` uses the same words.

mod change;
mod fit;
mod kind;
mod run;
mod totals;

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use self::change::Change;
use self::fit::{Fitted, fit};
pub use self::kind::EventType;
pub(crate) use self::run::{Run, Verdict};
pub(crate) use self::totals::Totals;
use super::report::LastReport;
use super::snapshot::{RunStatus, WindowSnapshot};
use super::status::Severity;
use super::words::Language;

/// The version of the data's shape. Fields may be added within a version.
const VERSION: u32 = 1;
/// The most bytes that an event's data has. EventBridge takes 256 KB for source, detail type and detail together
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/calculate-putevents-entry-size.html>). What a rule hands to
/// its target has an envelope of some hundred bytes around that, for which the rest is kept free.
pub const MOST_BYTES: usize = 250_000;
/// How many of these bytes may name what changed; the runs take what is left.
const MOST_CHANGES_BYTES: usize = 50_000;
/// How many schedules an event names; their names are short.
const MOST_SCHEDULES: usize = 200;

/// Something that machines are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Follows from everything else but `time`: a repetition has the same id, and an event that tells anything else has
    /// another one.
    pub id: String,
    /// What it means for the environment.
    pub kind: EventType,
    /// When things stood like this.
    pub time: DateTime<Utc>,
    /// JSON as `docs/event.schema.json` describes it, at most [`MOST_BYTES`] long.
    pub data: String,
}

/// For whom an event is, and what this receiver was told before.
#[derive(Debug, Clone, Copy)]
pub struct Receiver<'a> {
    /// The route whose runs the snapshot holds; `None` where it holds those of the whole environment.
    pub route: Option<&'a str>,
    /// What the receiver was told of the window.
    pub report: &'a LastReport,
    /// The snapshot holds everything that belongs together. It does not where runs were chosen by how they ended, or where a batch
    /// is told as it comes: then nobody can say that the environment is up, or that it is not.
    pub is_whole: bool,
}

/// What [`Event::data`] holds.
#[derive(Serialize)]
struct Data<'a> {
    version: u32,
    id: String,
    environment: &'a str,
    route: Option<&'a str>,
    window: Window,
    start: DateTime<Utc>,
    schedules: Vec<&'a str>,
    revision: u32,
    verdict: Verdict,
    totals: Totals,
    changes: Vec<Change<'a>>,
    changes_left_out: usize,
    runs: Vec<Run<'a>>,
    runs_left_out: usize,
}

#[derive(Serialize)]
struct Window {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Event {
    /// What a receiver is told of a group of the snapshot's runs, of which those of `news` are news to it.
    #[must_use]
    pub fn of(
        snapshot: &WindowSnapshot<'_>,
        group: usize,
        news: &[usize],
        receiver: Receiver<'_>,
    ) -> Self {
        let members = members(snapshot, group);
        let kind = if receiver.is_whole {
            EventType::of(&members, &receiver.report.told)
        } else {
            EventType::ScheduleRunChanged
        };
        let mut data = data(snapshot, group, &members, news, receiver);
        data.id = id(kind, &json(&data), snapshot);
        Self {
            id: data.id.clone(),
            kind,
            time: snapshot.now,
            data: json(&data),
        }
    }

    /// The event as the body of a request after Standard Webhooks: `{"type": …, "timestamp": …, "data": …}`.
    #[must_use]
    pub fn body(&self) -> String {
        let kind = self.kind.name();
        let timestamp = self.time.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Neither a type nor a time holds anything that JSON escapes.
        let data = &self.data;
        format!(r#"{{"type":"{kind}","timestamp":"{timestamp}","data":{data}}}"#)
    }
}

/// Some runs of a snapshot, by the group in which each is told.
#[must_use]
pub fn by_group(snapshot: &WindowSnapshot<'_>, runs: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &index in runs {
        let group = snapshot.statuses[index].group;
        groups.entry(group).or_default().push(index);
    }
    groups
}

/// Notes that the receiver confirmed the event about a group. It heard how every run of the group stands, so that none is
/// news any more but those that are still awaited and that the event did not tell as news.
pub fn confirm(
    snapshot: &WindowSnapshot<'_>,
    group: usize,
    news: &[usize],
    report: &mut LastReport,
) {
    for (index, one) in snapshot.statuses.iter().enumerate() {
        let is_told = one.final_at.is_none() || news.contains(&index);
        if one.group == group && is_told {
            report.told.tell(one.subject, one.run, &one.status);
        }
    }
    report.revision = report.revision.saturating_add(1);
    report.confirm(snapshot.now);
}

fn members<'s>(snapshot: &'s WindowSnapshot<'s>, group: usize) -> Vec<&'s RunStatus<'s>> {
    let statuses = snapshot.statuses.iter();
    statuses.filter(|one| one.group == group).collect()
}

/// The data of an event, still without its id.
fn data<'a>(
    snapshot: &'a WindowSnapshot<'a>,
    group: usize,
    members: &[&'a RunStatus<'a>],
    news: &[usize],
    receiver: Receiver<'a>,
) -> Data<'a> {
    let report = receiver.report;
    let worst = members.iter().map(|one| one.status.severity()).min();
    let is_first = members
        .iter()
        .all(|one| report.told.of(one.subject, one.run).is_none());
    // At the first telling everything is news, and the runs themselves tell it.
    let news = if is_first { &[] } else { news };
    let told = news.iter().map(|&index| {
        let one = &snapshot.statuses[index];
        (one.status.severity(), Change::of(one, &report.told))
    });
    let changes = fit(told.collect(), MOST_CHANGES_BYTES);
    let group = &snapshot.groups[group];
    let schedules = group.schedules.iter().map(String::as_str);
    let mut data = Data {
        version: VERSION,
        id: String::new(),
        environment: &snapshot.key.environment,
        route: receiver.route,
        window: Window {
            start: snapshot.key.start,
            end: snapshot.policy.window_end(snapshot.key.start),
        },
        start: group.start,
        schedules: schedules.take(MOST_SCHEDULES).collect(),
        revision: report.revision.saturating_add(1),
        verdict: worst.unwrap_or(Severity::Good).into(),
        totals: Totals::of(members.iter().copied()),
        changes: changes.kept,
        changes_left_out: changes.left_out,
        runs: Vec::new(),
        runs_left_out: members.len(),
    };
    let room = MOST_BYTES.saturating_sub(json(&data).len() + ID_BYTES);
    let runs = members
        .iter()
        .map(|one| (one.status.severity(), Run::of(one, Language::English)));
    Fitted {
        kept: data.runs,
        left_out: data.runs_left_out,
    } = fit(runs.collect(), room);
    data
}

/// How many hexadecimal digits an id has after its prefix.
const ID_DIGITS: usize = 32;
const ID_PREFIX: &str = "evt_";
const ID_BYTES: usize = ID_PREFIX.len() + ID_DIGITS;

/// An id that follows from what the event tells. The data holds the route, the start of the group and the revision; the
/// window's key is added, although the data holds it too, so that the id does not depend on how it is written there.
fn id(kind: EventType, data: &str, snapshot: &WindowSnapshot<'_>) -> String {
    let mut digest = Sha256::new();
    for part in [&snapshot.key.to_string(), kind.name(), data] {
        // The lengths keep two parts from passing for two others.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digits = hex::encode(digest.finalize());
    format!("{ID_PREFIX}{}", &digits[..ID_DIGITS])
}

/// Data as JSON. It has no maps but those with text as keys, so that writing it cannot fail.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
