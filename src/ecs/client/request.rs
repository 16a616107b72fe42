//! One request: at its turn, with a limit, again where that may help, and with an error that holds no secret.

use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder, ExponentialBuilder};
use governor::Quota;
use tokio::time::{Instant, sleep, timeout_at};

use crate::fact::ApiError;
use crate::pace::Pace;
use crate::text::truncate;

/// A quarter of what AWS allows an account's `DescribeServices` and `ListServices` in a Region, since others ask too:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>. As many may come at once.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");
/// ECS answers within a fraction of a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// A request that begins with less time than this would hardly end in it.
const LEAST: Duration = Duration::from_millis(300);
/// After an invocation that lay frozen, the first request may meet a connection that is closed.
const RETRIES: usize = 2;
/// What is kept of a message: enough to understand it.
const MESSAGE_LIMIT: usize = 300;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// There was no time to ask.
    OutOfTime,
    /// It was asked in vain.
    Failed {
        /// Why.
        error: ApiError,
        /// Asking again may help.
        is_transient: bool,
    },
}

impl Failure {
    fn is_transient(&self) -> bool {
        let Self::Failed { is_transient, .. } = self else {
            return false;
        };
        *is_transient
    }

    /// Whether there is no permission to ask.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Failed { error, .. } if error.code.starts_with("AccessDenied"))
    }
}

/// All requests of an instance, in all Regions.
#[derive(Debug)]
pub(super) struct Requests {
    pace: Pace,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            pace: Pace::new(Quota::per_second(PER_SECOND)),
        }
    }

    /// Sends a request, and again where that may help and there is time.
    pub(super) async fn send<T, E: ProvideErrorMetadata>(
        &self,
        request: impl AsyncFn() -> Result<T, SdkError<E, HttpResponse>>,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_jitter()
            .with_max_times(RETRIES)
            .build();
        let mut last = Failure::OutOfTime;
        // What could hardly end in time does not begin.
        let begin_by = deadline.checked_sub(LEAST).unwrap_or(deadline);
        while let Ok(()) = self.pace.turn(begin_by).await {
            let attempt = deadline.min(Instant::now() + ATTEMPT_TIMEOUT);
            last = match timeout_at(attempt, request()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure(&error),
                Err(_) => timed_out(),
            };
            let Some(delay) = delays.next().filter(|_| last.is_transient()) else {
                break;
            };
            if Instant::now() + delay >= begin_by {
                break;
            }
            sleep(delay).await;
        }
        Err(last)
    }
}

fn timed_out() -> Failure {
    Failure::Failed {
        error: ApiError {
            code: "Timeout".to_owned(),
            message: None,
        },
        is_transient: true,
    }
}

fn failure<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failure {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let (code, message, is_transient) = match error {
        SdkError::ServiceError(error) => {
            let meta = error.err().meta();
            let code = meta.code().unwrap_or("UnknownError");
            (code, meta.message().map(str::to_owned), is_throttled(code))
        }
        SdkError::TimeoutError(_) => return timed_out(),
        SdkError::DispatchFailure(failure) => {
            let error = failure.as_connector_error();
            if failure.is_timeout() {
                return timed_out();
            }
            let message = error.and_then(Error::source).map(innermost);
            // A connection that was closed meanwhile is among the others, and of the kind of what passes.
            let is_passing = failure.is_io() || failure.as_other().is_some();
            ("DispatchFailure", message, is_passing)
        }
        SdkError::ResponseError(_) => ("ResponseError", None, true),
        _ => ("ConstructionFailure", None, false),
    };
    Failure::Failed {
        error: ApiError {
            code: code.to_owned(),
            message: message.as_deref().map(harmless),
        },
        is_transient: is_transient || status.is_some_and(|status| status >= 500),
    }
}

fn is_throttled(code: &str) -> bool {
    code.contains("Throttl") || code == "RequestLimitExceeded" || code == "TooManyRequestsException"
}

/// What really happened.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The first line: where AWS refuses a signature, the next ones quote the request's headers, the session's token
/// among them.
fn harmless(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    truncate(line, MESSAGE_LIMIT).into_owned()
}
