//! Pings a service that watches whether rollcall is alive, in the form of healthchecks.io
//! (<https://healthchecks.io/docs/http_api/>): the check's address, the same with `/fail` for a failure, and `?rid=` with a
//! UUID that tells which pings are about the same window. The address is a secret.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use reqwest::Client;
use secrecy::ExposeSecret;
use tokio::time::Instant;
use url::Url;

use super::http::confirm;
use super::{Address, client};
use crate::http::{PacedClient, STATUS_ALONE, Sending, measured};
use crate::ports::machine::{Beat, RunId, Watchdog};
use crate::ports::notifier::{Delivery, NotifyError};

/// A check that expects pings.
#[derive(Debug)]
pub struct Heartbeat {
    address: Address,
    client: PacedClient,
}

impl Heartbeat {
    /// The check with this address.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            client: client(),
        }
    }

    /// The address of a ping; `None` where the check's address cannot have a path.
    fn url(&self, beat: Beat, run: RunId) -> Option<Url> {
        let mut url = Url::parse(self.address.0.expose_secret()).ok()?;
        if beat == Beat::Failing {
            let mut path = url.path_segments_mut().ok()?;
            path.pop_if_empty().push("fail");
        }
        url.query_pairs_mut().append_pair("rid", &run.to_string());
        Some(url)
    }

    async fn attempt(&self, beat: Beat, run: RunId, sending: &Sending) -> Result<(), NotifyError> {
        let Some(url) = self.url(beat, run) else {
            let cause = "the address cannot have a path".to_owned();
            return Err(NotifyError::Transport(cause));
        };
        let request = |client: &Client| client.get(url);
        self.client
            .send(request, STATUS_ALONE, confirm, sending)
            .await
    }
}

impl Watchdog for Heartbeat {
    /// One request: a ping that fails comes again with a later visit, and holds up nobody meanwhile.
    fn ping(&self, beat: Beat, run: RunId, deadline: Instant) -> LocalBoxFuture<'_, Delivery> {
        measured(deadline, async move |sending: &Sending| {
            self.attempt(beat, run, sending).await
        })
        .boxed_local()
    }
}

/// As a UUID of version 8, whose content is up to whoever makes it (RFC 9562).
impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0;
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = hex::encode(bytes);
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
        f.write_str(&parts.join("-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(address: &str, beat: Beat) -> String {
        let heartbeat = Heartbeat::new(Address::parse(address).unwrap());
        let url = heartbeat.url(beat, RunId([0xff; 16])).unwrap();
        url.into()
    }

    #[test]
    fn pings_the_addresses_that_healthchecks_io_documents() {
        let rid = "rid=ffffffff-ffff-8fff-bfff-ffffffffffff";
        let address = "https://hc-ping.com/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
        assert_eq!(p(address, Beat::Alive), format!("{address}?{rid}"));
        assert_eq!(p(address, Beat::Failing), format!("{address}/fail?{rid}"));
        let other = "https://example.org/ping/?create=1";
        assert_eq!(
            p(other, Beat::Failing),
            format!("https://example.org/ping/fail?create=1&{rid}")
        );
    }
}
