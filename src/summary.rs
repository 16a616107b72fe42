//! What to say about a window, in the order in which people need it: what is wrong first.
//!
//! Pure, and free of Slack: the terminal shows the same summary. Text from outside is still raw here; whoever
//! renders it makes it harmless for the medium.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use url::Url;

use crate::advice::advice;
use crate::fact::{ApiError, Outcome, ServiceId};
use crate::roll::{AnonymousFailure, Entry, Roll};
use crate::window::WindowKey;

/// What to say about one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The environment's label.
    pub environment: String,
    /// The span of the calls in the reader's zone: `2024-01-15 09:00~09:05 KST`.
    pub period: String,
    /// Failures first, then the rest, each by name.
    pub rows: Vec<Row>,
    /// One for each failed row, in the same order.
    pub failures: Vec<Failure>,
    /// How many services ended well.
    pub succeeded: usize,
    /// How many services failed, plus the refused calls that named none.
    pub failed: usize,
    /// How many of `failed` are calls that named no service.
    pub unnamed: usize,
    /// What else the reader should know, a sentence each.
    pub notes: Vec<String>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The service's name, with as much of its place as tells it from the others.
    pub service: String,
    /// Such as `Scale Up (→ 1)`.
    pub action: String,
    /// How it ended.
    pub status: Status,
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The last call was accepted, after this many calls.
    Succeeded(usize),
    /// The last call was refused, after this many calls.
    Failed(usize),
    /// This many calls were refused whose record names no service.
    Unnamed(usize),
}

impl Status {
    /// Whether people need to look at it.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Succeeded(_))
    }
}

/// A failure with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The service as in its row; for calls without one, how many and whose they were.
    pub subject: String,
    /// How many failures of the total this stands for.
    pub count: usize,
    /// The service in the ECS console.
    pub console_url: Option<Url>,
    /// The error as recorded.
    pub error: ApiError,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

impl Summary {
    /// Says what a roll means, with times in the reader's zone.
    #[must_use]
    pub fn new(key: &WindowKey, roll: &Roll, timezone: Tz) -> Self {
        let qualifier = Qualifier::of(roll);
        let mut summary = Self {
            environment: key.environment.clone(),
            period: period(roll.span.unwrap_or((key.start, key.start)), timezone),
            rows: Vec::with_capacity(roll.services.len() + roll.anonymous.len()),
            failures: Vec::new(),
            succeeded: 0,
            failed: 0,
            unnamed: 0,
            notes: notes(roll),
        };
        for (id, entry) in &roll.services {
            if let Outcome::Failed(error) = &entry.outcome {
                summary.failure(qualifier.name(id), id, entry, error);
            }
        }
        for (failure, &calls) in &roll.anonymous {
            summary.unnamed(failure, calls);
        }
        for (id, entry) in roll
            .services
            .iter()
            .filter(|(_, entry)| entry.outcome == Outcome::Accepted)
        {
            summary.succeeded += 1;
            summary.row(qualifier.name(id), entry, Status::Succeeded(entry.attempts));
        }
        summary
    }

    /// Whether anybody needs to be called to it.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.failed > 0
    }

    /// `Total: 19 succeeded, 1 failed`.
    #[must_use]
    pub fn totals(&self) -> String {
        let unnamed = match self.unnamed {
            0 => String::new(),
            1 => " (1 call named no service)".to_owned(),
            calls => format!(" ({calls} calls named no service)"),
        };
        format!(
            "Total: {} succeeded, {} failed{unnamed}",
            self.succeeded, self.failed
        )
    }

    fn failure(&mut self, service: String, id: &ServiceId, entry: &Entry, error: &ApiError) {
        self.failed += 1;
        self.failures.push(Failure {
            subject: service.clone(),
            count: 1,
            console_url: console_url(id),
            error: error.clone(),
            advice: advice(error),
        });
        self.row(service, entry, Status::Failed(entry.attempts));
    }

    fn unnamed(&mut self, failure: &AnonymousFailure, calls: usize) {
        self.failed += calls;
        self.unnamed += calls;
        let subject = match calls {
            1 => format!("unknown service (called by {})", failure.caller),
            _ => format!("unknown services ({calls} calls by {})", failure.caller),
        };
        self.failures.push(Failure {
            subject,
            count: calls,
            console_url: None,
            error: failure.error.clone(),
            advice: advice(&failure.error),
        });
        self.rows.push(Row {
            service: "(unknown)".to_owned(),
            action: "—".to_owned(),
            status: Status::Unnamed(calls),
        });
    }

    fn row(&mut self, service: String, entry: &Entry, status: Status) {
        let action = entry
            .action
            .map_or_else(|| "—".to_owned(), |action| action.to_string());
        self.rows.push(Row {
            service,
            action,
            status,
        });
    }
}

