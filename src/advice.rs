//! The error dictionary: one short line of what to do for each error that people meet.
//!
//! Pure. To add an error, add a line; the code is matched without its `Exception` suffix and by prefix, since
//! an IAM denial is recorded as `AccessDenied` by some services and as `AccessDeniedException` by others.

/// Code prefix, and what to do.
const ADVICE: &[(&str, &str)] = &[
    (
        "ServiceNotFound",
        "No such service in this cluster: correct the schedule's service name, or remove the schedule.",
    ),
    (
        "ServiceNotActive",
        "The service was deleted or is draining: create it again, or remove its schedule.",
    ),
    (
        "ClusterNotFound",
        "No such cluster in this Region: correct the schedule's cluster.",
    ),
    (
        "AccessDenied",
        "Allow the calling role `ecs:UpdateService` on this service, and check boundaries and SCPs.",
    ),
    (
        "UnauthorizedOperation",
        "Allow the calling role `ecs:UpdateService` on this service.",
    ),
    (
        "Throttling",
        "Too many ECS calls at once (burst 50, then 5 per second): widen the flexible time window.",
    ),
    (
        "RequestLimitExceeded",
        "Too many ECS calls at once: widen the flexible time window.",
    ),
    (
        "InvalidParameter",
        "ECS refused a value: compare the schedule's input with the service's type and limits.",
    ),
    (
        "ClientException",
        "ECS refused the request: check that the task definition is active and the input is valid.",
    ),
    (
        "ServerException",
        "ECS had a fault of its own: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "ServiceUnavailable",
        "ECS was unavailable: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "InternalFailure",
        "AWS had a fault of its own: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "NamespaceNotFound",
        "The Cloud Map namespace of Service Connect is gone: restore it or update the service.",
    ),
    (
        "PlatformUnknown",
        "This Fargate platform version does not exist: correct it on the service.",
    ),
    (
        "PlatformTaskDefinitionIncompatibility",
        "The task definition needs another Fargate platform version.",
    ),
    (
        "UnsupportedFeature",
        "ECS does not support this in this Region or with this launch type.",
    ),
    (
        "ExpiredToken",
        "The caller's credentials had expired: sign in again.",
    ),
    (
        "UnrecognizedClient",
        "The caller's credentials are not valid: was the role deleted or recreated?",
    ),
];

/// What to do about an error, where the dictionary knows it.
#[must_use]
pub fn advice(error_code: &str) -> Option<&'static str> {
    // Some services qualify the code: `com.amazonaws.ecs#ServiceNotFoundException`, `Client.AccessDenied`.
    let code = error_code.rsplit(['#', '.']).next().unwrap_or(error_code);
    ADVICE
        .iter()
        .find(|(prefix, _)| code.starts_with(prefix))
        .map(|&(_, advice)| advice)
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn knows_an_error_with_and_without_suffix_and_qualifier() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "Client.AccessDenied",
            "com.amazonaws.ecs#AccessDeniedException",
        ] {
            assert!(
                advice(code).is_some_and(|text| text.contains("ecs:UpdateService")),
                "{code}"
            );
        }
    }

    #[test]
    fn says_nothing_about_an_unknown_error() {
        assert_eq!(advice("SomethingElse"), None);
        assert_eq!(advice(""), None);
    }

    #[test]
    fn fits_a_line() {
        for (code, text) in super::ADVICE {
            assert!(text.len() <= 120, "{code}: {} characters", text.len());
        }
    }
}
