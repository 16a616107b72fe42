//! What Slack says of the bot and its channel. Both methods only read.

use std::time::Duration;

use tokio::time::Instant;

use super::Ask;
use crate::cli::doctor::seen::{Room, SlackRefusal, SlackSeen};
use crate::config::BotConfig;
use crate::ports::notifier::NotifyError;
use crate::slack::web_api::{BotToken, WebApi};

/// How long Slack may take for both answers.
const PATIENCE: Duration = Duration::from_secs(10);

impl Ask {
    /// Who the token belongs to, and whether that bot is in the channel.
    pub(in crate::cli) async fn slack(&self, bot: &BotConfig, token: BotToken) -> SlackSeen {
        let channel = bot.channel.clone();
        let api = WebApi::new(bot.api_url.clone(), token, channel.clone(), None, false);
        let deadline = Instant::now() + PATIENCE;
        let identity = api
            .identity(deadline)
            .await
            .map_err(|error| refusal(&error));
        let room = match &identity {
            Err(_) => None,
            Ok(_) => Some(api.room(deadline).await),
        };
        let room = room.map(|room| {
            let room = room.map(|(is_member, is_archived)| Room {
                is_member,
                is_archived,
            });
            room.map_err(|error| refusal(&error))
        });
        SlackSeen {
            channel,
            identity,
            room,
        }
    }
}

fn refusal(error: &NotifyError) -> SlackRefusal {
    SlackRefusal {
        text: error.to_string(),
        is_final: matches!(error, NotifyError::Refused { .. }),
    }
}
