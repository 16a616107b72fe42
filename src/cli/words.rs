//! Words that the command line's own lines share.

use std::fmt::Display;

use crate::core::decode::IgnoredReason;
use crate::metrics::Metrics;

/// A number with the word that goes with it: `1 record`, `2 records`.
pub(super) fn counted(number: u64, one: impl Display, more: impl Display) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {more}")
    }
}

/// What was ignored and why: `4 events of other services, 1 other call of ECS`; `None` where nothing was.
pub(super) fn ignored(counts: &Metrics) -> Option<String> {
    let reasons = counts.ignored.iter().filter(|(_, count)| **count > 0);
    let parts: Vec<String> = reasons
        .map(|(&reason, &count)| {
            let (one, more) = ignored_as(reason);
            counted(count, one, more)
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn ignored_as(reason: IgnoredReason) -> (&'static str, &'static str) {
    match reason {
        IgnoredReason::OtherDetailType => ("event of another kind", "events of other kinds"),
        IgnoredReason::OtherEventSource => ("event of another service", "events of other services"),
        IgnoredReason::OtherEventName => ("other call of ECS", "other calls of ECS"),
        IgnoredReason::OtherEcsEvent => ("other event of ECS", "other events of ECS"),
        IgnoredReason::UnknownCluster => (
            "event of ECS that names no cluster",
            "events of ECS that name no cluster",
        ),
        IgnoredReason::ServiceTask => (
            "event about a task of a service",
            "events about tasks of services",
        ),
    }
}
