//! What AWS answered about a deployment, in plain structs: what the checks judge.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use crate::aws::error::RequestError;

/// Something that AWS was asked for.
pub(in crate::cli) type Looked<T> = Result<T, CannotLook>;

/// Why a question to AWS has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct CannotLook {
    /// The IAM action that the question takes, such as `sqs:GetQueueAttributes`; for Slack the method of its Web API.
    pub(in crate::cli) action: &'static str,
    /// What came instead of an answer.
    pub(in crate::cli) error: RequestError,
}

impl CannotLook {
    /// Whether the caller lacks the permission.
    pub(in crate::cli) fn is_denied(&self) -> bool {
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
    pub(in crate::cli) fn advice(&self) -> Option<String> {
        self.is_denied().then(|| {
            format!(
                "allow {} to whoever runs the doctor; docs/doctor.md has the whole policy",
                self.action
            )
        })
    }
}

impl std::error::Error for CannotLook {}

impl fmt::Display for CannotLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot look ({}): {}", self.action, self.error)
    }
}

/// The function's configuration.
#[derive(Clone)]
pub(in crate::cli) struct Function {
    pub(in crate::cli) name: String,
    pub(in crate::cli) arn: String,
    pub(in crate::cli) role_arn: String,
    /// The variables. A value may be a secret, so this type has no `Debug`.
    pub(in crate::cli) environment: BTreeMap<String, String>,
    pub(in crate::cli) timeout_seconds: u64,
    /// `Active`, or why not.
    pub(in crate::cli) state: String,
    pub(in crate::cli) is_json_log: bool,
    pub(in crate::cli) log_level: Option<String>,
    pub(in crate::cli) log_group: String,
}

impl Function {
    /// A variable's value.
    pub(in crate::cli) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }
}

/// An event source mapping of the function.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Mapping {
    pub(in crate::cli) queue_arn: String,
    /// Such as `Enabled` or `Disabled`.
    pub(in crate::cli) state: String,
    pub(in crate::cli) is_partial: bool,
    pub(in crate::cli) batching_window_seconds: u64,
    pub(in crate::cli) maximum_concurrency: Option<i32>,
}

/// A queue.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Queue {
    pub(in crate::cli) arn: String,
    pub(in crate::cli) policy: Option<String>,
    pub(in crate::cli) visibility_seconds: u64,
    pub(in crate::cli) retention_seconds: u64,
    pub(in crate::cli) redrive: Option<Redrive>,
    /// Messages that wait, are delayed or are being handled.
    pub(in crate::cli) messages: u64,
}

/// What a queue does with messages that were received in vain.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Redrive {
    pub(in crate::cli) target_arn: String,
    pub(in crate::cli) max_receives: u32,
}

/// A rule of EventBridge that sends to the queue.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Rule {
    pub(in crate::cli) name: String,
    pub(in crate::cli) arn: String,
    pub(in crate::cli) is_enabled: bool,
    pub(in crate::cli) pattern: String,
    pub(in crate::cli) dead_letter_arn: Option<String>,
}

/// A record as CloudTrail would write it, for the rules to match.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Sample {
    /// Such as `an accepted UpdateService call of rollcall-dev-schedules`.
    pub(in crate::cli) what: String,
    /// The whole event, as JSON.
    pub(in crate::cli) event: String,
}

/// A trail of CloudTrail that may write this Region's events.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Trail {
    pub(in crate::cli) name: String,
    /// Whether it covers this Region.
    pub(in crate::cli) is_here: bool,
    pub(in crate::cli) is_logging: Looked<bool>,
    pub(in crate::cli) selectors: Looked<Vec<Selector>>,
}

/// Which events a trail writes: all that fit one of its selectors.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Selector {
    Basic {
        has_management: bool,
        /// `All`, `ReadOnly` or `WriteOnly`.
        kind: String,
    },
    Advanced(Vec<FieldSelector>),
}

/// One condition of an advanced selector.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct FieldSelector {
    pub(in crate::cli) field: String,
    pub(in crate::cli) equals: Vec<String>,
    pub(in crate::cli) not_equals: Vec<String>,
}

/// A schedule of EventBridge Scheduler.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Schedule {
    pub(in crate::cli) name: String,
    pub(in crate::cli) is_enabled: bool,
    pub(in crate::cli) expression: String,
    pub(in crate::cli) timezone: String,
    pub(in crate::cli) flexible_minutes: u32,
    pub(in crate::cli) start: Option<DateTime<Utc>>,
    pub(in crate::cli) end: Option<DateTime<Utc>>,
    pub(in crate::cli) target_arn: String,
    pub(in crate::cli) role_arn: String,
    pub(in crate::cli) input: String,
    pub(in crate::cli) dead_letter_arn: Option<String>,
}

/// A service as ECS and Application Auto Scaling describe it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Service {
    pub(in crate::cli) arn: String,
    pub(in crate::cli) status: String,
    pub(in crate::cli) is_daemon: bool,
    pub(in crate::cli) running: i32,
    pub(in crate::cli) desired: i32,
}

/// Between which counts Application Auto Scaling keeps a service.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Bounds {
    pub(in crate::cli) min: i64,
    pub(in crate::cli) max: i64,
}

/// A service or a family of task definitions by the names that a schedule calls it by.
pub(in crate::cli) type InCluster = (String, String);

