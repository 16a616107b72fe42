//! What all clients share that send something to an address of people's choice: Slack's webhook and its Web API, and
//! receivers of events. Every request goes through [`PacedClient`], which keeps to a pace and sends none before the time
//! that the receiver asked for; [`persist`] repeats it while that may help and the deadline allows. Answers are
//! read up to a limit, redirects are not followed, and no error holds an address or a token.

mod retry_after;

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use governor::Quota;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::{Instant, sleep};
use url::{Host, Url};

use crate::pace::{OutOfTime, Pace, Pause, time_until};
use crate::ports::notifier::{Delivery, NotifyError};

/// How long one request may take; Slack usually answers within a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// As the limit of an answer: nothing of its body is awaited, since its status and headers say everything.
pub(crate) const STATUS_ALONE: usize = 0;

/// An HTTP client that keeps to a pace, and to what the receiver asked for last.
///
/// Slack limits webhooks by channel, and the Web API by method and workspace. One pause for all requests of a client
/// never sends too early; at most an edit waits although only posts are limited.
#[derive(Debug)]
pub(crate) struct PacedClient {
    pace: Pace,
    pause: Pause,
    kind: Kind,
    /// Built for the first message, since setting up TLS would make every cold start slower.
    client: OnceLock<Client>,
}

/// How a receiver asks to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As Slack documents it: a 429, with a whole number of seconds.
    Slack,
    /// As HTTP has it: a 429 or a 503, with seconds or a date.
    Any,
}

/// The sending of one message, which may take several requests.
#[derive(Debug)]
pub(crate) struct Sending {
    /// When the last answer must have arrived.
    deadline: Instant,
    /// How many requests the receiver answered with a rate limit.
    rate_limited: Cell<u64>,
}

impl Sending {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            rate_limited: Cell::new(0),
        }
    }

    fn time_left(&self) -> Duration {
        time_until(self.deadline)
    }
}

/// An answer that is neither HTTP 429 nor 5xx.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The body, or its beginning where it is longer than the caller allows.
    pub(crate) body: Vec<u8>,
}

impl PacedClient {
    /// A client for Slack.
    pub(crate) fn for_slack(quota: Quota) -> Self {
        Self::new(quota, Kind::Slack)
    }

    /// A client for a receiver of which nothing is known but that it speaks HTTP.
    pub(crate) fn for_any(quota: Quota) -> Self {
        Self::new(quota, Kind::Any)
    }

    fn new(quota: Quota, kind: Kind) -> Self {
        Self {
            pace: Pace::new(quota),
            pause: Pause::default(),
            kind,
            client: OnceLock::new(),
        }
    }

    /// Sends one request as soon as the receiver's pause and the pace allow, and reads at most `limit` bytes of the answer.
    /// Fails at once, without a request, if that would be after the deadline. Where the receiver asks to be left alone, be it by
    /// its status or by what `parse` makes of the answer, a pause begins for all further requests of this client.
    pub(crate) async fn send<T>(
        &self,
        request: impl FnOnce(&Client) -> RequestBuilder,
        limit: usize,
        parse: impl FnOnce(&Answer) -> Result<T, NotifyError>,
        sending: &Sending,
    ) -> Result<T, NotifyError> {
        self.turn(sending).await?;
        let answer = self.request(request, limit, sending.time_left()).await;
        let result = answer.and_then(|answer| parse(&answer));
        let error = result.as_ref().err();
        if let Some(asked) = error.and_then(NotifyError::retry_after) {
            self.pause.begin(asked);
        }
        if let Some(NotifyError::RateLimited { .. }) = error {
            sending.rate_limited.update(|count| count + 1);
        }
        result
    }

    /// Waits for the end of the pause, then for a turn in the pace. Meanwhile the answer to another request may have
    /// begun a new pause, so the pause is checked once more before the request goes out.
    async fn turn(&self, sending: &Sending) -> Result<(), NotifyError> {
        loop {
            self.wait_out_pause(sending).await?;
            let turn = self.pace.turn(sending.deadline).await;
            turn.map_err(|OutOfTime| NotifyError::OutOfTime)?;
            if self.pause.left().is_zero() {
                return Ok(());
            }
        }
    }

    async fn wait_out_pause(&self, sending: &Sending) -> Result<(), NotifyError> {
        let left = self.pause.left();
        if left.is_zero() {
            return Ok(());
        }
        if left >= sending.time_left() {
            return Err(NotifyError::RateLimited { retry_after: left });
        }
        sleep(left).await;
        Ok(())
    }

