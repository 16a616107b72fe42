//! What `rollcall status` shows.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use crate::cli::doctor::seen::{InCluster, Looked, Schedule, Service};
use crate::cli::doctor::{Call, Target};
use crate::cli::occurrences::Timing;
use crate::cli::overrides::list;
use crate::cli::terminal::Width;
use crate::cli::time::clock;
use crate::core::overrides::Override;
use crate::core::table;
use crate::core::text::visible;

/// The services of an environment, and what its schedules do next.
#[derive(Debug, Serialize)]
pub(super) struct Board {
    environment: String,
    at: DateTime<Utc>,
    schedules: Vec<Timetable>,
    services: Vec<Standing>,
    overrides: Vec<Override>,
}

/// The schedules of one name and one time, which differ in their services only.
#[derive(Debug, Serialize)]
struct Timetable {
    name: String,
    #[serde(flatten)]
    next: Next,
    /// Whose clocks the expression means.
    #[serde(serialize_with = "name_of")]
    zone: Tz,
    flexible_window_minutes: u32,
    /// How many services or jobs are called.
    calls: usize,
    what: String,
}

/// When a schedule fires next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Next {
    At { next: DateTime<Utc> },
    Disabled,
    Over,
    Unknown { reason: String },
}

/// How a service is, beside what ECS is to make of it.
#[derive(Debug, Serialize)]
struct Standing {
    cluster: String,
    service: String,
    running: Option<i32>,
    desired: Option<i32>,
    /// Why there are no counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    next: Option<NextCount>,
}

/// The next change of a service's count.
#[derive(Debug, Serialize)]
struct NextCount {
    at: DateTime<Utc>,
    #[serde(serialize_with = "name_of")]
    zone: Tz,
    desired_count: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a field over by reference"
)]
fn name_of<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

