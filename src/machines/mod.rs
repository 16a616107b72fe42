//! The adapters for machines: addresses that are called with signed events ([`http`]), and a service that watches whether
//! rollcall is alive ([`heartbeat`]). The event bus is among the adapters for AWS.

pub mod heartbeat;
pub mod http;
pub mod signature;

use std::num::NonZeroU32;

use governor::Quota;
use secrecy::SecretString;
use url::Url;

use crate::http::PacedClient;
use crate::http::is_safe;

/// How many requests a machine gets in a second, after a first burst of as many.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

fn client() -> PacedClient {
    PacedClient::for_any(Quota::per_second(REQUESTS_PER_SECOND))
}

/// An address that is called. It is a secret, since it may hold a key.
#[derive(Debug, Clone)]
pub struct Address(SecretString);

/// The text given is not an address that may be called.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an https:// address (http only to loopback)")]
pub struct InvalidAddress;

impl Address {
    /// Takes an `https` address, or a plain `http` one on loopback.
    ///
    /// # Errors
    /// Says what form is expected; never quotes the address.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidAddress)?;
        if is_safe(&url) {
            Ok(Self(SecretString::from(String::from(url))))
        } else {
            Err(InvalidAddress)
        }
    }
}
