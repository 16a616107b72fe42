//! Everything known about a window at a moment: how each run stands, and which runs are told together.
//!
//! Pure. Runs whose schedules were due together are told together, in one message: they form a group. Another
//! schedule of the same window, later by more than the settling time, is another group and another message.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::observation::Observations;
use super::policy::WaitPolicy;
use super::runs::{ArrivedOverride, Run, Runs, Subject};
use super::standing::{Moment, Standing};
use super::status::Status;
use super::window::WindowKey;

/// How a run stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatus<'a> {
    /// Whose run it is.
    pub subject: &'a Subject,
    /// The run.
    pub run: &'a Run,
    /// How it stands.
    pub status: Status,
    /// When the time for it is over; `None` where nothing more is awaited.
    pub final_at: Option<DateTime<Utc>>,
    /// In which of [`WindowSnapshot::groups`] it is told.
    pub group: usize,
}

impl RunStatus<'_> {
    /// Whether a schedule was to make a call that nothing was heard of.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        let is_unheard = matches!(
            self.status,
            Status::NeverCalled { .. } | Status::Unkept | Status::Pending
        );
        is_unheard && self.run.firing.is_some()
    }
}

/// Runs that are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// When its first schedule was to fire, or its first call was made.
    pub start: DateTime<Utc>,
    /// When the last of its schedules was to fire.
    last: DateTime<Utc>,
    /// Until when calls without a roster belong to it.
    end: DateTime<Utc>,
    /// The names of its schedules, where rosters tell.
    pub schedules: BTreeSet<String>,
    /// Good runs of jobs that run at a rate: they wait for the end of the window.
    pub is_rest: bool,
}

/// Everything known about a window at a moment.
#[derive(Debug, Clone)]
pub struct WindowSnapshot<'a> {
    /// The window.
    pub key: &'a WindowKey,
    /// What is known from facts.
    pub runs: &'a Runs,
    /// What ECS answered.
    pub observations: &'a Observations,
    /// How long to wait for what.
    pub policy: WaitPolicy,
    /// The present.
    pub now: DateTime<Utc>,
    /// How each run stands, by subject and time.
    pub statuses: Vec<RunStatus<'a>>,
    /// Which runs are told together, in the order of their times.
    pub groups: Vec<Group>,
    /// What was heard of overrides, in the order of their times.
    pub overrides: Vec<&'a ArrivedOverride>,
    /// The environment's label in messages.
    pub label: &'a str,
    /// The runs were chosen by how they ended, so that how many they are of all says nothing.
    pub is_selection: bool,
    /// ECS was asked something, with whatever success.
    pub is_asked: bool,
    /// ECS said of some service how it is.
    pub is_observed: bool,
}

impl<'a> WindowSnapshot<'a> {
    /// What is known at `now`.
    #[must_use]
    pub fn new(
        key: &'a WindowKey,
        runs: &'a Runs,
        observations: &'a Observations,
        policy: WaitPolicy,
        now: DateTime<Utc>,
    ) -> Self {
        let mut snapshot = Self {
            key,
            runs,
            observations,
            policy,
            now,
            statuses: Vec::with_capacity(runs.by_subject.len()),
            groups: Vec::new(),
            overrides: runs.overrides.iter().collect(),
            label: &key.environment,
            is_selection: false,
            is_asked: observations.is_asked(),
            is_observed: observations.is_answered(),
        };
        for (subject, run) in runs.iter() {
            let Some(Standing { status, final_at }) = snapshot.standing(subject, run) else {
                continue;
            };
            snapshot.statuses.push(RunStatus {
                subject,
                run,
                status,
                final_at,
                group: 0,
            });
        }
        snapshot.make_groups();
        snapshot.resolve_unnamed();
        snapshot
    }

