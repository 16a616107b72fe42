//! Sends requests to ECS and Application Auto Scaling: no faster than an account's limits leave room for, each with a
//! time limit, and again after errors that may pass while the deadline allows.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder, ExponentialBuilder};
use governor::Quota;
use tokio::time::{Instant, sleep, timeout};

use crate::aws::error::RequestError;
use crate::core::fact::ApiError;
use crate::pace::{Pace, time_until};

/// How many requests go out in a second, and how many at once after a pause: a quarter of what AWS allows all
/// `DescribeServices` and `ListServices` of an account in a Region, since other programs of the account ask too:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");
/// How long one attempt may take; ECS usually answers within a fraction of a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// A request is not sent with less time than this before the deadline, since the answer would hardly arrive.
const LEAST: Duration = Duration::from_millis(300);
/// How often a request is repeated. The first one of an invocation often fails, since Lambda froze the instance
/// meanwhile and AWS closed the idle connection.
const RETRIES: usize = 2;

/// Why there is no answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The deadline left no time to send it.
    OutOfTime,
    /// It was sent, and failed.
    Failed {
        /// The error of the last attempt.
        error: ApiError,
        /// Whether the same request may succeed a moment later.
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

    /// Whether the function's role lacks the permission for this request.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Failed { error, .. } if error.code.starts_with("AccessDenied"))
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::Failed {
            error: ApiError {
                code: error.code,
                message: error.message,
            },
            is_transient: error.is_transient,
        }
    }
}

/// Paces the requests of an instance of the function, those to all Regions together.
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

    /// Sends a request, and repeats it after errors that may pass while there is time before the deadline.
    pub(super) async fn send<T, E: ProvideErrorMetadata + std::error::Error + 'static>(
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
        let begin_by = deadline.checked_sub(LEAST).unwrap_or(deadline);
        while let Ok(()) = self.pace.turn(begin_by).await {
            let time = time_until(deadline).min(ATTEMPT_TIMEOUT);
            last = match timeout(time, request()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => RequestError::from(&error).into(),
                Err(_) => RequestError::timeout().into(),
            };
            let Some(delay) = delays.next().filter(|_| last.is_transient()) else {
                break;
            };
            if delay >= time_until(begin_by) {
                break;
            }
            sleep(delay).await;
        }
        Err(last)
    }
}
