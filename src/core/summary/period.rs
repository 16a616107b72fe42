//! Words times: the span of the calls, and times of the day.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::reader::Reader;
use crate::core::snapshot::{RunStatus, WindowSnapshot};

/// The time from the first call of these runs to the last. Where there was no call, the times at which they were due.
pub(super) fn of(snapshot: &WindowSnapshot<'_>, told: &[&RunStatus<'_>], reader: Reader) -> String {
    text(span_of(snapshot, told), reader)
}

/// The beginning of that time: `Mon 15 Jan 09:00 KST`.
pub(super) fn start(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    reader: Reader,
) -> String {
    let (first, _) = span_of(snapshot, told);
    let first = first.with_timezone(&reader.timezone);
    format!("{} {}", reader.words().day(first), first.format("%H:%M %Z"))
}

fn span_of(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
) -> (DateTime<Utc>, DateTime<Utc>) {
    let calls = told
        .iter()
        .flat_map(|one| one.run.attempts.iter().map(|attempt| attempt.at));
    let due = told.iter().map(|one| one.run.time);
    let start = snapshot.key.start;
    span(calls).or_else(|| span(due)).unwrap_or((start, start))
}

/// The earliest and the latest of some times.
fn span(times: impl Iterator<Item = DateTime<Utc>>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    times.fold(None, |span, time| match span {
        None => Some((time, time)),
        Some((first, last)) => Some((time.min(first), time.max(last))),
    })
}

/// The span in words: the minute of the first call, and the minute nearest to the last.
pub(super) fn text((first, last): (DateTime<Utc>, DateTime<Utc>), reader: Reader) -> String {
    let minutes = |time: DateTime<Utc>| {
        let start = time.timestamp().div_euclid(60) * 60;
        DateTime::from_timestamp(start, 0)
            .unwrap_or(time)
            .with_timezone(&reader.timezone)
    };
    let (start, end) = (minutes(first), minutes(last + TimeDelta::seconds(30)));
    let day = |time| reader.words().day(time);
    let start_text = format!("{} {}", day(start), start.format("%H:%M"));
    let zone = end.format("%Z");
    if start == end {
        format!("{start_text} {zone}")
    } else if start.date_naive() == end.date_naive() {
        format!("{start_text}~{} {zone}", end.format("%H:%M"))
    } else {
        format!("{start_text}~{} {} {zone}", day(end), end.format("%H:%M"))
    }
}

/// `09:24` in the reader's zone.
pub(super) fn clock(time: DateTime<Utc>, reader: Reader) -> String {
    time.with_timezone(&reader.timezone)
        .format("%H:%M")
        .to_string()
}
