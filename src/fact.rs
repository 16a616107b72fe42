//! What rollcall can learn about a window, and the vocabulary that facts share.
//!
//! Pure data. A fact is immutable, comparable and its [`Fact::id`] follows from its content, which is what
//! makes appending to the window log idempotent. Changing a field's meaning here changes what a stored log
//! means, so fields are added, never repurposed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing learned about one window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A CloudTrail record of an `UpdateService` call, accepted or refused.
    Called(Box<Call>),
    /// A message that could not be decoded arrived beside this window's records.
    Undecodable {
        /// The SQS message's id.
        message_id: String,
    },
}

impl Fact {
    /// What identifies this fact: two deliveries of the same fact have the same id.
    #[must_use]
    pub fn id(&self) -> FactId<'_> {
        match self {
            Self::Called(call) => FactId::Called(&call.event_id),
            Self::Undecodable { message_id } => FactId::Undecodable(message_id),
        }
    }
}

/// The identity of a fact; see [`Fact::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactId<'a> {
    /// A call, by CloudTrail's `eventID`: CloudTrail's own duplicates share it.
    Called(&'a str),
    /// An undecodable message, by its SQS `messageId`.
    Undecodable(&'a str),
}

/// One `UpdateService` call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// When the call was made (`eventTime`, whole seconds).
    pub event_time: DateTime<Utc>,
    /// How it ended. Stands before the id so that calls of one second order failures first: a success ends
    /// the retrying, so within one second it is the last word.
    pub outcome: Outcome,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// The account that owns the service.
    pub account: String,
    /// The Region of the service.
    pub region: String,
    /// The cluster's short name; `None` where the record does not tell.
    pub cluster: Option<String>,
    /// The service's name; `None` makes this an anonymous call: throttled and denied calls may be recorded
    /// without `requestParameters`.
    pub service: Option<String>,
    /// What the call asked for; `None` where the record does not tell.
    pub action: Option<Action>,
    /// Who made the call.
    pub caller: Caller,
}

impl Call {
    /// The service that was called, unless the call is anonymous.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        Some(ServiceId {
            account: self.account.clone(),
            region: self.region.clone(),
            cluster: self.cluster.clone()?,
            name: self.service.clone()?,
        })
    }
}

/// Which service: names repeat across clusters, Regions and accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId {
    /// The service's name.
    pub name: String,
    /// The cluster's short name.
    pub cluster: String,
    /// Such as `ap-northeast-2`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// AWS refused it.
    Failed(ApiError),
    /// ECS accepted it, which does not say that tasks run.
    Accepted,
}

/// The error of a refused call, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApiError {
    /// `errorCode`, such as `ServiceNotFoundException`.
    pub code: String,
    /// `errorMessage`, where there is one.
    pub message: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        match &self.message {
            Some(message) => write!(f, " - {message}"),
            None => Ok(()),
        }
    }
}

/// What a call asked ECS to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// The direction of the change.
    pub kind: ActionKind,
    /// The desired count after the call, where known.
    pub desired_count: Option<i64>,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ActionKind::ScaleUp => "Scale Up",
            ActionKind::ScaleDown => "Scale Down",
            ActionKind::NoChange => "No Change",
            ActionKind::Restart => "Restart",
            ActionKind::Update => "Update",
        })?;
        match self.desired_count {
            Some(count) => write!(f, " (→ {count})"),
            None => Ok(()),
        }
    }
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// More tasks than were running.
    ScaleUp,
    /// Fewer tasks than were running.
    ScaleDown,
    /// As many as were running.
    NoChange,
    /// A forced deployment that asks for no other count.
    Restart,
    /// Anything else: a new task definition, say.
    Update,
}

/// Who made a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Caller {
    /// The assumed role's name.
    pub role: Option<String>,
    /// The role session's name, or the user's: an e-mail address for people who sign in through SSO.
    pub session: Option<String>,
    /// EventBridge Scheduler made the call.
    pub is_scheduler: bool,
}

impl fmt::Display for Caller {
    /// Scheduler's session names are random, so they are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_scheduler, &self.role, &self.session) {
            (true, Some(role), _) => write!(f, "EventBridge Scheduler as {role}"),
            (true, None, _) => f.write_str("EventBridge Scheduler"),
            (false, Some(role), Some(session)) => write!(f, "{session} as {role}"),
            (false, Some(role), None) => f.write_str(role),
            (false, None, Some(session)) => f.write_str(session),
            (false, None, None) => f.write_str("unknown caller"),
        }
    }
}