    /// What it takes to say how runs stand.
    #[must_use]
    pub fn moment(&self) -> Moment<'a> {
        Moment {
            runs: self.runs,
            observations: self.observations,
            policy: self.policy,
            now: self.now,
            is_asked: self.is_asked,
            waits_longer: true,
        }
    }

    fn standing(&self, subject: &Subject, run: &Run) -> Option<Standing> {
        match subject {
            Subject::Service(id) => self.moment().service(id, run),
            Subject::Job(id) => self.moment().job(id, run),
            Subject::Unnamed(calls) => Some(Standing {
                status: match calls.error {
                    Some(_) => Status::Unnamed(run.attempts.len().max(1)),
                    None => Status::Resolved,
                },
                final_at: None,
            }),
        }
    }

    /// Rosters and dead letters make the groups; calls that none explains join the group of their time.
    fn make_groups(&mut self) {
        let gap = self.policy.settle_delta();
        let (rest, mut told): (Vec<usize>, Vec<usize>) =
            (0..self.statuses.len()).partition(|&index| self.is_rest(&self.statuses[index]));
        told.sort_by_key(|&index| self.statuses[index].run.time);
        let (announced, own): (Vec<usize>, Vec<usize>) = told
            .into_iter()
            .partition(|&index| self.statuses[index].run.is_announced());
        let mut groups: Vec<(Group, Vec<usize>)> = Vec::new();
        for index in announced {
            let run = self.statuses[index].run;
            let last = groups.len().checked_sub(1);
            let near = last.filter(|&last| run.time - groups[last].0.last <= gap);
            join(&mut groups, near, index, run);
        }
        for index in own {
            let run = self.statuses[index].run;
            let takes = |group: &Group| group.takes(run.time, gap);
            let since = groups
                .iter()
                .rposition(|(group, _)| group.start <= run.time && takes(group));
            let near = since.or_else(|| groups.iter().position(|(group, _)| takes(group)));
            join(&mut groups, near, index, run);
        }
        groups.sort_by_key(|(group, _)| group.start);
        if !rest.is_empty() {
            groups.push((Group::rest(self.policy.window_end(self.key.start)), rest));
        }
        for (number, (group, members)) in groups.into_iter().enumerate() {
            self.groups.push(group);
            for index in members {
                self.statuses[index].group = number;
            }
        }
    }

    /// A job that runs at a rate is told with the window while it is well: each run that no roster announces, and of those
    /// that one schedule announces all but the first.
    fn is_rest(&self, one: &RunStatus<'_>) -> bool {
        fn schedule(run: &Run) -> Option<&str> {
            Some(&run.firing.as_ref()?.schedule)
        }
        let is_job = matches!(one.subject, Subject::Job(_));
        let first = || {
            let mut runs = self.runs.by_subject.get(one.subject)?.iter();
            runs.find(|run| schedule(run) == schedule(one.run))
        };
        let is_first = || first().is_some_and(|first| std::ptr::eq(first, one.run));
        is_job && !one.status.is_failure() && !(one.run.is_announced() && is_first())
    }

    /// Whatever was refused without a name was called again, once everything that the rosters of the group name was
    /// accepted.
    fn resolve_unnamed(&mut self) {
        let mut is_complete: Vec<Option<bool>> = vec![None; self.groups.len()];
        for one in &self.statuses {
            if one.run.firing.is_some() {
                let is_well = one.run.accepted_at().is_some() || one.status.is_good();
                let complete = is_complete[one.group].get_or_insert(true);
                *complete &= is_well;
            }
        }
        for one in &mut self.statuses {
            let is_unnamed = matches!(one.status, Status::Unnamed(_));
            if is_unnamed && is_complete[one.group] == Some(true) {
                one.status = Status::Resolved;
            }
        }
    }

    /// Shows no run as waiting that people were told the end of: what was told final stays final. A run that was
    /// missing stays missing, and a call that turns out to be accepted after all counts as accepted until ECS has said
    /// more.
    pub fn keep_final(&mut self, told: impl Fn(&Subject, &Run) -> bool) {
        let moment = Moment {
            waits_longer: false,
            ..self.moment()
        };
        for one in &mut self.statuses {
            if one.status.is_awaited() && told(one.subject, one.run) {
                // That other records return changes nothing about what was told.
                let standing = match one.subject {
                    Subject::Service(id) => moment.service(id, one.run),
                    Subject::Job(id) => moment.job(id, one.run),
                    Subject::Unnamed(_) => None,
                };
                one.status = match standing {
                    Some(standing) if !standing.status.is_awaited() => standing.status,
                    _ if !one.run.is_answered() => Status::NeverCalled { seen: None },
                    _ => Status::Accepted,
                };
            }
        }
    }

    /// The same window with some of its runs and overrides only. A group keeps its place and its times, so that its message is
    /// found again whatever else becomes known, and names the schedules of the runs that are left.
    #[must_use]
    pub fn part(&self, statuses: Vec<RunStatus<'a>>, overrides: Vec<&'a ArrivedOverride>) -> Self {
        let without_schedules = |group: &Group| Group {
            schedules: BTreeSet::new(),
            ..group.clone()
        };
        let mut groups: Vec<Group> = self.groups.iter().map(without_schedules).collect();
        for one in &statuses {
            let schedule = one.run.schedule().map(str::to_owned);
            groups[one.group].schedules.extend(schedule);
        }
        Self {
            statuses,
            groups,
            overrides,
            ..*self
        }
    }

    /// Whether there is nothing to say and nothing to wait for.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.statuses.is_empty()
    }
}

/// Puts a run into the group at a place, or into a new one.
fn join(groups: &mut Vec<(Group, Vec<usize>)>, place: Option<usize>, index: usize, run: &Run) {
    match place.and_then(|place| groups.get_mut(place)) {
        Some((group, members)) => {
            group.join(run);
            members.push(index);
        }
        None => groups.push((Group::of(run), vec![index])),
    }
}

impl Group {
    fn of(run: &Run) -> Self {
        let mut group = Self {
            start: run.time,
            last: run.time,
            end: run.time,
            schedules: BTreeSet::new(),
            is_rest: false,
        };
        group.join(run);
        group
    }

    fn rest(end: DateTime<Utc>) -> Self {
        Self {
            start: end,
            last: end,
            end,
            schedules: BTreeSet::new(),
            is_rest: true,
        }
    }

    fn join(&mut self, run: &Run) {
        self.start = self.start.min(run.time);
        self.end = self.end.max(run.time);
        if let Some(firing) = &run.firing {
            self.schedules.insert(firing.schedule.clone());
            self.end = self.end.max(firing.calls_until);
        }
        self.last = self.last.max(run.time);
    }

    /// Whether a call at `time` that no roster explains belongs to it, or a message that was posted for that time.
    #[must_use]
    pub fn takes(&self, time: DateTime<Utc>, gap: TimeDelta) -> bool {
        self.start - gap <= time && time <= self.end.max(self.last) + gap
    }
}
