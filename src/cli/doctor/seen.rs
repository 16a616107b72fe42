//! What AWS answered about a deployment, in plain structs: what the checks judge.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use crate::aws::error::RequestError;

/// Something that AWS was asked for.
pub(super) type Looked<T> = Result<T, CannotLook>;

/// Why a question to AWS has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CannotLook {
    /// The IAM action that the question takes, such as `sqs:GetQueueAttributes`; for Slack the method of its Web API.
    pub(super) action: &'static str,
    /// What came instead of an answer.
    pub(super) error: RequestError,
}

impl CannotLook {
    /// Whether the caller lacks the permission.
    pub(super) fn is_denied(&self) -> bool {
        let code = &self.error.code;
        [
            "AccessDenied",
            "AuthorizationError",
            "Unauthorized",
            "NotAuthorized",
            "missing_scope",
        ]
        .iter()
        .any(|denied| code.contains(denied))
    }

    /// What lets the caller look.
    pub(super) fn advice(&self) -> Option<String> {
        self.is_denied().then(|| {
            format!(
                "allow {} to whoever runs the doctor; docs/doctor.md has the whole policy",
                self.action
            )
        })
    }
}

impl fmt::Display for CannotLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot look ({}): {}", self.action, self.error)
    }
}

/// The function's configuration.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) role_arn: String,
    /// The variables. A value may be a secret, so this type has no `Debug`.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) timeout_seconds: u64,
    /// `Active`, or why not.
    pub(super) state: String,
    pub(super) is_json_log: bool,
    pub(super) log_level: Option<String>,
    pub(super) log_group: String,
}

impl Function {
    /// A variable's value.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }
}

/// An event source mapping of the function.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub(super) queue_arn: String,
    /// Such as `Enabled` or `Disabled`.
    pub(super) state: String,
    pub(super) is_partial: bool,
    pub(super) batching_window_seconds: u64,
    pub(super) maximum_concurrency: Option<i32>,
}

/// A queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    pub(super) arn: String,
    pub(super) policy: Option<String>,
    pub(super) visibility_seconds: u64,
    pub(super) retention_seconds: u64,
    pub(super) redrive: Option<Redrive>,
    /// Messages that wait, are delayed or are being handled.
    pub(super) messages: u64,
}

/// What a queue does with messages that were received in vain.
#[derive(Debug, Clone)]
pub(super) struct Redrive {
    pub(super) target_arn: String,
    pub(super) max_receives: u32,
}

/// A rule of EventBridge that sends to the queue.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) is_enabled: bool,
    pub(super) pattern: String,
    pub(super) dead_letter_arn: Option<String>,
}

/// A record as CloudTrail would write it, for the rules to match.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Such as `an accepted UpdateService call of rollcall-dev-schedules`.
    pub(super) what: String,
    /// The whole event, as JSON.
    pub(super) event: String,
}

/// A trail of CloudTrail that may write this Region's events.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub(super) name: String,
    /// Whether it covers this Region.
    pub(super) is_here: bool,
    pub(super) is_logging: Looked<bool>,
    pub(super) selectors: Looked<Vec<Selector>>,
}

/// Which events a trail writes: all that fit one of its selectors.
#[derive(Debug, Clone)]
pub(super) enum Selector {
    Basic {
        has_management: bool,
        /// `All`, `ReadOnly` or `WriteOnly`.
        kind: String,
    },
    Advanced(Vec<FieldSelector>),
}

/// One condition of an advanced selector.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldSelector {
    pub(super) field: String,
    pub(super) equals: Vec<String>,
    pub(super) not_equals: Vec<String>,
}

/// A schedule of EventBridge Scheduler.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) is_enabled: bool,
    pub(super) expression: String,
    pub(super) timezone: String,
    pub(super) flexible_minutes: u32,
    pub(super) end: Option<DateTime<Utc>>,
    pub(super) target_arn: String,
    pub(super) role_arn: String,
    pub(super) input: String,
    pub(super) dead_letter_arn: Option<String>,
}

/// A service as ECS and Application Auto Scaling describe it.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) arn: String,
    pub(super) status: String,
    pub(super) is_daemon: bool,
}

/// Between which counts Application Auto Scaling keeps a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: i64,
    pub(super) max: i64,
}

/// A service or a family of task definitions by the names that a schedule calls it by.
pub(super) type InCluster = (String, String);

