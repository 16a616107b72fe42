//! A bot's message follows its window: posted at the first fact, edited as more arrive, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, Utc};
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decode::OwnMessage;
use rollcall::core::fact::{
    ApiError, Call, Caller, Expected, Fact, Observed, Outcome, ServiceState,
};
use rollcall::core::summary::Summary;
use rollcall::core::window::{Claim, MemoryLog, WindowKey, WindowLog, Windowing};
use rollcall::delivery::{Ports, Visit, WaitPolicy};
use rollcall::ecs::{Ecs, Wanted};
use rollcall::function::visit_windows;
use rollcall::metrics::Metrics;
use rollcall::notify::{Channel, Notifier};
use rollcall::slack::speaker::Speaker;
use rollcall::slack::web_api::{ApiUrl, BotToken, WebApi};
use rollcall::slack::webhook::{Webhook, WebhookUrl};
use rollcall::timer::{TimerError, Timers};
use tokio::time::Instant;

use crate::support::web_api::{CHANNEL, FakeWorkspace, Trouble};

mod failures;
mod tasks;
mod troubles;

const MENTION: &str = "<!subteam^S012AB3CD>";

/// Remembers for when it was armed.
#[derive(Debug, Default)]
struct Alarms(Mutex<Vec<DateTime<Utc>>>);

impl Timers for Alarms {
    async fn arm(
        &self,
        _: &WindowKey,
        at: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, TimerError> {
        self.0.lock().unwrap().push(at);
        Ok(at)
    }
}

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
    patience: WaitPolicy,
}

/// How many tasks of each service run, and how many are to run.
#[derive(Debug, Default)]
struct Tasks(Mutex<BTreeMap<String, (i64, i64)>>);

impl Ecs for Tasks {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Vec<Fact> {
        let tasks = self.0.lock().unwrap();
        let observed = wanted.services.keys().filter_map(|id| {
            let (running, desired) = *tasks.get(&id.name)?;
            Some(Fact::Observed(Box::new(Observed {
                observed_at: now,
                service: id.clone(),
                state: Some(ServiceState {
                    desired,
                    running,
                    pending: desired - running,
                    rollout: None,
                    steady_at: None,
                    trouble: None,
                    bounds: None,
                }),
            })))
        });
        observed.collect()
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
        let api = WebApi::new(
            ApiUrl::parse(&workspace.api()).unwrap(),
            BotToken::parse(&FakeWorkspace::token()).unwrap(),
            CHANNEL.to_owned(),
            Some(MENTION.to_owned()),
            is_reply_broadcast,
        );
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
            patience: WaitPolicy {
                verify: None,
                ..DEFAULT_WAIT_POLICY
            },
        }
    }

    /// Something is learned about the window.
    async fn learn(&self, seconds: i64, facts: &[Fact]) {
        self.log
            .append(&self.key, facts, at(seconds))
            .await
            .unwrap();
    }

    /// A timer fires, with so much time for the invocation.
    async fn visit_within(&mut self, seconds: i64, time_left: Duration) -> BTreeSet<String> {
        self.visits += 1;
        let timer = OwnMessage::Timer {
            window: self.key.clone(),
        };
        let mut record = SqsMessage::default();
        record.message_id = Some("timer".to_owned());
        record.body = serde_json::to_string(&timer).ok();
        let windowing = Windowing {
            environment: None,
            period: DEFAULT_WAIT_POLICY.period,
        };
        let ports = Ports {
            log: &self.log,
            notifier: &self.speaker,
            timers: &self.alarms,
            ecs: &self.ecs,
        };
        let how = Visit {
            patience: self.patience,
            timezone: chrono_tz::UTC,
            token: &format!("visit {}", self.visits),
            claim_until: at(seconds + 60),
            now: at(seconds),
            deadline: Instant::now() + time_left,
        };
        visit_windows(vec![record], &windowing, &ports, how, &mut self.metrics).await
    }

    async fn visit(&mut self, seconds: i64) {
        let again = self.visit_within(seconds, Duration::from_secs(30)).await;
        assert!(again.is_empty());
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

/// A roster of these services at the window's start.
fn roster(services: &[&str]) -> Fact {
    Fact::Roster(Box::new(Expected {
        scheduled_time: at(0),
        schedule: "dev-morning".to_owned(),
        flexible_window_minutes: 5,
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: "dev".to_owned(),
        services: services
            .iter()
            .map(|name| ((*name).to_owned(), 1))
            .collect(),
        jobs: std::collections::BTreeMap::new(),
    }))
}

fn call(service: &str, seconds: i64, outcome: Outcome) -> Fact {
    Fact::UpdateService(Box::new(Call {
        event_time: at(seconds),
        outcome,
        event_id: format!("{service} {seconds}"),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: Some("dev".to_owned()),
        service: Some(service.to_owned()),
        action: None,
        caller: Caller {
            role: None,
            session: None,
            is_scheduler: true,
        },
    }))
}

fn accepted(service: &str, seconds: i64) -> Fact {
    call(service, seconds, Outcome::Accepted)
}

fn refused(service: &str, seconds: i64) -> Fact {
    let error = ApiError {
        code: "ThrottlingException".to_owned(),
        message: Some("Rate exceeded".to_owned()),
    };
    call(service, seconds, Outcome::Failed(error))
}

#[tokio::test]
async fn one_message_follows_its_window() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.visit(0).await;
    let first = world.workspace.only_message();
    assert!(first.title().starts_with("⏳ 0/2 · "), "{first:?}");
    assert_eq!(world.last_alarm(), 900);

    world.learn(60, &[accepted("api", 10)]).await;
    world.visit(60).await;
    assert!(world.workspace.only_message().title().starts_with("⏳ 1/2"));

    // The same fact again changes nothing, and nothing is sent.
    world
        .learn(70, &[accepted("api", 10), roster(&["api", "web"])])
        .await;
    world.visit(70).await;

    world.learn(90, &[accepted("web", 72)]).await;
    world.visit(90).await;
    let last = world.workspace.only_message();
    assert!(
        last.title().starts_with("✅ 2/2 in 1 min 12 s · "),
        "{last:?}"
    );
    assert!(last.text().starts_with("✅ 2/2 in 1 min 12 s · "));
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
            .starts_with("⏳ 2 so far")
    );
    assert_eq!(world.last_alarm(), 311);
    world.visit(311).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ 2/2 in 1 s")
    );
}

#[tokio::test]
async fn a_silent_schedule_is_missed_in_the_message_at_the_deadline() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    world.visit(900).await;
    assert!(world.workspace.only_message().title().starts_with("❌ 0/1"));
    let reply = &world.workspace.replies()[0];
    assert!(reply.text().contains("no call was recorded"), "{reply:?}");
}
