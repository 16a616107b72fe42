//! An event source mapping: pollers that each hand batches from the queue to a function of their own.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Value, json};

use crate::support::function::Function;

/// What an invocation may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// What an invocation on a large window may take.
const LONG_TIMEOUT: Duration = Duration::from_mins(1);
/// A mapping that still finds work after this has found a loop. Batches of killed functions come again, and a window then
/// waits for minutes for others that may.
const PATIENCE: Duration = Duration::from_mins(5);

/// How the pollers behave, and what they saw.
pub struct Mapping {
    pub sqs: aws_sdk_sqs::Client,
    pub queue_url: String,
    pub environment: Vec<(String, String)>,
    /// How many batches are handed out at once.
    pub pollers: usize,
    /// Which invocations are killed, and how long after they began.
    pub kills: Mutex<Vec<Option<Duration>>>,
    pub invocations: AtomicUsize,
    pub killed: AtomicUsize,
    is_over: AtomicBool,
}

impl Mapping {
    pub fn new(
        sqs: aws_sdk_sqs::Client,
        queue_url: String,
        environment: Vec<(String, String)>,
        pollers: usize,
        kills: Vec<Option<Duration>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            sqs,
            queue_url,
            environment,
            pollers,
            kills: Mutex::new(kills),
            invocations: AtomicUsize::default(),
            killed: AtomicUsize::default(),
            is_over: AtomicBool::default(),
        })
    }

    /// Polls until nothing is in the queue, on its way to it or in anybody's hands.
    pub fn drain(self: &Arc<Self>) {
        let pollers: Vec<_> = (0..self.pollers)
            .map(|_| {
                let mapping = Arc::clone(self);
                std::thread::spawn(move || mapping.poll())
            })
            .collect();
        for poller in pollers {
            poller.join().unwrap();
        }
    }

    /// A function with the mapping's environment.
    pub fn function(&self) -> Function {
        let environment: Vec<(&str, &str)> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Function::start(&environment)
    }

    /// As [`Self::drain`], with one function that is running already.
    pub fn drain_with(&self, function: &mut Function) {
        let started = Instant::now();
        while !runtime().block_on(self.is_drained()) {
            assert!(started.elapsed() < PATIENCE, "the queue does not drain");
            self.hand_out_once(function);
        }
    }

    /// Receives one batch and hands it to a function. Returns how many messages it had, and how many failed.
    pub fn hand_out_once(&self, function: &mut Function) -> (usize, usize) {
        let runtime = runtime();
        let messages = runtime.block_on(self.receive());
        if messages.is_empty() {
            return (0, 0);
        }
        let response = function.invoke(&event(&messages), LONG_TIMEOUT);
        let failed: Vec<String> = response
            .failed_ids()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let counts = (messages.len(), failed.len());
        runtime.block_on(self.delete(messages, &failed));
        counts
    }

    fn poll(&self) {
        let runtime = runtime();
        let mut function = None;
        let started = Instant::now();
        while !self.is_over.load(Ordering::SeqCst) {
            if started.elapsed() > PATIENCE {
                let log = function.map(Function::stop).unwrap_or_default();
                panic!("the queue does not drain; a function wrote:\n{log}");
            }
            let messages = runtime.block_on(self.receive());
            if messages.is_empty() {
                if runtime.block_on(self.is_drained()) {
                    self.is_over.store(true, Ordering::SeqCst);
                }
                continue;
            }
            if let Some(failed) = self.invoke(&mut function, &messages) {
                runtime.block_on(self.delete(messages, &failed));
            }
        }
    }

    async fn receive(&self) -> Vec<Message> {
        let receive = self
            .sqs
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(5);
        let receive = receive
            .wait_time_seconds(1)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    /// Asks twice: the emulator counts visible messages before those in flight, and a message that becomes visible in
    /// between is in neither number.
    async fn is_drained(&self) -> bool {
        let is_empty = self.is_empty().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        is_empty && self.is_empty().await
    }

    async fn is_empty(&self) -> bool {
        let attributes = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let attributes = attributes.attribute_names(aws_sdk_sqs::types::QueueAttributeName::All);
        let attributes = attributes
            .send()
            .await
            .unwrap()
            .attributes
            .unwrap_or_default();
        attributes
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("ApproximateNumberOf"))
            .all(|(_, n)| n == "0")
    }

    /// The ids that are to come again, or `None` where the function was killed.
    fn invoke(&self, function: &mut Option<Function>, messages: &[Message]) -> Option<Vec<String>> {
        self.invocations.fetch_add(1, Ordering::SeqCst);
        let kill = self.kills.lock().unwrap().pop().flatten();
        let running = function.get_or_insert_with(|| self.function());
        let event = event(messages);
        let Some(after) = kill else {
            let response = running.invoke(&event, TIMEOUT);
            return Some(
                response
                    .failed_ids()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            );
        };
        if let Some(response) = running.invoke_for(&event, TIMEOUT, after) {
            return Some(
                response
                    .failed_ids()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            );
        }
        self.killed.fetch_add(1, Ordering::SeqCst);
        // Dropping it kills the process.
        *function = None;
        None
    }

    async fn delete(&self, messages: Vec<Message>, failed: &[String]) {
        let done = messages
            .into_iter()
            .filter(|message| !failed.contains(&message.message_id.clone().unwrap()));
        let entries: Vec<_> = done
            .map(|message| {
                let entry = DeleteMessageBatchRequestEntry::builder();
                let entry = entry
                    .id(message.message_id.unwrap())
                    .receipt_handle(message.receipt_handle.unwrap());
                entry.build().unwrap()
            })
            .collect();
        if !entries.is_empty() {
            let delete = self.sqs.delete_message_batch().queue_url(&self.queue_url);
            delete.set_entries(Some(entries)).send().await.unwrap();
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The batch as Lambda hands it to a function.
fn event(messages: &[Message]) -> Value {
    let record = |message: &Message| {
        let attributes = message.attributes.iter().flatten();
        let attributes: serde_json::Map<String, Value> = attributes
            .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
            .collect();
        json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}
