//! The Lambda function: reads the environment, builds the clients once, and wires a batch to the pipeline.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use rollcall::config::{Config, Settings};
use rollcall::metrics::Metrics;
use rollcall::slack::webhook::Webhook;
use rollcall::window::MemoryLog;
use rollcall::{aws, pipeline};
use tokio::time::Instant;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is kept of the invocation's time for answering, writing logs, and clocks that differ.
const MARGIN: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start_logging();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let config = Config::from_lookup(environment)?;
    let webhook = Webhook::new(
        aws::webhook_url(&config.webhook).await?,
        config.settings.mention.clone(),
    );
    let function_name =
        environment("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "rollcall".to_owned());
    let handler = |event| handle(event, &config.settings, &webhook, &function_name);
    lambda_runtime::run(service_fn(handler))
        .await
        .map_err(anyhow::Error::from_boxed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Without a table every invocation says what it has: the log lives as long as the invocation, so that what a
/// batch leads to does not depend on which instance of the function gets it.
async fn handle(
    event: LambdaEvent<SqsEvent>,
    settings: &Settings,
    webhook: &Webhook,
    function_name: &str,
) -> Result<SqsBatchResponse, lambda_runtime::Error> {
    let deadline = deadline(event.context.deadline(), SystemTime::now());
    let log = MemoryLog::default();
    let mut metrics = Metrics::default();
    let ingested = pipeline::ingest(
        event.payload.records,
        &settings.windowing,
        &log,
        &mut metrics,
    )
    .await;
    let unsaid = pipeline::report(
        ingested.windows,
        &log,
        settings.timezone,
        webhook,
        deadline,
        &mut metrics,
    )
    .await;
    print_metrics(&metrics.to_emf(function_name, SystemTime::now().into()));
    let undecodable = ingested
        .undecodable
        .into_iter()
        .map(|message| message.message_id);
    response(undecodable.chain(ingested.not_kept).chain(unsaid))
}

/// Records to be redelivered. SQS takes a response with an empty id as the failure of the whole batch, so a
/// record without an id can only be brought back by saying just that.
fn response(
    message_ids: impl Iterator<Item = String>,
) -> Result<SqsBatchResponse, lambda_runtime::Error> {
    let mut response = SqsBatchResponse::default();
    for message_id in message_ids {
        if message_id.is_empty() {
            return Err(
                "a record without a messageId is to be redelivered, so the whole batch is".into(),
            );
        }
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message_id;
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

fn deadline(ends_at: SystemTime, now: SystemTime) -> Instant {
    let time_left = ends_at.duration_since(now).unwrap_or_default();
    Instant::now() + time_left.saturating_sub(MARGIN)
}

#[expect(
    clippy::print_stdout,
    reason = "CloudWatch reads embedded metrics from standard output"
)]
fn print_metrics(line: &serde_json::Value) {
    println!("{line}");
}

/// JSON lines at the level that Lambda's logging configuration sets. Libraries stay at warnings: at their own
/// debug levels they may print addresses, and the webhook's address is a secret.
fn start_logging() {
    let level = environment("AWS_LAMBDA_LOG_LEVEL").and_then(|level| {
        match level.to_ascii_uppercase().as_str() {
            "FATAL" => Some(Level::ERROR),
            level => level.parse().ok(),
        }
    });
    let level = level.unwrap_or(Level::INFO);
    let levels = Targets::new()
        .with_default(LevelFilter::from_level(level.min(Level::WARN)))
        .with_target("rollcall", level)
        .with_target("rollcall_lambda", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(levels)
        .init();
}
