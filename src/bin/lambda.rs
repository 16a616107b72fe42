//! The Lambda function: reads the environment, builds the clients once, and wires a batch to the pipeline.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::{LambdaEvent, service_fn};
use rollcall::aws::{Aws, DynamoDbLog, LateSpeaker, SqsQueue, late_machines, late_watchdog};
use rollcall::config::{Config, SlackConfig, TableConfig};
use rollcall::core::decode::Batch;
use rollcall::function::{report_batch, visit_windows};
use rollcall::metrics::Metrics;
use rollcall::ports::receivers::Receivers;
use rollcall::version::version_and_commit;
use rollcall::visit::{Ports, Visit, VisitMemory};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lambda gives an invocation no more time than this.
const LONGEST: Duration = Duration::from_mins(15);
/// Time reserved at the end of an invocation for answering, for writing logs, and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(1);
/// Time reserved after a Slack call, though at most a third of the time, for noting what was told and arming a timer
/// over connections that may have to be opened. An invocation that ends before the note leaves no trace of the message,
/// so that the next one repeats it.
const AFTERWARDS: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start_logging();
    let (version, commit) = (rollcall::version::VERSION, rollcall::version::COMMIT);
    tracing::info!(version, commit, "rollcall {} starts", version_and_commit());
    match Box::pin(serve()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let config = Config::from_lookup(environment)?;
    let roles = config.table.as_ref().map(|table| table.ecs_roles.clone());
    let aws = Arc::new(Aws::with_ecs_roles(roles.unwrap_or_default()));
    let receivers = receivers(&config, &aws).await?;
    let function_name =
        environment("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "rollcall".to_owned());
    let instance = Instance {
        config,
        aws,
        receivers: RefCell::new(Rc::new(receivers)),
        clients: OnceCell::new(),
        memory: VisitMemory::default(),
        function_name,
    };
    lambda_runtime::run(service_fn(|event| instance.handle(event)))
        .await
        .map_err(anyhow::Error::from_boxed)
}

/// The default receiver, and one for each route.
async fn receivers(config: &Config, aws: &Arc<Aws>) -> anyhow::Result<Receivers<LateSpeaker>> {
    let routes = aws.routes(&config.routes).await?;
    let has_bot = matches!(config.slack, SlackConfig::Bot { .. });
    if let Some(problem) = routes.need_of_bot().filter(|_| !has_bot) {
        anyhow::bail!("{problem}");
    }
    let settings = &config.settings;
    let receivers = Receivers::new(routes, settings.reader, |one| {
        let slack = config.slack.of_route(one.settings.way.as_ref());
        let mention = one.settings.mention.clone();
        let mention = mention.or_else(|| settings.mention.clone());
        LateSpeaker::new(aws.clone(), slack, mention, one.name.map(str::to_owned))
    });
    // A start fails where the default receiver cannot be told, since what nobody else hears of is told there.
    receivers.default().notifier.ready().await?;
    let machines = late_machines(aws, &config.events);
    Ok(receivers.with_machines(machines, late_watchdog(aws, &config.events)))
}

/// What an instance of the function keeps between invocations.
struct Instance {
    config: Config,
    aws: Arc<Aws>,
    /// Made anew where somebody refused what was told.
    receivers: RefCell<Rc<Receivers<LateSpeaker>>>,
    /// Built by the first invocation that needs them, since building them would make every cold start slower.
    clients: OnceCell<(DynamoDbLog, SqsQueue)>,
    /// What earlier invocations read of windows.
    memory: VisitMemory,
    function_name: String,
}

impl Instance {
    async fn handle(
        &self,
        event: LambdaEvent<Batch>,
    ) -> Result<SqsBatchResponse, lambda_runtime::Error> {
        self.aws.runs_as(&event.context.invoked_function_arn);
        let receivers = self.receivers().await;
        let now = SystemTime::now();
        let time_left = event
            .context
            .deadline()
            .duration_since(now)
            .unwrap_or_default();
        let time_left = time_left.min(LONGEST);
        let deadline = Instant::now() + time_left.saturating_sub(MARGIN);
        let mut metrics = Metrics::default();
        let (records, settings) = (event.payload.records, &self.config.settings);
        let failed_message_ids = match &self.config.table {
            None => {
                let now = now.into();
                report_batch(records, settings, &receivers, now, deadline, &mut metrics).await
            }
            Some(table) => {
                let (log, queue) = self.clients.get_or_init(|| self.build_clients(table)).await;
                let ports = Ports {
                    log,
                    receivers: &receivers,
                    queue,
                    ecs: &*self.aws,
                    clock: &|| SystemTime::now().into(),
                    memory: &self.memory,
                };
                // On Lambda the request's id would be unique; an emulator may count from one for each instance.
                let token = format!("{}-{:016x}", event.context.request_id, fastrand::u64(..));
                let afterwards = AFTERWARDS.min(time_left / 3);
                let how = Visit {
                    policy: table.policy,
                    windowing: &settings.windowing,
                    token: &token,
                    claim_until: (now + time_left + MARGIN).into(),
                    now: now.into(),
                    deadline: deadline.checked_sub(afterwards).unwrap_or(deadline),
                    hops: 0,
                };
                visit_windows(records, table.max_receives, &ports, how, &mut metrics).await
            }
        };
        print_metrics(&metrics.to_emf(&self.function_name, self.config.metrics, now.into()));
        response(failed_message_ids)
    }

    /// The receivers. Where somebody refused what an earlier invocation told, they are made anew with what parameters hold now, so
    /// that a secret or a route which was mended counts without a new instance. A failure leaves them as they were.
    async fn receivers(&self) -> Rc<Receivers<LateSpeaker>> {
        if self.aws.forget_doubted() {
            match receivers(&self.config, &self.aws).await {
                Ok(receivers) => *self.receivers.borrow_mut() = Rc::new(receivers),
                Err(error) => {
                    self.aws.doubt_parameters();
                    tracing::error!("cannot read parameters anew: {error:#}");
                }
            }
        }
        self.receivers.borrow().clone()
    }

    /// Builds the clients, and notes in the table how long windows are, for commands that write to windows.
    async fn build_clients(&self, table: &TableConfig) -> (DynamoDbLog, SqsQueue) {
        let log = self.aws.window_log(&table.name).await;
        let windowing = &self.config.settings.windowing;
        let environment = windowing.environment.as_deref();
        if let Err(error) = log.note_period(environment, windowing.period).await {
            tracing::warn!(%error, "cannot note the length of windows: {error}");
        }
        (log, self.aws.queue(&table.queue_url).await)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The response that names the messages to be redelivered. A message without an id can only come again if the
/// invocation fails, which brings the whole batch again.
fn response(message_ids: BTreeSet<String>) -> Result<SqsBatchResponse, lambda_runtime::Error> {
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

/// Writes the line at once: CloudWatch reads embedded metrics from standard output, and might read parts of a line
/// apart.
fn print_metrics(line: &serde_json::Value) {
    // An invocation whose metrics cannot be written has done its work all the same.
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

/// JSON lines at the level that Lambda's logging configuration sets. Libraries stay at warnings: at their own
/// debug levels they may print addresses, and the webhook's address and the bot's token are secrets.
fn start_logging() {
    let level = environment("AWS_LAMBDA_LOG_LEVEL")
        .and_then(|level| match level.to_ascii_uppercase().as_str() {
            "FATAL" => Some(Level::ERROR),
            level => level.parse().ok(),
        })
        .unwrap_or(Level::INFO);
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
