//! Two instances of the function visit one window in turn. Each remembers what it read itself; what the other one wrote
//! since, it reads from the table.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, Utc};
use rollcall::aws::DynamoDbLog;
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decode::{OwnMessage, RosterMessage};
use rollcall::core::look::Wanted;
use rollcall::core::notice::Notice;
use rollcall::core::observation::{Answer, ServiceLook, ServiceState};
use rollcall::core::reader::Reader;
use rollcall::core::summary::Summary;
use rollcall::core::window::{WindowKey, Windowing};
use rollcall::function::visit_windows;
use rollcall::metrics::Metrics;
use rollcall::ports::ecs::{Asked, Ecs};
use rollcall::ports::notifier::{Delivery, Notifier};
use rollcall::ports::queue::{Queue, QueueError, Receipt, Timer};
use rollcall::ports::receivers::Receivers;
use rollcall::visit::{Ports, Visit, VisitMemory};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::emulator::Emulator;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

/// What both instances reach: people, ECS, and a queue whose timers the test plays.
#[derive(Default)]
struct World {
    said: Mutex<Vec<String>>,
    looks: Mutex<Vec<usize>>,
}

impl Notifier for World {
    async fn notify(&self, summary: &Summary, _: Instant) -> Delivery {
        self.said.lock().unwrap().push(summary.totals());
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }

    async fn tell(&self, notice: &Notice, _: Instant) -> Delivery {
        self.said.lock().unwrap().push(notice.line.clone());
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }
}

impl Ecs for World {
    /// Every service runs one task of one.
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Asked {
        self.looks.lock().unwrap().push(wanted.services.len());
        let answer = |one: &rollcall::core::look::WantedService| {
            Answer::Service(ServiceLook {
                at: now,
                service: one.id.clone(),
                state: Some(ServiceState {
                    desired: 1,
                    running: 1,
                    pending: 0,
                    rollout: None,
                    steady_at: None,
                    trouble: None,
                    bounds: None,
                }),
            })
        };
        Asked {
            answers: wanted.services.iter().map(answer).collect(),
            services: wanted.services.len(),
            tasks: 0,
        }
    }
}

impl Queue for World {
    async fn arm(&self, timer: Timer<'_>, _: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        Ok(timer.at)
    }

    async fn postpone(&self, _: &Receipt, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

/// An instance of the function, with a client and a memory of its own.
struct Instance<'w> {
    log: DynamoDbLog,
    memory: VisitMemory,
    world: &'w World,
}

impl Instance<'_> {
    /// An invocation with one batch.
    async fn invoke(&self, seconds: i64, bodies: &[Value]) {
        let record = |(number, body): (usize, &Value)| {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("message-{seconds}-{number}"));
            record.body = Some(body.to_string());
            record
        };
        let records: Vec<SqsMessage> = bodies.iter().enumerate().map(record).collect();
        let windowing = Windowing {
            environment: Some("dev".to_owned()),
            period: DEFAULT_WAIT_POLICY.period,
        };
        let clock = || at(seconds);
        let receivers = Receivers::only(self.world, Reader::english(chrono_tz::UTC));
        let ports = Ports {
            log: &self.log,
            receivers: &receivers,
            queue: self.world,
            ecs: self.world,
            clock: &clock,
            memory: &self.memory,
        };
        let how = Visit {
            policy: DEFAULT_WAIT_POLICY,
            windowing: &windowing,
            token: &format!("invocation at {seconds}"),
            claim_until: at(seconds + 60),
            now: at(seconds),
            deadline: Instant::now() + Duration::from_secs(30),
            hops: 0,
        };
        let mut metrics = Metrics::default();
        let failed_message_ids = visit_windows(records, 5, &ports, how, &mut metrics).await;
        assert!(failed_message_ids.is_empty(), "{failed_message_ids:?}");
        assert_eq!(metrics.claims_lapsed, 0);
    }
}

fn timer() -> Value {
    let timer = OwnMessage::Timer {
        window: WindowKey {
            start: at(0),
            environment: "dev".to_owned(),
        },
        unkept: 0,
        hops: 0,
    };
    serde_json::to_value(&timer).unwrap()
}

fn roster(services: &[&str]) -> Value {
    let roster = OwnMessage::Roster(Box::new(RosterMessage {
        environment: "dev".to_owned(),
        schedule: "morning".to_owned(),
        scheduled_time: at(0),
        flexible_window_minutes: 0,
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: "dev".to_owned(),
        services: services
            .iter()
            .map(|name| ((*name).to_owned(), 1))
            .collect(),
        jobs: BTreeMap::new(),
        role: None,
        retry_minutes: None,
        group: None,
        labels: BTreeMap::new(),
    }));
    serde_json::to_value(&roster).unwrap()
}

fn call(service: &str, seconds: i64, error: Option<&str>) -> Value {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "detail": {
            "eventVersion": "1.11",
            "eventSource": "ecs.amazonaws.com",
            "eventName": "UpdateService",
            "eventID": format!("{service}-{seconds}"),
            "eventTime": at(seconds),
            "awsRegion": "ap-northeast-2",
            "recipientAccountId": "123456789012",
            "errorCode": error,
            "requestParameters": {"cluster": "dev", "service": service, "desiredCount": 1},
        },
    })
}

#[test]
fn an_instance_knows_what_the_other_one_heard_saw_and_said() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    let world = World::default();
    let instance = || Instance {
        log: DynamoDbLog::new(emulator.dynamodb(), resources.table.clone()),
        memory: VisitMemory::default(),
        world: &world,
    };
    let (one, other) = (instance(), instance());
    let said = || world.said.lock().unwrap().clone();
    let looks = || world.looks.lock().unwrap().clone();
    emulator.wait_for(async {
        one.invoke(4, &[roster(&["api", "auth", "web"]), call("api", 2, None)])
            .await;
        assert_eq!(looks(), [1]);
        // The other instance hears of the rest. It knows from the table that `api` was looked at a while ago.
        let refused = call("web", 4, Some("AccessDeniedException"));
        other.invoke(10, &[call("auth", 3, None), refused]).await;
        assert_eq!(looks(), [1, 1]);
        assert!(said().is_empty());

        // Both services were seen twice at their counts, half a minute apart.
        one.invoke(45, &[timer()]).await;
        assert_eq!(looks(), [1, 1, 2]);
        other.invoke(80, &[timer()]).await;
        one.invoke(320, &[timer()]).await;
        let first = "Total: 2 running, 1 failed";
        assert_eq!(said(), [first]);
        assert_eq!(
            looks().iter().sum::<usize>(),
            4,
            "nothing is left to look at"
        );

        // Who did not say it knows that it was said, and says only what is new; so does the one who said it.
        other.invoke(330, &[timer(), call("api", 2, None)]).await;
        assert_eq!(said(), [first]);
        other.invoke(400, &[call("web", 390, None)]).await;
        for (seconds, instance) in [(430, &one), (470, &other), (705, &one), (1_100, &other)] {
            instance.invoke(seconds, &[timer()]).await;
        }
        assert_eq!(said(), [first, "Total: 3 running"]);
        for instance in [&one, &other] {
            instance.invoke(1_500, &[timer()]).await;
        }
        assert_eq!(said().len(), 2);
    });
}
