//! A bot's message follows its window: posted at the first fact, edited as more arrive, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, TimeDelta, Utc};
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decode::OwnMessage;
use rollcall::core::fact::{
    Action, ApiError, CallOutcome, Caller, Fact, Roster, UpdateServiceCall,
};
use rollcall::core::look::Wanted;
use rollcall::core::observation::{Answer, ServiceLook, ServiceState};
use rollcall::core::policy::WaitPolicy;
use rollcall::core::reader::Reader;
use rollcall::core::routes::Routes;
use rollcall::core::runs::Arrival;
use rollcall::core::window::{WindowKey, Windowing};
use rollcall::function::visit_windows;
use rollcall::memory_log::MemoryLog;
use rollcall::metrics::Metrics;
use rollcall::ports::ecs::{Asked, Ecs};
use rollcall::ports::notifier::{Channel, Notifier};
use rollcall::ports::queue::{Queue, QueueError, Receipt, Timer};
use rollcall::ports::receivers::Receivers;
use rollcall::ports::window_log::WindowLog;
use rollcall::slack::speaker::Speaker;
use rollcall::slack::web_api::{ApiUrl, BotToken, WebApi};
use rollcall::slack::webhook::{Webhook, WebhookUrl};
use rollcall::visit::{Ports, Visit, VisitMemory};
use tokio::time::Instant;

use crate::support::web_api::{CHANNEL, FakeWorkspace, Trouble};

mod failures;
mod hops;
mod overrides;
mod runs;
mod tasks;
mod troubles;

const MENTION: &str = "<!subteam^S012AB3CD>";

/// Remembers for when it was armed.
#[derive(Debug, Default)]
struct Alarms(Mutex<Vec<DateTime<Utc>>>);

impl Queue for Alarms {
    async fn arm(&self, timer: Timer<'_>, _: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        self.0.lock().unwrap().push(timer.at);
        Ok(timer.at)
    }

