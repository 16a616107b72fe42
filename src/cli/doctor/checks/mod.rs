//! The checks: pure functions from what AWS answered to findings.

mod alarms;
mod calls;
mod function;
mod letters;
mod policy;
mod queue;
mod roles;
mod rosters;
mod rules;
mod schedules;
mod secrets;
mod services;
mod table;
mod times;
mod trail;

use chrono::{DateTime, Utc};

pub(in crate::cli) use self::calls::{Call, Target, calls};
pub(super) use self::function::config;
pub(super) use self::letters::dead_letter_arns;
pub(super) use self::roles::needs;
pub(super) use self::rules::samples;
use super::finding::Finding;
use super::seen::Seen;

/// All findings, in the order of a record's way: schedules, CloudTrail, rules, queue, function, Slack, alarms.
pub(super) fn all(seen: &Seen, now: DateTime<Utc>) -> Vec<Finding> {
    let config = config(&seen.function);
    let windowing = config
        .as_ref()
        .ok()
        .map(|config| &config.settings.windowing);
    let table = config
        .as_ref()
        .ok()
        .and_then(|config| config.table.as_ref());
    [
        function::check(seen, &config),
        schedules::check(seen, now),
        services::check(seen),
        windowing.map_or_else(Vec::new, |windowing| times::check(seen, windowing, now)),
        table.map_or_else(Vec::new, |_| rosters::check(seen)),
        trail::check(&seen.trails),
        rules::check(seen),
        queue::check(seen, table),
        policy::check(seen, table.is_some()),
        letters::check(seen),
        table::check(seen),
        roles::check(seen),
        secrets::check(seen),
        alarms::check(seen),
    ]
    .concat()
}
