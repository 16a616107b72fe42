//! The environment becomes a [`Config`], once, with every problem reported together.
//!
//! Pure: the environment is a function from names to values, so that tests need no process of their own.
//! No message quotes a value that may be secret.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;

use crate::slack::webhook::WebhookUrl;
use crate::window::Windowing;

/// Everything that the function can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the webhook's address comes from.
    pub webhook: WebhookSource,
    /// What a summary looks like.
    pub settings: Settings,
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

const DEFAULT_WINDOW_MINUTES: u64 = 30;
const MINUTES_PER_DAY: u64 = 24 * 60;

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
        let webhook = reader.finish(webhook)?;
        Ok(Self { webhook, settings })
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
            (None, Some(parameter)) => Some(WebhookSource::Parameter(parameter)),
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
        let name = "ROLLCALL_WINDOW_MINUTES";
        let minutes = match self.get(name).map(|value| value.parse::<u64>()) {
            None => DEFAULT_WINDOW_MINUTES,
            Some(Ok(minutes)) if (1..=MINUTES_PER_DAY).contains(&minutes) => minutes,
            Some(_) => {
                self.problem(name, "expected whole minutes from 1 to 1440, such as 30");
                DEFAULT_WINDOW_MINUTES
            }
        };
        Duration::from_secs(minutes * 60)
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
