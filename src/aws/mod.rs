//! Builds the clients of AWS, each when it is first needed, from one configuration and one HTTPS client.
//!
//! The SDK reads its configuration from the environment, among it `AWS_ENDPOINT_URL` for an emulator.

mod ecs;
pub(crate) mod error;
mod event_bus;
mod late_machine;
mod late_speaker;
mod queue;
#[cfg(feature = "operator")]
mod silences;
mod window_log;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use self::ecs::{AwsEcs, EcsAccess};
use self::error::RequestError;
pub use self::event_bus::{EventBus, SOURCE};
pub use self::late_machine::{late_machines, late_watchdog};
pub use self::late_speaker::LateSpeaker;
pub use self::queue::SqsQueue;
#[cfg(feature = "operator")]
pub use self::silences::Silence;
pub use self::window_log::DynamoDbLog;
use crate::config::{RoutesSource, SlackConfig, TokenSource, WebhookSource};
use crate::core::arn;
use crate::core::look::Wanted;
use crate::core::routes::Routes;
use crate::ports::ecs::{Asked, Ecs};
use crate::slack::speaker::Speaker;
use crate::slack::web_api::{BotToken, WebApi};
use crate::slack::webhook::{Webhook, WebhookUrl};
use crate::tls;

/// How long one attempt of a request may take; the services used here usually answer within milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long all attempts of a request may take together, which is less than an invocation has.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// How long what was read of parameters is kept at least, whoever doubts it.
const FORGET_AFTER: Duration = Duration::from_mins(1);

/// The content of a lock, whatever became of who held it before.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parameters by their names.
type Parameters = BTreeMap<String, Arc<OnceCell<SecretString>>>;

/// The configuration that the clients share, loaded when the first of them is built.
#[derive(Debug, Default)]
pub struct Aws {
    /// The Region, where it is not that of the environment.
    region: Option<String>,
    config: OnceCell<SdkConfig>,
    /// The ARNs of the roles to ask ECS with, by account.
    ecs_roles: BTreeMap<String, String>,
    /// The account of the function, once an invocation told it.
    account: OnceLock<String>,
    /// Kept for the instance's life, so that all its requests to ECS keep to one pace. Not built before the first
    /// request, since most invocations ask ECS nothing.
    ecs: OnceCell<AwsEcs>,
    /// Parameters that were read. Several receivers may share one, such as the bot's token.
    parameters: Mutex<Parameters>,
    /// What was read is not what it should be.
    is_doubted: AtomicBool,
    /// When it was last forgotten.
    forgotten_at: Mutex<Option<Instant>>,
}

impl Aws {
    /// With clients in a Region; `None` is that of the environment.
    #[cfg(feature = "operator")]
    pub(crate) fn in_region(region: Option<String>) -> Self {
        Self {
            region,
            ..Self::default()
        }
    }

    /// With roles that are assumed to ask ECS in other accounts: their ARNs, by account.
    #[must_use]
    pub fn with_ecs_roles(ecs_roles: BTreeMap<String, String>) -> Self {
        Self {
            ecs_roles,
            ..Self::default()
        }
    }

    /// Notes in which account the function runs, by the ARN that an invocation names. ECS of another account is asked by a role
    /// there, or not at all. The first ARN counts, and another text than an ARN with an account tells nothing.
    pub fn runs_as(&self, function_arn: &str) {
        let account = arn::account(function_arn).map(str::to_owned);
        if let Some(account) = account {
            let _ = self.account.set(account);
        }
    }

