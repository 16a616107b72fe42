//! What the webhook and the Web API share beyond [`crate::http`].

use std::num::NonZeroU32;

use governor::Quota;

use super::message::TableForm;
use crate::http::PacedClient;
use crate::ports::notifier::NotifyError;

/// Slack allows one message a second and channel, and tolerates short bursts of unpublished length.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;

/// A client that keeps to the pace of one channel.
pub(super) fn client() -> PacedClient {
    PacedClient::for_slack(Quota::per_second(MESSAGES_PER_SECOND))
}

/// Sends a message with a table, or as preformatted text where Slack refuses the block.
pub(super) async fn in_some_form<T>(
    send: impl AsyncFn(TableForm) -> Result<T, NotifyError>,
) -> Result<T, NotifyError> {
    let result = send(TableForm::Table).await;
    let Err(error) = &result else { return result };
    match error.refusal() {
        Some(reason @ ("invalid_blocks" | "invalid_blocks_format" | "invalid_attachments")) => {
            // Slack does not document whether webhooks take table blocks, so a refusal is answered with plain text.
            tracing::warn!(
                slack.error = reason,
                "slack refused the table block; sending it as preformatted text"
            );
            send(TableForm::Preformatted).await
        }
        _ => result,
    }
}

/// Slack's word for an error, such as `no_service`. An answer that is not a single word is not quoted, since a proxy
/// that answers in Slack's place may repeat the request, with the secret in it.
pub(super) fn word(answer: &str) -> String {
    let is_word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if !answer.is_empty() && answer.len() <= 64 && is_word(answer) {
        answer.to_owned()
    } else {
        "with an unexpected answer".to_owned()
    }
}
