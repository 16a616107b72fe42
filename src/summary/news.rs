//! What people have to hear of while a message follows its window: failures, and that they recovered.
//!
//! Pure. The first failure is told at once. What else happens is told when nothing that was told still stands,
//! or when the window has ended: a storm of failures is two replies, not one for each.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::{Failure, Lines};
use crate::roll::{Over, Roll, Subject};

/// What a message's thread is to hear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Failures that it has not heard of.
    pub failures: Vec<Failure>,
    /// What it heard had failed, and has succeeded since.
    pub recovered: Vec<String>,
}

/// 48 bits tell the failures of a window apart.
const DIGEST_BYTES: usize = 6;
/// How many failures are remembered as told; a window with more is told of once.
const REMEMBERED: usize = 2_000;

impl News {
    /// What to tell a thread that heard of `told`, if there is cause to, and what it has heard of then.
    #[must_use]
    pub fn since(
        told: &BTreeSet<String>,
        roll: &Roll,
        over: Over,
        has_ended: bool,
        timezone: Tz,
    ) -> Option<(Self, BTreeSet<String>)> {
        let lines = Lines::new(roll, timezone);
        let standings = roll.standings(over);
        let (mut failures, mut recovered) = (Vec::new(), Vec::new());
        let mut standing_now = BTreeSet::new();
        for (subject, standing) in &standings {
            let digest = digest(subject);
            let is_told = told.contains(&digest);
            let (row, failure) = lines.line(subject, standing);
            match failure {
                Some(failure) => {
                    standing_now.insert(digest);
                    if !is_told && told.len() < REMEMBERED {
                        failures.push(failure);
                    }
                }
                None if is_told && standing.is_good() => recovered.push(row.service),
                // It may yet recover, or fail again.
                None if is_told => {
                    standing_now.insert(digest);
                }
                None => {}
            }
        }
        // Refused calls without a name stop counting once every expected service has succeeded.
        for failure in roll.anonymous.keys() {
            let subject = Subject::Unnamed(failure.clone());
            if told.contains(&digest(&subject)) && !standings.contains_key(&subject) {
                recovered.push("the calls that named no service".to_owned());
            }
        }
        let is_anything_told_left = standing_now.intersection(told).next().is_some();
        let is_due = has_ended || !is_anything_told_left;
        if !is_due || (failures.is_empty() && recovered.is_empty()) {
            return None;
        }
        let told = standing_now.into_iter().take(REMEMBERED).collect();
        let news = Self {
            failures,
            recovered,
        };
        Some((news, told))
    }
}

fn digest(subject: &Subject) -> String {
    let parts = match subject {
        Subject::Service(id) => [
            "service",
            &id.account,
            &id.region,
            &id.cluster,
            id.name.as_str(),
        ],
        Subject::Job(id) => {
            let cluster = &id.cluster;
            [
                "job",
                &cluster.account,
                &cluster.region,
                &cluster.name,
                id.family.as_str(),
            ]
        }
        Subject::Unnamed(failure) => {
            let message = failure.error.message.as_deref().unwrap_or_default();
            [
                "unnamed",
                &failure.error.code,
                message,
                failure.caller.as_str(),
                "",
            ]
        }
    };
    Sha256::digest(parts.join("\0"))
        .iter()
        .take(DIGEST_BYTES)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono_tz::Tz;

    use super::News;
    use crate::fact::{ApiError, Outcome, ServiceId};
    use crate::roll::{Entry, Over, Roll};

    fn roll(services: &[(&str, bool)]) -> Roll {
        let entry = |&(name, is_failed): &(&str, bool)| {
            let id = ServiceId {
                name: name.to_owned(),
                cluster: "dev".to_owned(),
                region: "eu-west-1".to_owned(),
                account: "111122223333".to_owned(),
            };
            let error = ApiError {
                code: "ThrottlingException".to_owned(),
                message: None,
            };
            let outcome = if is_failed {
                Outcome::Failed(error)
            } else {
                Outcome::Accepted
            };
            let entry = Entry {
                outcome: Some(outcome),
                attempts: 1,
                ..Entry::default()
            };
            (id, entry)
        };
        Roll {
            services: services.iter().map(entry).collect(),
            ..Roll::default()
        }
    }

    /// What is told after a thread heard of what failed in `before`: `-failed +recovered`.
    fn p(before: &[(&str, bool)], after: &[(&str, bool)], has_ended: bool) -> String {
        let told = News::since(
            &BTreeSet::new(),
            &roll(before),
            Over::default(),
            true,
            Tz::UTC,
        )
        .map(|(_, told)| told)
        .unwrap_or_default();
        let Some((news, _)) = News::since(&told, &roll(after), Over::default(), has_ended, Tz::UTC)
        else {
            return "silence".to_owned();
        };
        let failed = news
            .failures
            .iter()
            .map(|failure| format!("-{}", failure.subject));
        let recovered = news.recovered.iter().map(|name| format!("+{name}"));
        failed.chain(recovered).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tells_the_first_failure_at_once_and_the_rest_together() {
        let good = [("a", false), ("b", false)];
        let (a, b, both) = (
            [("a", true), ("b", false)],
            [("a", false), ("b", true)],
            [("a", true), ("b", true)],
        );
        for (before, after, has_ended, expected) in [
            (&good, &good, true, "silence"),
            (&good, &a, false, "-a"),
            (&good, &both, false, "-a -b"),
            (&a, &a, true, "silence"),
            (&a, &both, false, "silence"),
            (&a, &both, true, "-b"),
            (&a, &b, false, "-b +a"),
            (&a, &good, false, "+a"),
            (&both, &a, false, "silence"),
            (&both, &a, true, "+b"),
            (&both, &good, false, "+a +b"),
        ] {
            assert_eq!(
                p(before, after, has_ended),
                expected,
                "{before:?} {after:?}"
            );
        }
    }
}
