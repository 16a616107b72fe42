//! When a schedule of EventBridge Scheduler fires, from its expression and its zone.
//!
//! The days and times of `cron()` come from the library `croner`, which is asked about local times that know no daylight
//! saving. Their place in the zone follows AWS's rule (Scheduler user guide, "Daylight savings time on EventBridge
//! Scheduler"): a time that the zone leaves out in spring is skipped, and one that it has twice in autumn fires once. AWS does
//! not say which of the two; here it is the first.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// An expression of EventBridge Scheduler in its zone.
#[derive(Debug, Clone)]
pub(super) struct Timing {
    kind: Kind,
    zone: Tz,
}

#[derive(Debug, Clone)]
enum Kind {
    Cron(Box<Cron>),
    At(NaiveDateTime),
}

/// Why nobody can tell when a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TimingError {
    /// AWS counts the time of a `rate()` from a moment that it tells nobody.
    #[error(
        "only AWS knows when a rate() fires, as it counts from a moment of its own; use cron()"
    )]
    Rate,
    /// The expression is none that can be read.
    #[error(
        "cannot read {0:?}; expected cron(minutes hours day-of-month month day-of-week year), or at(yyyy-mm-ddThh:mm:ss)"
    )]
    Unreadable(String),
    /// The zone has no name in the database of the IANA.
    #[error("there is no zone {0:?}; expected a name such as Asia/Seoul")]
    Zone(String),
}

impl Timing {
    /// Reads an expression such as `cron(0 9 ? * MON-FRI *)` or `at(2026-12-24T18:00:00)`.
    ///
    /// # Errors
    /// Says what cannot be read, or that nobody can know when a `rate()` fires.
    pub(super) fn parse(expression: &str, zone: &str) -> Result<Self, TimingError> {
        let zone = zone
            .parse()
            .map_err(|_| TimingError::Zone(zone.to_owned()))?;
        let unreadable = || TimingError::Unreadable(expression.to_owned());
        let kind = match (inner(expression, "cron"), inner(expression, "at")) {
            (Some(fields), _) => Kind::Cron(Box::new(cron(fields).ok_or_else(unreadable)?)),
            (_, Some(time)) => {
                let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S");
                Kind::At(time.map_err(|_| unreadable())?)
            }
            _ if inner(expression, "rate").is_some() => return Err(TimingError::Rate),
            _ => return Err(unreadable()),
        };
        Ok(Self { kind, zone })
    }

    /// The zone in which the expression is read.
    #[must_use]
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The moments later than `moment` at which a schedule fires, in order. There may be none, and there may be no last one.
    pub(super) fn after(&self, moment: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let local = moment.with_timezone(&self.zone).naive_local();
        let locals: Box<dyn Iterator<Item = NaiveDateTime>> = match &self.kind {
            Kind::At(time) => Box::new(std::iter::once(*time)),
            Kind::Cron(cron) => {
                let cron = cron.as_ref().clone();
                let clock = local.and_utc();
                Box::new(cron.iter_after(clock).map(|time| time.naive_utc()))
            }
        };
        locals
            .filter_map(|local| self.zone.from_local_datetime(&local).earliest())
            .map(|time| time.to_utc())
            .filter(move |time| *time > moment)
    }
}

fn inner<'a>(expression: &'a str, kind: &str) -> Option<&'a str> {
    expression
        .trim()
        .strip_prefix(kind)?
        .strip_prefix('(')?
        .strip_suffix(')')
}

/// The six fields of AWS, which are those of `croner` without seconds.
fn cron(fields: &str) -> Option<Cron> {
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields[..] else {
        return None;
    };
    // AWS wants exactly one of both days to be `?`; with two of them `croner` would fire on the days of either.
    if (day == "?") == (weekday == "?") {
        return None;
    }
    // Alone, L is the last day of the week, which is Saturday.
    let weekday = if weekday == "L" { "7" } else { weekday };
    let weekday = over_the_week(weekday);
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build();
    parser
        .parse(&format!(
            "0 {minutes} {hours} {day} {month} {weekday} {year}"
        ))
        .ok()
}

