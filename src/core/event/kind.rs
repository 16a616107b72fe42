//! What an event means for the environment, so that a machine can wait for one kind and ignore the others.

use std::fmt;

use crate::core::fact::ActionKind;
use crate::core::runs::Subject;
use crate::core::snapshot::RunStatus;
use crate::core::told::{Told, ToldStatus};

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// Every run of the group is as it should be, and most services were asked to run.
    EnvironmentUp,
    /// Every run of the group is as it should be, and most services were asked to stop.
    EnvironmentDown,
    /// The group is told for the first time, and something of it is not as it should be.
    EnvironmentIncomplete,
    /// Anything else: a run changed after it was told, more is awaited, or the group neither starts nor stops a service, as
    /// jobs do not.
    ScheduleRunChanged,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 4] = [
        Self::EnvironmentUp,
        Self::EnvironmentDown,
        Self::EnvironmentIncomplete,
        Self::ScheduleRunChanged,
    ];

    /// The name in the body of a request.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EnvironmentUp => "environment.up",
            Self::EnvironmentDown => "environment.down",
            Self::EnvironmentIncomplete => "environment.incomplete",
            Self::ScheduleRunChanged => "schedule.run_changed",
        }
    }

    /// The name as EventBridge's `detail-type`.
    #[must_use]
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::EnvironmentUp => "Environment Up",
            Self::EnvironmentDown => "Environment Down",
            Self::EnvironmentIncomplete => "Environment Incomplete",
            Self::ScheduleRunChanged => "Schedule Run Changed",
        }
    }

    /// The type of the event about a group, to a receiver who was told this before. A group that recovers after it was
    /// told is up or down then: a pipeline that waits for that must hear it.
    pub(super) fn of(members: &[&RunStatus<'_>], told: &Told) -> Self {
        let before = || {
            let told = |one: &&RunStatus<'_>| told.of(one.subject, one.run);
            members.iter().filter_map(told)
        };
        let is_first = before().next().is_none();
        let was_good = before().all(ToldStatus::is_good);
        let is_good = members.iter().all(|one| one.status.is_good());
        if is_good && (is_first || !was_good) {
            return direction(members).unwrap_or(Self::ScheduleRunChanged);
        }
        let is_job = |one: &&RunStatus<'_>| matches!(one.subject, Subject::Job(_));
        let is_any_bad = members.iter().any(|one| one.status.is_failure());
        if is_first && is_any_bad && !members.iter().all(is_job) {
            return Self::EnvironmentIncomplete;
        }
        Self::ScheduleRunChanged
    }
}

/// Whether more services were asked to run or to stop; up where they are as many, and `None` where there are none, such
/// as in a group of jobs or of restarts.
fn direction(members: &[&RunStatus<'_>]) -> Option<EventType> {
    let is_service = |one: &&&RunStatus<'_>| matches!(one.subject, Subject::Service(_));
    let asked = members.iter().filter(is_service).filter_map(|one| {
        let action = one.run.action.map(|action| action.kind);
        match (one.run.asked, action) {
            (Some(count), _) => Some(count > 0),
            (None, Some(ActionKind::ScaleUp)) => Some(true),
            (None, Some(ActionKind::ScaleDown)) => Some(false),
            (None, _) => None,
        }
    });
    let (up, down): (Vec<bool>, Vec<bool>) = asked.partition(|is_up| *is_up);
    match (up.len(), down.len()) {
        (0, 0) => None,
        (up, down) if up >= down => Some(EventType::EnvironmentUp),
        _ => Some(EventType::EnvironmentDown),
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
