//! Words times: the span of the calls, and durations.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::core::snapshot::{RunStatus, WindowSnapshot};

/// The time from the first call of these runs to the last. Where there was no call, the times at which they were due.
pub(super) fn of(snapshot: &WindowSnapshot<'_>, told: &[&RunStatus<'_>], timezone: Tz) -> String {
    let calls = told
        .iter()
        .flat_map(|one| one.run.attempts.iter().map(|attempt| attempt.at));
    let due = told.iter().map(|one| one.run.time);
    let span = span(calls).or_else(|| span(due));
    let start = snapshot.key.start;
    text(span.unwrap_or((start, start)), timezone)
}

/// The earliest and the latest of some times.
pub(super) fn span(
    times: impl Iterator<Item = DateTime<Utc>>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    times.fold(None, |span, time| match span {
        None => Some((time, time)),
        Some((first, last)) => Some((time.min(first), time.max(last))),
    })
}

/// The span in words: the minute of the first call, and the minute nearest to the last.
pub(super) fn text((first, last): (DateTime<Utc>, DateTime<Utc>), timezone: Tz) -> String {
    let minutes = |time: DateTime<Utc>| {
        DateTime::from_timestamp(time.timestamp().div_euclid(60) * 60, 0).unwrap_or(time)
    };
    let start = minutes(first).with_timezone(&timezone);
    let end = minutes(last + TimeDelta::seconds(30)).with_timezone(&timezone);
    let start_text = start.format("%Y-%m-%d %H:%M");
    let zone = end.format("%Z");
    if start == end {
        format!("{start_text} {zone}")
    } else if start.date_naive() == end.date_naive() {
        format!("{start_text}~{} {zone}", end.format("%H:%M"))
    } else {
        format!("{start_text}~{} {zone}", end.format("%Y-%m-%d %H:%M"))
    }
}

/// `12 s`, `4 min 12 s`, `1 h 4 min`.
pub(super) fn in_words(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {minutes} min"),
    }
}
