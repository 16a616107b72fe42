//! The schedules' flexible windows lie inside rollcall's windows: a schedule whose calls may fall into two windows is
//! reported in two messages.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::calls;
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Schedule, Seen};
use crate::core::window::Windowing;

const AREA: &str = "windows";

pub(super) fn check(seen: &Seen, windowing: &Windowing, now: DateTime<Utc>) -> Vec<Finding> {
    let Ok(schedules) = &seen.schedules else {
        return Vec::new();
    };
    let (calls, _) = calls(schedules);
    // Schedules of one time differ in their services only.
    let mut crossing: BTreeMap<(&str, u32), Vec<&str>> = BTreeMap::new();
    let mut inside = 0;
    for call in &calls {
        let schedule = call.schedule;
        if crosses(schedule, windowing, now) {
            let time = (schedule.expression.as_str(), schedule.flexible_minutes);
            crossing.entry(time).or_default().push(&schedule.name);
        } else {
            inside += 1;
        }
    }
    let minutes = windowing.period.as_secs() / 60;
    let mut findings: Vec<Finding> = crossing
        .into_iter()
        .map(|((expression, flexible), which)| {
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

/// Whether some of a schedule's calls may fall into the next window. The times of a `rate()` are not known.
fn crosses(schedule: &Schedule, windowing: &Windowing, now: DateTime<Utc>) -> bool {
    let length = Duration::minutes(schedule.flexible_minutes.into());
    let period = Duration::from_std(windowing.period).unwrap_or(Duration::MAX);
    let begins = beginnings(&schedule.expression, &schedule.timezone, now);
    begins
        .into_iter()
        .any(|begin| begin - windowing.start_of(begin) + length > period)
}

/// Moments of the year at which a schedule may fire, as far as their place in a window goes: one for each time of day, in
/// winter and in summer, whatever the day.
fn beginnings(expression: &str, timezone: &str, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    let in_zone = |time: NaiveDateTime| {
        zone.from_local_datetime(&time)
            .earliest()
            .map(|time| time.to_utc())
    };
    if let Some(time) = inner(expression, "at") {
        let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S");
        return time.ok().and_then(in_zone).into_iter().collect();
    }
    let Some(fields) = inner(expression, "cron") else {
        return Vec::new();
    };
    let mut fields = fields.split_whitespace();
    let minutes = numbers(fields.next(), 59);
    let hours = numbers(fields.next(), 23);
    let halves = [1, 7].into_iter().filter_map(|month| {
        let year = now.format("%Y").to_string().parse().ok()?;
        NaiveDate::from_ymd_opt(year, month, 15)
    });
    let times = halves.flat_map(|day| {
        let minutes = &minutes;
        hours.iter().flat_map(move |&hour| {
            minutes
                .iter()
                .filter_map(move |&minute| day.and_hms_opt(hour, minute, 0))
        })
    });
    times
        .filter_map(in_zone)
        .filter(|time| time.second() == 0)
        .collect()
}

fn inner<'a>(expression: &'a str, kind: &str) -> Option<&'a str> {
    expression
        .strip_prefix(kind)?
        .strip_prefix('(')?
        .strip_suffix(')')
}

/// The values of a field of `cron()`: numbers, ranges, lists and steps.
fn numbers(field: Option<&str>, most: u32) -> Vec<u32> {
    let item = |item: &str| -> Option<Vec<u32>> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok()?),
            None => (item, 1),
        };
        let has_step = item.contains('/');
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None if range == "*" => (0, most),
            // AWS reads 5/15 as 5-59/15.
            None => {
                let from = range.parse().ok()?;
                (from, if has_step { most } else { from })
            }
        };
        Some((from..=to.min(most)).step_by(step.max(1)).collect())
    };
    let items = field.unwrap_or_default().split(',');
    items.filter_map(item).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crosses(expression: &str, timezone: &str, flexible_minutes: u32, minutes: u64) -> bool {
        let schedule = Schedule {
            expression: expression.to_owned(),
            timezone: timezone.to_owned(),
            flexible_minutes,
            ..Schedule::default()
        };
        let windowing = Windowing {
            environment: None,
            period: std::time::Duration::from_mins(minutes),
        };
        super::crosses(
            &schedule,
            &windowing,
            "2026-01-15T00:00:00Z".parse().unwrap(),
        )
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
