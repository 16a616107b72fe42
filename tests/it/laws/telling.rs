//! Laws of the telling: in random mornings, whoever is told when, no failure is hidden, repeated or taken back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use rollcall::core::decide::{Decision, decide};
use rollcall::core::fact::{
    Action, ApiError, CallOutcome, Caller, Fact, Roster, UpdateServiceCall,
};
use rollcall::core::observation::Observations;
use rollcall::core::policy::WaitPolicy;
use rollcall::core::report::LastReport;
use rollcall::core::runs::{Arrival, Runs, Subject};
use rollcall::core::snapshot::{RunStatus, WindowSnapshot};
use rollcall::core::status::{Kind, Status};
use rollcall::core::window::WindowKey;

const POLICY: WaitPolicy = WaitPolicy {
    verify: None,
    ..rollcall::config::DEFAULT_WAIT_POLICY
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

/// A schedule: when it fires, what it sets, and what becomes of each service's call.
#[derive(Debug, Clone)]
struct Schedule {
    minute: i64,
    count: i64,
    calls: Vec<Vec<Called>>,
    roster_late: i64,
}

/// A call: after so many seconds, accepted or refused with which error, and how late its record is.
#[derive(Debug, Clone)]
struct Called {
    after: i64,
    error: Option<u8>,
    late: i64,
}

fn called() -> impl Strategy<Value = Called> {
    let late = prop_oneof![4 => 10_i64..200, 1 => 10_i64..2_000];
    (0_i64..240, prop::option::weighted(0.3, 0_u8..2), late)
        .prop_map(|(after, error, late)| Called { after, error, late })
}

fn schedules() -> impl Strategy<Value = Vec<Schedule>> {
    let calls = vec(
        prop_oneof![5 => vec(called(), 1..=1), 1 => vec(called(), 0..3)],
        1..4,
    );
    let schedule =
        (0_i64..28, 0_i64..3, calls, 0_i64..20).prop_map(|(minute, count, calls, roster_late)| {
            Schedule {
                minute,
                count,
                calls,
                roster_late,
            }
        });
    vec(schedule, 1..4)
}

/// What arrives when. Schedules are apart from each other by their services' names where `is_apart`.
fn arrivals(schedules: &[Schedule], is_apart: bool) -> Vec<(i64, Fact)> {
    let mut arrivals = Vec::new();
    for (number, schedule) in schedules.iter().enumerate() {
        let name = |index: usize| {
            if is_apart {
                format!("{number}-{index}")
            } else {
                format!("{index}")
            }
        };
        let fires = schedule.minute * 60;
        let services = (0..schedule.calls.len()).map(|index| (name(index), schedule.count));
        let roster = Roster {
            scheduled_time: at(fires),
            schedule: format!("schedule-{number}"),
            flexible_window_minutes: 4,
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            cluster: "dev".to_owned(),
            services: services.collect(),
            jobs: BTreeMap::new(),
            role: Some("scheduler".to_owned()),
            retry_minutes: Some(15),
            group: None,
            labels: BTreeMap::new(),
        };
        arrivals.push((fires + schedule.roster_late, Fact::Roster(Box::new(roster))));
        for (index, calls) in schedule.calls.iter().enumerate() {
            for (attempt, call) in calls.iter().enumerate() {
                let seconds = fires + call.after;
                let fact = record(
                    &name(index),
                    seconds,
                    schedule.count,
                    call.error,
                    &format!("{number} {index} {attempt}"),
                );
                arrivals.push((seconds + call.late, fact));
            }
        }
    }
    arrivals.sort_by_key(|(arrived, _)| *arrived);
    arrivals
}

fn record(service: &str, seconds: i64, count: i64, error: Option<u8>, id: &str) -> Fact {
    let refusal = |number: u8| {
        CallOutcome::Failed(ApiError {
            code: ["AccessDenied", "ThrottlingException"][usize::from(number)].to_owned(),
            message: None,
        })
    };
    Fact::UpdateService(Box::new(UpdateServiceCall {
        event_time: at(seconds),
        outcome: error.map_or(CallOutcome::Accepted, refusal),
        event_id: id.to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: Some("dev".to_owned()),
        service: Some(service.to_owned()),
        action: Some(Action::towards(count)),
        caller: Caller {
            role: Some("scheduler".to_owned()),
            session: None,
            is_scheduler: true,
        },
    }))
}

/// Which run: schedules that fire at the same time for the same service differ in the count.
type Id = (Subject, DateTime<Utc>, Option<i64>);
/// What was told of a run, in its order: when, and what.
type Told = BTreeMap<Id, Vec<(i64, Status)>>;

/// Lives a morning: a visit at each arrival and whenever the last decision asks for one. Returns what was told of each
/// run, and how each run stands in the end.
fn live(arrivals: &[(i64, Fact)]) -> (Told, Vec<(Id, Status)>) {
    let key = WindowKey {
        start: at(0),
        environment: "dev".to_owned(),
    };
    let observations = Observations::default();
    let mut report = LastReport::default();
    let mut told = Told::new();
    let mut visits: BTreeSet<i64> = arrivals.iter().map(|(arrived, _)| *arrived).collect();
    let mut end = Vec::new();
    while let Some(now) = visits.pop_first() {
        let known = arrivals.iter().take_while(|(arrived, _)| *arrived <= now);
        let arrival = |seconds: i64| Arrival {
            at: at(seconds),
            siblings_until: None,
        };
        let runs = Runs::fold(
            key.start,
            known.map(|(arrived, fact)| (fact, arrival(*arrived))),
        );
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, POLICY, at(now));
        loop {
            match decide(&snapshot, &report) {
                Decision::Say(message) => {
                    for &index in &message.runs {
                        let one = &snapshot.statuses[index];
                        let run = id(one);
                        told.entry(run).or_default().push((now, one.status.clone()));
                        report.told.tell(one.subject, one.run, &one.status);
                    }
                    report.confirm(at(now));
                }
                Decision::Wait(until, _) | Decision::Hold(until, _) => {
                    visits.insert((until - at(0)).num_seconds());
                    break;
                }
                Decision::Nothing => break,
            }
        }
        let stands = |one: &RunStatus<'_>| (id(one), one.status.clone());
        end = snapshot.statuses.iter().map(stands).collect();
    }
    (told, end)
}

