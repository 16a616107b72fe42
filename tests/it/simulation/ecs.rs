//! How the simulated world's services and tasks really are, whatever anybody was told: tasks take their time, come
//! and go, or never come.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::mail::{Millis, moment};
use super::plan::Life;
use super::script::{Script, Subject};

/// Every service and task, as what was really called made them, with or without a record.
#[derive(Default)]
pub struct Ecs {
    services: BTreeMap<Subject, Service>,
    tasks: BTreeMap<String, Task>,
}

struct Service {
    /// How many tasks ran before the world began.
    first: i64,
    /// Accepted calls in the order in which they were made.
    changes: Vec<Change>,
}

struct Change {
    at: Millis,
    count: i64,
    life: Life,
}

struct Task {
    created: Millis,
    life: Life,
    /// What its end says where it fails, which tells whose it is.
    mark: String,
}

/// How many tasks of a service run, and how many are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub running: i64,
    pub desired: i64,
}

impl Ecs {
    pub fn new(script: &Script) -> Self {
        let mut ecs = Self::default();
        for run in &script.runs {
            if run.subject.is_job {
                if let Some(call) = run.accepted() {
                    ecs.tasks.insert(
                        run.task(),
                        Task {
                            created: call.at,
                            life: run.life,
                            mark: run.mark(),
                        },
                    );
                }
                continue;
            }
            let service = ecs.services.entry(run.subject.clone());
            let service = service.or_insert(Service {
                first: 1 - run.count,
                changes: Vec::new(),
            });
            service.changes.extend(run.accepted().map(|call| Change {
                at: call.at,
                count: call.count,
                life: run.life,
            }));
        }
        for call in script
            .interventions
            .iter()
            .filter(|call| call.is_accepted())
        {
            let Some(subject) = &call.subject else {
                continue;
            };
            let life = Life::Slow(30);
            if subject.is_job {
                let mark = call.mark.clone();
                ecs.tasks.insert(
                    format!("task-{}", call.label),
                    Task {
                        created: call.at,
                        life,
                        mark,
                    },
                );
            } else if let Some(service) = ecs.services.get_mut(subject) {
                service.changes.push(Change {
                    at: call.at,
                    count: call.count,
                    life,
                });
            }
        }
        for service in ecs.services.values_mut() {
            service.changes.sort_by_key(|change| change.at);
        }
        ecs
    }

    pub fn counts(&self, subject: &Subject, at: Millis) -> Option<Counts> {
        let service = self.services.get(subject)?;
        let made = service.changes.iter().filter(|change| change.at <= at);
        let (mut running, mut desired) = (service.first, service.first);
        let made: Vec<&Change> = made.collect();
        for (index, change) in made.iter().enumerate() {
            let until = made.get(index + 1).map_or(at, |next| next.at);
            running = change.running(running, until);
            desired = change.count;
        }
        Some(Counts { running, desired })
    }

    /// Whether a service is at the count that was asked for at some moment, and stays there.
    pub fn settles_at(&self, subject: &Subject, count: i64) -> Option<Millis> {
        let service = self.services.get(subject)?;
        let last = service.changes.last()?;
        match last.life {
            Life::Slow(seconds) if last.count == count => {
                Some(last.at + Millis::from(seconds) * 1_000)
            }
            _ => None,
        }
    }

    /// When a task ends; `None` where it never does.
    pub fn ends_at(&self, task: &str) -> Option<Millis> {
        let task = self.tasks.get(task)?;
        match task.life {
            Life::Slow(seconds) | Life::Flapping(seconds) => {
                Some(task.created + Millis::from(seconds) * 1_000)
            }
            Life::Never => None,
        }
    }

    /// A task as ECS describes it, but for where it is.
    pub fn describe_task(&self, id: &str, at: Millis) -> Option<Value> {
        let task = self.tasks.get(id)?;
        let text = |at: Millis| moment(at).to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut described = json!({"lastStatus": "RUNNING", "createdAt": text(task.created)});
        if let Some(end) = self.ends_at(id).filter(|end| *end <= at) {
            let is_failed = matches!(task.life, Life::Flapping(_));
            described["lastStatus"] = json!("STOPPED");
            described["stoppedAt"] = json!(text(end));
            described["stopCode"] = json!("EssentialContainerExited");
            described["containers"] = json!([{
                "name": "main", "exitCode": i64::from(is_failed),
                "reason": is_failed.then(|| task.mark.clone()),
            }]);
        }
        Some(described)
    }
}

impl Change {
    /// How many tasks run at a moment, where so many ran before.
    fn running(&self, before: i64, at: Millis) -> i64 {
        let seconds = (at - self.at) / 1_000;
        let is_there = match self.life {
            Life::Slow(start) => seconds >= i64::from(start),
            Life::Flapping(period) => seconds / i64::from(period.max(1)) % 2 == 1,
            Life::Never => false,
        };
        if is_there { self.count } else { before }
    }
}
