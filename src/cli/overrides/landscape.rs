//! What an environment's two groups of schedules hold: the schedules that Terraform made, and what overrides made of them.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::entry::{Entry, NOTE};
use super::records;
use crate::cli::occurrences::{Timing, TimingError};
use crate::core::arn::{family, last_segment};
use crate::core::overrides::Override;

/// What a schedule calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A service of a cluster.
    Service { cluster: String, name: String },
    /// Tasks of a task definition's family.
    Job { cluster: String, family: String },
}

impl Subject {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Service { name, .. } | Self::Job { family: name, .. } => name,
        }
    }

    pub(super) fn service(&self) -> Option<&str> {
        match self {
            Self::Service { name, .. } => Some(name),
            Self::Job { .. } => None,
        }
    }
}

/// Whether a schedule makes a call, or tells the queue which calls others make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Call,
    Roster,
}

/// A schedule of Terraform, with what its text means.
#[derive(Debug, Clone)]
pub(super) struct Recurring {
    pub(super) entry: Entry,
    pub(super) role: Role,
    /// Its name in Terraform's input, such as `evening`.
    pub(super) schedule: String,
    pub(super) timing: Timing,
    /// What is called, with the count that is asked for.
    pub(super) subjects: BTreeMap<Subject, i64>,
}

/// The two groups of an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Landscape {
    pub(super) recurring: Vec<Recurring>,
    /// What overrides made: runs at other times, copies, and records.
    pub(super) made: Vec<Entry>,
    /// The overrides that hold, the oldest first.
    pub(super) overrides: Vec<Override>,
    /// Schedules that cannot be overridden, with the reason.
    pub(super) fixed: Vec<(String, TimingError)>,
}

impl Landscape {
    /// Reads what Scheduler answered. Paused schedules are left out: they make no runs.
    pub(super) fn read(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut landscape = Self::default();
        for entry in entries {
            if entry.is_of_override() {
                landscape.overrides.extend(record(&entry));
                landscape.made.push(entry);
                continue;
            }
            let Some((role, schedule, subjects)) = meaning(&entry) else {
                continue;
            };
            if !entry.is_enabled() {
                continue;
            }
            match Timing::parse(&entry.expression, &entry.timezone) {
                Ok(timing) => landscape.recurring.push(Recurring {
                    entry,
                    role,
                    schedule,
                    timing,
                    subjects,
                }),
                Err(why) => landscape.fixed.push((entry.name, why)),
            }
        }
        landscape
            .overrides
            .sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        landscape
    }

    /// The schedules that make calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Recurring> {
        self.recurring.iter().filter(|one| one.role == Role::Call)
    }

    /// The rosters, which also say how to send messages to the queue.
    pub(super) fn rosters(&self) -> impl Iterator<Item = &Recurring> {
        self.recurring.iter().filter(|one| one.role == Role::Roster)
    }

    /// The names of all schedules, in order.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.calls().map(|one| one.schedule.as_str()).collect()
    }

    /// The names of all services that are called.
    pub(super) fn services(&self) -> BTreeSet<&str> {
        let subjects = self.calls().flat_map(|one| one.subjects.keys());
        subjects.filter_map(Subject::service).collect()
    }

    /// How many hours an override may last, as the module's rosters say.
    pub(super) fn longest(&self) -> TimeDelta {
        let hours = self.rosters().find_map(|roster| {
            let input: Value = serde_json::from_str(roster.entry.input()).ok()?;
            input["override_hours_at_most"].as_i64()
        });
        TimeDelta::hours(hours.unwrap_or(24).clamp(1, 24 * 30))
    }
}

impl Recurring {
    /// Whether it fires at that moment by itself.
    pub(super) fn fires_at(&self, at: DateTime<Utc>, start: Option<DateTime<Utc>>) -> bool {
        self.between(at - TimeDelta::seconds(1), at, start).next() == Some(at)
    }

    /// When it fires by itself later than `after` and not later than `until`, from `start` on.
    pub(super) fn between(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        start: Option<DateTime<Utc>>,
    ) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let end = self.entry.end.map_or(until, |end| until.min(end));
        self.timing
            .after(after)
            .skip_while(move |time| start.is_some_and(|start| *time < start))
            .take_while(move |time| *time <= end)
    }

    /// Whether it fires once only. AWS heeds no start of such a schedule, so its run cannot be taken away.
    pub(super) fn is_once(&self) -> bool {
        self.entry.expression.starts_with("at(")
    }
}

/// The record of an override: the input of a schedule `override-<id>`.
fn record(entry: &Entry) -> Option<Override> {
    let id = entry.name.strip_prefix(NOTE)?;
    if id.contains('.') {
        return None;
    }
    records::read(entry.input())
}

fn meaning(entry: &Entry) -> Option<(Role, String, BTreeMap<Subject, i64>)> {
    let input: Value = serde_json::from_str(entry.input()).ok()?;
    let called = entry.target.arn().split_once(":aws-sdk:ecs:");
    match called.map(|(_, call)| call) {
        None if input["rollcall"] == "roster" => {
            // Terraform tells a job's roster from that of a schedule with the same name by this ending.
            let schedule = input["schedule"].as_str()?;
            let schedule = schedule.strip_suffix(".job").unwrap_or(schedule);
            Some((Role::Roster, schedule.to_owned(), members(&input)))
        }
        Some("updateService") => {
            let subject = Subject::Service {
                cluster: cluster(&input["Cluster"]),
                name: last_segment(input["Service"].as_str()?).to_owned(),
            };
            let count = input["DesiredCount"].as_i64()?;
            Some((Role::Call, prefix(&entry.name), [(subject, count)].into()))
        }
        Some("runTask") => {
            let subject = Subject::Job {
                cluster: cluster(&input["Cluster"]),
                family: family(input["TaskDefinition"].as_str()?).to_owned(),
            };
            let count = input["Count"].as_i64().unwrap_or(1);
            Some((Role::Call, prefix(&entry.name), [(subject, count)].into()))
        }
        _ => None,
    }
}

/// The modules name a service's schedule `<schedule>.<service>`; jobs have no dot in their names.
fn prefix(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

fn cluster(name: &Value) -> String {
    last_segment(name.as_str().unwrap_or("default")).to_owned()
}

/// The services and jobs of a roster.
fn members(input: &Value) -> BTreeMap<Subject, i64> {
    let cluster = cluster(&input["cluster"]);
    let listed = |key: &str| {
        let list = input[key].as_object().into_iter().flatten();
        list.filter_map(|(name, count)| Some((name.clone(), count.as_i64()?)))
            .collect::<Vec<_>>()
    };
    let services = listed("services").into_iter().map(|(name, count)| {
        let cluster = cluster.clone();
        (Subject::Service { cluster, name }, count)
    });
    let jobs = listed("jobs").into_iter().map(|(family, count)| {
        let cluster = cluster.clone();
        (Subject::Job { cluster, family }, count)
    });
    services.chain(jobs).collect()
}
