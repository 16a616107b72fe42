//! Whether SSM's parameters hold what they should. A value leaves this module only as a token for Slack, whose type never
//! shows it.

use std::fmt::Display;

use secrecy::{ExposeSecret, SecretString};

use super::{Action, Ask, unless_absent};
use crate::cli::doctor::seen::{Looked, ParameterState};
use crate::config::{RoutesSource, Secret, TokenSource, WebhookSource};
use crate::core::routes::Routes;
use crate::slack::web_api::BotToken;
use crate::slack::webhook::WebhookUrl;

impl Ask {
    /// Whether the parameter of a webhook holds an address. `None` where the address stands in a variable.
    pub(in crate::cli) async fn webhook(
        &self,
        source: &WebhookSource,
    ) -> Option<(String, Looked<ParameterState>)> {
        match source {
            WebhookSource::Url(_) => None,
            WebhookSource::Parameter(name) => {
                let value = self.parameter(name).await;
                let state = value.map(|value| judged(value, WebhookUrl::parse).0);
                Some((name.clone(), state))
            }
        }
    }

    /// The bot's token, where it is known, and whether its parameter holds one.
    pub(in crate::cli) async fn token(
        &self,
        source: &TokenSource,
    ) -> (Option<BotToken>, Option<(String, Looked<ParameterState>)>) {
        match source {
            TokenSource::Token(token) => (Some(token.clone()), None),
            TokenSource::Parameter(name) => {
                let value = self.parameter(name).await;
                match value.map(|value| judged(value, BotToken::parse)) {
                    Ok((state, token)) => (token, Some((name.clone(), Ok(state)))),
                    Err(why) => (None, Some((name.clone(), Err(why)))),
                }
            }
        }
    }

    /// Whether the parameter of a secret holds one; `None` where the secret stands in a variable.
    pub(in crate::cli) async fn secret<T, E: Display>(
        &self,
        secret: &Secret<T>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<(String, Looked<ParameterState>)> {
        let Secret::Parameter(name) = secret else {
            return None;
        };
        let value = self.parameter(name).await;
        let state = value.map(|value| judged(value, parse).0);
        Some((name.clone(), state))
    }

    /// The routes, where they are known, and whether their parameter holds them.
    pub(in crate::cli) async fn routes(
        &self,
        source: &RoutesSource,
    ) -> (Routes, Option<(String, Looked<ParameterState>)>) {
        match source {
            RoutesSource::None => (Routes::default(), None),
            RoutesSource::Here(routes) => (routes.clone(), None),
            RoutesSource::Parameter(name) => {
                let value = self.parameter(name).await;
                match value.map(|value| judged(value, Routes::parse)) {
                    Ok((state, routes)) => {
                        (routes.unwrap_or_default(), Some((name.clone(), Ok(state))))
                    }
                    Err(why) => (Routes::default(), Some((name.clone(), Err(why)))),
                }
            }
        }
    }

    async fn parameter(&self, name: &str) -> Looked<Option<SecretString>> {
        let ask = self.ssm.get_parameter().name(name).with_decryption(true);
        let absent = ["ParameterNotFound", "ParameterVersionNotFound"];
        let answer = unless_absent(ask.send().await, Action::GetParameter, &absent)?;
        let value = answer.and_then(|answer| answer.parameter?.value);
        Ok(value.map(SecretString::from))
    }
}

fn judged<T, E: Display>(
    value: Option<SecretString>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> (ParameterState, Option<T>) {
    match value.map(|value| parse(value.expose_secret())) {
        None => (ParameterState::Absent, None),
        Some(Ok(secret)) => (ParameterState::Fine, Some(secret)),
        Some(Err(error)) => (ParameterState::Malformed(error.to_string()), None),
    }
}