    /// The configuration, loaded at the first call.
    pub(crate) async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                let timeouts = TimeoutConfig::builder()
                    .connect_timeout(ATTEMPT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build();
                let loader = aws_config::defaults(BehaviorVersion::latest())
                    .http_client(tls::aws_http_client())
                    .timeout_config(timeouts);
                let loader = match self.region.clone() {
                    Some(region) => loader.region(Region::new(region)),
                    None => loader,
                };
                loader.load().await
            })
            .await
    }

    /// The webhook's address, from the environment or from SSM.
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

    /// A way to Slack, with its secrets from the environment or from SSM, for a route or for the default receiver.
    ///
    /// # Errors
    /// When a parameter cannot be read, or does not hold what it should.
    pub async fn speaker(
        &self,
        config: &SlackConfig,
        mention: Option<&str>,
        route: Option<&str>,
    ) -> anyhow::Result<Speaker> {
        let webhook = async |source| -> anyhow::Result<Box<Webhook>> {
            let url = self.webhook_url(source).await?;
            Ok(Box::new(Webhook::new(url, mention.map(str::to_owned))))
        };
        Ok(match config {
            SlackConfig::Webhook(source) => Speaker::Webhook(webhook(source).await?),
            SlackConfig::Bot { bot, fallback } => Speaker::Bot {
                api: Box::new(
                    WebApi::new(
                        bot.api_url.clone(),
                        self.bot_token(&bot.token).await?,
                        bot.channel.clone(),
                        mention.map(str::to_owned),
                        bot.is_reply_broadcast,
                    )
                    .for_route(route.map(str::to_owned)),
                ),
                fallback: match fallback {
                    Some(source) => Some(webhook(source).await?),
                    None => None,
                },
            },
        })
    }

    /// The routes, from the environment or from SSM.
    ///
    /// # Errors
    /// When the parameter cannot be read, or does not hold routes; all problems together.
    pub async fn routes(&self, source: &RoutesSource) -> anyhow::Result<Routes> {
        match source {
            RoutesSource::None => Ok(Routes::default()),
            RoutesSource::Here(routes) => Ok(routes.clone()),
            RoutesSource::Parameter(name) => {
                let value = self.parameter(name).await?;
                Routes::parse(value.expose_secret())
                    .with_context(|| format!("the SSM parameter {name} does not hold routes"))
            }
        }
    }

    /// Tells that what was read of parameters may be wrong or old: somebody refused it. Whoever made something of it is to make it
    /// anew, when [`Aws::forget_doubted`] says so.
    pub fn doubt_parameters(&self) {
        self.is_doubted.store(true, Ordering::Relaxed);
    }

    /// Whether what was read of parameters is doubted. Then it is forgotten, so that it is read again: once in a minute at most, since
    /// whoever refuses now may go on refusing.
    pub fn forget_doubted(&self) -> bool {
        let mut forgotten_at = locked(&self.forgotten_at);
        let is_early = forgotten_at.is_some_and(|at| at.elapsed() < FORGET_AFTER);
        if is_early || !self.is_doubted.swap(false, Ordering::Relaxed) {
            return false;
        }
        *forgotten_at = Some(Instant::now());
        locked(&self.parameters).clear();
        true
    }

    /// A parameter of SSM with decryption, read once. SSM also reads secrets of Secrets Manager, under the name
    /// `/aws/reference/secretsmanager/NAME`. No error quotes the value.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn parameter(&self, name: &str) -> anyhow::Result<SecretString> {
        let cell = locked(&self.parameters)
            .entry(name.to_owned())
            .or_default()
            .clone();
        let value = cell.get_or_try_init(|| self.read_parameter(name)).await?;
        Ok(value.clone())
    }

    async fn read_parameter(&self, name: &str) -> anyhow::Result<SecretString> {
        let client = aws_sdk_ssm::Client::new(self.config().await);
        let output = client
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| RequestError::from(&error))
            .with_context(|| format!("cannot read the SSM parameter {name}"))?;
        let value = output.parameter.and_then(|parameter| parameter.value);
        value
            .map(SecretString::from)
            .with_context(|| format!("the SSM parameter {name} has no value"))
    }

    /// The window log in this DynamoDB table.
    pub async fn window_log(&self, table: &str) -> DynamoDbLog {
        DynamoDbLog::new(
            aws_sdk_dynamodb::Client::new(self.config().await),
            table.to_owned(),
        )
    }

    /// The client of ECS, built at the first call.
    pub async fn ecs(&self) -> &AwsEcs {
        self.ecs
            .get_or_init(|| async {
                let access = EcsAccess {
                    own_account: self.account.get().cloned(),
                    roles: self.ecs_roles.clone(),
                };
                AwsEcs::new(self.config().await, access)
            })
            .await
    }

    /// An event bus, by its name or ARN.
    pub(crate) async fn event_bus(&self, name: &str) -> EventBus {
        EventBus::new(
            aws_sdk_eventbridge::Client::new(self.config().await),
            name.to_owned(),
        )
    }

    /// The function's own queue.
    pub async fn queue(&self, queue_url: &str) -> SqsQueue {
        SqsQueue::new(
            aws_sdk_sqs::Client::new(self.config().await),
            queue_url.to_owned(),
        )
    }
}

impl Ecs for Aws {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, deadline: Instant) -> Asked {
        // Boxed, because the state of these requests is large and would be part of every invocation's future,
        // although most invocations ask ECS nothing.
        Box::pin(async { self.ecs().await.look(wanted, now, deadline).await }).await
    }
}
