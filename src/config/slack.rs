//! The variables that say how messages reach Slack: through a webhook, as a bot, or as a bot with a webhook as its
//! fallback.

use super::{ConfigErrors, Reader};
use crate::core::names::{are_mentions, is_channel_id, is_parameter};
use crate::core::routes::Way;
use crate::slack::web_api::{ApiUrl, BotToken};
use crate::slack::webhook::WebhookUrl;

/// How messages reach Slack.
#[derive(Debug, Clone)]
pub enum SlackConfig {
    /// Through a webhook, which posts messages and cannot edit them.
    Webhook(WebhookSource),
    /// As a bot, which edits one message while its window goes on.
    Bot {
        /// The bot, and the channel of its messages.
        bot: BotConfig,
        /// The webhook that posts what Slack refuses to take from the bot.
        fallback: Option<WebhookSource>,
    },
}

/// Where the webhook's address is read from.
#[derive(Debug, Clone)]
pub enum WebhookSource {
    /// `SLACK_WEBHOOK_URL` itself.
    Url(WebhookUrl),
    /// The name or ARN of an SSM parameter, read at start with decryption.
    Parameter(String),
}

/// A bot and its channel.
#[derive(Debug, Clone)]
pub struct BotConfig {
    /// Where the token is read from.
    pub token: TokenSource,
    /// The channel's id.
    pub channel: String,
    /// The address of the Web API.
    pub api_url: ApiUrl,
    /// Whether replies about failures in a message's thread are shown in the channel too.
    pub is_reply_broadcast: bool,
}

/// Where the bot's token is read from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// `SLACK_BOT_TOKEN` itself.
    Token(BotToken),
    /// The name or ARN of an SSM parameter, read at start with decryption.
    Parameter(String),
}

impl SlackConfig {
    /// The way of a route, where it has one of its own. A channel is the bot's; without a bot, a route with a channel speaks
    /// where the function's own settings say.
    #[must_use]
    pub fn of_route(&self, way: Option<&Way>) -> Self {
        match (way, self) {
            (Some(Way::Webhook(parameter)), _) => {
                Self::Webhook(WebhookSource::Parameter(parameter.clone()))
            }
            (Some(Way::Channel(channel)), Self::Bot { bot, fallback }) => Self::Bot {
                bot: BotConfig {
                    channel: channel.clone(),
                    ..bot.clone()
                },
                fallback: fallback.clone(),
            },
            (Some(Way::Channel(_)), Self::Webhook(_)) | (None, _) => self.clone(),
        }
    }
}

impl WebhookSource {
    /// As [`Config::from_lookup`](super::Config::from_lookup), for the webhook alone.
    ///
    /// # Errors
    /// Says what is missing or malformed, with the form expected.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let webhook = reader.webhook();
        if webhook.is_none() && reader.problems.is_empty() {
            reader.problem(
                WEBHOOK_URL,
                "expected this or SLACK_WEBHOOK_PARAMETER to be set",
            );
        }
        reader.finish(webhook)
    }
}

const WEBHOOK_URL: &str = "SLACK_WEBHOOK_URL";
const WEBHOOK_PARAMETER: &str = "SLACK_WEBHOOK_PARAMETER";
const BOT_TOKEN: &str = "SLACK_BOT_TOKEN";
const BOT_TOKEN_PARAMETER: &str = "SLACK_BOT_TOKEN_PARAMETER";
const CHANNEL: &str = "SLACK_CHANNEL";

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn slack(&mut self) -> Option<SlackConfig> {
        let webhook = self.webhook();
        let is_set = |name| self.get(name).is_some();
        if is_set(BOT_TOKEN) || is_set(BOT_TOKEN_PARAMETER) {
            return Some(SlackConfig::Bot {
                bot: self.bot()?,
                fallback: webhook,
            });
        }
        if is_set(CHANNEL) {
            self.problem(
                BOT_TOKEN,
                "expected this or SLACK_BOT_TOKEN_PARAMETER to be set, as SLACK_CHANNEL is",
            );
        } else if !is_set(WEBHOOK_URL) && !is_set(WEBHOOK_PARAMETER) {
            self.problem(
                WEBHOOK_URL,
                "expected this or SLACK_WEBHOOK_PARAMETER to be set, or SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER",
            );
        }
        webhook.map(SlackConfig::Webhook)
    }

    fn webhook(&mut self) -> Option<WebhookSource> {
        let parse = |text: &str| WebhookUrl::parse(text);
        match self.secret(WEBHOOK_URL, WEBHOOK_PARAMETER, parse)? {
            Secret::Here(url) => Some(WebhookSource::Url(url)),
            Secret::Parameter(name) => Some(WebhookSource::Parameter(name)),
        }
    }

    fn bot(&mut self) -> Option<BotConfig> {
        let parse = |text: &str| BotToken::parse(text);
        let token = match self.secret(BOT_TOKEN, BOT_TOKEN_PARAMETER, parse) {
            Some(Secret::Here(token)) => Some(TokenSource::Token(token)),
            Some(Secret::Parameter(name)) => Some(TokenSource::Parameter(name)),
            None => None,
        };
        if self.get("ROLLCALL_TABLE").is_none() {
            self.problem(
                "ROLLCALL_TABLE",
                "expected a table's name, as a bot edits its message and has to remember which it is",
            );
        }
        let channel = self.get(CHANNEL).unwrap_or_default();
        if !is_channel_id(&channel) {
            self.problem(CHANNEL, "expected the channel's id, such as C012AB3CD");
        }
        let api_url = self.get("SLACK_API_URL");
        let api_url = ApiUrl::parse(api_url.as_deref().unwrap_or(ApiUrl::DEFAULT));
        if let Err(error) = &api_url {
            self.problem("SLACK_API_URL", error);
        }
        Some(BotConfig {
            is_reply_broadcast: self.is_reply_broadcast(),
            token: token?,
            channel,
            api_url: api_url.ok()?,
        })
    }

    /// A secret, or the name of the parameter that holds it; `None` where neither is set or one is malformed.
    pub(super) fn secret<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parameter_name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Secret<T>> {
        match (self.get(name), self.get(parameter_name)) {
            (Some(_), Some(_)) => {
                let expected = format!("expected either this or {parameter_name}, not both");
                self.problem(name, expected);
                None
            }
            (None, None) => None,
            (None, Some(parameter)) if is_parameter(&parameter) => {
                Some(Secret::Parameter(parameter))
            }
            (None, Some(_)) => {
                self.problem(
                    parameter_name,
                    "expected the name or ARN of an SSM parameter, such as /rollcall/webhook",
                );
                None
            }
            (Some(text), None) => match parse(&text) {
                Ok(secret) => Some(Secret::Here(secret)),
                Err(error) => {
                    self.problem(name, error);
                    None
                }
            },
        }
    }

    fn is_reply_broadcast(&mut self) -> bool {
        let name = "SLACK_REPLY_BROADCAST";
        match self.get(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.problem(name, "expected true or false");
                false
            }
        }
    }

    pub(super) fn mention(&mut self) -> Option<String> {
        let name = "ROLLCALL_MENTION_ON_FAILURE";
        let mention = self.get(name)?;
        if !are_mentions(&mention) {
            self.problem(
                name,
                "expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>",
            );
        }
        Some(mention)
    }
}

