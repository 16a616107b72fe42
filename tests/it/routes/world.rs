//! A morning of several teams: what happens, and the real function in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decode::{Decoded, Message};
use rollcall::core::fact::{Action, ApiError, CallOutcome, Caller, Fact, UpdateServiceCall};
use rollcall::core::policy::WaitPolicy;
use rollcall::core::reader::{Reader, RowLimit};
use rollcall::core::routes::{Glob, Matcher, Outcome, Route, RouteSettings, Routes};
use rollcall::core::window::Windowing;
use rollcall::function::visit_windows;
use rollcall::memory_log::MemoryLog;
use rollcall::metrics::Metrics;
use rollcall::ports::ecs::NoEcs;
use rollcall::ports::machine::Machine;
use rollcall::ports::queue::{Queue, QueueError, Receipt, Timer, delay};
use rollcall::ports::receivers::{MachineKind, Receivers};
use rollcall::visit::{Ports, Visit, VisitMemory};
use tokio::time::Instant;

use super::ear::{Ear, Trouble};
use super::machine::{Device, Pings};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
/// Every world ends after so many seconds; the longest trouble is over three hours before.
const END: i64 = 8 * 3_600;

/// How a service's run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Accepted,
    Refused,
    /// No call was recorded.
    Missing,
    /// It is not known yet.
    Open,
}

/// One service of the morning.
#[derive(Debug)]
pub struct Service {
    pub name: String,
    pub cluster: &'static str,
    pub ending: Ending,
    /// When the call is made, and when its record arrives.
    called_at: i64,
    heard_at: i64,
    /// When the record of an earlier, refused attempt arrives.
    refused_first: Option<i64>,
}

/// Which receiver is down, and how.
#[derive(Debug)]
pub struct Down {
    pub name: String,
    pub kind: Trouble,
    from: i64,
    until: i64,
}

/// What happens in a world.
#[derive(Debug)]
pub struct Script {
    pub services: Vec<Service>,
    pub trouble: Down,
    bots: Vec<bool>,
}

/// The name of the machine that hears of everything.
pub const MACHINE: &str = "http";

/// The names of the receivers, in the order of the routes.
const NAMES: [&str; 4] = ["slack", "route:pay", "route:web", "route:oncall"];

impl Script {
    pub fn of(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let name = NAMES[random.usize(..NAMES.len())];
        let kind = Trouble::ALL[random.usize(..Trouble::ALL.len())];
        Self::with(&mut random, name, kind)
    }

    /// The same world, in which somebody else is down.
    pub fn with_trouble_of(mut self, name: &str) -> Self {
        name.clone_into(&mut self.trouble.name);
        self
    }

    /// A world of webhooks in which everything is known at once, with this trouble from its beginning.
    pub fn at_once(name: &str, kind: Trouble) -> Self {
        let service = |(cluster, name): (&'static str, &str)| Service {
            name: name.to_owned(),
            cluster,
            ending: Ending::Accepted,
            called_at: 30,
            heard_at: 60,
            refused_first: None,
        };
        let services = [("pay-dev", "pay-0"), ("dev", "web-0"), ("dev", "job-0")];
        Self {
            services: services.into_iter().map(service).collect(),
            trouble: Down {
                name: name.to_owned(),
                kind,
                from: 0,
                until: 3_600,
            },
            bots: vec![false; NAMES.len()],
        }
    }

    fn with(random: &mut fastrand::Rng, name: &str, kind: Trouble) -> Self {
        let mut services = Vec::new();
        for (cluster, prefix) in [("pay-dev", "pay"), ("dev", "web"), ("dev", "job")] {
            for number in 0..random.usize(1..4) {
                services.push(Service::random(
                    random,
                    cluster,
                    format!("{prefix}-{number}"),
                ));
            }
        }
        let from = random.i64(0..1_800);
        Self {
            services,
            trouble: Down {
                name: name.to_owned(),
                kind,
                from,
                until: from + random.i64(600..4 * 3_600),
            },
            bots: NAMES.iter().map(|_| random.bool()).collect(),
        }
    }

