//! What really happens in a world: which schedule fires for whom, when it is called, and how each call ends.
//!
//! It follows from the plan alone and shares nothing with the code under test, so that what people were told can be
//! compared with it. Every error carries a mark that names its run, by which a failure is recognised wherever it is
//! told.

use std::collections::BTreeSet;

use super::mail::{ERRORS, Millis};
use super::plan::{Again, Call, Life, NativeEvent, Plan, Schedule, Target};

/// The length of a window.
pub const PERIOD: Millis = 1_800_000;
/// How long Scheduler retries a call, as the rosters say.
pub const RETRY_MINUTES: i64 = 60;
/// The role of every schedule.
pub const SCHEDULER: &str = "dev-scheduler";
const PERSON: &str = "admin";

/// Who is called: a service or a job of an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    pub environment: String,
    pub name: String,
    pub is_job: bool,
}

/// One firing of a schedule for one subject.
#[derive(Debug)]
pub struct Run {
    pub id: usize,
    pub subject: Subject,
    pub scheduled: Millis,
    pub flexible: Millis,
    /// How many tasks are asked for.
    pub count: i64,
    /// The label of the roster that names it; `None` where no roster does.
    pub roster: Option<String>,
    /// It is one of several firings at a rate.
    pub is_rate: bool,
    pub attempts: Vec<Attempt>,
    /// When its dead letter arrives.
    pub dead_letter: Option<Millis>,
    pub life: Life,
    pub event: Option<NativeEvent>,
}

/// A call.
#[derive(Debug)]
pub struct Attempt {
    /// What its record is known by.
    pub label: String,
    pub environment: String,
    pub subject: Option<Subject>,
    pub role: &'static str,
    pub at: Millis,
    pub count: i64,
    pub error: Option<&'static str>,
    /// What its error says, which tells whose it is.
    pub mark: String,
    pub arrival: Option<Millis>,
    pub again: Vec<Again>,
}

impl Attempt {
    pub fn is_accepted(&self) -> bool {
        self.error.is_none()
    }
}

/// A roster's message.
#[derive(Debug)]
pub struct RosterPart {
    pub label: String,
    pub arrival: Millis,
    pub runs: Vec<usize>,
}

/// Everything that happens outside of the product.
#[derive(Debug, Default)]
pub struct Script {
    pub runs: Vec<Run>,
    pub rosters: Vec<RosterPart>,
    /// Calls of people.
    pub interventions: Vec<Attempt>,
    /// Refused calls of schedules whose record names no subject.
    pub anonymous: Vec<(usize, Attempt)>,
}

/// When a window begins.
pub fn window_of(at: Millis) -> Millis {
    at.div_euclid(PERIOD) * PERIOD
}

/// An environment's label, which is the name of its only cluster.
pub fn environment(number: u8) -> String {
    format!("cluster-{number}")
}

/// The mark of a run's errors.
pub fn mark(run: usize) -> String {
    format!("[run {run}]")
}

impl Run {
    /// Until when its call may come, as far as the schedule tells.
    pub fn calls_end(&self) -> Millis {
        self.scheduled + self.flexible
    }

    pub fn window(&self) -> Millis {
        window_of(self.scheduled)
    }

    pub fn dead_letter_label(&self) -> String {
        format!("dead-letter-{}", self.id)
    }

    pub fn mark(&self) -> String {
        mark(self.id)
    }

    /// Whether a call came so long after the one before that, without a roster, it is a run of a job of its own.
    pub fn has_gap(&self) -> bool {
        let gaps = self.attempts.windows(2).map(|pair| pair[1].at - pair[0].at);
        self.subject.is_job && gaps.max() > Some(240_000)
    }

    /// When it was accepted, whether or not a record tells so.
    pub fn accepted(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.is_accepted())
    }

    /// How long after its accepted call a service is at its count for good; `None` where it never is.
    pub fn settles_after(&self) -> Option<Millis> {
        match self.life {
            Life::Slow(seconds) => Some(Millis::from(seconds) * 1_000),
            Life::Flapping(_) | Life::Never => None,
        }
    }

    /// The task that the accepted call of a job starts.
    pub fn task(&self) -> String {
        format!("task-{}", self.id)
    }
}

impl Schedule {
    pub fn count(&self) -> i64 {
        i64::from(self.target != Target::Down)
    }

    pub fn is_job(&self) -> bool {
        matches!(self.target, Target::Job | Target::Rate(_))
    }

    pub fn start(&self) -> Millis {
        Millis::from(self.minute) * 60_000
    }

    fn flexible(&self) -> Millis {
        Millis::from(self.flexible_minutes) * 60_000
    }

    /// The subject of an entry, and when the schedule fires for it.
    fn firing(&self, entry: usize) -> (Subject, Millis) {
        let kind = if self.is_job() { "job" } else { "service" };
        // What no roster names is never named by another schedule's roster either.
        let (known, number) = match (self.target, self.roster.is_some()) {
            (Target::Rate(_), _) => ("rate", usize::from(self.first)),
            (_, true) => ("known", usize::from(self.first) + entry),
            (_, false) => ("unknown", usize::from(self.first) + entry),
        };
        let subject = Subject {
            environment: environment(self.environment),
            name: format!("{known}-{kind}-{number}"),
            is_job: self.is_job(),
        };
        let after = match self.target {
            Target::Rate(every) => i64::from(every) * 60_000 * i64::try_from(entry).unwrap(),
            _ => 0,
        };
        (subject, self.start() + after)
    }
}

