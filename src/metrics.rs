//! What an invocation did, as CloudWatch metrics in the embedded metric format.
//!
//! Pure. One JSON line on standard output becomes metrics without a single API call.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::core::decode::IgnoredReason;
use crate::core::observation::Answer;
use crate::core::summary::Summary;
use crate::ports::notifier::Delivery;

/// The CloudWatch namespace of every metric.
pub const NAMESPACE: &str = "Rollcall";

/// The metrics that alarms of the Terraform module watch.
const ALARMED: [&str; 3] = ["ClaimsLapsed", "TimersEnded", "WindowsOverdue"];

/// Which numbers become metrics; CloudWatch charges for each. The log holds all numbers either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsWanted {
    /// All of them.
    All,
    /// Those that alarms watch.
    Alarms,
}

impl MetricsWanted {
    fn includes(self, metric: &str) -> bool {
        self == Self::All || ALARMED.contains(&metric)
    }
}

/// Counts of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// SQS records received.
    pub records: u64,
    /// Records that held a fact.
    pub decoded: u64,
    /// Records that held another event.
    pub ignored: BTreeMap<IgnoredReason, u64>,
    /// Records that could not be decoded.
    pub undecodable: u64,
    /// Timers that fired.
    pub timers: u64,
    /// Windows for which no further timer was armed, because too many had followed each other.
    pub timers_ended: u64,
    /// Claims on windows that invocations did not give back in time.
    pub claims_lapsed: u64,
    /// Visits to windows with a message that is long due and could not be sent.
    pub windows_overdue: u64,
    /// Runs of services that were reported as missing.
    pub services_missing: u64,
    /// Answers of ECS about services and tasks.
    pub looks: u64,
    /// Clusters that ECS could not be asked about.
    pub looks_failed: u64,
    /// Runs of services that were reported as late, or at another count than was asked for.
    pub services_late: u64,
    /// Runs of jobs that were reported as started or ended well.
    pub jobs_succeeded: u64,
    /// Runs of jobs that were reported as failed or missing.
    pub jobs_failed: u64,
    /// Runs of services that were reported as succeeded.
    pub services_succeeded: u64,
    /// Runs of services that were reported as failed, and refused calls that named none.
    pub services_failed: u64,
    /// Messages that Slack confirmed.
    pub messages_posted: u64,
    /// Edits of a message that Slack confirmed.
    pub messages_edited: u64,
    /// Replies in a message's thread that Slack confirmed.
    pub replies_posted: u64,
    /// Messages, edits and replies that Slack did not confirm.
    pub messages_failed: u64,
    /// Events that machines confirmed.
    pub events_sent: u64,
    /// Events that machines did not confirm.
    pub events_failed: u64,
    /// Machines that want no more events about a window: they answered 410 Gone.
    pub machines_gone: u64,
    /// Pings of the heartbeat that were confirmed.
    pub heartbeats_sent: u64,
    /// Pings of the heartbeat that were not confirmed.
    pub heartbeats_failed: u64,
    /// How often Slack answered 429.
    pub slack_rate_limited: u64,
    /// How long each message took, from the first request to the last answer.
    pub slack_latency: Vec<Duration>,
}

impl Metrics {
    /// Adds what another invocation received.
    pub fn add_counts(&mut self, other: &Self) {
        self.records += other.records;
        self.decoded += other.decoded;
        self.undecodable += other.undecodable;
        self.timers += other.timers;
        for (reason, count) in &other.ignored {
            *self.ignored.entry(*reason).or_default() += count;
        }
    }

    /// Adds what was told to one receiver.
    pub fn add_told(&mut self, other: Self) {
        self.services_missing += other.services_missing;
        self.services_late += other.services_late;
        self.services_succeeded += other.services_succeeded;
        self.services_failed += other.services_failed;
        self.jobs_succeeded += other.jobs_succeeded;
        self.jobs_failed += other.jobs_failed;
        self.windows_overdue += other.windows_overdue;
        self.messages_posted += other.messages_posted;
        self.messages_edited += other.messages_edited;
        self.replies_posted += other.replies_posted;
        self.messages_failed += other.messages_failed;
        self.events_sent += other.events_sent;
        self.events_failed += other.events_failed;
        self.machines_gone += other.machines_gone;
        self.heartbeats_sent += other.heartbeats_sent;
        self.heartbeats_failed += other.heartbeats_failed;
        self.slack_rate_limited += other.slack_rate_limited;
        self.slack_latency.extend(other.slack_latency);
    }

    /// Counts the answers of ECS, and the clusters that could not be asked about.
    pub fn looked(&mut self, answers: &[Answer]) {
        let is_failure = |answer: &&Answer| matches!(answer, Answer::Failure(_));
        let failures = answers.iter().filter(is_failure).count() as u64;
        self.looks_failed += failures;
        self.looks += answers.len() as u64 - failures;
    }

    /// Counts a message that was sent, or could not be; the services and jobs in it count where Slack confirmed it.
    pub fn said(&mut self, summary: &Summary, delivery: &Delivery) {
        self.posted(delivery);
        if delivery.result.is_ok() {
            self.count(summary);
        }
    }

    /// Counts a message that was posted, or could not be.
    pub fn posted<T>(&mut self, delivery: &Delivery<T>) {
        self.messages_posted += self.sent(delivery);
    }

    /// Counts an edit of a message.
    pub fn edited(&mut self, delivery: &Delivery) {
        self.messages_edited += self.sent(delivery);
    }

    /// Counts a reply in a message's thread.
    pub fn replied(&mut self, delivery: &Delivery) {
        self.replies_posted += self.sent(delivery);
    }