fn id(one: &RunStatus<'_>) -> Id {
    (one.subject.clone(), one.run.time, one.run.asked)
}

/// What tells one failure from another.
fn failure(status: &Status) -> Option<(Kind, String)> {
    status
        .is_failure()
        .then(|| (status.kind(), status.detail()))
}

proptest! {
    #[test]
    fn people_know_in_the_end_how_every_run_stands(schedules in schedules()) {
        let (told, end) = live(&arrivals(&schedules, false));
        for (run, status) in end {
            let last = told.get(&run).and_then(|told| told.last());
            let last = last.map(|(_, status)| status.clone());
            prop_assert!(last.is_some(), "nobody was told of {run:?}: {status:?}");
            let last = last.unwrap();
            let is_same = failure(&last) == failure(&status);
            prop_assert!(is_same, "{run:?} was told as {last:?}, and is {status:?}");
        }
    }

    #[test]
    fn nothing_final_is_told_as_waiting_and_no_failure_twice_in_a_row(schedules in schedules()) {
        let (told, _) = live(&arrivals(&schedules, false));
        for (run, told) in told {
            for (_, status) in &told {
                prop_assert!(!status.is_awaited(), "{run:?} was told as {status:?}");
            }
            for pair in told.windows(2) {
                let [(_, one), (_, other)] = pair else { continue };
                let is_repeated = failure(one).is_some() && failure(one) == failure(other);
                prop_assert!(!is_repeated, "{run:?}: {told:?}");
                let is_good = failure(one).is_none() && failure(other).is_none();
                prop_assert!(!is_good, "{run:?}: {told:?}");
            }
        }
    }

    #[test]
    fn a_run_is_never_missing_before_its_own_deadline(schedules in schedules()) {
        let (told, _) = live(&arrivals(&schedules, false));
        for ((subject, time, _), told) in told {
            let deadline = time + TimeDelta::minutes(4 + 10);
            for (now, status) in told {
                let is_early = matches!(status, Status::NeverCalled { .. }) && at(now) < deadline;
                prop_assert!(!is_early, "{subject:?} of {time} was missing at {now}");
            }
        }
    }

    #[test]
    fn another_schedule_takes_nothing_back_and_repeats_nothing(schedules in schedules()) {
        let (alone, _) = live(&arrivals(&schedules[..1], true));
        let (beside, _) = live(&arrivals(&schedules, true));
        let said = |told: &[(i64, Status)]| -> Vec<Option<(Kind, String)>> {
            told.iter().map(|(_, status)| failure(status)).collect()
        };
        for (run, told) in alone {
            let other = &beside[&run];
            // Waiting for others may let a failure that is soon retried go unsaid, but never adds a word.
            let (alone, beside) = (said(&told), said(other));
            prop_assert!(beside.len() <= alone.len(), "{run:?}: {alone:?} alone, {beside:?} beside others");
            prop_assert_eq!(alone.last(), beside.last());
        }
    }
}