/// What stands in a cluster.
#[derive(Debug, Clone, Default)]
pub(super) struct Ecs {
    /// By cluster, which of the services there are.
    pub(super) services: BTreeMap<String, Looked<BTreeMap<String, Service>>>,
    /// By cluster and service.
    pub(super) bounds: Option<Looked<BTreeMap<InCluster, Bounds>>>,
    /// By what a job names: the ARN of its task definition and the roles that its tasks get; `None` where there is none.
    pub(super) task_definitions: BTreeMap<String, Looked<Option<TaskDefinition>>>,
}

/// What a job runs.
#[derive(Debug, Clone)]
pub(super) struct TaskDefinition {
    pub(super) arn: String,
    pub(super) role_arns: Vec<String>,
}

/// A call that somebody else made to a scheduled service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherCall {
    pub(super) service: InCluster,
    pub(super) count: i64,
    /// Such as `Terraform`.
    pub(super) by: &'static str,
    pub(super) at: String,
}

/// The window log's table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) arn: String,
    pub(super) status: String,
    /// Such as `pk (HASH, S)`.
    pub(super) keys: Vec<String>,
    /// The attribute by which DynamoDB deletes items, where that is on.
    pub(super) ttl: Looked<Option<String>>,
}

/// A parameter that should hold a secret. The value is not kept here.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// The variable that names it.
    pub(super) variable: &'static str,
    pub(super) name: String,
    pub(super) state: Looked<ParameterState>,
}

/// Whether a parameter holds what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParameterState {
    Fine,
    Absent,
    /// It is there, and this form was expected.
    Malformed(String),
}

/// What Slack says of the bot and its channel.
#[derive(Debug, Clone)]
pub(super) struct SlackSeen {
    pub(super) channel: String,
    /// The bot's and the workspace's name.
    pub(super) identity: Result<String, SlackRefusal>,
    /// The channel, where the token is good.
    pub(super) room: Option<Result<Room, SlackRefusal>>,
}

/// Why Slack did not answer a question.
#[derive(Debug, Clone)]
pub(super) struct SlackRefusal {
    pub(super) text: String,
    /// Whether Slack refused it; otherwise it could not be reached.
    pub(super) is_final: bool,
}

/// A channel of Slack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) is_member: bool,
    pub(super) is_archived: bool,
}

/// An alarm of CloudWatch.
#[derive(Debug, Clone, Default)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) is_ringing: bool,
    /// The ARNs of what it tells; none where its actions are switched off.
    pub(super) actions: Vec<String>,
    /// Namespace and name of each metric.
    pub(super) metrics: Vec<(String, String)>,
    /// The values of their dimensions.
    pub(super) watches: BTreeSet<String>,
}

/// Actions that a role needs on things, to be simulated together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) role_arn: String,
    pub(super) actions: Vec<&'static str>,
    pub(super) resources: Vec<String>,
    /// The keys and values of the request's context, such as `ecs:cluster`.
    pub(super) context: Vec<(&'static str, String)>,
}

/// What IAM's simulator says of needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Granted {
    /// Action and resource of what is refused.
    pub(super) refused: Vec<(String, String)>,
    /// How many were allowed.
    pub(super) allowed: usize,
}

/// All that AWS answered.
pub(super) struct Seen {
    pub(super) function: Function,
    pub(super) recursive_loop: Looked<String>,
    pub(super) reserved_concurrency: Looked<Option<i32>>,
    pub(super) mappings: Looked<Vec<Mapping>>,
    /// The queue of records.
    pub(super) records_arn: Option<String>,
    /// All queues that were met on the way, by ARN; `None` for one that does not exist.
    pub(super) queues: BTreeMap<String, Looked<Option<Queue>>>,
    pub(super) rules: Looked<Vec<Rule>>,
    /// Each sample with whether a rule matches it.
    pub(super) samples: Vec<(Sample, Looked<bool>)>,
    pub(super) trails: Looked<Vec<Trail>>,
    pub(super) groups: Looked<Vec<String>>,
    pub(super) schedules: Looked<Vec<Schedule>>,
    pub(super) roster_group: String,
    pub(super) rosters: Looked<Vec<Schedule>>,
    pub(super) ecs: Ecs,
    pub(super) others: Looked<Vec<OtherCall>>,
    pub(super) table: Option<(String, Looked<Option<Table>>)>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) slack: Option<SlackSeen>,
    pub(super) grants: Vec<(Need, Looked<Granted>)>,
    pub(super) alarms: Looked<Vec<Alarm>>,
    /// How many confirmed subscriptions each topic has.
    pub(super) topics: BTreeMap<String, Looked<usize>>,
}

/// The last part of an ARN after a colon, such as a queue's name.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
