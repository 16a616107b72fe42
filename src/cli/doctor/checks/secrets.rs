//! The parameters of secrets and routes, and what Slack says of the bot.

use crate::cli::doctor::finding::{Finding, Outcome};
use crate::cli::doctor::seen::{Parameter, ParameterState, Seen, SlackRefusal, SlackSeen};

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let parameters = seen.parameters.iter().map(parameter);
    parameters
        .chain(seen.slack.iter().flat_map(slack))
        .collect()
}

fn parameter(parameter: &Parameter) -> Finding {
    const AREA: &str = "secrets";
    let wrong = |text: String| {
        Finding::wrong(
            AREA,
            &parameter.name,
            text,
            format!(
                "put the secret into the parameter that {} names",
                parameter.variable
            ),
        )
    };
    match &parameter.state {
        Err(why) => Finding::unknown(AREA, &parameter.name, why),
        Ok(ParameterState::Absent) => wrong("does not exist".to_owned()),
        Ok(ParameterState::Malformed(expected)) => {
            wrong(format!("does not hold what it should: {expected}"))
        }
        Ok(ParameterState::Fine) => Finding::fine(
            AREA,
            &parameter.name,
            "can be decrypted and has the right form",
        ),
    }
}

fn slack(seen: &SlackSeen) -> Vec<Finding> {
    const AREA: &str = "slack";
    let identity = match &seen.identity {
        Ok(identity) => Finding::fine(AREA, "bot", format!("is {identity}")),
        Err(error) if !error.is_final => unreachable(AREA, "bot", "auth.test", error),
        Err(error) => Finding::wrong(
            AREA,
            "bot",
            format!("Slack does not take the token: {}", error.text),
            "install the app again, and put its bot token into the parameter",
        ),
    };
    let channel = &seen.channel;
    let room = seen.room.as_ref().map(|room| match room {
        Ok(room) if room.is_archived => {
            Finding::wrong(AREA, channel, "is archived", "take another channel")
        }
        Ok(room) => Finding::holds(
            AREA,
            channel,
            room.is_member,
            if room.is_member {
                "the bot is in the channel"
            } else {
                "the bot is not in the channel"
            },
            "invite the bot: /invite @rollcall",
        ),
        Err(error) if error.text.contains("channel_not_found") => Finding::wrong(
            AREA,
            channel,
            "there is no such channel, or it is private and the bot is not in it",
            "correct SLACK_CHANNEL, or invite the bot",
        ),
        Err(error) => unreachable(AREA, channel, "conversations.info", error),
    });
    std::iter::once(identity).chain(room).collect()
}

/// The bot can post without the scope for looking at its channel.
fn unreachable(area: &'static str, subject: &str, method: &str, error: &SlackRefusal) -> Finding {
    let scope = "the bot needs the scope channels:read, or groups:read for a private channel, only for this question";
    let advice = error
        .text
        .contains("missing_scope")
        .then(|| scope.to_owned());
    let text = format!("cannot look ({method}): {}", error.text);
    Finding::new(area, subject, Outcome::Unknown, text, advice)
}
