//! One window in one mode, from the schedule until nothing is under way any more.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use super::clock::Clock;
use super::mapping::{Mapping, Measured};
use super::options::{Mode, Options};
use super::scenario::{Scenario, label_of_route};
use super::slack::Said;
use super::table::Charges;
use super::world::World;

/// A service is looked at so soon after its call.
const LOOKED_AT_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) services: usize,
    scheduled_at: DateTime<Utc>,
    tasks_never_start: bool,
    is_asked: bool,
    speed: f64,
    routes: usize,
    /// The last schedule starts tasks.
    is_up: bool,
    pub(crate) measured: Measured,
    pub(crate) charges: Charges,
    pub(crate) fact_bytes: usize,
    pub(crate) stored_bytes: usize,
    pub(crate) bytes_by_kind: BTreeMap<String, usize>,
    pub(crate) sent: usize,
    pub(crate) visibility_changes: usize,
    pub(crate) dead_letters: usize,
    pub(crate) ecs_requests: BTreeMap<String, usize>,
    pub(crate) slack_calls: BTreeMap<String, usize>,
    pub(crate) said: Vec<Said>,
    pub(crate) unknown: Vec<String>,
    pub(crate) cpu: Duration,
    /// Which share of the services was looked at in time.
    pub(crate) looked_at: f64,
    pub(crate) slowest_look: Duration,
    /// How long the run took in real time.
    pub(crate) took: Duration,
}

impl Run {
    /// Runs a window.
    pub(crate) fn of(services: usize, mode: Mode, options: &Options) -> Self {
        let started = std::time::Instant::now();
        let scenario = Scenario::new(services, options);
        let clock = Clock::start(scenario.time, options.speed);
        let cpu_before = cpu_of_children();
        let world = World::start(&scenario, clock);
        let measured = Mapping::new(&world, services, mode, options).run();
        // The processes were ended and waited for with the mapping.
        let cpu = cpu_of_children().saturating_sub(cpu_before);
        let state = world.state();
        let looks: Vec<Option<TimeDelta>> = state.ecs.first_looks().collect();
        let in_time = looks
            .iter()
            .flatten()
            .filter(|after| **after <= LOOKED_AT_WITHIN);
        let slowest = looks.iter().flatten().max().copied().unwrap_or_default();
        let is_asked = options.verify_minutes > 0;
        let bytes_by_kind = state.table.bytes_by_kind();
        Self {
            services,
            scheduled_at: scenario.time,
            tasks_never_start: options.tasks_never_start,
            is_asked,
            speed: options.speed,
            routes: options.routes,
            is_up: options.schedules % 2 == 1,
            fact_bytes: bytes_by_kind.get("FACTS").copied().unwrap_or_default(),
            stored_bytes: bytes_by_kind.values().sum(),
            bytes_by_kind,
            charges: state.table.charges.clone(),
            sent: state.queue.sent,
            visibility_changes: state.queue.visibility_changes,
            dead_letters: state.queue.dead_letters.len(),
            ecs_requests: state.ecs.requests.clone(),
            slack_calls: state.slack.calls.clone(),
            said: state.slack.said.clone(),
            unknown: state.unknown.clone(),
            measured,
            cpu,
            looked_at: if is_asked {
                share(in_time.count(), looks.len())
            } else {
                1.0
            },
            slowest_look: slowest.to_std().unwrap_or_default(),
            took: started.elapsed(),
        }
    }

    /// How often each byte of the facts was read.
    pub(crate) fn reads(&self) -> f64 {
        share(self.charges.read_bytes, self.fact_bytes)
    }

    /// Whether the function waited for a core for more than a tenth of its time.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.measured.waited.mul_f64(10.0 * self.speed) > self.measured.billed
    }

    /// How many messages stand in the channel.
    pub(crate) fn messages(&self) -> f64 {
        let is_new = |said: &&Said| !said.is_reply && said.how != "chat.update";
        share(self.said.iter().filter(is_new).count(), 1)
    }

    /// How many seconds after the schedule a message was sent; the last one where there are fewer.
    pub(crate) fn said_after(&self, number: usize) -> f64 {
        let said = self.said.get(number).or(self.said.last());
        let after = said.map(|said| said.at - self.scheduled_at);
        after.map_or(f64::NAN, TimeDelta::as_seconds_f64)
    }

    /// Whether the last message of each receiver, all together, tells the truth about every service.
    pub(crate) fn is_said(&self) -> bool {
        let labels = match self.routes {
            0 => vec![String::new()],
            routes => (0..routes).map(label_of_route).collect(),
        };
        let told: Option<Vec<_>> = labels.iter().map(|label| self.counted(label)).collect();
        let Some(told) = told else { return false };
        let well: usize = told.iter().map(|(well, _)| well).sum();
        let all: usize = told.iter().map(|(_, all)| all).sum();
        let is_well = well == self.services;
        let is_right = is_well != (self.tasks_never_start && self.is_up) && all == self.services;
        self.measured.cut_off.is_none() && is_right
    }

    /// How many services are well, of how many, as the last message with this in its heading says; none where one is under way.
    fn counted(&self, label: &str) -> Option<(usize, usize)> {
        let has_totals =
            |said: &&Said| !said.is_reply && !said.totals.is_empty() && said.title.contains(label);
        let last = self.said.iter().rev().find(has_totals)?;
        let plain = last.totals.replace([',', '*'], "");
        let word = match (self.is_asked, self.is_up) {
            (false, _) => " succeeded",
            (true, true) => " running",
            (true, false) => " stopped",
        };
        let (before, _) = plain.split_once(word)?;
        let counts = before.rsplit(' ').next()?;
        let (well, all) = counts.split_once('/').unwrap_or((counts, counts));
        let is_open = plain.contains("pending") || plain.contains("missing");
        (!is_open).then_some((well.parse().ok()?, all.parse().ok()?))
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The CPU time of all children that have ended and were waited for.
fn cpu_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap())
}
