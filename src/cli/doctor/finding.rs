//! What `rollcall doctor` found out about one thing, and which exit status all findings come to.
//!
//! Pure.

use std::process::ExitCode;

use serde::Serialize;

use super::seen::CannotLook;

/// Whether a thing is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It is as it should be.
    Fine,
    /// It is not, and somebody has to do something.
    Wrong,
    /// The caller may not look, or there was no answer.
    Unknown,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The part of the deployment, in one word, such as `queue`.
    pub(super) area: &'static str,
    /// The thing, such as the queue's name.
    pub(super) subject: String,
    /// Whether it is as it should be.
    pub(super) outcome: Outcome,
    /// What it is like, in a sentence without a full stop.
    pub(super) text: String,
    /// What to do about it.
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn fine(
        area: &'static str,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::new(area, subject, Outcome::Fine, text, None)
    }

    pub(super) fn wrong(
        area: &'static str,
        subject: impl Into<String>,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(area, subject, Outcome::Wrong, text, Some(advice.into()))
    }

    /// Something that the caller may not look at, with the permission that it takes.
    pub(super) fn unknown(
        area: &'static str,
        subject: impl Into<String>,
        why: &CannotLook,
    ) -> Self {
        let advice = why.advice();
        Self::new(area, subject, Outcome::Unknown, why.to_string(), advice)
    }

    /// Fine or wrong, as the condition says.
    pub(super) fn holds(
        area: &'static str,
        subject: impl Into<String>,
        condition: bool,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        if condition {
            Self::fine(area, subject, text)
        } else {
            Self::wrong(area, subject, text, advice)
        }
    }

    pub(super) fn new(
        area: &'static str,
        subject: impl Into<String>,
        outcome: Outcome,
        text: impl Into<String>,
        advice: Option<String>,
    ) -> Self {
        Self {
            area,
            subject: subject.into(),
            outcome,
            text: text.into(),
            advice,
        }
    }
}

/// Findings with how many there are of each outcome.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// The function that was looked at.
    pub(super) function: &'a str,
    /// All findings, in the order of a record's way from CloudTrail to Slack.
    pub(super) findings: &'a [Finding],
    fine: usize,
    wrong: usize,
    unknown: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(function: &'a str, findings: &'a [Finding]) -> Self {
        let count = |outcome| {
            let of_it = findings.iter().filter(|finding| finding.outcome == outcome);
            of_it.count()
        };
        Self {
            function,
            findings,
            fine: count(Outcome::Fine),
            wrong: count(Outcome::Wrong),
            unknown: count(Outcome::Unknown),
        }
    }

    /// 1 where something is wrong; 2 where nothing could be looked at; 0 otherwise, also where a part could not be.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self { wrong: 1.., .. } => 1,
            Self { fine: 0, .. } => 2,
            _ => 0,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit_status())
    }

    /// `12 fine, 1 wrong, 2 unknown`.
    pub(super) fn totals(&self) -> String {
        format!(
            "{} fine, {} wrong, {} unknown",
            self.fine, self.wrong, self.unknown
        )
    }
}

/// Names in a sentence: all of a few, the first of many with how many more there are.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_counts_more_than_what_is_unknown() {
        let fine = Finding::fine("queue", "q", "is there");
        let wrong = Finding::wrong("queue", "q", "is not there", "make it");
        let unknown = Finding::new("queue", "q", Outcome::Unknown, "?", None);
        let status = |findings: &[&Finding]| {
            let findings: Vec<Finding> = findings.iter().copied().cloned().collect();
            Report::new("f", &findings).exit_status()
        };
        assert_eq!(status(&[&fine]), 0);
        assert_eq!(status(&[&fine, &unknown]), 0);
        assert_eq!(status(&[&fine, &unknown, &wrong]), 1);
        assert_eq!(status(&[&unknown]), 2);
        assert_eq!(status(&[]), 2);
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(names(["a", "b"]), "a, b");
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(names(many), "a, b, c, d, e and 2 more");
    }
}