    async fn request(
        &self,
        request: impl FnOnce(&Client) -> RequestBuilder,
        limit: usize,
        time_left: Duration,
    ) -> Result<Answer, NotifyError> {
        let response = request(self.client()?)
            .timeout(time_left.min(REQUEST_TIMEOUT))
            .send()
            .await
            .map_err(transport)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let asked = self.kind.asked(response.headers());
            let retry_after = asked.unwrap_or(retry_after::DEFAULT);
            return Err(NotifyError::RateLimited { retry_after });
        }
        if status.is_server_error() {
            let may_ask = self.kind == Kind::Any && status == StatusCode::SERVICE_UNAVAILABLE;
            let asked = may_ask.then(|| self.kind.asked(response.headers()));
            return Err(NotifyError::Server {
                status: status.as_u16(),
                retry_after: asked.flatten(),
            });
        }
        let body = read(response, limit).await?;
        Ok(Answer { status, body })
    }

    fn client(&self) -> Result<&Client, NotifyError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = crate::tls::client_builder()
            .build()
            .map_err(|error| NotifyError::Transport(cause(error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl Kind {
    /// For how long the headers ask to send nothing.
    fn asked(self, headers: &HeaderMap) -> Option<Duration> {
        match self {
            Self::Slack => retry_after::seconds(headers),
            Self::Any => retry_after::seconds_or_date(headers, SystemTime::now()),
        }
    }
}

/// Repeats a request to Slack after errors for which `may_help` holds, until one succeeds or the wait before the next one
/// would pass the deadline: as long as Slack asked for after a rate limit, otherwise twice as long each time.
pub(crate) async fn persist<T, F: Future<Output = Result<T, NotifyError>>>(
    attempt: impl FnMut() -> F,
    may_help: fn(&NotifyError) -> bool,
    sending: &Sending,
) -> Result<T, NotifyError> {
    repeat(attempt, may_help, sending, |asked, _| asked).await
}

/// As [`persist`], for a receiver that may ask for anything: twice as long each time, also where it asked for less.
pub(crate) async fn persist_patiently<T, F: Future<Output = Result<T, NotifyError>>>(
    attempt: impl FnMut() -> F,
    may_help: fn(&NotifyError) -> bool,
    sending: &Sending,
) -> Result<T, NotifyError> {
    repeat(attempt, may_help, sending, Duration::max).await
}

/// `wait` tells how long to wait from what the receiver asked for and what the back-off says.
async fn repeat<T, F: Future<Output = Result<T, NotifyError>>>(
    attempt: impl FnMut() -> F,
    may_help: fn(&NotifyError) -> bool,
    sending: &Sending,
    wait: fn(Duration, Duration) -> Duration,
) -> Result<T, NotifyError> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .with_jitter()
        .without_max_times();
    attempt
        .retry(backoff)
        .when(may_help)
        .adjust(|error, delay| {
            let delay = delay?;
            let asked = error.retry_after();
            let delay = asked.map_or(delay, |asked| wait(asked, delay));
            (delay < sending.time_left()).then_some(delay)
        })
        .await
}

/// Sends something before `deadline`, and tells with the result how long that took and how often the receiver
/// answered with a rate limit.
pub(crate) async fn measured<T>(
    deadline: Instant,
    send: impl AsyncFnOnce(&Sending) -> Result<T, NotifyError>,
) -> Delivery<T> {
    let started = Instant::now();
    let sending = Sending::until(deadline);
    let result = send(&sending).await;
    Delivery {
        result,
        rate_limited: sending.rate_limited.get(),
        latency: started.elapsed(),
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, NotifyError> {
    let mut bytes = Vec::new();
    if limit == STATUS_ALONE {
        return Ok(bytes);
    }
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > limit {
            break;
        }
    }
    Ok(bytes)
}

/// Whether a secret may be sent to this address: over TLS, or in plain text to this machine itself.
pub(crate) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host().is_some_and(|host| is_loopback(&host)),
        _ => false,
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// A request for which no connection could be opened was never sent. After any other failure, the receiver may have
/// taken it although its answer did not arrive.
fn transport(error: reqwest::Error) -> NotifyError {
    if error.is_connect() {
        NotifyError::Transport(cause(error))
    } else {
        NotifyError::Unanswered(cause(error))
    }
}

/// The innermost cause of an error, such as `Connection refused`, without the address, which is a secret.
fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