impl Board {
    pub(super) fn new(
        environment: &str,
        calls: &[Call<'_>],
        services: Vec<(InCluster, Looked<Option<Service>>)>,
        overrides: Vec<Override>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut groups: BTreeMap<_, Vec<&Call<'_>>> = BTreeMap::new();
        for call in calls {
            let Schedule {
                name,
                expression,
                timezone,
                is_enabled,
                ..
            } = call.schedule;
            // The modules name a service's schedule `<schedule>.<service>`; jobs have no dot in their names.
            let name = name.split('.').next().unwrap_or(name);
            let key = (name, expression, timezone, is_enabled);
            groups.entry(key).or_default().push(call);
        }
        let mut schedules: Vec<Timetable> = groups
            .iter()
            .map(|((name, ..), calls)| Timetable::new(name, calls, now))
            .collect();
        let order = |one: &Timetable| match one.next {
            Next::At { next } => (0, next),
            Next::Unknown { .. } => (1, now),
            Next::Disabled => (2, now),
            Next::Over => (3, now),
        };
        schedules.sort_by_key(order);
        let services = services.into_iter().map(|(place, described)| {
            let next = next_count(&place, calls, now);
            Standing::new(place, described, next)
        });
        Self {
            environment: environment.to_owned(),
            at: now,
            schedules,
            services: services.collect(),
            overrides,
        }
    }

    /// The lines for people.
    pub(super) fn lines(&self, width: Width) -> Vec<String> {
        let columns = width.columns();
        let headings = ["Schedule", "Next run", "Calls"].map(str::to_owned);
        let rows = self.schedules.iter().map(|one| one.row(self.at));
        let schedules = table::fitted(&headings, rows, columns);
        let mut lines = vec![format!("{}: schedules", visible(&self.environment))];
        lines.extend(schedules.head);
        lines.extend(schedules.rows.into_iter().flatten());
        if !self.overrides.is_empty() {
            lines.push(String::new());
            lines.push("overridden".to_owned());
            lines.extend(list(&self.overrides, width, self.at));
        }
        if !self.services.is_empty() {
            let as_wanted = self.services.iter().filter(|one| one.is_as_wanted());
            lines.push(String::new());
            lines.push(format!(
                "{} of {} services run as many tasks as ECS is to run",
                as_wanted.count(),
                self.services.len()
            ));
            let headings = ["Service", "Cluster", "Running", "Next"].map(str::to_owned);
            let rows = self.services.iter().map(|one| one.row(self.at));
            let services = table::fitted(&headings, rows, columns);
            lines.extend(services.head);
            lines.extend(services.rows.into_iter().flatten());
        }
        lines
    }
}

/// When a schedule fires next. AWS lets it fire from its start to its end.
fn next(schedule: &Schedule, now: DateTime<Utc>) -> (Next, Tz) {
    let timing = match Timing::parse(&schedule.expression, &schedule.timezone) {
        Ok(timing) => timing,
        Err(error) => {
            let reason = error.to_string();
            return (Next::Unknown { reason }, Tz::UTC);
        }
    };
    let zone = timing.zone();
    if !schedule.is_enabled {
        return (Next::Disabled, zone);
    }
    // A firing at the start itself counts.
    let since = schedule
        .start
        .map_or(now, |start| now.max(start - chrono::Duration::seconds(1)));
    let next = timing.after(since).next();
    let next = next.filter(|next| schedule.end.is_none_or(|end| *next <= end));
    (next.map_or(Next::Over, |next| Next::At { next }), zone)
}

fn next_count(place: &InCluster, calls: &[Call<'_>], now: DateTime<Utc>) -> Option<NextCount> {
    let counts = calls.iter().filter_map(|call| match &call.target {
        Target::Service { count, .. } if call.service().as_ref() == Some(place) => {
            match next(call.schedule, now) {
                (Next::At { next: at }, zone) => Some(NextCount {
                    at,
                    zone,
                    desired_count: *count,
                }),
                _ => None,
            }
        }
        _ => None,
    });
    counts.min_by_key(|count| count.at)
}

impl Timetable {
    fn new(name: &str, calls: &[&Call<'_>], now: DateTime<Utc>) -> Self {
        let schedule = calls[0].schedule;
        // Of schedules that should be alike, the one that fires first.
        let nexts = calls.iter().map(|call| next(call.schedule, now));
        let (next, zone) = nexts
            .min_by_key(|(next, _)| match next {
                Next::At { next } => *next,
                _ => DateTime::<Utc>::MAX_UTC,
            })
            .unwrap_or((Next::Over, Tz::UTC));
        Self {
            name: name.to_owned(),
            next,
            zone,
            flexible_window_minutes: schedule.flexible_minutes,
            calls: calls.len(),
            what: what(calls),
        }
    }

    fn row(&self, now: DateTime<Utc>) -> [String; 3] {
        let next = match &self.next {
            Next::At { next } if self.flexible_window_minutes > 0 => format!(
                "{} and up to {} min later",
                clock(*next, self.zone, now),
                self.flexible_window_minutes
            ),
            Next::At { next } => clock(*next, self.zone, now),
            Next::Disabled => "disabled".to_owned(),
            Next::Over => "over".to_owned(),
            Next::Unknown { reason } => format!("? {reason}"),
        };
        [visible(&self.name), next, self.what.clone()]
    }
}

/// What schedules of one time call, such as `20 services: to 1 or 2`.
fn what(calls: &[&Call<'_>]) -> String {
    let mut counts = BTreeSet::new();
    let mut services = 0;
    let mut jobs = Vec::new();
    for call in calls {
        match &call.target {
            Target::Service { count, .. } => {
                services += 1;
                counts.insert(*count);
            }
            Target::Job {
                task_definition,
                count,
            } => jobs.push(format!("run {count} × {}", visible(task_definition))),
        }
    }
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let noun = if services == 1 { "service" } else { "services" };
    let scaled = (services > 0).then(|| format!("{services} {noun} to {}", counts.join(" or ")));
    let parts: Vec<String> = scaled.into_iter().chain(jobs).collect();
    parts.join(", ")
}

impl Standing {
    fn new(
        (cluster, service): InCluster,
        described: Looked<Option<Service>>,
        next: Option<NextCount>,
    ) -> Self {
        let (counts, problem) = match described {
            Ok(Some(service)) if service.status == "ACTIVE" => {
                (Some((service.running, service.desired)), None)
            }
            Ok(Some(service)) => (None, Some(format!("is {}", service.status))),
            Ok(None) => (None, Some("does not exist".to_owned())),
            Err(why) => (None, Some(why.to_string())),
        };
        Self {
            cluster,
            service,
            running: counts.map(|(running, _)| running),
            desired: counts.map(|(_, desired)| desired),
            problem,
            next,
        }
    }

    fn is_as_wanted(&self) -> bool {
        self.running.is_some() && self.running == self.desired
    }

    fn row(&self, now: DateTime<Utc>) -> [String; 4] {
        let running = match (self.running, self.desired) {
            (Some(running), Some(desired)) => format!("{running}/{desired}"),
            _ => format!("? {}", self.problem.as_deref().unwrap_or_default()),
        };
        let next = self.next.as_ref().map(|next| {
            let at = clock(next.at, next.zone, now);
            format!("to {} {at}", next.desired_count)
        });
        let name = |name: &str| visible(name);
        [
            name(&self.service),
            name(&self.cluster),
            running,
            next.unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(name: &str, expression: &str) -> Schedule {
        Schedule {
            name: name.to_owned(),
            is_enabled: true,
            expression: expression.to_owned(),
            timezone: "Asia/Seoul".to_owned(),
            flexible_minutes: 5,
            ..Schedule::default()
        }
    }

    fn sets<'a>(schedule: &'a Schedule, service: &str, count: i64) -> Call<'a> {
        Call {
            schedule,
            cluster: "app-dev".to_owned(),
            target: Target::Service {
                name: service.to_owned(),
                count,
            },
        }
    }

    fn service(running: i32, desired: i32) -> Service {
        Service {
            arn: String::new(),
            status: "ACTIVE".to_owned(),
            is_daemon: false,
            running,
            desired,
        }
    }

    fn place(service: &str) -> InCluster {
        ("app-dev".to_owned(), service.to_owned())
    }

    /// A Thursday, 10:00 in Seoul.
    fn now() -> DateTime<Utc> {
        "2026-01-15T01:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_runs_next_stands_first_and_each_service_says_what_becomes_of_it() {
        let morning =
            ["morning.api", "morning.web"].map(|name| schedule(name, "cron(0 9 ? * MON-FRI *)"));
        let evening =
            ["evening.api", "evening.web"].map(|name| schedule(name, "cron(0 18 ? * MON-FRI *)"));
        let report = Schedule {
            flexible_minutes: 0,
            ..schedule("report", "cron(0 2 ? * SUN *)")
        };
        let job = Call {
            schedule: &report,
            cluster: "app-dev".to_owned(),
            target: Target::Job {
                task_definition: "report".to_owned(),
                count: 1,
            },
        };
        let calls = [
            sets(&morning[0], "api", 1),
            sets(&morning[1], "web", 2),
            sets(&evening[0], "api", 0),
            sets(&evening[1], "web", 0),
            job,
        ];
        let services = vec![
            (place("api"), Ok(Some(service(1, 1)))),
            (place("web"), Ok(Some(service(1, 2)))),
            (place("gone"), Ok(None)),
        ];
        let board = Board::new("dev", &calls, services, Vec::new(), now());
        let lines = board.lines(Width::default()).join("\n");
        insta::assert_snapshot!(lines, @r"
        dev: schedules
        | Schedule | Next run                                 | Calls                |
        |----------|------------------------------------------|----------------------|
        | evening  | today 18:00 KST and up to 5 min later    | 2 services to 0      |
        | morning  | tomorrow 09:00 KST and up to 5 min later | 2 services to 1 or 2 |
        | report   | Sun 18 Jan 02:00 KST                     | run 1 × report       |

        1 of 3 services run as many tasks as ECS is to run
        | Service | Cluster | Running          | Next                 |
        |---------|---------|------------------|----------------------|
        | api     | app-dev | 1/1              | to 0 today 18:00 KST |
        | web     | app-dev | 1/2              | to 0 today 18:00 KST |
        | gone    | app-dev | ? does not exist |                      |
        ");
    }

    #[test]
    fn a_schedule_that_does_not_fire_says_why() {
        let said = |schedule: Schedule| next(&schedule, now()).0;
        let daily = "cron(0 9 * * ? *)";
        let paused = Schedule {
            is_enabled: false,
            ..schedule("morning.api", daily)
        };
        assert_eq!(said(paused), Next::Disabled);
        let over = Schedule {
            end: Some(now()),
            ..schedule("morning.api", daily)
        };
        assert_eq!(said(over), Next::Over);
        assert_eq!(
            said(schedule("once", "at(2026-01-01T09:00:00)")),
            Next::Over
        );
        let Next::Unknown { reason } = said(schedule("often", "rate(1 hour)")) else {
            panic!("nobody knows");
        };
        assert!(reason.contains("use cron()"), "{reason}");
    }

    #[test]
    fn a_schedule_fires_from_its_start_on() {
        let later = Schedule {
            start: Some("2026-02-02T00:00:00Z".parse().unwrap()),
            ..schedule("morning.api", "cron(0 9 * * ? *)")
        };
        let start = "2026-02-02T00:00:00Z".parse().unwrap();
        assert_eq!(
            next(&later, now()).0,
            Next::At { next: start },
            "at the start itself too"
        );
    }
}
