//! A Lambda function as a process of its own, with an environment of its own.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::runtime_api::{FakeRuntimeApi, Said};

/// How long to wait for what usually takes milliseconds, on a machine that runs other tests at the same time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running function. Dropping it kills the process.
pub(crate) struct Function {
    api: FakeRuntimeApi,
    child: Child,
    started: Instant,
    polling_since: Option<Instant>,
    output: Arc<Mutex<String>>,
    closed: Receiver<Infallible>,
}

/// A function's response to one invocation.
#[derive(Debug)]
pub(crate) struct Response {
    /// What it returned.
    pub(crate) body: Value,
    /// The time from the moment at which the function got the event until its response arrived.
    pub(crate) elapsed: Duration,
}

impl Response {
    /// The ids of the records that SQS is to deliver again.
    pub(crate) fn failed_ids(&self) -> Vec<&str> {
        let failures = self.body["batchItemFailures"].as_array().unwrap();
        failures
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().unwrap())
            .collect()
    }
}

impl Function {
    /// Starts rollcall's function.
    pub(crate) fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_program(
            Command::new(env!("CARGO_BIN_EXE_rollcall-lambda")),
            environment,
        )
    }

    /// Starts any program that speaks to the Runtime API.
    pub(crate) fn start_program(mut program: Command, environment: &[(&str, &str)]) -> Self {
        let api = FakeRuntimeApi::start();
        program
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "rollcall"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/rollcall"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2024/01/15/[$LATEST]0"),
                ("AWS_REGION", "ap-northeast-2"),
            ])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = program.spawn().unwrap();
        let output: Arc<Mutex<String>> = Arc::default();
        let (open, closed) = channel();
        collect(child.stdout.take().unwrap(), &output, open.clone());
        collect(child.stderr.take().unwrap(), &output, open);
        Self {
            api,
            child,
            started,
            polling_since: None,
            output,
            closed,
        }
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the function asks for an invocation, which it does when all its work is done.
    pub(crate) fn ready(&mut self) {
        if self.polling_since.is_none() {
            self.polling_since = self.api.poll(PATIENCE);
        }
        assert!(
            self.polling_since.is_some(),
            "the function does not poll; it wrote:\n{}",
            self.output()
        );
    }

    /// From the start of the process until it asks for its first invocation. To be called before that one.
    pub(crate) fn time_to_poll(&mut self) -> Duration {
        self.ready();
        self.polling_since.unwrap() - self.started
    }

    /// Hands the function an event and waits for the response.
    pub(crate) fn invoke(&mut self, event: &Value, time_left: Duration) -> Response {
        self.hand_out(event, time_left);
        match self.api.said(time_left + PATIENCE) {
            Some((Said::Response(body), elapsed)) => Response { body, elapsed },
            other => panic!(
                "no response but {other:?}; the function wrote:\n{}",
                self.output()
            ),
        }
    }

    /// Hands the function an event and waits for the response, but no longer than `limit`.
    pub(crate) fn invoke_for(
        &mut self,
        event: &Value,
        time_left: Duration,
        limit: Duration,
    ) -> Option<Response> {
        self.hand_out(event, time_left);
        match self.api.said(limit)? {
            (Said::Response(body), elapsed) => Some(Response { body, elapsed }),
            other @ (Said::Error(_), _) => panic!("no response but {other:?}"),
        }
    }

    /// Hands the function an event that it cannot take, and waits for the error.
    pub(crate) fn fail(&mut self, event: &Value, time_left: Duration) -> Value {
        self.hand_out(event, time_left);
        match self.api.said(time_left + PATIENCE) {
            Some((Said::Error(error), _)) => error,
            other => panic!(
                "no error but {other:?}; the function wrote:\n{}",
                self.output()
            ),
        }
    }

    /// Waits until the function has done all its work and kills it. Returns all that it wrote.
    pub(crate) fn stop(mut self) -> String {
        self.ready();
        self.child.kill().unwrap();
        self.exit().1
    }

    /// Waits until the function ends by itself. Returns its exit status and all that it wrote.
    pub(crate) fn exit(mut self) -> (ExitStatus, String) {
        let end = self.closed.recv_timeout(PATIENCE);
        assert_eq!(
            end,
            Err(RecvTimeoutError::Disconnected),
            "still running; it wrote:\n{}",
            self.output()
        );
        (self.child.wait().unwrap(), self.output())
    }

    fn hand_out(&mut self, event: &Value, time_left: Duration) {
        self.ready();
        self.polling_since = None;
        self.api.hand_out(event.to_string().into(), time_left);
    }

    fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // Killing fails where the process has ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Adds whole lines to `output` until the pipe closes, and drops `open` then.
fn collect(
    pipe: impl Read + Send + 'static,
    output: &Arc<Mutex<String>>,
    open: Sender<Infallible>,
) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            output
                .lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
        drop(open);
    });
}
