//! The variables that say which machines get events: an event bus, an address that is called, and a heartbeat.

use super::{Reader, Secret};
use crate::machines::Address;
use crate::machines::http::BearerToken;
use crate::machines::signature::SigningSecrets;

/// Which machines get events.
#[derive(Debug, Clone, Default)]
pub struct EventsConfig {
    /// The name or ARN of an event bus of EventBridge.
    pub bus: Option<String>,
    /// The address that is called with each event.
    pub http: Option<HttpConfig>,
    /// The check that is pinged when everything was told.
    pub heartbeat: Option<Secret<Address>>,
}

impl EventsConfig {
    /// Whether no machine is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bus.is_none() && self.http.is_none() && self.heartbeat.is_none()
    }
}

/// An address that is called, and what its requests carry.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The address.
    pub address: Secret<Address>,
    /// The secrets that sign the requests.
    pub secrets: Secret<SigningSecrets>,
    /// A bearer token, where the receiver wants one besides the signature.
    pub token: Option<Secret<BearerToken>>,
}

const BUS: &str = "ROLLCALL_EVENT_BUS";
const URL: &str = "ROLLCALL_EVENTS_URL";
const URL_PARAMETER: &str = "ROLLCALL_EVENTS_URL_PARAMETER";
const SECRET: &str = "ROLLCALL_EVENTS_SECRET";
const SECRET_PARAMETER: &str = "ROLLCALL_EVENTS_SECRET_PARAMETER";
const TOKEN: &str = "ROLLCALL_EVENTS_TOKEN";
const TOKEN_PARAMETER: &str = "ROLLCALL_EVENTS_TOKEN_PARAMETER";
const HEARTBEAT: &str = "ROLLCALL_HEARTBEAT_URL";
const HEARTBEAT_PARAMETER: &str = "ROLLCALL_HEARTBEAT_URL_PARAMETER";

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn events(&mut self) -> EventsConfig {
        EventsConfig {
            bus: self.bus(),
            http: self.http(),
            heartbeat: self.secret(HEARTBEAT, HEARTBEAT_PARAMETER, Address::parse),
        }
    }

    fn bus(&mut self) -> Option<String> {
        let bus = self.get(BUS)?;
        if !is_bus(&bus) {
            self.problem(
                BUS,
                "expected the name or ARN of an event bus, such as default or arn:aws:events:…:event-bus/NAME",
            );
        }
        Some(bus)
    }

    fn http(&mut self) -> Option<HttpConfig> {
        let address = self.secret(URL, URL_PARAMETER, Address::parse);
        let secrets = self.secret(SECRET, SECRET_PARAMETER, SigningSecrets::parse);
        let token = self.secret(TOKEN, TOKEN_PARAMETER, BearerToken::parse);
        let has_address = self.is_any_set(URL, URL_PARAMETER);
        let has_secrets = self.is_any_set(SECRET, SECRET_PARAMETER);
        if has_address && !has_secrets {
            self.problem(
                SECRET,
                format_args!("expected this or {SECRET_PARAMETER} to be set, as {URL} is"),
            );
        }
        if !has_address && (has_secrets || self.is_any_set(TOKEN, TOKEN_PARAMETER)) {
            self.problem(
                URL,
                format_args!(
                    "expected this or {URL_PARAMETER} to be set, as a secret or a token for it is"
                ),
            );
        }
        Some(HttpConfig {
            address: address?,
            secrets: secrets?,
            token,
        })
    }

    fn is_any_set(&self, name: &str, parameter_name: &str) -> bool {
        [name, parameter_name]
            .iter()
            .any(|name| self.get(name).is_some())
    }
}

/// Whether a text is the name or ARN of an event bus.
fn is_bus(text: &str) -> bool {
    let name = match text.strip_prefix("arn:") {
        Some(arn) => arn.split_once(":event-bus/").map(|(_, name)| name),
        None => Some(text),
    };
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    name.is_some_and(|name| (1..=256).contains(&name.len()) && name.bytes().all(is_allowed))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const WHSEC: &str = "whsec_U0VDUkVUU0VDUkVUU0VDUkVUU0VDUkVU";

    fn p(settings: &[(&str, &str)]) -> String {
        let webhook = (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/T/B/X",
        );
        let lookup = |name: &str| {
            let mut all = settings.iter().chain([&webhook]);
            let of_name = all.find(|(key, _)| *key == name);
            of_name.map(|(_, value)| (*value).to_owned())
        };
        match Config::from_lookup(lookup) {
            Err(error) => error.to_string(),
            Ok(config) => format!("{:?}", config.events),
        }
    }

    #[test]
    fn nothing_is_configured_by_default() {
        assert_eq!(
            p(&[]),
            "EventsConfig { bus: None, http: None, heartbeat: None }"
        );
    }

    #[test]
    fn secrets_are_read_from_here_or_from_parameters_and_never_shown() {
        let here = p(&[
            (
                "ROLLCALL_EVENT_BUS",
                "arn:aws:events:eu-west-1:123456789012:event-bus/dev",
            ),
            ("ROLLCALL_EVENTS_URL", "https://SECRET.example/hook"),
            ("ROLLCALL_EVENTS_SECRET", &format!("{WHSEC} {WHSEC}")),
            ("ROLLCALL_EVENTS_TOKEN", "SECRET"),
            ("ROLLCALL_HEARTBEAT_URL", "http://127.0.0.1:8000/SECRET"),
        ]);
        assert!(!here.contains("SECRET") && !here.contains("U0VD"), "{here}");
        insta::assert_snapshot!(here);
        let elsewhere = p(&[
            ("ROLLCALL_EVENTS_URL_PARAMETER", "/rollcall/events/url"),
            (
                "ROLLCALL_EVENTS_SECRET_PARAMETER",
                "/rollcall/events/secret",
            ),
            ("ROLLCALL_HEARTBEAT_URL_PARAMETER", "/rollcall/heartbeat"),
        ]);
        insta::assert_snapshot!(elsewhere);
    }

    #[test]
    fn problems_are_reported_together_and_quote_nothing() {
        let problems = p(&[
            ("ROLLCALL_EVENT_BUS", "SECRET bus"),
            ("ROLLCALL_EVENTS_URL", "http://SECRET.example"),
            ("ROLLCALL_EVENTS_SECRET", "SECRET"),
            ("ROLLCALL_EVENTS_TOKEN", "SECRET token"),
            (
                "ROLLCALL_HEARTBEAT_URL_PARAMETER",
                "https://SECRET.example/ping",
            ),
        ]);
        assert!(!problems.contains("SECRET "), "{problems}");
        insta::assert_snapshot!(problems.replace("; ", "\n"));
    }

    #[test]
    fn an_address_and_its_secret_belong_together() {
        for (set, expected) in [
            (
                ("ROLLCALL_EVENTS_URL", "https://ci.example/hook"),
                "ROLLCALL_EVENTS_SECRET: expected this or ROLLCALL_EVENTS_SECRET_PARAMETER to be set, as ROLLCALL_EVENTS_URL is",
            ),
            (
                ("ROLLCALL_EVENTS_SECRET", WHSEC),
                "ROLLCALL_EVENTS_URL: expected this or ROLLCALL_EVENTS_URL_PARAMETER to be set, as a secret or a token for it is",
            ),
            (
                ("ROLLCALL_EVENTS_TOKEN_PARAMETER", "/token"),
                "ROLLCALL_EVENTS_URL: expected this or ROLLCALL_EVENTS_URL_PARAMETER to be set, as a secret or a token for it is",
            ),
        ] {
            assert_eq!(p(&[set]), format!("invalid configuration: {expected}"));
        }
    }
}
