//! What all clients share that send something to an address of people's choice: Slack's webhook and its Web API, and
//! receivers of events. Every request goes through [`PacedClient`], which keeps to a pace and sends none before the time
//! that the receiver asked for in a 429; [`persist`] repeats it while that may help and the deadline allows. Answers are
//! read up to a limit, redirects are not followed, and no error holds an address or a token.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use governor::Quota;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use tokio::time::{Instant, sleep};
use url::{Host, Url};

use crate::pace::{OutOfTime, Pace, Pause, time_until};
use crate::ports::notifier::{Delivery, NotifyError};

/// How long one request may take; Slack usually answers within a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after a 429 whose `Retry-After` is missing or is no whole number of seconds. Slack, for one,
/// documents such a number: <https://docs.slack.dev/apis/web-api/rate-limits/>.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest time that a receiver is believed to mean. Whatever asks for more, such as a proxy that answers in its
/// place, would keep every failure unsaid for that long.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// An HTTP client that keeps to a pace, and to what the receiver asked for in its last 429.
///
/// Slack limits webhooks by channel, and the Web API by method and workspace. One pause for all requests of a client
/// never sends too early; at most an edit waits although only posts are limited.
#[derive(Debug)]
pub(crate) struct PacedClient {
    pace: Pace,
    pause: Pause,
    /// Built for the first message, since setting up TLS would make every cold start slower.
    client: OnceLock<Client>,
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
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            pace: Pace::new(quota),
            pause: Pause::default(),
            client: OnceLock::new(),
        }
    }

    /// Sends one request as soon as the receiver's pause and the pace allow, and reads at most `limit` bytes of the answer.
    /// Fails at once, without a request, if that would be after the deadline. A rate limit, be it a 429 or what
    /// `parse` makes of the answer, begins a pause for all further requests of this client.
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
        if let Err(NotifyError::RateLimited { retry_after }) = result {
            self.pause.begin(retry_after);
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
            let retry_after = retry_after(response.headers());
            return Err(NotifyError::RateLimited { retry_after });
        }
        if status.is_server_error() {
            return Err(NotifyError::Server {
                status: status.as_u16(),
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

/// Repeats a request after errors for which `may_help` holds, until one succeeds or the wait before the next one
/// would pass the deadline: as long as the receiver asked for after a rate limit, otherwise twice as long each time.
pub(crate) async fn persist<T, F: Future<Output = Result<T, NotifyError>>>(
    attempt: impl FnMut() -> F,
    may_help: fn(&NotifyError) -> bool,
    sending: &Sending,
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
            let delay = error.retry_after().or(delay);
            delay.filter(|&delay| delay < sending.time_left())
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

/// How long the headers of a 429 ask to wait: the seconds in `Retry-After`, an hour at most.
fn retry_after(headers: &HeaderMap) -> Duration {
    let value = headers.get(header::RETRY_AFTER);
    let text = value.and_then(|value| value.to_str().ok()).map(str::trim);
    let is_number =
        |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.filter(is_number)
        .map_or(DEFAULT_RETRY_AFTER, |digits| {
            // Digits are only refused where the number is too large for its type.
            let seconds = digits.parse().unwrap_or(u64::MAX);
            Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER)
        })
}

async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, NotifyError> {
    let mut bytes = Vec::new();
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

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::retry_after;

    fn p(value: &[u8]) -> u64 {
        let value = HeaderValue::from_bytes(value).unwrap();
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)])).as_secs()
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_up_to_an_hour() {
        assert_eq!([p(b"0"), p(b" 30 "), p(b"3600")], [0, 30, 3_600]);
        for long in ["3601", "18446744073709551615", "99999999999999999999999"] {
            assert_eq!(p(long.as_bytes()), 3_600, "{long}");
        }
    }

    #[test]
    fn any_other_retry_after_counts_as_a_second() {
        assert_eq!(retry_after(&HeaderMap::new()).as_secs(), 1);
        for other in [
            "",
            "-1",
            "+5",
            "1.5",
            "soon",
            "\u{661}",
            "Wed, 21 Oct 2015 07:28:00 GMT",
        ] {
            assert_eq!(p(other.as_bytes()), 1, "{other}");
        }
        assert_eq!(p(b"\xff"), 1);
    }
}