/// A range of weekdays that goes over the end of the week, such as `SAT-SUN`, as two that do not.
fn over_the_week(weekday: &str) -> String {
    const NAMES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let number = |day: &str| {
        let named = NAMES.iter().position(|name| name.eq_ignore_ascii_case(day));
        named.map(|at| at + 1).or_else(|| day.parse().ok())
    };
    let parts = weekday.split(',').map(|part| {
        let ends = part.split_once('-');
        match ends.and_then(|(first, last)| Some((number(first)?, number(last)?))) {
            Some((first, 1)) if first > 1 => format!("{first}-7,1"),
            Some((first, last)) if first > last => format!("{first}-7,1-{last}"),
            _ => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;

    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The first times after the beginning of 2026, as the zone's clocks show them.
    fn first(count: usize, expression: &str, zone: &str) -> Vec<String> {
        let timing = Timing::parse(expression, zone).unwrap();
        let zone = timing.zone();
        let times = timing.after(moment("2026-01-01T00:00:00Z")).take(count);
        times
            .map(|time| {
                time.with_timezone(&zone)
                    .format("%a %m-%d %H:%M")
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn the_days_of_cron_are_those_of_aws() {
        for (expression, expected) in [
            (
                "cron(0 9 ? * MON-FRI *)",
                ["Thu 01-01 09:00", "Fri 01-02 09:00", "Mon 01-05 09:00"],
            ),
            (
                "cron(0 9 ? * 2-6 *)",
                ["Thu 01-01 09:00", "Fri 01-02 09:00", "Mon 01-05 09:00"],
            ),
            (
                "cron(0 9 ? * 1 *)",
                ["Sun 01-04 09:00", "Sun 01-11 09:00", "Sun 01-18 09:00"],
            ),
            (
                "cron(0 9 ? * SAT-SUN *)",
                ["Sat 01-03 09:00", "Sun 01-04 09:00", "Sat 01-10 09:00"],
            ),
            (
                "cron(0 9 ? * fri-2 *)",
                ["Fri 01-02 09:00", "Sat 01-03 09:00", "Sun 01-04 09:00"],
            ),
            (
                "cron(0 9 ? * L *)",
                ["Sat 01-03 09:00", "Sat 01-10 09:00", "Sat 01-17 09:00"],
            ),
            (
                "cron(0 9 ? * 5L *)",
                ["Thu 01-29 09:00", "Thu 02-26 09:00", "Thu 03-26 09:00"],
            ),
            (
                "cron(0 9 ? * 3#2 *)",
                ["Tue 01-13 09:00", "Tue 02-10 09:00", "Tue 03-10 09:00"],
            ),
            (
                "cron(0 9 L * ? *)",
                ["Sat 01-31 09:00", "Sat 02-28 09:00", "Tue 03-31 09:00"],
            ),
            (
                "cron(0 9 LW * ? *)",
                ["Fri 01-30 09:00", "Fri 02-27 09:00", "Tue 03-31 09:00"],
            ),
            (
                "cron(0 9 15W * ? *)",
                ["Thu 01-15 09:00", "Mon 02-16 09:00", "Mon 03-16 09:00"],
            ),
            (
                "cron(0 9 1 1/3 ? *)",
                ["Thu 01-01 09:00", "Wed 04-01 09:00", "Wed 07-01 09:00"],
            ),
            (
                "cron(50/5 23 31 12 ? 2026)",
                ["Thu 12-31 23:50", "Thu 12-31 23:55", ""],
            ),
        ] {
            let expected: Vec<&str> = expected
                .into_iter()
                .filter(|time| !time.is_empty())
                .collect();
            assert_eq!(first(3, expression, "UTC"), expected, "{expression}");
        }
    }

    #[test]
    fn a_time_that_spring_leaves_out_is_skipped_and_one_that_autumn_repeats_fires_once() {
        let berlin = Timing::parse("cron(30 2 * * ? *)", "Europe/Berlin").unwrap();
        let spring: Vec<_> = berlin
            .after(moment("2026-03-28T00:00:00Z"))
            .take(2)
            .collect();
        let expected = ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"].map(moment);
        assert_eq!(spring, expected);
        let autumn: Vec<_> = berlin
            .after(moment("2026-10-24T23:00:00Z"))
            .take(2)
            .collect();
        let expected = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"].map(moment);
        assert_eq!(autumn, expected);
        let between = berlin.after(moment("2026-10-25T00:45:00Z")).next();
        assert_eq!(
            between,
            Some(moment("2026-10-26T01:30:00Z")),
            "not in the second half past two"
        );
    }

    #[test]
    fn a_one_time_schedule_fires_once() {
        let once = Timing::parse("at(2026-12-24T18:00:00)", "Asia/Seoul").unwrap();
        let fires = moment("2026-12-24T09:00:00Z");
        assert_eq!(
            once.after(moment("2026-01-01T00:00:00Z"))
                .collect::<Vec<_>>(),
            [fires]
        );
        assert_eq!(once.after(fires).next(), None);
    }

    #[test]
    fn what_cannot_be_known_is_refused_with_the_reason() {
        let refused = |expression| Timing::parse(expression, "UTC").unwrap_err();
        assert_eq!(refused("rate(1 day)"), TimingError::Rate);
        for expression in [
            "cron(0 9 * * * *)",
            "cron(0 9 ? * ? *)",
            "cron(0 9 ? * MON-FRI)",
            "cron(60 9 ? * MON *)",
            "at(tomorrow)",
            "daily",
        ] {
            assert_eq!(
                refused(expression),
                TimingError::Unreadable(expression.to_owned())
            );
        }
        let zone = Timing::parse("rate(1 day)", "Mars/Olympus").unwrap_err();
        assert_eq!(zone, TimingError::Zone("Mars/Olympus".to_owned()));
    }

    /// Fields that both libraries know: `saffron` has neither years nor `?`.
    fn fields() -> impl Strategy<Value = String> {
        let number = |from: u32, to: u32| (from..=to).prop_map(|one| one.to_string());
        let range = |from: u32, to: u32| {
            (from..=to, from..=to).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)))
        };
        let step = |from: u32, to: u32| {
            (from..=to, 1..to).prop_map(|(start, step)| format!("{start}/{step}"))
        };
        let list = |from: u32, to: u32| {
            prop::collection::btree_set(from..=to, 2..4).prop_map(|set| {
                let texts: Vec<String> = set.iter().map(ToString::to_string).collect();
                texts.join(",")
            })
        };
        let field = move |from: u32, to: u32| {
            prop_oneof![
                number(from, to),
                range(from, to),
                step(from, to),
                list(from, to)
            ]
        };
        let day = prop_oneof![
            field(1, 31),
            Just("*".to_owned()),
            Just("L".to_owned()),
            Just("LW".to_owned()),
            (1..=28u32).prop_map(|day| format!("{day}W")),
        ];
        let weekday = prop_oneof![
            field(1, 7),
            Just("MON-FRI".to_owned()),
            Just("SUN".to_owned()),
            (1..=7u32).prop_map(|day| format!("{day}L")),
            (1..=7u32, 1..=5u32).prop_map(|(day, nth)| format!("{day}#{nth}")),
        ];
        let days = prop_oneof![
            day.prop_map(|day| (day, "?".to_owned())),
            weekday.prop_map(|weekday| ("?".to_owned(), weekday)),
        ];
        let month = prop_oneof![
            field(1, 12),
            Just("*".to_owned()),
            Just("JAN-MAR".to_owned())
        ];
        // Few times a day, so that ten years are looked at and not ten thousand times of one day.
        (number(0, 59), list(0, 23), month, days).prop_map(
            |(minute, hours, month, (day, weekday))| {
                format!("{minute} {hours} {day} {month} {weekday}")
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// `saffron`, which was written by other people, agrees for ten years.
        #[test]
        fn a_second_library_agrees_for_ten_years(fields in fields()) {
            let begin = moment("2026-01-01T00:00:00Z");
            let is_near = |time: &DateTime<Utc>| time.year() < 2036;
            let timing = Timing::parse(&format!("cron({fields} *)"), "UTC").unwrap();
            let ours: Vec<_> = timing.after(begin).take_while(is_near).collect();
            let theirs: saffron::Cron = fields.replace('?', "*").parse().unwrap();
            let theirs: Vec<_> = theirs.iter_after(begin).take_while(is_near).collect();
            prop_assert_eq!(ours, theirs, "{}", fields);
        }
    }
}