/// What stands in a cluster.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Ecs {
    /// By cluster, which of the services there are.
    pub(in crate::cli) services: BTreeMap<String, Looked<BTreeMap<String, Service>>>,
    /// By cluster and service.
    pub(in crate::cli) bounds: Option<Looked<BTreeMap<InCluster, Bounds>>>,
    /// By what a job names: the ARN of its task definition and the roles that its tasks get; `None` where there is none.
    pub(in crate::cli) task_definitions: BTreeMap<String, Looked<Option<TaskDefinition>>>,
}

/// What a job runs.
#[derive(Debug, Clone)]
pub(in crate::cli) struct TaskDefinition {
    pub(in crate::cli) arn: String,
    pub(in crate::cli) role_arns: Vec<String>,
}

/// A call that somebody else made to a scheduled service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct OtherCall {
    pub(in crate::cli) service: InCluster,
    pub(in crate::cli) count: i64,
    /// Such as `Terraform`.
    pub(in crate::cli) by: &'static str,
    pub(in crate::cli) at: String,
}

/// The window log's table.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Table {
    pub(in crate::cli) arn: String,
    pub(in crate::cli) status: String,
    /// Such as `pk (HASH, S)`.
    pub(in crate::cli) keys: Vec<String>,
    /// The attribute by which DynamoDB deletes items, where that is on.
    pub(in crate::cli) ttl: Looked<Option<String>>,
}

/// A parameter that should hold a secret. The value is not kept here.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Parameter {
    /// The variable that names it.
    pub(in crate::cli) variable: &'static str,
    pub(in crate::cli) name: String,
    pub(in crate::cli) state: Looked<ParameterState>,
}

/// Whether a parameter holds what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum ParameterState {
    Fine,
    Absent,
    /// It is there, and this form was expected.
    Malformed(String),
}

/// What Slack says of the bot and its channel.
#[derive(Debug, Clone)]
pub(in crate::cli) struct SlackSeen {
    pub(in crate::cli) channel: String,
    /// The bot's and the workspace's name.
    pub(in crate::cli) identity: Result<String, SlackRefusal>,
    /// The channel, where the token is good.
    pub(in crate::cli) room: Option<Result<Room, SlackRefusal>>,
}

/// Why Slack did not answer a question.
#[derive(Debug, Clone)]
pub(in crate::cli) struct SlackRefusal {
    pub(in crate::cli) text: String,
    /// Whether Slack refused it; otherwise it could not be reached.
    pub(in crate::cli) is_final: bool,
}

/// A channel of Slack.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Room {
    pub(in crate::cli) is_member: bool,
    pub(in crate::cli) is_archived: bool,
}

/// An alarm of CloudWatch.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Alarm {
    pub(in crate::cli) name: String,
    pub(in crate::cli) is_ringing: bool,
    /// The ARNs of what it tells; none where its actions are switched off.
    pub(in crate::cli) actions: Vec<String>,
    /// Namespace and name of each metric.
    pub(in crate::cli) metrics: Vec<(String, String)>,
    /// The values of their dimensions.
    pub(in crate::cli) watches: BTreeSet<String>,
}

/// Actions that a role needs on things, to be simulated together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Need {
    pub(in crate::cli) role_arn: String,
    pub(in crate::cli) actions: Vec<&'static str>,
    pub(in crate::cli) resources: Vec<String>,
    /// The keys and values of the request's context, such as `ecs:cluster`.
    pub(in crate::cli) context: Vec<(&'static str, String)>,
}

/// What IAM's simulator says of needs.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Granted {
    /// Action and resource of what is refused.
    pub(in crate::cli) refused: Vec<(String, String)>,
    /// How many were allowed.
    pub(in crate::cli) allowed: usize,
}

/// All that AWS answered.
pub(in crate::cli) struct Seen {
    pub(in crate::cli) function: Function,
    pub(in crate::cli) recursive_loop: Looked<String>,
    pub(in crate::cli) reserved_concurrency: Looked<Option<i32>>,
    pub(in crate::cli) mappings: Looked<Vec<Mapping>>,
    /// The queue of records.
    pub(in crate::cli) records_arn: Option<String>,
    /// All queues that were met on the way, by ARN; `None` for one that does not exist.
    pub(in crate::cli) queues: BTreeMap<String, Looked<Option<Queue>>>,
    pub(in crate::cli) rules: Looked<Vec<Rule>>,
    /// Each sample with whether a rule matches it.
    pub(in crate::cli) samples: Vec<(Sample, Looked<bool>)>,
    pub(in crate::cli) trails: Looked<Vec<Trail>>,
    pub(in crate::cli) groups: Looked<Vec<String>>,
    pub(in crate::cli) schedules: Looked<Vec<Schedule>>,
    pub(in crate::cli) roster_group: String,
    pub(in crate::cli) rosters: Looked<Vec<Schedule>>,
    pub(in crate::cli) ecs: Ecs,
    pub(in crate::cli) others: Looked<Vec<OtherCall>>,
    pub(in crate::cli) table: Option<(String, Looked<Option<Table>>)>,
    pub(in crate::cli) parameters: Vec<Parameter>,
    pub(in crate::cli) slack: Option<SlackSeen>,
    pub(in crate::cli) grants: Vec<(Need, Looked<Granted>)>,
    pub(in crate::cli) alarms: Looked<Vec<Alarm>>,
    /// How many confirmed subscriptions each topic has.
    pub(in crate::cli) topics: BTreeMap<String, Looked<usize>>,
}

/// The last part of an ARN after a colon, such as a queue's name.
pub(in crate::cli) fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
