//! AWS and Slack on loopback, behind one address: every request goes to the fake that it names.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::clock::Clock;
use super::ecs::Ecs;
use super::http::{Answer, Request, Server, response};
use super::options::{Mode, Options};
use super::queue::Queue;
use super::scenario::{self, REGION, Scenario};
use super::slack::{CHANNEL, Slack, TOKEN};
use super::table::Table;

/// How long Slack takes to answer.
const SLACK_TAKES: TimeDelta = TimeDelta::milliseconds(300);
/// How long ECS takes to answer.
const ECS_TAKES: TimeDelta = TimeDelta::milliseconds(100);

/// What every fake knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    pub(crate) ecs: Ecs,
    pub(crate) slack: Slack,
    /// What the function asked for and no fake knows.
    pub(crate) unknown: Vec<String>,
}

/// The fakes, and the server that they stand behind.
pub(crate) struct World {
    pub(crate) clock: Arc<Clock>,
    state: Arc<Mutex<State>>,
    server: Server,
}

impl World {
    /// A world in which a scenario is about to happen.
    pub(crate) fn start(scenario: &Scenario, clock: Clock) -> Self {
        let mut queue = Queue::default();
        for (body, at) in scenario.messages() {
            queue.put(body, at);
        }
        let state = Arc::new(Mutex::new(State {
            table: Table::default(),
            queue,
            ecs: Ecs::new(scenario),
            slack: Slack::default(),
            unknown: Vec::new(),
        }));
        let clock = Arc::new(clock);
        let server = Server::start({
            let (state, clock) = (Arc::clone(&state), Arc::clone(&clock));
            move |request| {
                let (answer, takes) = answer(&request, &state, &clock);
                async move {
                    tokio::time::sleep(takes).await;
                    answer
                }
            }
        });
        Self {
            clock,
            state,
            server,
        }
    }

    /// What the fakes know now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The function's environment: the Terraform module's defaults, and this world's addresses.
    pub(crate) fn environment(&self, mode: Mode, options: &Options) -> Vec<(String, String)> {
        let address = format!("http://{}", self.server.address());
        let api = format!("{address}/api/");
        let webhook = format!("{address}/services/T0000/B0000/XXXX");
        let queue_url = format!("{address}/123456789012/rollcall-dev-records");
        let verify_minutes = options.verify_minutes.to_string();
        let mut pairs = vec![
            ("AWS_ENDPOINT_URL", address.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_LAMBDA_FUNCTION_NAME", "rollcall"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/rollcall"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2024/01/15/[$LATEST]0"),
            ("ROLLCALL_ENVIRONMENT", "dev"),
            ("ROLLCALL_TIMEZONE", "Asia/Seoul"),
            ("ROLLCALL_TABLE", "rollcall-dev-windows"),
            ("ROLLCALL_QUEUE_URL", &queue_url),
            ("ROLLCALL_MAX_RECEIVES", "30"),
            ("ROLLCALL_VERIFY_MINUTES", &verify_minutes),
        ];
        let routes = scenario::routes(options.routes).to_string();
        if options.routes > 0 {
            pairs.push(("ROLLCALL_ROUTES", &routes));
        }
        match mode {
            Mode::Webhook => pairs.push(("SLACK_WEBHOOK_URL", &webhook)),
            Mode::Bot => pairs.extend([
                ("SLACK_BOT_TOKEN", TOKEN),
                ("SLACK_CHANNEL", CHANNEL),
                ("SLACK_API_URL", &api),
            ]),
        }
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let clock = self.clock.environment();
        let clock = clock.iter().map(|(name, value)| (*name, value.as_str()));
        pairs.into_iter().chain(clock).map(owned).collect()
    }
}

/// The answer to a request, and how long it takes.
fn answer(request: &Request, state: &Mutex<State>, clock: &Clock) -> (Answer, Duration) {
    let now = clock.now();
    let mut state = state.lock().unwrap();
    let Some(target) = request.headers.get("x-amz-target") else {
        let body = state.slack.answer(&request.path, &request.body, now);
        return (Some(response(200, body)), clock.real(SLACK_TAKES));
    };
    let target = target.to_str().unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let no_time = TimeDelta::zero();
    let (answer, takes) = match service {
        "DynamoDB_20120810" => (Some(state.table.answer(operation, &body)), no_time),
        "AmazonSQS" => (state.queue.answer(operation, &body, now).map(Ok), no_time),
        "AmazonEC2ContainerServiceV20141113" | "AnyScaleFrontendService" => {
            (state.ecs.answer(operation, &body, now).map(Ok), ECS_TAKES)
        }
        _ => (None, no_time),
    };
    let answer = answer.unwrap_or_else(|| {
        state.unknown.push(target.to_owned());
        Err(("UnknownOperationException", json!({})))
    });
    let (status, body) = match answer {
        Ok(body) => (200, body),
        Err((kind, mut fields)) => {
            if kind == "ValidationException" {
                state.unknown.push(format!("{target}: {fields}"));
            }
            fields["__type"] = json!(format!("com.amazonaws#{kind}"));
            (400, fields.to_string())
        }
    };
    let mut answer = response(status, body);
    let json = "application/x-amz-json-1.0".parse().unwrap();
    answer.headers_mut().insert("content-type", json);
    (Some(answer), clock.real(takes))
}
