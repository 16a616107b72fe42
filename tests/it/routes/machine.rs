//! A machine in memory, which remembers the events that it took, and a watchdog, which remembers its pings.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use rollcall::core::event::{Event, EventType};
use rollcall::ports::machine::{Beat, Machine, RunId, Watchdog};
use rollcall::ports::notifier::Delivery;
use serde_json::Value;
use tokio::time::Instant;

use super::ear::{Trouble, fail};
use super::world::Ending;

/// An event that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub id: String,
    pub kind: EventType,
    pub data: Value,
}

/// A machine.
#[derive(Debug)]
pub struct Device {
    /// Its trouble, from and until when, in seconds since the window's start.
    pub down: Option<(Trouble, i64, i64)>,
    pub clock: Rc<Cell<i64>>,
    pub taken: RefCell<Vec<Taken>>,
}

impl Device {
    /// What it knows of each service, if it trusts of each group the event with the highest revision.
    pub fn knows(&self) -> BTreeMap<String, Ending> {
        let taken = self.taken.borrow();
        let mut newest: BTreeMap<&str, &Value> = BTreeMap::new();
        for event in taken.iter() {
            let start = event.data["start"].as_str().unwrap();
            let known = newest.entry(start).or_insert(&event.data);
            if event.data["revision"].as_u64() >= known["revision"].as_u64() {
                *known = &event.data;
            }
        }
        let runs = newest
            .values()
            .flat_map(|data| data["runs"].as_array().unwrap());
        runs.map(|run| {
            let ending = match run["status"].as_str().unwrap() {
                "accepted" => Ending::Accepted,
                "failed" => Ending::Refused,
                "missing" => Ending::Missing,
                _ => Ending::Open,
            };
            (run["name"].as_str().unwrap().to_owned(), ending)
        })
        .collect()
    }

    fn trouble(&self) -> Option<Trouble> {
        let now = self.clock.get();
        let down = self
            .down
            .filter(|(_, from, to)| (*from..*to).contains(&now));
        down.map(|(trouble, ..)| trouble)
    }
}

impl Machine for Device {
    fn send<'a>(&'a self, event: &'a Event, deadline: Instant) -> LocalBoxFuture<'a, Delivery> {
        async move {
            let trouble = self.trouble();
            if matches!(trouble, None | Some(Trouble::AnswerLost)) {
                self.taken.borrow_mut().push(Taken {
                    id: event.id.clone(),
                    kind: event.kind,
                    data: serde_json::from_str(&event.data).unwrap(),
                });
            }
            let error = fail(trouble, &self.clock, deadline).await;
            Delivery {
                result: error.map_or(Ok(()), Err),
                rate_limited: 0,
                latency: Duration::ZERO,
            }
        }
        .boxed_local()
    }
}

/// What a watchdog heard, with the seconds since the window's start.
#[derive(Debug, Default, Clone)]
pub struct Pings {
    pub clock: Rc<Cell<i64>>,
    pub heard: Rc<RefCell<Vec<(i64, Beat)>>>,
}

impl Watchdog for Pings {
    fn ping(&self, beat: Beat, _: RunId, _: Instant) -> LocalBoxFuture<'_, Delivery> {
        self.heard.borrow_mut().push((self.clock.get(), beat));
        std::future::ready(Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        })
        .boxed_local()
    }
}
