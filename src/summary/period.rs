//! The span of the calls, as people read it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// The span of the calls: from the minute of the first to the minute nearest to the last.
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
