//! What a window log must do, of the one in memory and the one in DynamoDB alike.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use rollcall::aws::DynamoDbLog;
use rollcall::core::fact::{ApiError, Fact, ServiceId};
use rollcall::core::observation::{Observations, ServiceLook, ServiceState};
use rollcall::core::report::{Bookmark, Heard, LastReport, LiveMessage, NoticesReport};
use rollcall::core::runs::{Arrival, Run, Subject};
use rollcall::core::status::Status;
use rollcall::core::told::Told;
use rollcall::core::window::WindowKey;
use rollcall::memory_log::MemoryLog;
use rollcall::ports::window_log::{
    Claim, Claimed, Head, Released, VisitNotes, WindowContents, WindowLog,
};

use crate::emulator::{Emulator, Resources};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

fn key() -> WindowKey {
    WindowKey {
        start: at(0),
        environment: "dev".to_owned(),
    }
}

fn arrival(seconds: i64) -> Arrival {
    Arrival {
        at: at(seconds),
        siblings_until: None,
    }
}

fn claim(token: &str, until: i64) -> Claim {
    Claim {
        token: token.to_owned(),
        until: at(until),
    }
}

/// Facts that are told apart by their number alone.
fn facts(numbers: std::ops::Range<usize>) -> Vec<Fact> {
    let fact = |number| Fact::Undecodable {
        message_id: format!("message-{number:06}"),
    };
    numbers.map(fact).collect()
}

