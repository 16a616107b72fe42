//! What people see of a message, in the simulation's own words: the one place that reads the types of the code under
//! test which say something.

use rollcall::summary::{Class, Failure, Mark, News, Row as SummaryRow, Stage, Summary};

use super::mail::Millis;

/// A message, or a reply in its thread.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub environment: String,
    /// It says only what changed since an earlier message.
    pub is_follow_up: bool,
    /// It says what one batch holds, because the log could not be reached.
    pub is_partial: bool,
    /// Nothing more is awaited.
    pub is_ended: bool,
    pub rows: Vec<Row>,
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
    pub class: &'static str,
    /// How many calls it took, where the row says so.
    pub attempts: Option<usize>,
    /// How many failures it stands for.
    pub calls: usize,
    /// The reason of a failure.
    pub text: String,
}

/// How something is said to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Good,
    Waiting,
    Missing,
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
        let mut failures = summary.failures.iter();
        let rows = summary.rows.iter().map(|row| {
            let is_failure = row.status.mark <= Mark::Warn;
            let failure = is_failure.then(|| failures.next()).flatten();
            Row::of(row, failure)
        });
        Self {
            environment: summary.environment.clone(),
            is_follow_up: summary.is_follow_up,
            is_partial: summary.notes.iter().any(|note| note.contains("Partial")),
            is_ended: summary
                .progress
                .is_none_or(|progress| progress.stage == Stage::Ended),
            rows: rows.collect(),
        }
    }

    pub fn reply(environment: &str, news: &News) -> Self {
        let failures = news.failures.iter().map(Row::failure);
        let recovered = news.recovered.iter().map(|name| Row {
            subject: name.clone(),
            count: None,
            scheduled: None,
            word: Word::Good,
            class: "",
            attempts: None,
            calls: 1,
            text: String::new(),
        });
        Self {
            environment: environment.to_owned(),
            rows: failures.chain(recovered).collect(),
            ..Self::default()
        }
    }
}

impl Row {
    fn of(row: &SummaryRow, failure: Option<&Failure>) -> Self {
        let code = failure.map_or_else(String::new, |failure| failure.code.clone());
        let words = row.status.words.as_str();
        let word = match (row.class, row.status.mark) {
            (Class::Missing, _) => Word::Missing,
            (Class::Failed, _) => Word::Failed(code),
            (Class::Pending, _) => Word::Waiting,
            (_, Mark::Bad | Mark::Warn) => Word::Late(code),
            (Class::Starting | Class::Stopping, Mark::Waiting) => Word::Waiting,
            _ => Word::Good,
        };
        let number = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        let attempts = words.split_once("after ").and_then(|(_, rest)| rest.split_once(" attempts"));
        Self {
            subject: if row.service == "(unknown)" { "?".to_owned() } else { row.service.clone() },
            count: row.action.split_once('→').and_then(|(_, count)| number(count)),
            scheduled: None,
            word,
            class: row.class.word(),
            attempts: attempts.and_then(|(count, _)| count.parse().ok()),
            calls: row.count,
            text: failure.map_or_else(String::new, |failure| failure.reason.clone()),
        }
    }

    fn failure(failure: &Failure) -> Self {
        let is_named = !failure.subject.starts_with("unknown service");
        let name = failure.subject.trim_end_matches(" (job)");
        Self {
            subject: if is_named { name.to_owned() } else { "?".to_owned() },
            count: None,
            scheduled: None,
            word: match failure.code.as_str() {
                "no call was recorded" => Word::Missing,
                "starting" | "stopping" | "another count" => Word::Late(failure.code.clone()),
                code => Word::Failed(code.to_owned()),
            },
            class: "",
            attempts: None,
            calls: failure.count,
            text: failure.reason.clone(),
        }
    }
}
