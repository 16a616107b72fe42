//! One repetition of one contender.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::batch;
use crate::contender::Contender;
use crate::support::event::fixture;
use crate::support::slack::{FakeSlack, Post, Reply};

/// What a function may take; more than any needs.
const TIME_LEFT: Duration = Duration::from_mins(1);

/// Between two messages on one process: whoever keeps Slack's rate limit must not be seen waiting for it.
const RATE_LIMIT: Duration = Duration::from_millis(1_100);

/// What was measured, one value for each repetition.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// Seconds from the start of the process to its first poll.
    pub(crate) first_poll: Vec<f64>,
    /// Seconds for 20 records, the first invocation of a process.
    pub(crate) first_invocation: Vec<f64>,
    /// Seconds for 20 records, the second invocation of the same process.
    pub(crate) later_invocation: Vec<f64>,
    /// Peak resident bytes after both.
    pub(crate) small_peak: Vec<f64>,
    /// Peak resident bytes of a process after one large batch.
    pub(crate) large_peak: Vec<f64>,
    /// Seconds of CPU, user and system, of that whole process.
    pub(crate) large_cpu: Vec<f64>,
}

/// rollcall's executable, the two batches, and for each batch the message that the floor posts.
pub(crate) struct Workload {
    function: PathBuf,
    small: (Value, NamedTempFile),
    large: (Value, NamedTempFile),
}

impl Workload {
    /// Asks rollcall, whose executable is `function`, once what the messages are.
    pub(crate) fn new(function: PathBuf) -> Self {
        let with_message = |event: Value| {
            let mut message = NamedTempFile::new().unwrap();
            message
                .write_all(
                    &posted(
                        Contender::Rollcall,
                        &function,
                        &event,
                        &NamedTempFile::new().unwrap(),
                    )
                    .body,
                )
                .unwrap();
            (event, message)
        };
        Self {
            small: with_message(fixture("twenty-services-one-failure.json")),
            large: with_message(batch::large()),
            function,
        }
    }

    /// The size of the large batch.
    pub(crate) fn large_bytes(&self) -> usize {
        self.large.0.to_string().len()
    }

    /// Everybody has the same to say, if not in the same words: which environment, who failed, and how many did. Otherwise
    /// there is nothing to compare.
    pub(crate) fn assert_same_message(&self, contenders: &[Contender]) {
        let (event, message) = &self.small;
        let posts: Vec<Post> = contenders
            .iter()
            .map(|&contender| posted(contender, &self.function, event, message))
            .collect();
        for post in &posts {
            assert!(post.title().contains("dev"), "{}", post.title());
            assert_eq!(post.rows()[1][0], "frontend", "failures come first");
            assert!(
                post.sections().contains("Total: 19 succeeded, 1 failed"),
                "{}",
                post.sections()
            );
        }
    }

    /// Starts one process for the small batch and one for the large one.
    pub(crate) fn measure(&self, contender: Contender, samples: &mut Samples) {
        self.measure_small(contender, samples);
        self.measure_large(contender, samples);
    }

    fn measure_small(&self, contender: Contender, samples: &mut Samples) {
        let (event, message) = &self.small;
        let slack = FakeSlack::answering([Reply::ok()]);
        let mut function = contender.start(&self.function, &slack, message.path());
        samples
            .first_poll
            .push(function.time_to_poll().as_secs_f64());
        samples
            .first_invocation
            .push(function.invoke(event, TIME_LEFT).elapsed.as_secs_f64());
        function.ready();
        sleep(RATE_LIMIT);
        samples
            .later_invocation
            .push(function.invoke(event, TIME_LEFT).elapsed.as_secs_f64());
        function.ready();
        samples.small_peak.push(peak(function.pid()));
        assert_eq!(slack.posts().len(), 2);
    }

    fn measure_large(&self, contender: Contender, samples: &mut Samples) {
        let (event, message) = &self.large;
        let slack = FakeSlack::answering([Reply::ok()]);
        let before = cpu_of_children();
        let mut function = contender.start(&self.function, &slack, message.path());
        let response = function.invoke(event, TIME_LEFT);
        assert!(response.failed_ids().is_empty());
        function.ready();
        samples.large_peak.push(peak(function.pid()));
        function.stop();
        samples.large_cpu.push(cpu_of_children() - before);
        slack.only_post();
    }
}

/// What a contender posts for a batch.
fn posted(contender: Contender, function: &Path, event: &Value, message: &NamedTempFile) -> Post {
    let slack = FakeSlack::answering([Reply::ok()]);
    contender
        .start(function, &slack, message.path())
        .invoke(event, TIME_LEFT);
    slack.only_post()
}

/// The most memory that a process has had resident, in bytes.
pub(crate) fn peak(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}

/// Seconds of CPU of all children that have ended and were waited for.
fn cpu_of_children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap()).as_secs_f64()
}
