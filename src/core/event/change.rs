//! Which runs are news to a receiver that was told of their group before.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::run::{Place, status_word};
use crate::core::snapshot::RunStatus;
use crate::core::told::{Told, ToldStatus};

/// A run that is news.
#[derive(Serialize)]
pub(super) struct Change<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    schedule: Option<&'a str>,
    time: DateTime<Utc>,
    /// The status that the receiver was told before; `None` for a run that it has not heard of.
    was: Option<&'static str>,
    status: &'static str,
}

impl<'a> Change<'a> {
    pub(super) fn of(one: &'a RunStatus<'a>, told: &Told) -> Self {
        let was = told.of(one.subject, one.run).and_then(ToldStatus::kind);
        Self {
            place: Place::of(one.subject),
            schedule: one.run.schedule(),
            time: one.run.time,
            was: was.map(status_word),
            status: status_word(one.status.kind()),
        }
    }
}