    async fn postpone(&self, _: &Receipt, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

/// How often SQS hands a record out before it goes to the dead-letter queue.
const MAX_RECEIVES: u32 = 5;

/// A window, those who watch over it, and where it is said.
struct World {
    workspace: FakeWorkspace,
    speaker: Speaker,
    log: MemoryLog,
    alarms: Alarms,
    metrics: Metrics,
    key: WindowKey,
    visits: u32,
    ecs: Tasks,
    policy: WaitPolicy,
    memory: VisitMemory,
    /// Every route speaks in the one channel.
    routes: Routes,
    /// How many timers in a row came before the next one that fires.
    hops: u64,
}

/// How many tasks of each service run, and how many are to run.
#[derive(Debug, Default)]
struct Tasks(Mutex<BTreeMap<String, (i64, i64)>>);

impl Ecs for Tasks {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Asked {
        let tasks = self.0.lock().unwrap();
        let looks = wanted.services.iter().filter_map(|one| {
            let (running, desired) = *tasks.get(&one.id.name)?;
            Some(Answer::Service(ServiceLook {
                at: now,
                service: one.id.clone(),
                state: Some(ServiceState {
                    desired,
                    running,
                    pending: desired - running,
                    rollout: None,
                    steady_at: None,
                    trouble: None,
                    bounds: None,
                }),
            }))
        });
        Asked {
            answers: looks.collect(),
            services: wanted.services.len(),
            tasks: wanted.tasks.len(),
        }
    }
}

/// So many seconds into the window.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

impl World {
    fn new() -> Self {
        Self::with(false, false)
    }

    fn with_webhook() -> Self {
        Self::with(true, false)
    }

    fn with(has_webhook: bool, is_reply_broadcast: bool) -> Self {
        let workspace = FakeWorkspace::start();
        let api = bot(&workspace, is_reply_broadcast);
        let webhook = || {
            let url = WebhookUrl::parse(&workspace.webhook()).unwrap();
            Box::new(Webhook::new(url, Some(MENTION.to_owned())))
        };
        let fallback = has_webhook.then(webhook);
        Self {
            speaker: Speaker::Bot {
                api: Box::new(api),
                fallback,
            },
            workspace,
            log: MemoryLog::default(),
            alarms: Alarms::default(),
            metrics: Metrics::default(),
            key: WindowKey {
                start: at(0),
                environment: "dev".to_owned(),
            },
            visits: 0,
            ecs: Tasks::default(),
            policy: WaitPolicy {
                verify: None,
                ..DEFAULT_WAIT_POLICY
            },
            memory: VisitMemory::default(),
            routes: Routes::default(),
            hops: 0,
        }
    }

    /// Something is learned about the window.
    async fn learn(&self, seconds: i64, facts: &[Fact]) {
        let arrival = Arrival {
            at: at(seconds),
            siblings_until: None,
        };
        self.log.append(&self.key, facts, arrival).await.unwrap();
    }

    /// A timer fires, with so much time for the invocation.
    async fn visit_within(&mut self, seconds: i64, time_left: Duration) -> BTreeSet<String> {
        self.visits += 1;
        let timer = OwnMessage::Timer {
            window: self.key.clone(),
            unkept: 0,
            hops: self.hops,
        };
        let mut record = SqsMessage::default();
        record.message_id = Some("timer".to_owned());
        record.body = serde_json::to_string(&timer).ok();
        let windowing = Windowing {
            environment: None,
            period: DEFAULT_WAIT_POLICY.period,
        };
        let begun = Instant::now();
        let clock = move || at(seconds) + TimeDelta::from_std(begun.elapsed()).unwrap();
        let reader = Reader::english(chrono_tz::UTC);
        let receivers = Receivers::new(self.routes.clone(), reader, |_| &self.speaker);
        let ports = Ports {
            log: &self.log,
            receivers: &receivers,
            queue: &self.alarms,
            ecs: &self.ecs,
            clock: &clock,
            memory: &self.memory,
        };
        let how = Visit {
            policy: self.policy,
            windowing: &windowing,
            token: &format!("visit {}", self.visits),
            claim_until: at(seconds + 60),
            now: at(seconds),
            deadline: begun + time_left,
            hops: 0,
        };
        visit_windows(vec![record], MAX_RECEIVES, &ports, how, &mut self.metrics).await
    }

    async fn visit(&mut self, seconds: i64) {
        let failed_message_ids = self.visit_within(seconds, Duration::from_secs(30)).await;
        assert!(failed_message_ids.is_empty());
    }

    /// When the last timer fires, in seconds.
    fn last_alarm(&self) -> i64 {
        let alarms = self.alarms.0.lock().unwrap();
        (*alarms.last().unwrap() - at(0)).num_seconds()
    }

    fn channel(&self) -> &impl Channel {
        self.speaker.live().unwrap()
    }
}

/// The bot, in its channel.
fn bot(workspace: &FakeWorkspace, is_reply_broadcast: bool) -> WebApi {
    WebApi::new(
        ApiUrl::parse(&workspace.api()).unwrap(),
        BotToken::parse(&FakeWorkspace::token()).unwrap(),
        CHANNEL.to_owned(),
        Some(MENTION.to_owned()),
        is_reply_broadcast,
    )
}

/// A roster of these services, each with its count.
fn roster_at(seconds: i64, schedule: &str, services: &[(&str, i64)]) -> Fact {
    Fact::Roster(Box::new(Roster {
        scheduled_time: at(seconds),
        schedule: schedule.to_owned(),
        flexible_window_minutes: 5,
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: "dev".to_owned(),
        services: services
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect(),
        jobs: BTreeMap::new(),
        role: None,
        retry_minutes: None,
        group: None,
        labels: BTreeMap::new(),
    }))
}

/// A roster of these services at the window's start.
fn roster(services: &[&str]) -> Fact {
    let services: Vec<(&str, i64)> = services.iter().map(|name| (*name, 1)).collect();
    roster_at(0, "dev-morning", &services)
}

/// A call that asks for a count, where one is given.
fn call_for(service: &str, seconds: i64, count: Option<i64>, outcome: CallOutcome) -> Fact {
    Fact::UpdateService(Box::new(UpdateServiceCall {
        event_time: at(seconds),
        outcome,
        event_id: format!("{service} {seconds}"),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: Some("dev".to_owned()),
        service: Some(service.to_owned()),
        action: count.map(Action::towards),
        caller: Caller {
            role: None,
            session: None,
            is_scheduler: true,
        },
    }))
}

fn accepted(service: &str, seconds: i64) -> Fact {
    call_for(service, seconds, None, CallOutcome::Accepted)
}

fn error(code: &str, message: &str) -> CallOutcome {
    CallOutcome::Failed(ApiError {
        code: code.to_owned(),
        message: Some(message.to_owned()),
    })
}

fn refused(service: &str, seconds: i64) -> Fact {
    let error = error("ThrottlingException", "Rate exceeded");
    call_for(service, seconds, None, error)
}

#[tokio::test]
async fn one_message_follows_its_window() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.visit(0).await;
    let first = world.workspace.only_message();
    assert!(
        first.title().starts_with("⏳ dev · 0 of 2 accepted"),
        "{first:?}"
    );
    assert_eq!(world.last_alarm(), 900);

    world.learn(60, &[accepted("api", 10)]).await;
    world.visit(60).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("⏳ dev · 1 of 2 accepted")
    );

    // The same fact again changes nothing, and nothing is sent.
    world
        .learn(70, &[accepted("api", 10), roster(&["api", "web"])])
        .await;
    world.visit(70).await;

    world.learn(90, &[accepted("web", 72)]).await;
    world.visit(90).await;
    let last = world.workspace.only_message();
    assert!(
        last.title().starts_with("✅ dev · both calls accepted"),
        "{last:?}"
    );
    assert!(last.text().starts_with("✅ dev · both calls accepted"));
    assert_eq!(last.ts, first.ts);

    world.visit(900).await;
    let calls = ["chat.postMessage", "chat.update", "chat.update"];
    assert_eq!(world.workspace.calls(), calls);
    assert_eq!(world.metrics.messages_posted, 1);
    assert_eq!(world.metrics.messages_edited, 2);
    assert_eq!(world.metrics.services_succeeded, 2);
}

#[tokio::test]
async fn edits_keep_a_distance_and_a_timer_brings_the_last() {
    let mut world = World::new();
    world.learn(10, &[accepted("api", 1)]).await;
    world.visit(10).await;
    world.learn(11, &[accepted("web", 2)]).await;
    world.visit(11).await;
    assert_eq!(world.workspace.calls(), ["chat.postMessage"]);
    // The edit was confirmed a moment after the visit began.
    assert!((13..=14).contains(&world.last_alarm()));

    world.visit(14).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("⏳ dev · 2 accepted so far")
    );
    assert_eq!(world.last_alarm(), 311);
    world.visit(311).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ dev · both calls accepted")
    );
}

#[tokio::test]
async fn a_silent_schedule_is_missed_in_the_message_at_the_deadline() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    world.visit(900).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("❌ dev · api did not start")
    );
    let reply = &world.workspace.replies()[0];
    assert!(reply.text().contains("never called"), "{reply:?}");
}