fn service(number: usize) -> ServiceId {
    ServiceId {
        name: format!("service-{number:05}"),
        cluster: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// What one look at so many services came to.
fn observations(services: usize) -> Observations {
    let mut observations = Observations::default();
    for number in 0..services {
        let look = ServiceLook {
            at: at(30),
            service: service(number),
            state: Some(ServiceState {
                desired: 2,
                running: 1,
                pending: 1,
                rollout: None,
                steady_at: None,
                trouble: None,
                bounds: None,
            }),
        };
        let seen = observations.service_mut(&look.service, at(5), look.at);
        seen.ask(look.at);
        seen.take(&look, false);
    }
    observations
}

/// What was told of so many runs.
fn told(runs: usize) -> Told {
    let mut told = Told::default();
    let run = Run::new(at(0), at(0));
    for number in 0..runs {
        let error = ApiError {
            code: "AccessDeniedException".to_owned(),
            message: None,
        };
        told.tell(
            &Subject::Service(service(number)),
            &run,
            &Status::Failed(error),
        );
    }
    told
}

fn report(runs: usize) -> LastReport {
    LastReport {
        said_at: Some(at(40)),
        told: told(runs),
        messages: vec![LiveMessage {
            start: at(0),
            bookmark: Bookmark("C012AB3CD 1705276800.000001".to_owned()),
            edited_at: at(41),
            shown: u64::MAX,
            is_final: true,
            is_frozen: false,
            pages: 0,
        }],
        replied: told(2),
        failures: 3,
        not_before: Some(at(90)),
        is_in_doubt: true,
        notices: NoticesReport {
            heard: [("k3x9p2ab began".to_owned(), Heard::Alone)].into(),
            ..NoticesReport::default()
        },
        is_failing: true,
        is_gone: true,
        revision: 7,
    }
}

impl Emulator {
    fn log(&self, resources: &Resources) -> DynamoDbLog {
        DynamoDbLog::new(self.dynamodb(), resources.table.clone())
    }
}

/// The head, by a claim that is given back with the same notes.
async fn head(log: &impl WindowLog) -> Head {
    let own = claim("reader", 10_000);
    let Claimed::Held { head, .. } = log.claim(&key(), &own, at(9_000)).await.unwrap() else {
        panic!("somebody holds the window");
    };
    let released = log.release(&key(), &own, &head.visit, None).await.unwrap();
    assert_eq!(released, Released::Done);
    head
}

/// All that is kept, for the holder of the claim.
async fn read_held(log: &impl WindowLog, head: &Head) -> WindowContents {
    let mut contents = WindowContents::default();
    log.refresh(&key(), head, &mut contents).await.unwrap();
    contents
}

async fn read(log: &impl WindowLog) -> WindowContents {
    read_held(log, &head(log).await).await
}

/// One visit of two, step by step. Returns what a third one finds.
async fn visits(log: &impl WindowLog) -> (Head, WindowContents) {
    let key = key();
    let first = log.append(&key, &facts(0..3), arrival(1)).await.unwrap();
    assert_eq!((first.appended, first.timer_at), (1, None));
    let returned = Arrival {
        siblings_until: Some(at(32)),
        ..arrival(2)
    };
    let second = log.append(&key, &facts(2..5), returned).await.unwrap();
    assert_eq!(second.appended, 2);

    let own = claim("first", 60);
    let held = log.claim(&key, &own, at(3)).await.unwrap();
    let Claimed::Held { head, has_lapsed } = held else {
        panic!("{held:?}")
    };
    assert_eq!((head.appended, has_lapsed), (2, false));
    // The answer to a claim may get lost, and the client asks again.
    let again = log.claim(&key, &own, at(3)).await.unwrap();
    assert!(
        matches!(
            again,
            Claimed::Held {
                has_lapsed: false,
                ..
            }
        ),
        "{again:?}"
    );
    log.note_timer(&key, at(63)).await.unwrap();
    let other = log.claim(&key, &claim("other", 70), at(4)).await.unwrap();
    assert_eq!(other, Claimed::Busy(Some(at(63))));

    let mut contents = WindowContents::default();
    log.refresh(&key, &head, &mut contents).await.unwrap();
    assert_eq!((contents.cursor, contents.facts().count()), (2, 6));
    let mut notes = VisitNotes {
        version: 1,
        visited_at: Some(at(9)),
        read: 2,
        wake_at: Some(at(63)),
        runs: 70,
        forwarded: 1,
        ..VisitNotes::default()
    };
    let seen = observations(70);
    let chunks = seen.services.values().flat_map(|runs| runs.values());
    let chunks = chunks.map(|seen| seen.chunk + 1).max().unwrap();
    for chunk in 0..chunks {
        log.observe(&key, chunk, &seen.chunk(chunk)).await.unwrap();
        notes.chunks.push(1);
    }
    log.note(&key, "slack", &report(70)).await.unwrap();
    log.note(&key, "other-receiver", &report(1)).await.unwrap();
    let released = log.release(&key, &own, &notes, Some(at(99))).await;
    assert_eq!(released.unwrap(), Released::Done);

    // The second visitor dies.
    let held = log.claim(&key, &claim("dead", 120), at(61)).await.unwrap();
    let Claimed::Held { head, has_lapsed } = held else {
        panic!("{held:?}")
    };
    assert_eq!((head.timer_at, has_lapsed), (Some(at(99)), false));
    assert_eq!(head.visit, notes);
    let third = claim("third", 200);
    let busy = log.claim(&key, &third, at(119)).await.unwrap();
    assert_eq!(busy, Claimed::Busy(Some(at(99))));
    let held = log.claim(&key, &third, at(121)).await.unwrap();
    assert!(
        matches!(
            held,
            Claimed::Held {
                has_lapsed: true,
                ..
            }
        ),
        "{held:?}"
    );
    let late = log.release(&key, &claim("dead", 120), &notes, None).await;
    assert_eq!(late.unwrap(), Released::Lost);
    let released = log.release(&key, &third, &notes, None).await;
    assert_eq!(released.unwrap(), Released::Done);
    (self::head(log).await, read(log).await)
}

#[test]
fn both_logs_keep_what_visits_leave() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    let (head, contents) = emulator.wait_for(visits(&emulator.log(&resources)));
    assert_eq!(head.appended, 2);
    assert_eq!(contents.observations, observations(70));
    assert_eq!(contents.reports["slack"], report(70));
    assert_eq!(contents.reports["other-receiver"], report(1));
    let arrivals: Vec<Arrival> = contents
        .batches
        .values()
        .map(|batch| batch.arrival)
        .collect();
    assert_eq!(arrivals[1].siblings_until, Some(at(32)));

    let in_memory = emulator.wait_for(visits(&MemoryLog::default()));
    assert_eq!(in_memory, (head, contents));
}

#[test]
fn a_release_whose_answer_was_lost_is_done() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    emulator.wait_for(async {
        let (log, key) = (emulator.log(&resources), key());
        log.append(&key, &facts(0..1), arrival(1)).await.unwrap();
        let (first, second) = (claim("first", 60), claim("second", 70));
        let notes = |version| VisitNotes {
            version,
            ..VisitNotes::default()
        };
        log.claim(&key, &first, at(2)).await.unwrap();
        for _ in 0..2 {
            let released = log.release(&key, &first, &notes(1), Some(at(5))).await;
            assert_eq!(released.unwrap(), Released::Done);
        }
        // By the time of the repetition, somebody else may hold the window.
        log.claim(&key, &second, at(3)).await.unwrap();
        let released = log.release(&key, &first, &notes(1), Some(at(5))).await;
        assert_eq!(released.unwrap(), Released::Done);
        let busy = log.claim(&key, &claim("third", 80), at(4)).await.unwrap();
        assert_eq!(
            busy,
            Claimed::Busy(Some(at(5))),
            "the holder keeps the window"
        );
        let released = log.release(&key, &second, &notes(2), None).await;
        assert_eq!(released.unwrap(), Released::Done);
        // Whoever was released before the last one is told that the claim was lost: it can only be long dead.
        let released = log.release(&key, &first, &notes(1), None).await;
        assert_eq!(released.unwrap(), Released::Lost);
        assert_eq!(head(&log).await.visit.version, 2);
    });
}