    /// Who hears of a service, by the routes of [`routes`].
    pub fn readers_of(service: &Service) -> Vec<&'static str> {
        let own = match &service.name[..3] {
            "pay" => "route:pay",
            "web" => "route:web",
            _ => "slack",
        };
        let is_failure = matches!(service.ending, Ending::Refused | Ending::Missing);
        let oncall = is_failure.then_some("route:oncall");
        [own].into_iter().chain(oncall).collect()
    }

    pub fn words(&self) -> String {
        format!("{self:#?}")
    }

    /// Everything that arrives, with its time.
    fn arrivals(&self) -> Vec<(i64, Fact)> {
        let mut arrivals = Vec::new();
        for cluster in ["pay-dev", "dev"] {
            let of_cluster = self.services.iter().filter(|one| one.cluster == cluster);
            let services: Vec<&str> = of_cluster.map(|one| one.name.as_str()).collect();
            arrivals.push((2, roster_of(cluster, &services)));
        }
        for service in &self.services {
            if let Some(heard_at) = service.refused_first {
                arrivals.push((heard_at, service.call(service.called_at - 20, false)));
            }
            if service.ending != Ending::Missing {
                let is_accepted = service.ending == Ending::Accepted;
                let call = service.call(service.called_at, is_accepted);
                arrivals.push((service.heard_at, call));
            }
        }
        arrivals.sort();
        arrivals
    }
}

impl Service {
    fn random(random: &mut fastrand::Rng, cluster: &'static str, name: String) -> Self {
        let ending = match random.u8(0..10) {
            0 => Ending::Missing,
            1 | 2 => Ending::Refused,
            _ => Ending::Accepted,
        };
        let called_at = random.i64(30..290);
        let heard_at = called_at + random.i64(2..400);
        let refused_first = random.bool() && ending == Ending::Accepted;
        Self {
            name,
            cluster,
            ending,
            called_at,
            heard_at,
            refused_first: refused_first.then(|| called_at - 20 + random.i64(2..600)),
        }
    }

    fn call(&self, seconds: i64, is_accepted: bool) -> Fact {
        Fact::UpdateService(Box::new(UpdateServiceCall {
            event_time: moment(seconds),
            outcome: if is_accepted {
                CallOutcome::Accepted
            } else {
                CallOutcome::Failed(ApiError {
                    code: "ThrottlingException".to_owned(),
                    message: None,
                })
            },
            event_id: format!("{} {seconds}", self.name),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            cluster: Some(self.cluster.to_owned()),
            service: Some(self.name.clone()),
            action: Some(Action::towards(1)),
            caller: Caller {
                role: None,
                session: None,
                is_scheduler: true,
            },
        }))
    }
}

/// The roster of a cluster's morning with one service.
pub fn roster(cluster: &str, service: &str) -> Fact {
    roster_of(cluster, &[service])
}

fn roster_of(cluster: &str, services: &[&str]) -> Fact {
    let services: BTreeMap<&str, i64> = services.iter().map(|name| (*name, 1)).collect();
    let roster = serde_json::json!({"roster": {
        "scheduled_time": moment(0), "schedule": format!("{cluster}-morning"), "flexible_window_minutes": 5,
        "account": ACCOUNT, "region": REGION, "cluster": cluster, "services": services,
    }});
    serde_json::from_value(roster).unwrap()
}

/// A refused call that names no service, and perhaps its cluster.
pub fn unnamed(cluster: Option<&str>) -> Fact {
    Fact::UpdateService(Box::new(UpdateServiceCall {
        event_time: moment(60),
        outcome: CallOutcome::Failed(ApiError {
            code: "AccessDenied".to_owned(),
            message: None,
        }),
        event_id: format!("{cluster:?}"),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        cluster: cluster.map(str::to_owned),
        service: None,
        action: None,
        caller: Caller {
            role: Some("scheduler".to_owned()),
            session: None,
            is_scheduler: true,
        },
    }))
}

/// So many seconds into the window.
pub fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

/// `pay` by its cluster, `web` by the names of its services, `oncall` by what failed.
pub fn routes() -> Routes {
    let glob = |text| Glob::parse(text);
    let route = |name: &str, matcher| Route {
        name: name.to_owned(),
        matcher,
        is_continued: false,
        settings: RouteSettings::default(),
        routes: Vec::new(),
    };
    Routes::new(vec![
        route(
            "pay",
            Matcher {
                cluster: glob("pay-*"),
                ..Matcher::default()
            },
        ),
        route(
            "web",
            Matcher {
                service: glob("web-*"),
                ..Matcher::default()
            },
        ),
        route(
            "oncall",
            Matcher {
                outcome: Some(Outcome::Failed),
                ..Matcher::default()
            },
        ),
    ])
}

