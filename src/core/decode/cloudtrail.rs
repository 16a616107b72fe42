//! CloudTrail records: who called when and where, and whether the call was accepted.
//!
//! Pure. The structs hold the fields that are read of either call, `UpdateService` and `RunTask`, so that a record is
//! parsed once. The parser skips all other fields without allocating, so a response of 27 KB with 100 service events
//! costs little.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::DecodeError;
use super::envelope::Envelope;
use crate::core::arn::{Arn, last_segment, non_empty};
use crate::core::fact::{ApiError, CallOutcome, Caller};

type Text = Option<String>;

/// A record of one `UpdateService` or `RunTask` call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    event_version: Text,
    pub(super) event_source: Text,
    pub(super) event_name: Text,
    #[serde(rename = "eventID")]
    event_id: Text,
    event_time: Text,
    aws_region: Text,
    recipient_account_id: Text,
    user_agent: Text,
    user_identity: Option<UserIdentity>,
    error_code: Text,
    error_message: Text,
    pub(super) request_parameters: Option<RequestParameters>,
    pub(super) response_elements: Option<ResponseElements>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    arn: Text,
    account_id: Text,
    user_name: Text,
    invoked_by: Text,
    session_context: Option<SessionContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    session_issuer: Option<SessionIssuer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    arn: Text,
    user_name: Text,
}

/// `requestParameters`: absent where ECS refused the call early, and where CloudTrail left out more than 100 KB.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestParameters {
    pub(super) cluster: Text,
    /// `UpdateService`.
    pub(super) service: Text,
    pub(super) desired_count: Option<i64>,
    pub(super) force_new_deployment: Option<bool>,
    /// `RunTask`: the family, with or without a revision, or an ARN.
    pub(super) task_definition: Text,
    pub(super) count: Option<i64>,
}

/// `responseElements`: absent where ECS refused the call, and where CloudTrail left out more than 100 KB.
#[derive(Deserialize)]
pub(super) struct ResponseElements {
    /// `UpdateService`.
    pub(super) service: Option<ServiceResponse>,
    /// `RunTask`.
    pub(super) tasks: Option<Vec<TaskResponse>>,
    pub(super) failures: Option<Vec<FailureResponse>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceResponse {
    pub(super) service_arn: Text,
    pub(super) service_name: Text,
    pub(super) cluster_arn: Text,
    pub(super) desired_count: Option<i64>,
    pub(super) running_count: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "so ECS names them")]
pub(super) struct TaskResponse {
    pub(super) task_arn: Text,
    pub(super) cluster_arn: Text,
    pub(super) task_definition_arn: Text,
}

/// Why ECS started no task, although it accepted the call.
#[derive(Deserialize)]
pub(super) struct FailureResponse {
    pub(super) reason: Text,
    pub(super) detail: Text,
}

impl Record {
    /// Fails for a record whose form this release does not know.
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        if self.event_source.is_none() {
            return Err(DecodeError::Missing("eventSource"));
        }
        if self.event_name.is_none() {
            return Err(DecodeError::Missing("eventName"));
        }
        let major = self
            .event_version
            .as_deref()
            .and_then(|version| version.split('.').next());
        match major {
            None | Some("1") => Ok(()),
            Some(_) => Err(DecodeError::EventVersion),
        }
    }

    /// When the call was made.
    pub(super) fn time(&self, envelope: &Envelope<Self>) -> Result<DateTime<Utc>, DecodeError> {
        let text = present(&self.event_time)
            .or(present(&envelope.time))
            .ok_or(DecodeError::Missing("eventTime"))?;
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| DecodeError::EventTime)?;
        Ok(time.with_timezone(&Utc))
    }

    /// What identifies the call.
    pub(super) fn id(&self, envelope: &Envelope<Self>) -> Result<String, DecodeError> {
        let id = present(&self.event_id).or(present(&envelope.id));
        Ok(id.ok_or(DecodeError::Missing("eventID"))?.to_owned())
    }

    /// The account and the Region: from an ARN of the response, which is exact, or else from the record's own fields.
    pub(super) fn place(
        &self,
        envelope: &Envelope<Self>,
        answered: Option<Arn<'_>>,
    ) -> Result<(String, String), DecodeError> {
        let identity = self.user_identity.as_ref();
        let account = answered
            .and_then(|arn| non_empty(arn.account))
            .or(present(&self.recipient_account_id))
            .or(present(&envelope.account))
            .or(identity.and_then(|identity| present(&identity.account_id)))
            .ok_or(DecodeError::Missing("recipientAccountId"))?;
        let region = answered
            .and_then(|arn| non_empty(arn.region))
            .or(present(&self.aws_region))
            .or(present(&envelope.region))
            .ok_or(DecodeError::Missing("awsRegion"))?;
        Ok((account.to_owned(), region.to_owned()))
    }

    /// How the call ended.
    pub(super) fn outcome(&self) -> CallOutcome {
        match (present(&self.error_code), present(&self.error_message)) {
            (None, None) => CallOutcome::Accepted,
            (code, message) => CallOutcome::Failed(ApiError {
                code: code.unwrap_or("UnknownError").to_owned(),
                message: message.map(str::to_owned),
            }),
        }
    }

    /// The text of the error, where the call was refused.
    pub(super) fn error_message(&self) -> Option<&str> {
        present(&self.error_message)
    }

    /// Who made the call.
    pub(super) fn caller(&self) -> Caller {
        let identity = self.user_identity.as_ref();
        let issuer = identity
            .and_then(|identity| identity.session_context.as_ref())
            .and_then(|context| context.session_issuer.as_ref());
        let role = issuer.and_then(|issuer| {
            present(&issuer.user_name).or(present(&issuer.arn).map(last_segment))
        });
        let session = identity.and_then(|identity| {
            present(&identity.user_name)
                .or(present(&identity.arn).map(last_segment))
                .or(present(&identity.invoked_by))
        });
        let is_scheduler = present(&self.user_agent)
            .is_some_and(|agent| agent.starts_with("AmazonEventBridgeScheduler"))
            || identity.and_then(|identity| present(&identity.invoked_by))
                == Some("scheduler.amazonaws.com");
        Caller {
            role: role.map(str::to_owned),
            session: session.map(str::to_owned),
            is_scheduler,
        }
    }
}

/// Takes an empty string as an absent one.
pub(super) fn present(text: &Text) -> Option<&str> {
    text.as_deref().and_then(non_empty)
}