/// How much of a service's place its name needs: nothing while all share it.
struct Qualifier {
    cluster: bool,
    region: bool,
    account: bool,
}

impl Qualifier {
    fn of(roll: &Roll) -> Self {
        let differs = |part: fn(&ServiceId) -> &str| {
            roll.services
                .keys()
                .map(part)
                .collect::<BTreeSet<_>>()
                .len()
                > 1
        };
        Self {
            cluster: differs(|id| &id.cluster),
            region: differs(|id| &id.region),
            account: differs(|id| &id.account),
        }
    }

    fn name(&self, id: &ServiceId) -> String {
        let parts = [
            (self.account, &id.account),
            (self.region, &id.region),
            (self.cluster, &id.cluster),
            (true, &id.name),
        ];
        let shown: Vec<&str> = parts
            .into_iter()
            .filter(|(is_shown, _)| *is_shown)
            .map(|(_, part)| part.as_str())
            .collect();
        shown.join("/")
    }
}

/// The span of the calls: from the minute of the first to the minute nearest to the last.
fn period((first, last): (DateTime<Utc>, DateTime<Utc>), timezone: Tz) -> String {
    let minutes = |time: DateTime<Utc>| {
        DateTime::from_timestamp(time.timestamp().div_euclid(60) * 60, 0).unwrap_or(time)
    };
    let start = minutes(first).with_timezone(&timezone);
    let end = minutes(last + TimeDelta::seconds(30)).with_timezone(&timezone);
    let start_text = start.format("%Y-%m-%d %H:%M");
    let zone = end.format("%Z");
    if start == end {
        format!("{start_text} {zone}")
    } else if start.date_naive() == end.date_naive() {
        format!("{start_text}~{} {zone}", end.format("%H:%M"))
    } else {
        format!("{start_text}~{} {zone}", end.format("%Y-%m-%d %H:%M"))
    }
}

fn notes(roll: &Roll) -> Vec<String> {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let mut notes = Vec::new();
    if !roll.callers.is_empty() {
        let mut callers: Vec<_> = roll.callers.iter().collect();
        callers.sort_by_key(|&(caller, &calls)| (std::cmp::Reverse(calls), caller));
        let named: Vec<String> = callers
            .iter()
            .take(3)
            .map(|(caller, calls)| format!("{caller} ({calls})"))
            .collect();
        let more = callers.len().saturating_sub(named.len());
        let others = if more > 0 {
            format!(" and {}", plural(more, "other", "others"))
        } else {
            String::new()
        };
        notes.push(format!("Called by {}{others}.", named.join(", ")));
    }
    if roll.anonymous_accepted > 0 {
        let calls = plural(roll.anonymous_accepted, "accepted call", "accepted calls");
        notes.push(format!("{calls} named no service."));
    }
    if roll.undecodable > 0 {
        let messages = plural(roll.undecodable, "message", "messages");
        notes.push(format!(
            "⚠️ {messages} could not be decoded; look in the dead-letter queue."
        ));
    }
    notes
}

/// The service in the ECS console of its partition.
fn console_url(id: &ServiceId) -> Option<Url> {
    let domain = match id.region.as_str() {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    let mut url = Url::parse(&format!("https://{domain}/")).ok()?;
    // A Region is a DNS label; anything else in its place must not decide where a link leads.
    let is_label = id
        .region
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_label {
        url.set_host(Some(&format!("{}.{domain}", id.region)))
            .ok()?;
    }
    url.path_segments_mut().ok()?.clear().extend([
        "ecs",
        "v2",
        "clusters",
        &id.cluster,
        "services",
        &id.name,
        "health",
    ]);
    url.query_pairs_mut().append_pair("region", &id.region);
    Some(url)
}
