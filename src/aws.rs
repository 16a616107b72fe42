//! AWS clients. They are built when they are needed and share one configuration and one HTTPS client.
//!
//! `AWS_ENDPOINT_URL` is honoured, as everything else that the SDK reads from its environment.

use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ssm::error::DisplayErrorContext;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::config::{SlackConfig, TokenSource, WebhookSource};
use crate::decode::OwnMessage;
use crate::ecs::client::AwsEcs;
use crate::ecs::{Ecs, Wanted};
use crate::fact::Fact;
use crate::slack::speaker::Speaker;
use crate::slack::web_api::{BotToken, WebApi};
use crate::slack::webhook::{Webhook, WebhookUrl};
use crate::timer::{TimerError, Timers, delay};
use crate::tls;
use crate::window::{DynamoDbLog, WindowKey};

/// One attempt of a request; the services used here answer within milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// All attempts of a request: less than an invocation has.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// What the clients are built from, loaded at the first use.
#[derive(Debug, Default)]
pub struct Aws {
    config: OnceCell<SdkConfig>,
    /// Most invocations ask ECS nothing; those that do keep to one pace.
    ecs: OnceCell<AwsEcs>,
}

impl Aws {
    async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                let timeouts = TimeoutConfig::builder()
                    .connect_timeout(ATTEMPT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build();
                aws_config::defaults(BehaviorVersion::latest())
                    .http_client(tls::aws_http_client())
                    .timeout_config(timeouts)
                    .load()
                    .await
            })
            .await
    }

    /// The webhook's address, from wherever it is kept.
    ///
    /// # Errors
    /// When the parameter cannot be read, or does not hold an address.
    pub async fn webhook_url(&self, source: &WebhookSource) -> anyhow::Result<WebhookUrl> {
        match source {
            WebhookSource::Url(url) => Ok(url.clone()),
            WebhookSource::Parameter(name) => {
                let value = self.parameter(name).await?;
                WebhookUrl::parse(value.expose_secret()).with_context(|| {
                    format!("the SSM parameter {name} does not hold a webhook's address")
                })
            }
        }
    }

    async fn bot_token(&self, source: &TokenSource) -> anyhow::Result<BotToken> {
        match source {
            TokenSource::Token(token) => Ok(token.clone()),
            TokenSource::Parameter(name) => {
                let value = self.parameter(name).await?;
                BotToken::parse(value.expose_secret())
                    .with_context(|| format!("the SSM parameter {name} does not hold a token"))
            }
        }
    }

    /// Whoever is to speak, with the secrets that takes, from wherever they are kept.
    ///
    /// # Errors
    /// When a parameter cannot be read, or does not hold what it should.
    pub async fn speaker(
        &self,
        config: &SlackConfig,
        mention: Option<&str>,
    ) -> anyhow::Result<Speaker> {
        let webhook = async |source| -> anyhow::Result<Box<Webhook>> {
            let url = self.webhook_url(source).await?;
            Ok(Box::new(Webhook::new(url, mention.map(str::to_owned))))
        };
        Ok(match config {
            SlackConfig::Webhook(source) => Speaker::Webhook(webhook(source).await?),
            SlackConfig::Bot { bot, fallback } => Speaker::Bot {
                api: Box::new(WebApi::new(
                    bot.api_url.clone(),
                    self.bot_token(&bot.token).await?,
                    bot.channel.clone(),
                    mention.map(str::to_owned),
                    bot.is_reply_broadcast,
                )),
                fallback: match fallback {
                    Some(source) => Some(webhook(source).await?),
                    None => None,
                },
            },
        })
    }

    /// Reads a parameter with decryption. A secret of Secrets Manager is read through the name
    /// `/aws/reference/secretsmanager/NAME`. The value never stands in an error.
    async fn parameter(&self, name: &str) -> anyhow::Result<SecretString> {
        let client = aws_sdk_ssm::Client::new(self.config().await);
        let output = client
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))
            .with_context(|| format!("cannot read the SSM parameter {name}"))?;
        let value = output.parameter.and_then(|parameter| parameter.value);
        value
            .map(SecretString::from)
            .with_context(|| format!("the SSM parameter {name} has no value"))
    }

    /// The window log in a table.
    pub async fn window_log(&self, table: &str) -> DynamoDbLog {
        DynamoDbLog::new(
            aws_sdk_dynamodb::Client::new(self.config().await),
            table.to_owned(),
        )
    }

    /// ECS, from the first look on.
    pub async fn ecs(&self) -> &AwsEcs {
        self.ecs
            .get_or_init(|| async { AwsEcs::new(self.config().await) })
            .await
    }

    /// Timers on a queue.
    pub async fn timers(&self, queue_url: &str) -> SqsTimers {
        SqsTimers {
            client: aws_sdk_sqs::Client::new(self.config().await),
            queue_url: queue_url.to_owned(),
        }
    }
}

impl Ecs for Aws {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, deadline: Instant) -> Vec<Fact> {
        // On the heap: most invocations make no look, and need not carry its state.
        Box::pin(async { self.ecs().await.look(wanted, now, deadline).await }).await
    }
}

/// Timers as delayed messages on the function's own queue.
#[derive(Debug, Clone)]
pub struct SqsTimers {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl Timers for SqsTimers {
    async fn arm(
        &self,
        key: &WindowKey,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, TimerError> {
        let message = OwnMessage::Timer {
            window: key.clone(),
        };
        let body =
            serde_json::to_string(&message).map_err(|error| TimerError(error.to_string()))?;
        let delay = delay(at, now);
        self.client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .delay_seconds(i32::try_from(delay.num_seconds()).unwrap_or_default())
            .send()
            .await
            .map_err(|error| TimerError(DisplayErrorContext(error).to_string()))?;
        Ok(now + delay)
    }
}
