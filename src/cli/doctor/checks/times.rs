//! The schedules' flexible windows lie inside rollcall's windows: a schedule whose calls may fall into two windows is
//! reported in two messages.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::calls;
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Schedule, Seen};
use crate::cli::occurrences::Timing;
use crate::core::window::Windowing;

const AREA: &str = "windows";

pub(super) fn check(seen: &Seen, windowing: &Windowing, now: DateTime<Utc>) -> Vec<Finding> {
    let Ok(schedules) = &seen.schedules else {
        return Vec::new();
    };
    let (calls, _) = calls(schedules);
    // Schedules of one time differ in their services only.
    let mut by_time: BTreeMap<(&str, &str, u32), Vec<&str>> = BTreeMap::new();
    for call in &calls {
        let Schedule {
            name,
            expression,
            timezone,
            flexible_minutes,
            ..
        } = call.schedule;
        let time = (expression.as_str(), timezone.as_str(), *flexible_minutes);
        by_time.entry(time).or_default().push(name);
    }
    let (crossing, inside): (Vec<_>, Vec<_>) =
        by_time
            .into_iter()
            .partition(|&((expression, zone, minutes), _)| {
                crosses(expression, zone, minutes, windowing, now)
            });
    let inside: usize = inside.iter().map(|(_, names)| names.len()).sum();
    let minutes = windowing.period.as_secs() / 60;
    let mut findings: Vec<Finding> = crossing
        .into_iter()
        .map(|((expression, _, flexible), which)| {
            Finding::wrong(
                AREA,
                names(which),
                format!(
                    "{expression} with a flexible window of {flexible} min reaches beyond the window of {minutes} min in \
                     which it begins, so its calls are told in two messages"
                ),
                "move the schedule, shorten its flexible window, or set ROLLCALL_WINDOW_MINUTES to a longer one",
            )
        })
        .collect();
    if findings.is_empty() && inside > 0 {
        let text = format!("{inside} schedules stay inside windows of {minutes} min");
        findings.push(Finding::fine(AREA, &seen.function.name, text));
    }
    findings
}

/// So many firings are looked at, within a year: where in a window a schedule fires depends on the time of day and on daylight
/// saving alone.
const FIRINGS: usize = 10_000;

/// Whether some of a schedule's calls may fall into the next window. The times of a `rate()` are not known.
fn crosses(
    expression: &str,
    zone: &str,
    flexible_minutes: u32,
    windowing: &Windowing,
    now: DateTime<Utc>,
) -> bool {
    let Ok(timing) = Timing::parse(expression, zone) else {
        return false;
    };
    let length = Duration::minutes(flexible_minutes.into());
    let period = Duration::from_std(windowing.period).unwrap_or(Duration::MAX);
    let year = now + Duration::days(366);
    let mut begins = timing
        .after(now)
        .take(FIRINGS)
        .take_while(|begin| *begin < year);
    begins.any(|begin| begin - windowing.start_of(begin) + length > period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crosses(expression: &str, timezone: &str, flexible_minutes: u32, minutes: u64) -> bool {
        let windowing = Windowing {
            environment: None,
            period: std::time::Duration::from_mins(minutes),
        };
        let now = "2026-01-15T00:00:00Z".parse().unwrap();
        super::crosses(expression, timezone, flexible_minutes, &windowing, now)
    }

    #[test]
    fn calls_stay_in_the_window_in_which_they_begin() {
        let morning = "cron(0 9 ? * MON-FRI *)";
        assert!(!crosses(morning, "Asia/Seoul", 5, 30));
        assert!(!crosses(morning, "Asia/Seoul", 30, 30));
        assert!(crosses(morning, "Asia/Seoul", 31, 30));
        assert!(!crosses("cron(25 9 * * ? *)", "UTC", 5, 30));
        assert!(crosses("cron(28 9 * * ? *)", "UTC", 5, 30));
        assert!(!crosses("cron(28 9 * * ? *)", "UTC", 0, 30));
        assert!(crosses("cron(0/14 9 * * ? *)", "UTC", 3, 30), "at :28");
        assert!(crosses("cron(5,29 9 * * ? *)", "UTC", 5, 30));
        assert!(crosses("at(2026-06-01T09:28:00)", "UTC", 5, 30));
        assert!(!crosses("rate(7 minutes)", "UTC", 5, 30), "nobody knows");
    }

    #[test]
    fn the_zone_tells_where_in_a_long_window_a_schedule_begins() {
        // A quarter past seven in Nepal is half past one in UTC.
        assert!(!crosses("cron(15 7 * * ? *)", "Asia/Kathmandu", 30, 60));
        assert!(crosses("cron(15 7 * * ? *)", "UTC", 50, 60));
        // In summer New York is an hour nearer to UTC: 22:00 is 02:00, and in winter 03:00.
        assert!(crosses("cron(0 22 * * ? *)", "America/New_York", 90, 120));
        assert!(!crosses("cron(0 22 * * ? *)", "America/New_York", 60, 120));
    }
}