impl Script {
    pub fn new(plan: &Plan) -> Self {
        let mut script = Self::default();
        let mut known = BTreeSet::new();
        let mut ids = Vec::new();
        for (number, schedule) in plan.schedules.iter().enumerate() {
            let mut of_schedule = Vec::new();
            for index in 0..schedule.entries.len() {
                let (subject, scheduled) = schedule.firing(index);
                // Two schedules that fire for one subject at one moment are one run.
                if !known.insert((subject.clone(), scheduled)) {
                    of_schedule.push(None);
                    continue;
                }
                of_schedule.push(Some(script.runs.len()));
                script.add(schedule, index, subject, scheduled);
            }
            script.expect(number, schedule, &of_schedule);
            script.throttle(number, schedule);
            ids.push(of_schedule);
        }
        script.part();
        script.intervene(plan, &ids);
        script
    }

    fn add(&mut self, schedule: &Schedule, index: usize, subject: Subject, scheduled: Millis) {
        let id = self.runs.len();
        let entry = &schedule.entries[index];
        let is_rate = matches!(schedule.target, Target::Rate(_));
        let mut at = scheduled;
        let mut attempts = Vec::new();
        for (retry, call) in entry.calls.iter().enumerate() {
            at += match retry {
                0 => Millis::from(call.at) * schedule.flexible() / 1_000,
                // Firings at a rate are close to each other, and so are their retries.
                _ if is_rate => Millis::from(call.at / 20) * 1_000,
                _ => Millis::from(call.at) * 1_000,
            };
            if at > scheduled + RETRY_MINUTES * 60_000 {
                break;
            }
            attempts.push(Attempt {
                label: format!("run-{id}-call-{retry}"),
                environment: subject.environment.clone(),
                subject: Some(subject.clone()),
                role: SCHEDULER,
                mark: mark(id),
                ..attempt(call, at, schedule.count())
            });
            // Scheduler calls again only where it was refused.
            if call.error.is_none() {
                break;
            }
        }
        self.runs.push(Run {
            id,
            subject,
            scheduled,
            flexible: schedule.flexible(),
            count: schedule.count(),
            roster: None,
            is_rate,
            attempts,
            dead_letter: entry
                .dead_letter
                .map(|latency| scheduled + Millis::from(latency)),
            life: entry.life,
            event: entry.event,
        });
    }

    fn expect(&mut self, number: usize, schedule: &Schedule, ids: &[Option<usize>]) {
        let parts = schedule
            .roster
            .as_ref()
            .map_or(&[][..], |roster| &roster.parts);
        for (part, &latency) in parts.iter().enumerate() {
            let runs = ids.iter().enumerate();
            let runs = runs.filter(|(index, _)| index % parts.len() == part);
            let runs: Vec<usize> = runs.filter_map(|(_, id)| *id).collect();
            if runs.is_empty() {
                continue;
            }
            let label = format!("roster-{number}-{part}");
            for &run in &runs {
                self.runs[run].roster = Some(label.clone());
            }
            self.rosters.push(RosterPart {
                label,
                arrival: schedule.start() + Millis::from(latency),
                runs,
            });
        }
    }

    fn throttle(&mut self, number: usize, schedule: &Schedule) {
        for (index, call) in schedule.throttled.iter().enumerate() {
            let at = schedule.start() + Millis::from(call.at) * schedule.flexible() / 1_000;
            let attempt = Attempt {
                label: format!("schedule-{number}-throttled-{index}"),
                environment: environment(schedule.environment),
                role: SCHEDULER,
                mark: format!("[schedule {number}]"),
                ..attempt(call, at, schedule.count())
            };
            self.anonymous.push((number, attempt));
        }
    }

    /// A run ends where the next one of the same subject begins that asks for the same: nobody could tell their calls
    /// apart. An accepted call is then never made, so that the run is missing or refused.
    fn part(&mut self) {
        let others: Vec<(Subject, Millis, i64)> = self
            .runs
            .iter()
            .map(|run| (run.subject.clone(), run.scheduled, run.count))
            .collect();
        for run in &mut self.runs {
            let next = others.iter().filter(|(subject, scheduled, count)| {
                *subject == run.subject && *scheduled > run.scheduled && *count == run.count
            });
            if let Some(next) = next.map(|(_, scheduled, _)| *scheduled).min() {
                run.attempts.retain(|attempt| attempt.at < next);
            }
        }
    }

    fn intervene(&mut self, plan: &Plan, ids: &[Vec<Option<usize>>]) {
        for (number, intervention) in plan.interventions.iter().enumerate() {
            let schedule = &ids[usize::from(intervention.schedule) % ids.len()];
            let Some(run) = schedule[usize::from(intervention.entry) % schedule.len()] else {
                continue;
            };
            let run = &self.runs[run];
            let count = if run.subject.is_job {
                1
            } else {
                i64::from(intervention.count)
            };
            let at = run.scheduled + Millis::from(intervention.after) * 1_000;
            self.interventions.push(Attempt {
                label: format!("person-{number}"),
                environment: run.subject.environment.clone(),
                subject: Some(run.subject.clone()),
                role: PERSON,
                at,
                count,
                error: intervention.error.map(|error| ERRORS[usize::from(error)]),
                mark: format!("[person {number}]"),
                arrival: Some(at + Millis::from(intervention.latency)),
                again: Vec::new(),
            });
        }
    }

    /// Every call that names somebody, of schedules and of people.
    pub fn calls(&self) -> impl Iterator<Item = &Attempt> {
        let attempts = self.runs.iter().flat_map(|run| &run.attempts);
        attempts.chain(&self.interventions)
    }
}

fn attempt(call: &Call, at: Millis, count: i64) -> Attempt {
    Attempt {
        label: String::new(),
        environment: String::new(),
        subject: None,
        role: SCHEDULER,
        at,
        count,
        error: call.error.map(|error| ERRORS[usize::from(error)]),
        mark: String::new(),
        arrival: call.latency.map(|latency| at + Millis::from(latency)),
        again: call.again.clone(),
    }
}
