//! The environment becomes a [`Config`], once, with every problem reported together.
//!
//! Pure: the environment is a function from names to values, so that tests need no process of their own.
//! No message quotes a value that may be secret.

mod slack;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono_tz::Tz;

pub use self::slack::{BotConfig, SlackConfig, TokenSource, WebhookSource};
use crate::delivery::Patience;
use crate::window::Windowing;

/// Everything that the function can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// How rollcall speaks.
    pub slack: SlackConfig,
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
    verify: Some(Duration::from_mins(10)),
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
        let (slack, settings) = (reader.slack(), reader.settings());
        let table = reader.table(settings.windowing.period);
        let slack = reader.finish(slack)?;
        Ok(Self {
            slack,
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
            verify: self.verify(),
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

    fn verify(&mut self) -> Option<Duration> {
        let expected = "expected whole minutes up to 60, such as 10, or 0 to ask ECS nothing";
        let default = DEFAULT_PATIENCE
            .verify
            .map_or(0, |length| length.as_secs() / 60);
        let minutes = self.number("ROLLCALL_VERIFY_MINUTES", 0..=60, default, expected);
        Some(Duration::from_mins(minutes)).filter(|length| !length.is_zero())
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
}

#[cfg(test)]
mod tests;
