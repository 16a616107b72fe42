//! The error dictionary: which errors of AWS people meet. What each is called and what to do about it stand in
//! [`crate::core::words`].
//!
//! Pure. To add an error, add a line and its words; the first line that fits counts. An error's code fits a line whose
//! text it begins with, because some services record an IAM denial as `AccessDenied` and others as
//! `AccessDeniedException`.

use crate::core::fact::ApiError;

/// Why AWS refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Service not found.
    ServiceNotFound,
    /// Service not active.
    ServiceNotActive,
    /// Cluster not found.
    ClusterNotFound,
    /// Iam:PassRole denied.
    PassRoleDenied,
    /// Ecs:RunTask denied.
    RunTaskDenied,
    /// Access denied.
    UpdateDenied,
    /// Not authorized.
    Unauthorized,
    /// Throttled.
    Throttled,
    /// Throttled.
    RequestLimit,
    /// Daemon service.
    DaemonService,
    /// Invalid value.
    InvalidParameter,
    /// Task definition inactive.
    InactiveTaskDefinition,
    /// Refused by ECS.
    Client,
    /// Fault of ECS.
    Server,
    /// ECS unavailable.
    Unavailable,
    /// Fault of AWS.
    Internal,
    /// Namespace not found.
    NamespaceNotFound,
    /// Unknown platform version.
    PlatformUnknown,
    /// Platform version does not fit.
    PlatformIncompatible,
    /// Not supported.
    Unsupported,
    /// Credentials expired.
    ExpiredToken,
    /// Credentials not valid.
    UnknownClient,
}

/// How the code begins, a text that the message must hold, and what that means.
pub(super) const REFUSALS: &[(&str, &str, Refusal)] = &[
    ("ServiceNotFound", "", Refusal::ServiceNotFound),
    ("ServiceNotActive", "", Refusal::ServiceNotActive),
    ("ClusterNotFound", "", Refusal::ClusterNotFound),
    ("AccessDenied", "iam:PassRole", Refusal::PassRoleDenied),
    ("AccessDenied", "ecs:RunTask", Refusal::RunTaskDenied),
    ("AccessDenied", "", Refusal::UpdateDenied),
    ("UnauthorizedOperation", "", Refusal::Unauthorized),
    ("Throttling", "", Refusal::Throttled),
    ("RequestLimitExceeded", "", Refusal::RequestLimit),
    ("InvalidParameter", "daemon", Refusal::DaemonService),
    ("InvalidParameter", "", Refusal::InvalidParameter),
    (
        "ClientException",
        "TaskDefinition is inactive",
        Refusal::InactiveTaskDefinition,
    ),
    ("ClientException", "", Refusal::Client),
    ("ServerException", "", Refusal::Server),
    ("ServiceUnavailable", "", Refusal::Unavailable),
    ("InternalFailure", "", Refusal::Internal),
    ("NamespaceNotFound", "", Refusal::NamespaceNotFound),
    ("PlatformUnknown", "", Refusal::PlatformUnknown),
    (
        "PlatformTaskDefinitionIncompatibility",
        "",
        Refusal::PlatformIncompatible,
    ),
    ("UnsupportedFeature", "", Refusal::Unsupported),
    ("ExpiredToken", "", Refusal::ExpiredToken),
    ("UnrecognizedClient", "", Refusal::UnknownClient),
];

/// What an error means, where the dictionary knows it.
#[must_use]
pub fn refusal(error: &ApiError) -> Option<Refusal> {
    // Some services qualify the code: `com.amazonaws.ecs#ServiceNotFoundException`, `Client.AccessDenied`.
    let code = error.code.rsplit(['#', '.']).next().unwrap_or(&error.code);
    let message = error.message.as_deref().unwrap_or_default();
    let fits = |(prefix, mentioned, _): &&(&str, &str, Refusal)| {
        code.starts_with(prefix) && message.contains(mentioned)
    };
    REFUSALS.iter().find(fits).map(|&(_, _, refusal)| refusal)
}

/// As [`refusal`], of a `RunTask`: a denial without a text does not say which permission is absent.
#[must_use]
pub fn job_refusal(error: &ApiError) -> Option<Refusal> {
    match refusal(error) {
        Some(Refusal::UpdateDenied) => Some(Refusal::RunTaskDenied),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, refusal};
    use crate::core::fact::ApiError;

    fn about(code: &str, message: &str) -> Option<Refusal> {
        refusal(&ApiError {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        })
    }

    #[test]
    fn knows_an_error_with_and_without_suffix_and_qualifier() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "Client.AccessDenied",
            "com.amazonaws.ecs#AccessDeniedException",
        ] {
            assert_eq!(about(code, ""), Some(Refusal::UpdateDenied), "{code}");
        }
    }

    #[test]
    fn tells_a_missing_pass_role_from_a_missing_update_service() {
        let text = "not authorized to perform: iam:PassRole on resource: x";
        assert_eq!(
            about("AccessDeniedException", text),
            Some(Refusal::PassRoleDenied)
        );
    }

    #[test]
    fn says_nothing_about_an_unknown_error() {
        assert_eq!(about("SomethingElse", ""), None);
        assert_eq!(about("", "iam:PassRole"), None);
    }
}