#[test]
fn a_batch_that_is_written_late_is_read_all_the_same() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    emulator.wait_for(async {
        let (log, key) = (emulator.log(&resources), key());
        // Another invocation took the first number and has not yet put its batch.
        let client = emulator.dynamodb();
        let elsewhere = WindowKey {
            environment: "elsewhere".to_owned(),
            ..key.clone()
        };
        log.append(&elsewhere, &facts(0..3), arrival(1))
            .await
            .unwrap();
        let items = client.scan().table_name(&resources.table).send().await;
        let move_to_window = |mut item: HashMap<String, AttributeValue>| {
            let pk = item["pk"].as_s().unwrap().replace("elsewhere", "dev");
            item.insert("pk".to_owned(), AttributeValue::S(pk));
            item
        };
        let items = items.unwrap().items.unwrap_or_default();
        let (heads, batches): (Vec<_>, Vec<_>) = items
            .into_iter()
            .map(move_to_window)
            .partition(|item| item["sk"].as_s().is_ok_and(|sk| sk == "HEAD"));
        assert_eq!((heads.len(), batches.len()), (1, 1));
        let put = async |item: &HashMap<String, AttributeValue>| {
            let put = client.put_item().table_name(&resources.table);
            put.set_item(Some(item.clone())).send().await.unwrap();
        };
        put(&heads[0]).await;

        let appended = log.append(&key, &facts(3..5), arrival(2)).await.unwrap();
        assert_eq!(appended.appended, 2);
        let mut contents = read(&log).await;
        assert_eq!((contents.cursor, contents.facts().count()), (0, 2));

        put(&batches[0]).await;
        let head = head(&log).await;
        log.refresh(&key, &head, &mut contents).await.unwrap();
        assert_eq!((contents.cursor, contents.facts().count()), (2, 5));
        assert_eq!(contents.batches, read(&log).await.batches);
    });
}

#[test]
fn what_is_larger_than_an_item_comes_back_whole() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    emulator.wait_for(async {
        let (log, key) = (emulator.log(&resources), key());
        // A batch of more than 350 KB.
        let head = log
            .append(&key, &facts(0..20_000), arrival(1))
            .await
            .unwrap();
        assert!(head.appended > 1, "{head:?}");
        let contents = read(&log).await;
        assert_eq!(contents.cursor, head.appended);
        assert_eq!(contents.facts().count(), 20_000);

        // Reports of more than 350 KB and of more than 1 MB, which a query gives in pages; then shorter ones.
        for runs in [20_000, 60_000, 20_000, 10_000, 0] {
            log.note(&key, "slack", &report(runs)).await.unwrap();
            assert_eq!(read(&log).await.reports["slack"], report(runs), "{runs}");
        }
    });
}

#[test]
fn a_report_of_which_a_part_is_missing_is_doubted() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    emulator.wait_for(async {
        let (log, key) = (emulator.log(&resources), key());
        log.note(&key, "slack", &report(20_000)).await.unwrap();
        let second = AttributeValue::S("REPORT#slack#001".to_owned());
        let delete = emulator.dynamodb().delete_item();
        let delete = delete.table_name(&resources.table).key("sk", second);
        let pk = format!("dev#{}", key.start.timestamp());
        let deleted = delete
            .key("pk", AttributeValue::S(pk))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld)
            .send();
        assert!(deleted.await.unwrap().attributes.is_some());

        let doubted = LastReport {
            is_in_doubt: true,
            ..LastReport::default()
        };
        assert_eq!(read(&log).await.reports["slack"], doubted);
    });
}

#[test]
fn another_instance_sees_what_the_first_wrote() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    emulator.wait_for(async {
        let (first, second) = (emulator.log(&resources), emulator.log(&resources));
        let (_, mut known) = visits(&first).await;
        assert_eq!(read(&second).await, known);

        // The second instance writes; the first one reads what is new.
        let key = key();
        let own = claim("instance 2", 400);
        let Claimed::Held { head, .. } = second.claim(&key, &own, at(300)).await.unwrap() else {
            panic!("the window is free");
        };
        second
            .append(&key, &facts(5..6), arrival(300))
            .await
            .unwrap();
        let mut contents = read_held(&second, &head).await;
        let of_chunk = contents
            .observations
            .services
            .iter()
            .find_map(|(id, runs)| {
                let is_second = runs.values().any(|seen| seen.chunk == 1);
                is_second.then(|| id.clone())
            });
        let seen = &mut contents.observations;
        seen.service_mut(&of_chunk.unwrap(), at(5), at(300))
            .ask(at(300));
        let chunk = contents.observations.chunk(1);
        second.observe(&key, 1, &chunk).await.unwrap();
        second.note(&key, "slack", &report(3)).await.unwrap();
        let mut notes = head.visit;
        notes.version += 1;
        notes.chunks[1] = notes.version;
        second.release(&key, &own, &notes, None).await.unwrap();

        let head = self::head(&first).await;
        first.refresh(&key, &head, &mut known).await.unwrap();
        let fresh = read(&second).await;
        assert_eq!(known, fresh);
        assert_eq!((known.cursor, &known.reports["slack"]), (3, &report(3)));
    });
}
