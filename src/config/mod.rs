//! Reads the environment variables into a [`Config`], once at start, and reports every problem together.
//!
//! Pure: the caller passes a function from names to values, so that tests need no process with variables of its own.
//! No message quotes a value, since it may be a secret.

mod accounts;
mod events;
mod routes;
mod slack;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;

pub use self::events::{EventsConfig, HttpConfig};
pub use self::routes::RoutesSource;
pub use self::slack::{BotConfig, Secret, SlackConfig, TokenSource, WebhookSource};
use crate::core::policy::WaitPolicy;
use crate::core::reader::{self, InvalidRowLimit, RowLimit};
use crate::core::window::Windowing;
use crate::core::words::{InvalidLanguage, Language};
use crate::metrics::MetricsWanted;

/// All settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// How messages reach Slack.
    pub slack: SlackConfig,
    /// Which windows there are, and what their summaries look like.
    pub settings: Settings,
    /// Where windows are stored; `None` reports each batch in a message of its own.
    pub table: Option<TableConfig>,
    /// Which teams hear of what.
    pub routes: RoutesSource,
    /// Which metrics CloudWatch is to make of the function's log.
    pub metrics: MetricsWanted,
    /// Which machines get events.
    pub events: EventsConfig,
}

/// What is needed to store windows between invocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableConfig {
    /// The DynamoDB table's name.
    pub name: String,
    /// The function's own queue, for timers.
    pub queue_url: String,
    /// After how many receives SQS moves a message to the dead-letter queue, by the queue's redrive policy.
    pub max_receives: u32,
    /// How long to wait for records, and for ECS.
    pub policy: WaitPolicy,
    /// The ARNs of the roles that are assumed to ask ECS in other accounts, by account.
    pub ecs_roles: BTreeMap<String, String>,
}

/// The settings that the function and the command line share.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How calls are assigned to windows.
    pub windowing: Windowing,
    /// For whom messages are written.
    pub reader: reader::Reader,
    /// The mention in messages about failures, such as `<!here>`, by which Slack notifies people.
    pub mention: Option<String>,
}

/// All problems of the environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

/// How long to wait where the variables do not say otherwise.
pub const DEFAULT_WAIT_POLICY: WaitPolicy = WaitPolicy {
    settle: Duration::from_mins(5),
    grace: Duration::from_mins(10),
    period: Duration::from_mins(30),
    verify: Some(Duration::from_mins(10)),
};

/// The receives of a message where the variables do not say otherwise.
const DEFAULT_MAX_RECEIVES: u32 = 5;

/// A window's length divides a day, so that windows begin at the same times every day.
const MINUTES_OF_A_DAY: u64 = 24 * 60;

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
        let ecs_roles = reader.ecs_roles();
        let table = reader.table(settings.windowing.period, ecs_roles);
        let has_bot = !matches!(slack, Some(SlackConfig::Webhook(_)));
        let routes = reader.routes(has_bot);
        let metrics = reader.metrics();
        let events = reader.events();
        let slack = reader.finish(slack)?;
        Ok(Self {
            slack,
            settings,
            table,
            routes,
            metrics,
            events,
        })
    }
}

impl Settings {
    /// As [`Config::from_lookup`], without the settings that are only needed to send.
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
            reader: self.reader(),
            mention: self.mention(),
        }
    }

    fn period(&mut self) -> Duration {
        let expected =
            "expected a whole number of minutes that divides a day (1440), such as 15, 30 or 60";
        let divides_a_day = |minutes: &u64| MINUTES_OF_A_DAY.is_multiple_of(*minutes);
        let default = DEFAULT_WAIT_POLICY.period.as_secs() / 60;
        let name = "ROLLCALL_WINDOW_MINUTES";
        Duration::from_mins(self.number(name, divides_a_day, default, expected))
    }

    fn table(
        &mut self,
        period: Duration,
        ecs_roles: BTreeMap<String, String>,
    ) -> Option<TableConfig> {
        let name = self.get("ROLLCALL_TABLE")?;
        let policy = WaitPolicy {
            settle: self.seconds("ROLLCALL_SETTLE_SECONDS", DEFAULT_WAIT_POLICY.settle),
            grace: self.seconds("ROLLCALL_GRACE_SECONDS", DEFAULT_WAIT_POLICY.grace),
            period,
            verify: self.verify(),
        };
        let max_receives = self.max_receives();
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
            max_receives,
            policy,
            ecs_roles,
        })
    }

    fn metrics(&mut self) -> MetricsWanted {
        let name = "ROLLCALL_METRICS";
        match self.get(name).as_deref() {
            None | Some("all") => MetricsWanted::All,
            Some("alarms") => MetricsWanted::Alarms,
            Some(_) => {
                self.problem(name, "expected all, or alarms: those that alarms watch");
                MetricsWanted::All
            }
        }
    }

    fn max_receives(&mut self) -> u32 {
        let expected = "expected a whole number from 1 to 1000, such as 5: \
                        the maxReceiveCount of the queue's redrive policy";
        let is_allowed = |receives: &u32| (1..=1_000).contains(receives);
        let name = "ROLLCALL_MAX_RECEIVES";
        self.number(name, is_allowed, DEFAULT_MAX_RECEIVES, expected)
    }

    fn verify(&mut self) -> Option<Duration> {
        let expected = "expected whole minutes up to 60, such as 10, or 0 to ask ECS nothing";
        let default = DEFAULT_WAIT_POLICY
            .verify
            .map_or(0, |length| length.as_secs() / 60);
        let is_allowed = |minutes: &u64| *minutes <= 60;
        let minutes = self.number("ROLLCALL_VERIFY_MINUTES", is_allowed, default, expected);
        Some(Duration::from_mins(minutes)).filter(|length| !length.is_zero())
    }

    fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let expected = "expected whole seconds up to 86400, such as 300";
        let is_allowed = |seconds: &u64| *seconds <= 86_400;
        Duration::from_secs(self.number(name, is_allowed, default.as_secs(), expected))
    }

    /// A number that `is_allowed`, or `default` where the variable is not set or was reported as a problem.
    fn number<N: FromStr>(
        &mut self,
        name: &str,
        is_allowed: impl FnOnce(&N) -> bool,
        default: N,
        expected: &str,
    ) -> N {
        match self.get(name).map(|value| value.parse()) {
            None => default,
            Some(Ok(number)) if is_allowed(&number) => number,
            Some(_) => {
                self.problem(name, expected);
                default
            }
        }
    }

    fn reader(&mut self) -> reader::Reader {
        let expected = "expected an IANA time zone such as Asia/Seoul";
        reader::Reader {
            timezone: self.parsed("ROLLCALL_TIMEZONE", Tz::UTC, |_| expected.to_owned()),
            language: self.parsed(
                "ROLLCALL_LANGUAGE",
                Language::default(),
                InvalidLanguage::to_string,
            ),
            rows: self.parsed(
                "ROLLCALL_ROWS",
                RowLimit::default(),
                InvalidRowLimit::to_string,
            ),
            accounts: self.account_names(),
        }
    }

    /// A value, or `default` where the variable is not set or was reported as a problem.
    fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        default: T,
        expected: impl FnOnce(&T::Err) -> String,
    ) -> T {
        match self.get(name).map(|value| value.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                self.problem(name, expected(&error));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests;
