//! The way to Slack that the configuration chose: a webhook, or a bot with an optional webhook as its fallback.

use tokio::time::Instant;

use super::web_api::WebApi;
use super::webhook::Webhook;
use crate::core::notice::Notice;
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
        let Some(webhook) = fallback else {
            return delivery;
        };
        let Some(reason) = refusal(&delivery) else {
            return delivery;
        };
        let mut summary = summary.clone();
        summary.mark_fallback(reason);
        webhook.notify(&summary, deadline).await
    }

    async fn tell(&self, notice: &Notice, deadline: Instant) -> Delivery {
        let (api, fallback) = match self {
            Self::Webhook(webhook) => return webhook.tell(notice, deadline).await,
            Self::Bot { api, fallback } => (api, fallback),
        };
        let delivery = api.tell(notice, deadline).await;
        match fallback {
            Some(webhook) if refusal(&delivery).is_some() => webhook.tell(notice, deadline).await,
            _ => delivery,
        }
    }

    fn live(&self) -> Option<&impl Channel> {
        match self {
            Self::Webhook(_) => None,
            Self::Bot { api, .. } => Some(&**api),
        }
    }
}

/// Why Slack refuses the bot, if it does. The log says so, since the webhook speaks instead where there is one.
fn refusal(delivery: &Delivery) -> Option<&str> {
    let reason = delivery.result.as_ref().err()?.refusal()?;
    tracing::error!(
        slack.error = reason,
        "slack refused the bot: {reason}; the webhook speaks instead"
    );
    Some(reason)
}
