//! The way to Slack that the configuration chose: a webhook, or a bot with an optional webhook as its fallback.

use tokio::time::Instant;

use super::web_api::WebApi;
use super::webhook::Webhook;
use crate::core::summary::Summary;
use crate::ports::notifier::{Channel, Delivery, Notifier};

/// The configured way to Slack.
#[derive(Debug)]
pub enum Speaker {
    /// An incoming webhook, which posts messages and cannot edit them.
    Webhook(Box<Webhook>),
    /// A bot, which edits one message while its window goes on.
    Bot {
        /// The bot's client.
        api: Box<WebApi>,
        /// Posts what Slack refuses to take from the bot, so that a revoked token does not hide a failure.
        fallback: Option<Box<Webhook>>,
    },
}

impl Notifier for Speaker {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        let (api, fallback) = match self {
            Self::Webhook(webhook) => return webhook.notify(summary, deadline).await,
            Self::Bot { api, fallback } => (api, fallback),
        };
        let delivery = api.say(summary, deadline).await;
        let refusal = delivery
            .result
            .as_ref()
            .err()
            .and_then(|error| error.refusal());
        let (Some(webhook), Some(reason)) = (fallback, refusal) else {
            return delivery;
        };
        tracing::error!(
            slack.error = reason,
            "slack refused the bot: {reason}; the webhook speaks instead"
        );
        let mut summary = summary.clone();
        summary.mark_fallback(reason);
        webhook.notify(&summary, deadline).await
    }

    fn live(&self) -> Option<&impl Channel> {
        match self {
            Self::Webhook(_) => None,
            Self::Bot { api, .. } => Some(&**api),
        }
    }
}
