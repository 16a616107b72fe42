//! What people see of a message, in the simulation's own words: the one place that reads the types of the code under
//! test which say something.

use rollcall::core::decide::MessageKind;
use rollcall::core::notice::Notice;
use rollcall::core::status::{Kind, Severity};
use rollcall::core::summary::{
    CHANGED, Failure, LATE, NEVER_CALLED, News, Row as SummaryRow, STOPPING, Summary, UNKEPT,
    UNSTEADY,
};

use super::mail::Millis;

/// A message, or a reply in its thread.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// It says only what changed since an earlier message.
    pub is_follow_up: bool,
    /// It says what one batch holds, because the log could not be reached.
    pub is_partial: bool,
    /// The schedules that it names.
    pub schedules: Vec<String>,
    pub rows: Vec<Row>,
    /// The lines about overrides, each with the reason that it gives: the simulation's name for it.
    pub overrides: Vec<String>,
}

/// How one subject, or one of its runs, is said to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// A service's or job's name; `?` for calls that named none.
    pub subject: String,
    /// How many tasks were asked for, where the row says so.
    pub count: Option<i64>,
    /// The time of the run, where the row says so.
    pub scheduled: Option<Millis>,
    pub word: Word,
    /// What the totals count it under, where the row says so.
    pub class: Option<Kind>,
    /// How many calls it took, where the row says so.
    pub attempts: Option<usize>,
    /// The reason of a failure.
    pub text: String,
}

/// How something is said to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Good,
    Waiting,
    Missing,
    /// Nothing was heard of it, but records are in the dead-letter queue.
    Unkept,
    /// With what failures are grouped by.
    Failed(String),
    /// Not as asked, with what failures are grouped by.
    Late(String),
}

impl Word {
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Good | Self::Waiting)
    }
}

impl Shown {
    pub fn summary(summary: &Summary) -> Self {
        let mut failures = summary.failures.iter().peekable();
        let mut rows = Vec::new();
        for row in &summary.rows {
            if !row.is_job {
                let is_failure = row.status.severity <= Severity::Warn;
                let failure = is_failure.then(|| failures.next()).flatten();
                rows.push(Row::of(row, failure));
                continue;
            }
            // A job's row stands for all of its runs, and each failed one has a reason.
            let name = format!("{} (job)", row.service);
            let mut has_failed = false;
            while let Some(failure) = failures.next_if(|failure| failure.subject == name) {
                has_failed = true;
                rows.push(Row::failure(failure));
            }
            let is_any_good = row
                .counts
                .iter()
                .any(|(kind, _)| kind.is_good() || *kind == Kind::Working);
            let is_any_pending = row.counts.iter().any(|(kind, _)| *kind == Kind::Pending);
            let plain = Row::of(row, None);
            if is_any_good || (!has_failed && !is_any_pending) {
                rows.push(Row {
                    word: Word::Good,
                    ..plain.clone()
                });
            }
            if is_any_pending {
                rows.push(Row {
                    word: Word::Waiting,
                    ..plain
                });
            }
        }
        Self {
            is_follow_up: summary.kind == MessageKind::Changes,
            is_partial: summary.notes.iter().any(|note| note.contains("Partial")),
            schedules: summary.schedules.clone(),
            rows,
            overrides: summary.overrides.clone(),
        }
    }

    pub fn notice(notice: &Notice) -> Self {
        Self {
            overrides: vec![notice.line.clone()],
            ..Self::default()
        }
    }

    pub fn reply(news: &News) -> Self {
        let failures = news.failures.iter().map(Row::failure);
        let recovered = news.recovered.iter().map(|name| {
            let (name, time) = name.split_once(" (").unwrap_or((name, ""));
            Row {
                scheduled: clock(time.trim_end_matches(')')),
                ..Row::well(name)
            }
        });
        Self {
            rows: failures.chain(recovered).collect(),
            ..Self::default()
        }
    }
}

impl Row {
    /// For the story.
    pub fn words(&self) -> String {
        let at = self
            .scheduled
            .map_or_else(String::new, |at| format!("{}' ", at / 60_000));
        let count = self
            .count
            .map_or_else(String::new, |count| format!(" → {count}"));
        format!("{at}{}{count} {:?} {}", self.subject, self.word, self.text)
    }

    fn well(name: &str) -> Self {
        Self {
            subject: name.to_owned(),
            count: None,
            scheduled: None,
            word: Word::Good,
            class: None,
            attempts: None,
            text: String::new(),
        }
    }

    fn of(row: &SummaryRow, failure: Option<&Failure>) -> Self {
        let code = failure.map_or_else(String::new, |failure| failure.code.clone());
        let kind = row.counts.first().map_or(Kind::Resolved, |(kind, _)| *kind);
        let word = match (kind, row.status.severity) {
            (Kind::Missing, Severity::Bad) => Word::Missing,
            (Kind::Missing, _) => Word::Unkept,
            (Kind::Failed, _) => Word::Failed(code),
            (_, Severity::Bad | Severity::Warn) => Word::Late(code),
            // A job whose task runs is well as far as anybody can tell.
            (Kind::Working, _) | (_, Severity::Good) => Word::Good,
            (_, Severity::Waiting) => Word::Waiting,
        };
        let number = |text: &str| {
            text.trim_matches(|c: char| !c.is_ascii_digit())
                .parse()
                .ok()
        };
        let words = row.status.words.as_str();
        let attempts = words
            .split_once("after ")
            .and_then(|(_, rest)| rest.split_once(" attempts"));
        Self {
            subject: if row.service == "(unknown)" {
                "?".to_owned()
            } else {
                row.service.clone()
            },
            count: row
                .action
                .split_once('→')
                .and_then(|(_, count)| number(count)),
            scheduled: clock(&row.action),
            word,
            class: Some(kind),
            attempts: attempts.and_then(|(count, _)| count.parse().ok()),
            text: failure.map_or_else(String::new, text),
        }
    }

    fn failure(failure: &Failure) -> Self {
        let is_named = !failure.is_nameless;
        let name = failure.subject.trim_end_matches(" (job)");
        Self {
            subject: if is_named {
                name.to_owned()
            } else {
                "?".to_owned()
            },
            scheduled: clock(&failure.reason),
            word: match failure.code.as_str() {
                NEVER_CALLED => Word::Missing,
                UNKEPT => Word::Unkept,
                LATE | UNSTEADY | STOPPING | CHANGED => Word::Late(failure.code.clone()),
                code => Word::Failed(code.to_owned()),
            },
            text: text(failure),
            ..Self::well(name)
        }
    }
}

/// The reason, with what AWS wrote.
fn text(failure: &Failure) -> String {
    let detail = failure.detail.as_deref().unwrap_or_default();
    format!("{} {detail}", failure.reason)
}

/// The time that a text begins with, where it does: worlds begin at midnight and end before noon.
fn clock(text: &str) -> Option<Millis> {
    let (hours, minutes) = text.split_whitespace().next()?.split_once(':')?;
    let minutes = hours.parse::<Millis>().ok()? * 60 + minutes.parse::<Millis>().ok()?;
    Some(minutes * 60_000)
}
