//! Who speaks to Slack: a webhook, or a bot with a webhook to fall back on.

use tokio::time::Instant;

use super::web_api::WebApi;
use super::webhook::Webhook;
use crate::notify::{Channel, Delivery, Notifier};
use crate::summary::Summary;

/// Whoever is configured to speak.
#[derive(Debug)]
pub enum Speaker {
    /// A webhook, which posts and cannot edit.
    Webhook(Box<Webhook>),
    /// A bot, whose message follows the window.
    Bot {
        /// The bot.
        api: Box<WebApi>,
        /// Speaks where Slack refuses the bot, so that a revoked token cannot silence a failure.
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
        summary.notes.insert(
            0,
            format!(
                "⚠️ Slack refuses the bot ({reason}), so this comes through the webhook and is not edited."
            ),
        );
        webhook.notify(&summary, deadline).await
    }

    fn live(&self) -> Option<&impl Channel> {
        match self {
            Self::Webhook(_) => None,
            Self::Bot { api, .. } => Some(&**api),
        }
    }
}
