//! Reads times, spans of time and time zones as people type them. The errors name the form that is expected.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A time as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// With its distance from UTC.
    Exact(DateTime<Utc>),
    /// In the time zone that the command speaks of.
    Local(NaiveDateTime),
}

impl When {
    /// The moment; `zone` is the time zone that the command speaks of. Where a clock is put back, the earlier of two.
    ///
    /// # Errors
    /// When the clock of that zone skips the time, as in the night when summer time begins.
    pub fn in_zone(self, zone: Tz) -> Result<DateTime<Utc>, String> {
        match self {
            Self::Exact(time) => Ok(time),
            Self::Local(time) => zone
                .from_local_datetime(&time)
                .earliest()
                .map(|time| time.with_timezone(&Utc))
                .ok_or_else(|| format!("{time} does not exist in {zone}: clocks skip it")),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Exact(time.with_timezone(&Utc)));
        }
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Self::Local(date.into()));
        }
        let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];
        forms
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(Self::Local)
            .ok_or_else(|| {
                "expected a time such as 2026-12-24T09:00:00+09:00, or a date such as 2026-12-24, or 2026-12-24T09:00, \
                 which are in --timezone"
                    .to_owned()
            })
    }
}

/// Reads a span of time such as `3d`.
///
/// # Errors
/// Names the form that is expected.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "expected a span of time such as 3d, 12h, 90m or 1h 30m".to_owned())
}

/// Reads a time zone.
///
/// # Errors
/// Names the form that is expected.
pub(super) fn zone(text: &str) -> Result<Tz, String> {
    text.parse()
        .map_err(|_| "expected an IANA name such as Asia/Seoul, Europe/Berlin or UTC".to_owned())
}

/// Reads the length of a window in minutes.
///
/// # Errors
/// Names the form that is expected.
pub(super) fn window_minutes(text: &str) -> Result<Duration, String> {
    let minutes = text.parse::<u64>().ok();
    minutes
        .filter(|&minutes| minutes > 0 && 1_440 % minutes == 0)
        .map(Duration::from_mins)
        .ok_or_else(|| {
            "expected whole minutes that divide a day of 1440, such as 15, 30 or 60".to_owned()
        })
}

/// A moment as the clocks of the zone show it, such as `today 18:00 KST`.
#[cfg(feature = "operator")]
pub(super) fn clock(time: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let local = time.with_timezone(&zone);
    let today = now.with_timezone(&zone).date_naive();
    let days = (local.date_naive() - today).num_days();
    let day = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..=200 => local.format("%a %-d %b").to_string(),
        _ => local.format("%a %-d %b %Y").to_string(),
    };
    format!("{day} {}", local.format("%H:%M %Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_exact_or_in_the_zone_of_the_command() {
        let seoul: Tz = "Asia/Seoul".parse().unwrap();
        for (text, expected) in [
            ("2026-12-24T09:00:00+09:00", "2026-12-24T00:00:00Z"),
            ("2026-12-24T09:00:00Z", "2026-12-24T09:00:00Z"),
            ("2026-12-24", "2026-12-23T15:00:00Z"),
            ("2026-12-24T09:00", "2026-12-24T00:00:00Z"),
            ("2026-12-24 09:00", "2026-12-24T00:00:00Z"),
        ] {
            let time = text.parse::<When>().unwrap().in_zone(seoul).unwrap();
            assert_eq!(time, expected.parse::<DateTime<Utc>>().unwrap(), "{text}");
        }
        assert!(
            "tomorrow"
                .parse::<When>()
                .unwrap_err()
                .contains("2026-12-24T09:00:00+09:00")
        );
    }

    #[test]
    fn a_time_that_clocks_skip_is_refused_and_one_that_comes_twice_is_the_first() {
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        let at = |text: &str| text.parse::<When>().unwrap().in_zone(berlin);
        assert!(
            at("2026-03-29T02:30")
                .unwrap_err()
                .contains("clocks skip it")
        );
        assert_eq!(
            at("2026-10-25T02:30").unwrap(),
            "2026-10-25T00:30:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }

    #[test]
    fn a_window_divides_a_day() {
        assert_eq!(window_minutes("30").unwrap(), Duration::from_mins(30));
        for text in ["0", "7", "-30", "2880", "half"] {
            assert!(
                window_minutes(text)
                    .unwrap_err()
                    .contains("such as 15, 30 or 60")
            );
        }
    }
}