/// Where a secret is read from.
#[derive(Debug, Clone)]
pub enum Secret<T> {
    /// The variable itself.
    Here(T),
    /// The name or ARN of an SSM parameter, read with decryption.
    Parameter(String),
}

#[cfg(test)]
mod tests {
    use super::SlackConfig;
    use crate::config::Config;

    const BOT: [(&str, &str); 4] = [
        ("SLACK_BOT_TOKEN", "xoxb-SECRET"),
        ("SLACK_CHANNEL", "C012AB3CD"),
        ("ROLLCALL_TABLE", "rollcall"),
        ("ROLLCALL_QUEUE_URL", "https://sqs.example/rollcall"),
    ];
    const WEBHOOK: (&str, &str) = (
        "SLACK_WEBHOOK_URL",
        "https://hooks.slack.com/services/SECRET",
    );

    fn p(settings: &[(&str, &str)]) -> String {
        let lookup = |name: &str| {
            let of_name = settings.iter().find(|(key, _)| *key == name);
            of_name.map(|(_, value)| (*value).to_owned())
        };
        match Config::from_lookup(lookup) {
            Err(error) => error.to_string(),
            Ok(config) => {
                assert!(!format!("{config:?}").contains("SECRET"));
                match config.slack {
                    SlackConfig::Webhook(_) => "webhook".to_owned(),
                    SlackConfig::Bot { bot, fallback } => format!(
                        "bot in {}, fallback: {}, broadcast: {}",
                        bot.channel,
                        fallback.is_some(),
                        bot.is_reply_broadcast
                    ),
                }
            }
        }
    }

    #[test]
    fn what_is_configured_decides_how_to_speak() {
        assert_eq!(p(&[WEBHOOK]), "webhook");
        assert_eq!(
            p(&BOT),
            "bot in C012AB3CD, fallback: false, broadcast: false"
        );
        let both = [&BOT[..], &[WEBHOOK, ("SLACK_REPLY_BROADCAST", "true")]].concat();
        assert_eq!(
            p(&both),
            "bot in C012AB3CD, fallback: true, broadcast: true"
        );
    }

    #[test]
    fn problems_are_reported_together_and_quote_no_secret() {
        insta::assert_snapshot!(p(&[]), @"invalid configuration: SLACK_WEBHOOK_URL: expected this or SLACK_WEBHOOK_PARAMETER to be set, or SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER");
        insta::assert_snapshot!(p(&[WEBHOOK, ("SLACK_CHANNEL", "C1")]), @"invalid configuration: SLACK_BOT_TOKEN: expected this or SLACK_BOT_TOKEN_PARAMETER to be set, as SLACK_CHANNEL is");
        let wrong = [
            ("SLACK_BOT_TOKEN", "xoxb SECRET"),
            ("SLACK_CHANNEL", "#ops"),
            ("SLACK_API_URL", "http://SECRET.example/"),
            ("SLACK_REPLY_BROADCAST", "perhaps"),
        ];
        let misplaced = [&BOT[1..], &[("SLACK_BOT_TOKEN_PARAMETER", "xoxb-SECRET")]].concat();
        insta::assert_snapshot!(p(&misplaced), @"invalid configuration: SLACK_BOT_TOKEN_PARAMETER: expected the name or ARN of an SSM parameter, such as /rollcall/webhook");
        let problems = p(&wrong);
        assert!(!problems.contains("SECRET"), "{problems}");
        insta::assert_snapshot!(problems.replace("; ", "\n"), @r"
        invalid configuration: SLACK_BOT_TOKEN: expected a bot token, which begins with xoxb-
        ROLLCALL_TABLE: expected a table's name, as a bot edits its message and has to remember which it is
        SLACK_CHANNEL: expected the channel's id, such as C012AB3CD
        SLACK_API_URL: expected an https:// address such as https://slack.com/api/ (http only to loopback)
        SLACK_REPLY_BROADCAST: expected true or false
        ");
    }
}