/// A world that has come to its end.
pub struct World {
    pub ears: Vec<Ear>,
    pub device: Rc<Device>,
    pub pings: Pings,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ear in &self.ears {
            writeln!(f, "{} (bot: {})", ear.name, ear.is_bot)?;
            for heard in ear.heard.borrow().iter() {
                writeln!(f, "  {:>6} s: {:?}", heard.at, heard.rows)?;
            }
        }
        for event in self.device.taken.borrow().iter() {
            writeln!(f, "  {}: {}", event.kind, event.data)?;
        }
        Ok(())
    }
}

/// The timers that were armed, by when they fire.
#[derive(Debug, Default)]
struct Alarms(RefCell<Vec<(i64, Message)>>);

impl Queue for Alarms {
    async fn arm(&self, timer: Timer<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        let at = now + delay(timer.at, now);
        let content = Decoded::Timer {
            key: timer.key.clone(),
            unkept: 0,
            hops: timer.hops,
        };
        let seconds = (at - moment(0)).num_seconds();
        self.0.borrow_mut().push((seconds, message(content)));
        Ok(at)
    }

    async fn postpone(&self, _: &Receipt, _: Duration) -> Result<(), QueueError> {
        unreachable!("nothing is given back here")
    }
}

fn message(content: Decoded) -> Message {
    Message {
        id: "message".to_owned(),
        receive_count: 1,
        receipt_handle: String::new(),
        queue_arn: String::new(),
        content: Ok(content),
    }
}

/// Plays a world to its end, with this trouble or with none.
pub fn play(script: &Script, trouble: Option<&Down>) -> World {
    let clock = Rc::new(Cell::new(0));
    let down = |name: &str| {
        let down = trouble.filter(|down| down.name == name);
        down.map(|down| (down.kind, down.from, down.until))
    };
    let ear = |(name, is_bot): (&&str, &bool)| Ear {
        name: (*name).to_owned(),
        is_bot: *is_bot,
        down: down(name),
        clock: clock.clone(),
        heard: RefCell::default(),
    };
    let ears: Vec<Ear> = NAMES.iter().zip(&script.bots).map(ear).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let device = Rc::new(Device {
        down: down(MACHINE),
        clock: clock.clone(),
        taken: RefCell::default(),
    });
    let pings = Pings {
        clock: clock.clone(),
        ..Pings::default()
    };
    let world = World {
        ears,
        device,
        pings,
    };
    runtime.block_on(run(script, &world, &clock));
    world
}

async fn run(script: &Script, world: &World, clock: &Rc<Cell<i64>>) {
    let reader = Reader {
        rows: RowLimit::All,
        ..Reader::english(chrono_tz::UTC)
    };
    let mut place = 0..;
    let receivers = Receivers::new(routes(), reader, |_| &world.ears[place.next().unwrap()]);
    let machine: Rc<dyn Machine> = world.device.clone();
    let receivers = receivers.with_machines(
        vec![(MachineKind::Http, machine)],
        Some(Box::new(world.pings.clone())),
    );
    let (log, alarms, memory) = (
        MemoryLog::default(),
        Alarms::default(),
        VisitMemory::default(),
    );
    let windowing = Windowing {
        environment: Some("dev".to_owned()),
        period: DEFAULT_WAIT_POLICY.period,
    };
    let now = || moment(clock.get());
    let fact = |(at, fact)| {
        let environment = None;
        (at, message(Decoded::Fact { fact, environment }))
    };
    let mut coming: Vec<(i64, Message)> = script.arrivals().into_iter().map(fact).collect();
    for number in 0.. {
        coming.append(&mut alarms.0.borrow_mut());
        coming.sort_by_key(|(at, _)| *at);
        let Some(at) = coming.first().map(|(at, _)| *at).filter(|at| *at < END) else {
            return;
        };
        clock.set(clock.get().max(at));
        let due = coming.partition_point(|(at, _)| *at <= clock.get());
        let batch: Vec<Message> = coming.drain(..due).map(|(_, message)| message).collect();
        let ports = Ports {
            log: &log,
            receivers: &receivers,
            queue: &alarms,
            ecs: &NoEcs,
            clock: &now,
            memory: &memory,
        };
        let how = Visit {
            policy: WaitPolicy {
                verify: None,
                ..DEFAULT_WAIT_POLICY
            },
            windowing: &windowing,
            token: &format!("visit {number}"),
            claim_until: now() + TimeDelta::seconds(60),
            now: now(),
            deadline: Instant::now() + Duration::from_secs(30),
            hops: 0,
        };
        let again = visit_windows(batch, 5, &ports, how, &mut Metrics::default()).await;
        assert!(again.is_empty(), "{again:?}");
    }
}
