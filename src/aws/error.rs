//! Describes failed requests to AWS in words that hold no secret, for every service alike.
//!
//! The SDK's `DisplayErrorContext` prints the whole answer with its headers and body, and SSM's body is a parameter's
//! value. So errors of the SDK are never printed as they are: a [`RequestError`] holds the code of the error and at
//! most a line of text, and the body of an answer that cannot be read is not quoted.

use std::error::Error;
use std::fmt;

use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;

use crate::core::text::truncate;

/// How many bytes of a message are kept: enough to understand it.
const MESSAGE_LIMIT: usize = 300;

/// Why a request to AWS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestError {
    /// The service's error code, such as `AccessDeniedException`, or what happened instead of an answer, such as
    /// `Timeout` or `DispatchFailure`.
    pub(crate) code: String,
    /// What else is known, in one line.
    pub(crate) message: Option<String>,
    /// Whether the same request may succeed a moment later.
    pub(crate) is_transient: bool,
}

impl RequestError {
    /// There was no answer within the time that the request had.
    pub(crate) fn timeout() -> Self {
        Self::new("Timeout", None, true)
    }

    fn new(code: &str, message: Option<&str>, is_transient: bool) -> Self {
        Self {
            code: code.to_owned(),
            message: message.map(first_line),
            is_transient,
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

impl Error for RequestError {}

impl<E: ProvideErrorMetadata + Error + 'static> From<&SdkError<E, HttpResponse>> for RequestError {
    fn from(error: &SdkError<E, HttpResponse>) -> Self {
        if let Some(error) = role_error(error) {
            return Self::from(error);
        }
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let is_server_error = status.is_some_and(|status| status >= 500);
        let of_status = |what: &str| status.map(|status| format!("HTTP {status} {what}"));
        match error {
            SdkError::ServiceError(error) => {
                let meta = error.err().meta();
                match meta.code() {
                    Some(code) => {
                        let is_transient = is_server_error || is_throttled(code);
                        Self::new(code, meta.message(), is_transient)
                    }
                    // A proxy's page, for instance, has no code.
                    None => Self::new(
                        "UnknownError",
                        of_status("without an error code").as_deref(),
                        is_server_error,
                    ),
                }
            }
            SdkError::TimeoutError(_) => Self::timeout(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::timeout(),
            SdkError::DispatchFailure(failure) => {
                let error = failure.as_connector_error();
                let cause = error.and_then(Error::source).map(innermost);
                // An idle connection that the other side closed is among the `other` kinds that the SDK repeats.
                let is_transient = failure.is_io() || failure.as_other().is_some();
                Self::new("DispatchFailure", cause.as_deref(), is_transient)
            }
            SdkError::ResponseError(_) => Self::new(
                "ResponseError",
                of_status("with a body that cannot be read").as_deref(),
                true,
            ),
            _ => Self::new("ConstructionFailure", None, false),
        }
    }
}

/// What STS answered where a request was not sent because its role could not be assumed. The SDK wraps that several times.
fn role_error<E: Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> Option<&SdkError<AssumeRoleError, HttpResponse>> {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let mut causes = causes.map(<dyn Error>::downcast_ref);
    causes.find_map(|cause| cause)
}

fn is_throttled(code: &str) -> bool {
    code.contains("Throttl")
        || matches!(
            code,
            "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "ProvisionedThroughputExceededException"
        )
}

/// The text of the last cause, such as `Connection refused`; the errors around it only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The first line of a message. Where AWS refuses a signature, the next lines quote the request's headers, and the
/// session's token is one of them.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    truncate(line, MESSAGE_LIMIT).into_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::config::http::HttpResponse;
    use aws_sdk_ssm::error::{ConnectorError, ErrorMetadata, SdkError};
    use aws_sdk_ssm::operation::get_parameter::GetParameterError;

    use super::RequestError;

    type Failed = SdkError<GetParameterError, HttpResponse>;

    /// The answer that came, with a secret in its body and among its headers.
    fn answer(status: u16) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), "SECRET".into());
        answer.headers_mut().insert("x-echo", "SECRET");
        answer
    }

    fn service_error(status: u16, code: Option<&str>, message: &str) -> Failed {
        let mut meta = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            meta = meta.code(code);
        }
        Failed::service_error(GetParameterError::generic(meta.build()), answer(status))
    }

    fn p(error: &Failed) -> String {
        let error = RequestError::from(error);
        let text = format!("{error} (transient: {})", error.is_transient);
        assert!(!text.contains("SECRET") && !format!("{error:?}").contains("SECRET"));
        text
    }

    #[test]
    fn an_error_of_the_service_is_its_code_and_the_first_line_of_its_message() {
        let denied = service_error(400, Some("AccessDeniedException"), "Not yours.\nSECRET");
        assert_eq!(
            p(&denied),
            "AccessDeniedException: Not yours. (transient: false)"
        );
        let long = service_error(400, Some("ValidationException"), &"x".repeat(1_000));
        assert_eq!(
            p(&long).len(),
            "ValidationException:  (transient: false)".len() + 300
        );
        for (status, code) in [
            (400, "ThrottlingException"),
            (400, "ProvisionedThroughputExceededException"),
            (500, "InternalServerError"),
        ] {
            let text = p(&service_error(status, Some(code), "Later."));
            assert_eq!(text, format!("{code}: Later. (transient: true)"));
        }
    }

    #[test]
    fn an_answer_that_is_no_error_of_the_service_is_its_status() {
        assert_eq!(
            p(&service_error(503, None, "SECRET")),
            "UnknownError: HTTP 503 without an error code (transient: true)"
        );
        assert_eq!(
            p(&service_error(200, None, "SECRET")),
            "UnknownError: HTTP 200 without an error code (transient: false)"
        );
        assert_eq!(
            p(&Failed::response_error("SECRET", answer(200))),
            "ResponseError: HTTP 200 with a body that cannot be read (transient: true)"
        );
    }

    #[test]
    fn without_an_answer_it_is_what_happened_to_the_request() {
        let refused = || std::io::Error::other("Connection refused\nSECRET");
        let io = ConnectorError::io(refused().into());
        assert_eq!(
            p(&Failed::dispatch_failure(io)),
            "DispatchFailure: Connection refused (transient: true)"
        );
        let user = ConnectorError::user(refused().into());
        assert_eq!(
            p(&Failed::dispatch_failure(user)),
            "DispatchFailure: Connection refused (transient: false)"
        );
        let timeout = ConnectorError::timeout(refused().into());
        assert_eq!(
            p(&Failed::dispatch_failure(timeout)),
            "Timeout (transient: true)"
        );
        assert_eq!(
            p(&Failed::timeout_error("SECRET")),
            "Timeout (transient: true)"
        );
        assert_eq!(
            p(&Failed::construction_failure("SECRET")),
            "ConstructionFailure (transient: false)"
        );
    }
}