    /// Counts the services and jobs of a message.
    pub fn count(&mut self, summary: &Summary) {
        let (services, jobs) = (&summary.counts, &summary.jobs);
        self.services_succeeded += services.succeeded() as u64;
        self.services_failed += (services.failed() + services.nameless_calls()) as u64;
        self.services_missing += services.missing() as u64;
        self.services_late += services.late() as u64;
        self.jobs_succeeded += jobs.succeeded() as u64;
        self.jobs_failed += (jobs.failed() + jobs.missing()) as u64;
    }

    fn sent<T>(&mut self, delivery: &Delivery<T>) -> u64 {
        self.slack_rate_limited += delivery.rate_limited;
        self.slack_latency.push(delivery.latency);
        let is_confirmed = u64::from(delivery.result.is_ok());
        self.messages_failed += 1 - is_confirmed;
        is_confirmed
    }

    /// The numbers about machines; none where nothing was sent to one, because CloudWatch charges for each metric and most
    /// functions have no machine.
    fn of_machines(&self) -> Vec<(String, u64)> {
        let counts = [
            ("EventsSent", self.events_sent),
            ("EventsFailed", self.events_failed),
            ("MachinesGone", self.machines_gone),
            ("HeartbeatsSent", self.heartbeats_sent),
            ("HeartbeatsFailed", self.heartbeats_failed),
        ];
        if counts.iter().all(|(_, count)| *count == 0) {
            return Vec::new();
        }
        let named = |(name, count): (&str, u64)| (name.to_owned(), count);
        counts.into_iter().map(named).collect()
    }

    /// How many messages, edits and replies were sent, or could not be.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages_posted + self.messages_edited + self.replies_posted + self.messages_failed
    }

    /// One line in the embedded metric format, with the function's name as the only dimension. It holds every number, and
    /// declares those that are `wanted` as metrics.
    #[must_use]
    pub fn to_emf(&self, function_name: &str, wanted: MetricsWanted, now: DateTime<Utc>) -> Value {
        let ignored =
            |reason: &IgnoredReason| self.ignored.get(reason).copied().unwrap_or_default();
        let mut counts = vec![
            ("Records".to_owned(), self.records),
            ("Decoded".to_owned(), self.decoded),
            ("Ignored".to_owned(), self.ignored.values().sum()),
            ("Undecodable".to_owned(), self.undecodable),
            ("Timers".to_owned(), self.timers),
            ("TimersEnded".to_owned(), self.timers_ended),
            ("ClaimsLapsed".to_owned(), self.claims_lapsed),
            ("WindowsOverdue".to_owned(), self.windows_overdue),
            ("ServicesMissing".to_owned(), self.services_missing),
            ("ServicesSucceeded".to_owned(), self.services_succeeded),
            ("ServicesFailed".to_owned(), self.services_failed),
            ("ServicesLate".to_owned(), self.services_late),
            ("JobsSucceeded".to_owned(), self.jobs_succeeded),
            ("JobsFailed".to_owned(), self.jobs_failed),
            ("Looks".to_owned(), self.looks),
            ("LooksFailed".to_owned(), self.looks_failed),
            ("MessagesPosted".to_owned(), self.messages_posted),
            ("MessagesEdited".to_owned(), self.messages_edited),
            ("RepliesPosted".to_owned(), self.replies_posted),
            ("MessagesFailed".to_owned(), self.messages_failed),
            ("SlackRateLimited".to_owned(), self.slack_rate_limited),
        ];
        counts.extend(self.of_machines());
        counts.extend(
            IgnoredReason::ALL
                .iter()
                .map(|reason| (format!("Ignored{reason}"), ignored(reason))),
        );
        let mut definitions: Vec<Value> = counts
            .iter()
            .filter(|(name, _)| wanted.includes(name))
            .map(|(name, _)| json!({"Name": name, "Unit": "Count"}))
            .collect();
        let mut line: Map<String, Value> = counts
            .into_iter()
            .map(|(name, count)| (name, count.into()))
            .collect();
        if !self.slack_latency.is_empty() {
            if wanted.includes("SlackLatency") {
                definitions.push(json!({"Name": "SlackLatency", "Unit": "Milliseconds"}));
            }
            let milliseconds: Vec<f64> = self
                .slack_latency
                .iter()
                .map(|latency| latency.as_secs_f64() * 1e3)
                .collect();
            line.insert("SlackLatency".to_owned(), json!(milliseconds));
        }
        line.insert("FunctionName".to_owned(), function_name.into());
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.timestamp_millis(),
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": definitions},
                ],
            }),
        );
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(wanted: MetricsWanted) -> Vec<String> {
        let line = Metrics::default().to_emf("rollcall", wanted, DateTime::UNIX_EPOCH);
        line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_metrics_of_alarms_alone_can_be_declared() {
        let (all, alarmed) = (
            declared(MetricsWanted::All),
            declared(MetricsWanted::Alarms),
        );
        assert!(alarmed.iter().all(|name| all.contains(name)));
        assert!(alarmed.contains(&"WindowsOverdue".to_owned()));
        assert!(alarmed.len() <= ALARMED.len() && all.len() > 20);
    }

    #[test]
    fn every_number_is_in_the_line_either_way() {
        let line = |wanted| Metrics::default().to_emf("rollcall", wanted, DateTime::UNIX_EPOCH);
        let keys = |line: Value| {
            line.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let (all, alarms) = (line(MetricsWanted::All), line(MetricsWanted::Alarms));
        assert_eq!(keys(all), keys(alarms));
    }
}
