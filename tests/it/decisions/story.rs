//! What became known about a window, in its order, and what follows from it at any moment.

use chrono::{DateTime, Utc};
use rollcall::core::decide::{Decision, Message, MessageKind, decide};
use rollcall::core::fact::Fact;
use rollcall::core::look::plan;
use rollcall::core::observation::{Answer, Observations};
use rollcall::core::policy::WaitPolicy;
use rollcall::core::report::LastReport;
use rollcall::core::runs::{Arrival, Runs, Subject};
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::Summary;

use super::{POLICY, READER, at, key};

/// What arrived and was answered when.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) policy: WaitPolicy,
    pub(super) facts: Vec<(Fact, Arrival)>,
    pub(super) answers: Vec<(i64, Answer)>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            policy: POLICY,
            facts: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Everything arrived as the window began.
    pub(super) fn of(facts: &[Fact]) -> Self {
        Self::new().learn(0, facts)
    }

    /// Facts arrive.
    pub(super) fn learn(mut self, seconds: i64, facts: &[Fact]) -> Self {
        let arrival = Arrival {
            at: at(seconds),
            siblings_until: None,
        };
        self.facts
            .extend(facts.iter().map(|fact| (fact.clone(), arrival)));
        self
    }

    /// Facts arrive from records that had been given back, so that others may come until then.
    pub(super) fn learn_again(mut self, seconds: i64, facts: &[Fact], siblings_until: i64) -> Self {
        let arrival = Arrival {
            at: at(seconds),
            siblings_until: Some(at(siblings_until)),
        };
        self.facts
            .extend(facts.iter().map(|fact| (fact.clone(), arrival)));
        self
    }

    /// ECS answers.
    pub(super) fn see(mut self, answers: impl IntoIterator<Item = (i64, Answer)>) -> Self {
        self.answers.extend(answers);
        self
    }

    /// What is known at a moment.
    pub(super) fn at<T>(&self, now: i64, ask: impl FnOnce(&WindowSnapshot<'_>) -> T) -> T {
        let known = self
            .facts
            .iter()
            .filter(|(_, arrival)| arrival.at <= at(now));
        let runs = Runs::fold(key().start, known.map(|(fact, arrival)| (fact, *arrival)));
        let observations = self.observations(&runs, now);
        let key = key();
        ask(&WindowSnapshot::new(
            &key,
            &runs,
            &observations,
            self.policy,
            at(now),
        ))
    }

    fn observations(&self, runs: &Runs, now: i64) -> Observations {
        let mut observations = Observations::default();
        let mut answers: Vec<&(i64, Answer)> = self
            .answers
            .iter()
            .filter(|(asked_at, _)| *asked_at <= now)
            .collect();
        answers.sort_by_key(|(asked_at, _)| *asked_at);
        for (asked_at, answer) in answers {
            match answer {
                Answer::Service(look) => {
                    for (subject, run) in runs.iter() {
                        let is_it = matches!(subject, Subject::Service(id) if *id == look.service);
                        let is_since = look.at >= run.since()
                            && run.superseded_at.is_none_or(|by| look.at < by);
                        if is_it && is_since {
                            let seen = observations.service_mut(&look.service, run.time, look.at);
                            seen.ask(look.at);
                            seen.take(look, run.is_deployment());
                        }
                    }
                }
                Answer::Task(state) => observations.task(state.clone()),
                Answer::Failure(failure) => {
                    for (subject, run) in runs.iter() {
                        let Subject::Service(id) = subject else {
                            continue;
                        };
                        if id.cluster_id() == failure.cluster && at(*asked_at) >= run.since() {
                            observations
                                .service_mut(id, run.time, failure.at)
                                .ask(failure.at);
                        }
                    }
                    observations.fail(failure.clone());
                }
            }
        }
        observations
    }

    /// What is decided at a moment, if the receiver was told what the report says.
    pub(super) fn decide(&self, report: &LastReport, now: i64) -> String {
        self.at(now, |snapshot| words(snapshot, &decide(snapshot, report)))
    }

    /// What is decided where nothing was told yet, and whom ECS is asked about: `…; ask a, b` or `…; ask at 120`.
    pub(super) fn decide_and_look(&self, now: i64) -> String {
        let decision = self.decide(&LastReport::default(), now);
        self.at(now, |snapshot| {
            let plan = plan(snapshot);
            let names: Vec<&str> = plan
                .wanted
                .services
                .iter()
                .map(|one| one.id.name.as_str())
                .collect();
            match (names.is_empty(), plan.next) {
                (false, _) => format!("{decision}; ask {}", names.join(", ")),
                (true, Some(next)) => format!("{decision}; ask at {}", seconds(next)),
                (true, None) => decision,
            }
        })
    }

    /// Tells everything that is due at a moment. Returns what was said, message by message.
    pub(super) fn tell(&self, report: &mut LastReport, now: i64) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let message = self.at(now, |snapshot| match decide(snapshot, report) {
                Decision::Say(message) => {
                    for &index in &message.runs {
                        let one = &snapshot.statuses[index];
                        report.told.tell(one.subject, one.run, &one.status);
                    }
                    report.confirm(at(now));
                    Some(text(snapshot, &message))
                }
                _ => None,
            });
            match message {
                Some(message) => said.push(message),
                None => return said,
            }
        }
    }

    /// What was told by a moment, if everything that was due was told at it.
    pub(super) fn told(&self, now: i64) -> LastReport {
        let mut report = LastReport::default();
        self.tell(&mut report, now);
        report
    }

    /// Everything as one message would say it.
    pub(super) fn summary(&self, now: i64) -> Summary {
        self.at(now, |snapshot| {
            let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
            Summary::new(snapshot, &all, MessageKind::First, READER)
        })
    }

    /// Every row: `a Scale Up (→ 1) ❌ service not found`.
    pub(super) fn rows(&self, now: i64) -> Vec<String> {
        rows(&self.summary(now))
    }
}

pub(super) fn rows(summary: &Summary) -> Vec<String> {
    let row = |row: &rollcall::core::summary::Row| {
        format!("{} {} {}", row.service, row.action, row.status)
    };
    summary.rows.iter().map(row).collect()
}

/// `summary: a Scale Up (→ 1) ✅; b …` with the schedules of a later message.
fn text(snapshot: &WindowSnapshot<'_>, message: &Message) -> String {
    let summary = Summary::new(snapshot, &message.runs, message.kind, READER);
    let kind = match message.kind {
        MessageKind::First => "summary".to_owned(),
        MessageKind::Later => format!("later ({})", summary.schedules.join(", ")),
        MessageKind::Changes => "changes".to_owned(),
    };
    format!("{kind}: {}", rows(&summary).join("; "))
}

fn words(snapshot: &WindowSnapshot<'_>, decision: &Decision) -> String {
    match decision {
        Decision::Say(message) => {
            let names: Vec<String> = message
                .runs
                .iter()
                .map(|&index| name(snapshot.statuses[index].subject))
                .collect();
            format!("say {} ({})", names.join(", "), message.reason)
        }
        Decision::Hold(until, _) => format!("hold until {}", seconds(*until)),
        Decision::Wait(until, reason) => format!("wait until {} ({reason})", seconds(*until)),
        Decision::Nothing => "nothing".to_owned(),
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Service(id) => id.name.clone(),
        Subject::Job(id) => format!("job {}", id.family),
        Subject::Unnamed(_) => "?".to_owned(),
    }
}

fn seconds(time: DateTime<Utc>) -> i64 {
    (time - at(0)).num_seconds()
}
