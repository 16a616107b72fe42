//! The error dictionary: one short line of what to do for each error that people meet.
//!
//! Pure. To add an error, add a line; the first line that fits counts. An error's code fits a line whose text it begins
//! with, because some services record an IAM denial as `AccessDenied` and others as `AccessDeniedException`.

use crate::core::fact::ApiError;

/// How the code begins, a text that the message must hold, and what to do.
const ADVICE: &[(&str, &str, &str)] = &[
    (
        "ServiceNotFound",
        "",
        "No such service in this cluster: correct the schedule's service name, or remove the schedule.",
    ),
    (
        "ServiceNotActive",
        "",
        "The service was deleted or is draining: create it again, or remove its schedule.",
    ),
    (
        "ClusterNotFound",
        "",
        "No such cluster in this Region: correct the schedule's cluster.",
    ),
    (
        "AccessDenied",
        "iam:PassRole",
        "Allow the calling role `iam:PassRole` on the roles that the service uses.",
    ),
    (
        "AccessDenied",
        "ecs:RunTask",
        "Allow the calling role `ecs:RunTask` on this task definition, and check boundaries and SCPs.",
    ),
    (
        "AccessDenied",
        "",
        "Allow the calling role `ecs:UpdateService` on this service, and check boundaries and SCPs.",
    ),
    (
        "UnauthorizedOperation",
        "ecs:RunTask",
        "Allow the calling role `ecs:RunTask` on this task definition.",
    ),
    (
        "UnauthorizedOperation",
        "",
        "Allow the calling role `ecs:UpdateService` on this service.",
    ),
    (
        "Throttling",
        "",
        "Too many ECS calls at once (burst 50, then 5 per second): widen the flexible time window.",
    ),
    (
        "RequestLimitExceeded",
        "",
        "Too many ECS calls at once: widen the flexible time window.",
    ),
    (
        "InvalidParameter",
        "daemon",
        "A daemon service has no desired count: remove its schedule.",
    ),
    (
        "InvalidParameter",
        "",
        "ECS refused a value: compare the schedule's input with the service's type and limits.",
    ),
    (
        "ClientException",
        "TaskDefinition is inactive",
        "Register the task definition again, or let the service or the schedule name an active one.",
    ),
    (
        "ClientException",
        "",
        "ECS refused the request: check that the schedule's input is valid for this service.",
    ),
    (
        "ServerException",
        "",
        "ECS had a fault of its own: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "ServiceUnavailable",
        "",
        "ECS was unavailable: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "InternalFailure",
        "",
        "AWS had a fault of its own: retry, and look at the AWS Health Dashboard.",
    ),
    (
        "NamespaceNotFound",
        "",
        "The Cloud Map namespace of Service Connect is gone: restore it or update the service.",
    ),
    (
        "PlatformUnknown",
        "",
        "This Fargate platform version does not exist: correct it on the service.",
    ),
    (
        "PlatformTaskDefinitionIncompatibility",
        "",
        "The task definition needs another Fargate platform version.",
    ),
    (
        "UnsupportedFeature",
        "",
        "ECS does not support this in this Region or with this launch type.",
    ),
    (
        "ExpiredToken",
        "",
        "The caller's credentials had expired: sign in again.",
    ),
    (
        "UnrecognizedClient",
        "",
        "The caller's credentials are not valid: was the role deleted or recreated?",
    ),
];

/// What to do about an error, where the dictionary knows it.
#[must_use]
pub fn advice(error: &ApiError) -> Option<&'static str> {
    // Some services qualify the code: `com.amazonaws.ecs#ServiceNotFoundException`, `Client.AccessDenied`.
    let code = error.code.rsplit(['#', '.']).next().unwrap_or(&error.code);
    let message = error.message.as_deref().unwrap_or_default();
    let fits = |(prefix, mentioned, _): &&(&str, &str, _)| {
        code.starts_with(prefix) && message.contains(mentioned)
    };
    ADVICE.iter().find(fits).map(|&(_, _, advice)| advice)
}

/// As [`advice`], about a refused `RunTask`: the record of a denied call may hold no message that names the permission.
#[must_use]
pub fn job_advice(error: &ApiError) -> Option<&'static str> {
    let message = error.message.as_deref().unwrap_or_default();
    advice(&ApiError {
        code: error.code.clone(),
        message: Some(format!("{message} (ecs:RunTask)")),
    })
}

#[cfg(test)]
mod tests {
    use super::advice;
    use crate::core::fact::ApiError;

    fn about(code: &str, message: &str) -> Option<&'static str> {
        advice(&ApiError {
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
            assert!(
                about(code, "").is_some_and(|text| text.contains("ecs:UpdateService")),
                "{code}"
            );
        }
    }

    #[test]
    fn tells_a_missing_pass_role_from_a_missing_update_service() {
        let text = about(
            "AccessDeniedException",
            "not authorized to perform: iam:PassRole on resource: x",
        );
        assert!(text.is_some_and(|text| text.contains("iam:PassRole")));
    }

    #[test]
    fn says_nothing_about_an_unknown_error() {
        assert_eq!(about("SomethingElse", ""), None);
        assert_eq!(about("", "iam:PassRole"), None);
    }

    #[test]
    fn fits_a_line() {
        for (code, _, text) in super::ADVICE {
            assert!(text.len() <= 120, "{code}: {} characters", text.len());
        }
    }
}
