//! The environment becomes a [`Config`], once, with every problem reported together.
//!
//! Pure: the environment is a function from names to values, so that tests need no process of their own.
//! No message quotes a value that may be secret.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono_tz::Tz;

use crate::delivery::Patience;
use crate::slack::webhook::WebhookUrl;
use crate::window::Windowing;

/// Everything that the function can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the webhook's address comes from.
    pub webhook: WebhookSource,
    /// What a summary looks like.
    pub settings: Settings,
    /// Where windows are remembered; `None` reports every batch on its own.
    pub table: Option<TableConfig>,
}

/// What remembering windows takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableConfig {
    /// The DynamoDB table's name.
    pub name: String,
    /// The function's own queue, for timers.
    pub queue_url: String,
    /// How long to wait for what.
    pub patience: Patience,
}

/// What a summary looks like; the command line has the same settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How calls are assigned to windows.
    pub windowing: Windowing,
    /// The zone of the times that people see.
    pub timezone: Tz,
    /// Who is called to a message with failures.
    pub mention: Option<String>,
}

/// Where the webhook's address comes from.
#[derive(Debug, Clone)]
pub enum WebhookSource {
    /// `SLACK_WEBHOOK_URL` itself.
    Url(WebhookUrl),
    /// The name or ARN of an SSM parameter, read at start with decryption.
    Parameter(String),
}

/// Every problem of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

/// How long to wait for what, where nothing else is configured.
pub const DEFAULT_PATIENCE: Patience = Patience {
    settle: Duration::from_mins(5),
    grace: Duration::from_mins(10),
    period: Duration::from_mins(30),
};

impl Config {
    /// Reads a configuration; `lookup` gives the value of a variable. An empty value counts as none.
    ///
    /// # Errors
    /// Names every variable that is missing or malformed, with the form expected.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let (webhook, settings) = (reader.webhook(), reader.settings());
        let table = reader.table(settings.windowing.period);
        let webhook = reader.finish(webhook)?;
        Ok(Self {
            webhook,
            settings,
            table,
        })
    }
}

impl Settings {
    /// As [`Config::from_lookup`], without what is needed to send.
    ///
    /// # Errors
    /// Names every variable that is malformed, with the form expected.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let settings = reader.settings();
        reader.finish(Some(settings))
    }
}

impl WebhookSource {
    /// As [`Config::from_lookup`], for the webhook alone.
    ///
    /// # Errors
    /// Says what is missing or malformed, with the form expected.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let webhook = reader.webhook();
        reader.finish(webhook)
    }
}

struct Reader<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn problem(&mut self, name: &str, expected: impl fmt::Display) {
        self.problems.push(format!("{name}: {expected}"));
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, ConfigErrors> {
        value
            .filter(|_| self.problems.is_empty())
            .ok_or(ConfigErrors(self.problems))
    }

    fn settings(&mut self) -> Settings {
        let windowing = Windowing {
            environment: self.get("ROLLCALL_ENVIRONMENT"),
            period: self.period(),
        };
        Settings {
            windowing,
            timezone: self.timezone(),
            mention: self.mention(),
        }
    }

    fn webhook(&mut self) -> Option<WebhookSource> {
        match (
            self.get("SLACK_WEBHOOK_URL"),
            self.get("SLACK_WEBHOOK_PARAMETER"),
        ) {
            (Some(_), Some(_)) => {
                self.problem(
                    "SLACK_WEBHOOK_URL",
                    "expected either this or SLACK_WEBHOOK_PARAMETER, not both",
                );
                None
            }
            (None, None) => {
                self.problem(
                    "SLACK_WEBHOOK_URL",
                    "expected this or SLACK_WEBHOOK_PARAMETER to be set",
                );
                None
            }
            (None, Some(parameter)) if is_parameter(&parameter) => {
                Some(WebhookSource::Parameter(parameter))
            }
            (None, Some(_)) => {
                self.problem(
                    "SLACK_WEBHOOK_PARAMETER",
                    "expected the name or ARN of an SSM parameter, such as /rollcall/webhook",
                );
                None
            }
            (Some(url), None) => match WebhookUrl::parse(&url) {
                Ok(url) => Some(WebhookSource::Url(url)),
                Err(error) => {
                    self.problem("SLACK_WEBHOOK_URL", error);
                    None
                }
            },
        }
    }

    fn period(&mut self) -> Duration {
        let expected = "expected whole minutes from 1 to 1440, such as 30";
        Duration::from_secs(60 * self.number("ROLLCALL_WINDOW_MINUTES", 1..=1_440, 30, expected))
    }

    fn table(&mut self, period: Duration) -> Option<TableConfig> {
        let name = self.get("ROLLCALL_TABLE")?;
        let patience = Patience {
            settle: self.seconds("ROLLCALL_SETTLE_SECONDS", DEFAULT_PATIENCE.settle),
            grace: self.seconds("ROLLCALL_GRACE_SECONDS", DEFAULT_PATIENCE.grace),
            period,
        };
        let Some(queue_url) = self.get("ROLLCALL_QUEUE_URL") else {
            self.problem(
                "ROLLCALL_QUEUE_URL",
                "expected the URL of the function's queue, as ROLLCALL_TABLE is set",
            );
            return None;
        };
        Some(TableConfig {
            name,
            queue_url,
            patience,
        })
    }

    fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let expected = "expected whole seconds up to 86400, such as 300";
        Duration::from_secs(self.number(name, 0..=86_400, default.as_secs(), expected))
    }

    fn number(
        &mut self,
        name: &str,
        allowed: RangeInclusive<u64>,
        default: u64,
        expected: &str,
    ) -> u64 {
        match self.get(name).map(|value| value.parse::<u64>()) {
            None => default,
            Some(Ok(number)) if allowed.contains(&number) => number,
            Some(_) => {
                self.problem(name, expected);
                default
            }
        }
    }

    fn timezone(&mut self) -> Tz {
        let name = "ROLLCALL_TIMEZONE";
        match self.get(name).map(|value| value.parse()) {
            None => Tz::UTC,
            Some(Ok(timezone)) => timezone,
            Some(Err(_)) => {
                self.problem(name, "expected an IANA time zone such as Asia/Seoul");
                Tz::UTC
            }
        }
    }

    fn mention(&mut self) -> Option<String> {
        let name = "ROLLCALL_MENTION_ON_FAILURE";
        let mention = self.get(name)?;
        if mention.len() > MENTION_LIMIT || !mention.split(' ').all(is_mention) {
            self.problem(
                name,
                "expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>",
            );
        }
        Some(mention)
    }
}

/// A parameter's name is one word, or a path from the root. Whoever puts the webhook itself here must not find
/// it in the logs as a parameter that does not exist.
fn is_parameter(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:+=@".contains(&byte);
    let is_name = text.starts_with('/') || !text.contains('/');
    let is_arn = text.starts_with("arn:") && text.contains(":parameter/");
    text.bytes().all(is_allowed) && (is_arn || is_name && !text.starts_with("arn:"))
}

/// A handful of mentions; they take room that the failures need.
const MENTION_LIMIT: usize = 200;

fn is_mention(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
    else {
        return false;
    };
    let is_id = |id: &str| {
        id.len() > 1
            && id
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    match inner.strip_prefix("!subteam^").or(inner.strip_prefix('@')) {
        Some(id) => is_id(id),
        None => matches!(inner, "!here" | "!channel" | "!everyone"),
    }
}

#[cfg(test)]
mod tests;
