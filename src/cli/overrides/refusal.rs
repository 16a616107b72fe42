//! Why an override cannot be, with what could be asked for instead.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::runs::Time;
use crate::cli::occurrences::TimingError;

/// How many runs an override is about at most: the function refuses a message with more.
pub(super) const MOST_RUNS: usize = 500;

/// Why nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "the notifier sends no rosters here, which overrides tell the channel with; name their group by --roster-group"
    )]
    NoRosters,
    #[error("no schedule calls a service {0:?}; expected one of {1}")]
    NoService(String, String),
    #[error("there is no schedule {0:?}; expected one of {1}")]
    NoSchedule(String, String),
    #[error("when {0} runs cannot be known: {1}")]
    Unknown(String, TimingError),
    #[error(
        "{0} fires once only, and AWS lets nobody move such a schedule's run; change its at() in Terraform"
    )]
    Once(String),
    #[error("{schedule} starts only on {}, as Terraform says, and AWS keeps one start only; change its start_date in Terraform", clock(*.start, *.zone))]
    NotStarted {
        schedule: String,
        start: Time,
        zone: Tz,
    },
    #[error("{0} runs at that time anyway; expected another time")]
    Same(String),
    #[error(
        "{0} are of other groups, and only all of them can be overridden together; leave out --group, or name each"
    )]
    OtherGroups(String),
    #[error("{0} has no run within a year")]
    NoRun(String),
    #[error("{0} has no run on {day}", day = .1.format("%a %-d %b %Y"))]
    NoRunOn(String, NaiveDate),
    #[error("no run within a year lowers a count")]
    NothingLowers,
    #[error("no schedule raises a count")]
    NothingRaises,
    #[error("there is no {0} on that day, as the clocks skip it")]
    NoSuchTime(NaiveTime),
    #[error("{} is past, or within two minutes; expected a later time", clock(*.at, *.zone))]
    Past { at: Time, zone: Tz },
    #[error("{} is earlier than the run at {}, and runs can only come later", clock(*.at, *.zone), clock(*.run, *.zone))]
    Earlier { at: Time, run: Time, zone: Tz },
    #[error("{} is more than {hours} hours away, which is the most; the module's input maximum_override_hours allows more", clock(*.at, *.zone))]
    TooLong { at: Time, hours: i64, zone: Tz },
    #[error("{schedule} runs at {}, too soon for a change; try again after {}", clock(*.at, *.zone), clock(*.free_at, *.zone))]
    TooLate {
        schedule: String,
        at: Time,
        free_at: Time,
        zone: Tz,
    },
    #[error("{schedule} comes before that, at {}; expected an earlier time; --schedule names another run, and `rollcall skip` takes one away", clock(*.at, *.zone))]
    NextComesFirst {
        schedule: String,
        at: Time,
        zone: Tz,
    },
    #[error(
        "these are {0} runs, and an override is about {MOST_RUNS} at most; expected fewer days"
    )]
    TooMany(usize),
    #[error("no override {0} holds; `rollcall overrides` lists those that do")]
    NoOverride(String),
}

/// A moment as the clocks of the zone show it.
fn clock(time: Time, zone: Tz) -> String {
    time.with_timezone(&zone)
        .format("%a %-d %b %H:%M %Z")
        .to_string()
}
