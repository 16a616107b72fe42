//! A receiver's way to Slack, whose secret is read when there is something to say: a start pays for no route that stays
//! silent, and a parameter that cannot be read holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Aws;
use crate::config::SlackConfig;
use crate::core::notice::Notice;
use crate::core::summary::Summary;
use crate::ports::notifier::{Channel, Delivery, Notifier, NotifyError};
use crate::slack::speaker::Speaker;

/// A way to Slack that is made ready at its first use.
#[derive(Debug)]
pub struct LateSpeaker {
    aws: Arc<Aws>,
    config: SlackConfig,
    mention: Option<String>,
    route: Option<String>,
    speaker: OnceCell<Speaker>,
}

impl LateSpeaker {
    /// The way that a configuration describes, for a route or for the default receiver, with its mention.
    #[must_use]
    pub fn new(
        aws: Arc<Aws>,
        config: SlackConfig,
        mention: Option<String>,
        route: Option<String>,
    ) -> Self {
        Self {
            aws,
            config,
            mention,
            route,
            speaker: OnceCell::new(),
        }
    }

    /// Reads its secret, unless it did.
    ///
    /// # Errors
    /// When the secret cannot be read, or is none. The next call tries again.
    pub async fn ready(&self) -> anyhow::Result<&Speaker> {
        let (mention, route) = (self.mention.as_deref(), self.route.as_deref());
        let speaker = || self.aws.speaker(&self.config, mention, route);
        self.speaker.get_or_try_init(speaker).await
    }

    /// Where Slack refuses, the secret may have been replaced since it was read.
    fn noting(&self, delivery: Delivery) -> Delivery {
        if delivery.is_refused() {
            self.aws.doubt_parameters();
        }
        delivery
    }
}

impl Notifier for LateSpeaker {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        match self.speaker.get() {
            Some(speaker) => self.noting(speaker.notify(summary, deadline).await),
            None => unready(),
        }
    }

    async fn tell(&self, notice: &Notice, deadline: Instant) -> Delivery {
        match self.speaker.get() {
            Some(speaker) => self.noting(speaker.tell(notice, deadline).await),
            None => unready(),
        }
    }

    async fn prepare(&self) {
        if let Err(error) = self.ready().await {
            let route = self.route.as_deref().unwrap_or("default");
            tracing::error!(route, "cannot speak for the route {route}: {error:#}");
            self.aws.doubt_parameters();
        }
    }

    fn live(&self) -> Option<&impl Channel> {
        self.speaker.get()?.live()
    }
}

/// [`Notifier::prepare`] failed, and the log says why.
fn unready() -> Delivery {
    Delivery {
        result: Err(NotifyError::Transport(
            "its secret cannot be read".to_owned(),
        )),
        rate_limited: 0,
        latency: Duration::ZERO,
    }
}
