//! `--send-test`: puts a marked test event through the function's own queue, and waits until the window log notes that
//! Slack was told something after the event had arrived.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio::time::Instant;

use super::ask::Ask;
use super::checks::config;
use super::finding::{Finding, Outcome};
use super::seen::Function;
use crate::aws::Aws;
use crate::cli::progress::Progress;
use crate::config::{Config, TableConfig};
use crate::core::arn::Arn;
use crate::core::fact::Fact;
use crate::core::window::WindowKey;
use crate::ports::window_log::WindowContents;

const AREA: &str = "test";
/// How often the table is read.
const PACE: Duration = Duration::from_secs(5);
/// How much longer than its settings the function may take: batches, timers and Slack's answer.
const MARGIN: Duration = Duration::from_mins(5);

/// Sends the event, and says what became of it.
pub(super) async fn send_test(
    ask: &Ask,
    aws: &Aws,
    function: &Function,
    wait: Option<Duration>,
    now: DateTime<Utc>,
) -> Finding {
    let wrong = |text: String, advice: &str| Finding::wrong(AREA, &function.name, text, advice);
    let Ok(config) = config(function) else {
        return wrong(
            "was not sent: the function does not understand its variables".to_owned(),
            "correct the variables first",
        );
    };
    let Some(queue_url) = queue_url(ask, function, &config).await else {
        return wrong(
            "was not sent: the function's queue is not known".to_owned(),
            "create the event source mapping from the queue to the function",
        );
    };
    let service = format!("rollcall-doctor-{:08x}", fastrand::u32(..));
    let queue = aws.queue(&queue_url).await;
    if let Err(error) = queue
        .put(&event(&service, function, &ask.region, now))
        .await
    {
        return wrong(
            format!("was not sent: {error}"),
            "the queue takes messages of its senders only: add your role to the module's operator_role_arns",
        );
    }
    let Some(table) = &config.table else {
        let text = format!(
            "was sent as {service}; without a table nobody but Slack knows whether it was told"
        );
        let advice = Some(format!("look for {service} in the channel"));
        return Finding::new(AREA, &function.name, Outcome::Unknown, text, advice);
    };
    let wait = wait.unwrap_or_else(|| longest(table));
    match told(aws, &config, table, &service, now, wait).await {
        Progressed::Told(seconds) => Finding::fine(
            AREA,
            &function.name,
            format!("{service} was told to Slack {seconds} s after it was sent"),
        ),
        Progressed::Arrived => wrong(
            format!(
                "{service} reached the table, and Slack was told nothing within {} s",
                wait.as_secs()
            ),
            "look at the function's log, and at the alarms",
        ),
        Progressed::Nowhere => wrong(
            format!(
                "{service} did not reach the table within {} s",
                wait.as_secs()
            ),
            "look at the event source mapping and at the function's log",
        ),
        Progressed::Unreadable(error) => Finding::new(
            AREA,
            &function.name,
            Outcome::Unknown,
            format!("was sent as {service}; cannot read the table: {error}"),
            Some(
                "allow dynamodb:GetItem and dynamodb:Query on the table to whoever runs the doctor"
                    .to_owned(),
            ),
        ),
    }
}

async fn queue_url(ask: &Ask, function: &Function, config: &Config) -> Option<String> {
    if let Some(table) = &config.table {
        return Some(table.queue_url.clone());
    }
    let mappings = ask.mappings(&function.name).await.ok()?;
    ask.queue_url(&mappings.first()?.queue_arn).await.ok()?
}

/// For how long a window may wait before it is told: for records, for late calls and for tasks.
fn longest(table: &TableConfig) -> Duration {
    let policy = &table.policy;
    policy.settle + policy.grace + policy.verify.unwrap_or_default() + MARGIN
}

/// An accepted call that names a service and a cluster which do not exist, so that it can mean no real one.
fn event(service: &str, function: &Function, region: &str, now: DateTime<Utc>) -> String {
    let account = Arn::parse(&function.arn).map_or("", |arn| arn.account);
    let time = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "version": "0",
        "id": service,
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": account,
        "time": time,
        "region": region,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {"type": "AssumedRole", "invokedBy": "rollcall doctor --send-test"},
            "eventTime": time,
            "eventSource": "ecs.amazonaws.com",
            "eventName": "UpdateService",
            "awsRegion": region,
            "requestParameters": {"cluster": service, "service": service, "desiredCount": 0},
            "eventID": service,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account,
        },
    })
    .to_string()
}

/// How far the test event came.
enum Progressed {
    Told(u64),
    Arrived,
    Nowhere,
    Unreadable(String),
}

async fn told(
    aws: &Aws,
    config: &Config,
    table: &TableConfig,
    service: &str,
    now: DateTime<Utc>,
    wait: Duration,
) -> Progressed {
    let windowing = &config.settings.windowing;
    let key = WindowKey {
        start: windowing.start_of(now),
        environment: windowing
            .environment
            .clone()
            .unwrap_or_else(|| service.to_owned()),
    };
    let log = aws.window_log(&table.name).await;
    let begin = Instant::now();
    let progress = Progress::of_steps(wait.as_secs());
    let mut has_arrived = false;
    while begin.elapsed() < wait {
        let contents = match log.read(&key).await {
            Ok(contents) => contents.unwrap_or_default(),
            Err(error) => return Progressed::Unreadable(error.to_string()),
        };
        let arrival = arrival(&contents, service);
        has_arrived |= arrival.is_some();
        progress.is_at(if has_arrived {
            "the function has it"
        } else {
            "in the queue"
        });
        let said = contents
            .reports
            .values()
            .filter_map(|report| report.said_at);
        if arrival.is_some_and(|arrival| said.max().is_some_and(|said| said >= arrival)) {
            return Progressed::Told(begin.elapsed().as_secs());
        }
        tokio::time::sleep(PACE.min(wait)).await;
        for _ in 0..PACE.as_secs() {
            progress.step();
        }
    }
    if has_arrived {
        Progressed::Arrived
    } else {
        Progressed::Nowhere
    }
}

/// When the function learned of the test event.
fn arrival(contents: &WindowContents, service: &str) -> Option<DateTime<Utc>> {
    let is_test = |fact: &Fact| match fact {
        Fact::UpdateService(call) => call.service.as_deref() == Some(service),
        _ => false,
    };
    let mut facts = contents.facts();
    facts.find_map(|(fact, arrival)| is_test(fact).then_some(arrival.at))
}
