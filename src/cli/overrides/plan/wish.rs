//! What people ask for.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::Time;
use crate::core::overrides::Kind;

/// Until when people want something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::overrides) enum Until {
    /// A time of day in the schedule's zone: the next such time.
    Clock(NaiveTime),
    /// A moment.
    Moment(Time),
    /// A moment in the schedule's zone.
    Local(NaiveDateTime),
    /// As long after the run's own time, or after now.
    Span(TimeDelta),
}

/// What people ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::overrides) enum Wish {
    /// Let a run come later: the next one that lowers counts, or the next one of a schedule.
    Extend {
        until: Until,
        schedule: Option<String>,
    },
    /// Let the runs of these days not come.
    Skip { schedules: Vec<String>, days: Days },
    /// Start now, and stop when the time is over.
    Up { until: Until },
    /// Stop now, until a schedule starts it: the next one that raises counts, or this one.
    Down { until_schedule: Option<String> },
}

impl Wish {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Extend { .. } => Kind::Extend,
            Self::Skip { .. } => Kind::Skip,
            Self::Up { .. } => Kind::Up,
            Self::Down { .. } => Kind::Down,
        }
    }
}

/// Days in the schedule's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::overrides) enum Days {
    /// Each of these; each has to have a run.
    On(BTreeSet<NaiveDate>),
    /// From the first to the last, both included.
    Span(NaiveDate, NaiveDate),
}

impl Days {
    pub(super) fn contain(&self, day: NaiveDate) -> bool {
        match self {
            Self::On(days) => days.contains(&day),
            Self::Span(first, last) => (*first..=*last).contains(&day),
        }
    }
}

/// A wish with what belongs to every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::overrides) struct Asked {
    pub(in crate::cli::overrides) wish: Wish,
    /// The services that it is about; all of them where none is named.
    pub(in crate::cli::overrides) services: BTreeSet<String>,
    pub(in crate::cli::overrides) reason: Option<String>,
    /// Who asks, by the caller's credentials.
    pub(in crate::cli::overrides) by: String,
}

impl Until {
    /// The moment that is meant, where a span counts from `since` and a time of day is the next one after `since`.
    pub(super) fn moment(self, since: Time, zone: Tz) -> Result<Time, Refusal> {
        match self {
            Self::Moment(time) => Ok(time),
            Self::Local(time) => {
                let moment = zone.from_local_datetime(&time).earliest();
                let moment = moment.ok_or(Refusal::NoSuchTime(time.time()))?;
                Ok(moment.to_utc())
            }
            Self::Span(span) => Ok(since + span),
            Self::Clock(clock) => {
                let local = since.with_timezone(&zone).naive_local();
                let mut day = local.date();
                if day.and_time(clock) <= local {
                    day = day.succ_opt().unwrap_or(day);
                }
                let moment = zone.from_local_datetime(&day.and_time(clock)).earliest();
                let moment = moment.ok_or(Refusal::NoSuchTime(clock))?;
                Ok(moment.to_utc())
            }
        }
    }
}
