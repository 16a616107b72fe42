//! The first half of a replay: reads every file, and keeps what was learned of each window.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cli::described;
use crate::cli::exported::ExportedPart;
use crate::cli::input::{self, Files, InputError, Record};
use crate::cli::progress::Progress;
use crate::cli::spool::Spool;
use crate::cli::trace::Trace;
use crate::cli::words::counted;
use crate::core::decode::{DecodeError, Message, decode_body};
use crate::core::observation::{Answer, Observations};
use crate::core::window::{WindowKey, Windowing};
use crate::metrics::Metrics;
use crate::pipeline::Received;

/// So many records of a file that cannot be decoded are named; of the others it is said how many there are.
const MOST_NAMED: u64 = 20;
/// After so many records, the facts go to where they take little memory.
const RECORDS_IN_MEMORY: u64 = 4_096;

/// What the files of a replay hold.
#[derive(Default)]
pub(super) struct Learned {
    /// What was learned of each window.
    pub(super) spool: Spool,
    /// The windows that a record is about. Others only keep what may explain calls in them.
    pub(super) touched: BTreeSet<WindowKey>,
    /// The environments that rosters name, by the names of their clusters.
    pub(super) environments: BTreeMap<String, String>,
    /// What ECS said, as the AWS CLI prints it.
    pub(super) answers: Vec<Answer>,
    /// The windows that `rollcall export` wrote.
    pub(super) exported: BTreeMap<WindowKey, Exported>,
    /// How many records of which kind there were.
    pub(super) counts: Metrics,
    /// How many files could not be read, or not to their ends.
    pub(super) unreadable: u64,
}

/// What the function knew of an exported window beside its facts.
pub(super) struct Exported {
    /// How long the window is.
    pub(super) period: Duration,
    /// What ECS had answered.
    pub(super) observations: Observations,
}

/// Reads files one by one.
pub(super) struct Reading<'a> {
    pub(super) windowing: &'a Windowing,
    pub(super) progress: Progress,
    pub(super) trace: Option<Trace>,
    pub(super) now: DateTime<Utc>,
}

impl Reading<'_> {
    /// Reads all files. One that cannot be read is named, and the others are read.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub(super) fn all(mut self, files: &Files) -> io::Result<Learned> {
        let mut learned = Learned::default();
        for (path, error) in &files.errors {
            learned.unreadable += 1;
            self.cannot_read(path, error);
        }
        for path in &files.paths {
            self.progress.is_at(&path.display().to_string());
            if let Err(error) = self.file(path, &mut learned)? {
                learned.unreadable += 1;
                self.cannot_read(path, &error);
            }
        }
        Ok(learned)
    }

    fn cannot_read(&self, path: &Path, error: &dyn std::error::Error) {
        self.progress.say(&cannot_read(path, error));
    }

    /// Reads a file. What comes before an error in it counts.
    fn file(&mut self, path: &Path, learned: &mut Learned) -> io::Result<Result<(), InputError>> {
        match input::open(path) {
            Ok(reader) => self.records(path.display().to_string(), reader, learned),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Reads records that were gathered into a file.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub(super) fn gathered(mut self, name: String, records: impl Read) -> io::Result<Learned> {
        let mut learned = Learned::default();
        self.progress.is_at(&name);
        if let Err(error) = self.records(name, records, &mut learned)? {
            return Err(io::Error::other(error));
        }
        Ok(learned)
    }

    fn records(
        &mut self,
        name: String,
        reader: impl Read,
        learned: &mut Learned,
    ) -> io::Result<Result<(), InputError>> {
        let mut invocation = Invocation {
            name,
            reading: self,
            learned,
            counts: Metrics::default(),
            received: Received::default(),
            kept: Ok(()),
        };
        let reader = invocation.reading.progress.follow(reader);
        let result = input::read(reader, |record| invocation.take(record));
        invocation.finish()?;
        Ok(result)
    }
}

/// Names a file that cannot be read, or not to its end.
pub(super) fn cannot_read(path: &Path, error: &dyn std::error::Error) -> String {
    format!("rollcall: cannot read {}: {error}", path.display())
}

/// One file, which stands for one invocation of the function.
struct Invocation<'a, 'r> {
    name: String,
    reading: &'a mut Reading<'r>,
    learned: &'a mut Learned,
    counts: Metrics,
    received: Received,
    /// Whether all facts so far could be kept.
    kept: io::Result<()>,
}

impl Invocation<'_, '_> {
    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::Ignored(reason) => {
                self.counts.records += 1;
                *self.counts.ignored.entry(reason).or_default() += 1;
            }
            Record::Body(body) => {
                let content = decode_body(&body);
                let message = Message {
                    id: String::new(),
                    receive_count: 1,
                    receipt_handle: String::new(),
                    queue_arn: String::new(),
                    content,
                };
                self.message(message, Some(&body));
            }
            Record::Message(message) => {
                let body = message.body.clone();
                self.message(Message::from(*message), body.as_deref());
            }
            Record::Exported(text) => self.exported(text),
        }
        // A trace tells what the whole file held.
        let is_full = self.counts.records.is_multiple_of(RECORDS_IN_MEMORY);
        if is_full && self.reading.trace.is_none() {
            self.keep();
        }
    }

    /// Separates the answers of ECS from the records that the function would get.
    fn message(&mut self, mut message: Message, body: Option<&str>) {
        if let Err(error) = &message.content {
            let described = match error {
                DecodeError::NotAnEvent => body.and_then(described::answers),
                _ => None,
            };
            match described {
                Some(Ok(mut answers)) => {
                    self.counts.records += 1;
                    self.counts.decoded += 1;
                    self.learned.answers.append(&mut answers);
                    return;
                }
                Some(Err(error)) => return self.undecodable(&message.id, &error),
                None => self.name(&message.id, error),
            }
            message.id = self.id(&message.id);
        } else {
            // Nobody asks which record a fact came from, and a window may have thousands.
            message.id.clear();
        }
        let windowing = self.reading.windowing;
        self.received.take(message, windowing, &mut self.counts);
        self.received.undecodable.clear();
    }

    /// What identifies the record that is taken now.
    fn id(&self, message_id: &str) -> String {
        match message_id {
            "" => format!("{}: record {}", self.name, self.counts.records + 1),
            id => format!("{}: {id}", self.name),
        }
    }

    fn name(&self, message_id: &str, error: &dyn std::error::Error) {
        if self.counts.undecodable < MOST_NAMED {
            let line = format!("rollcall: {}: {error}", self.id(message_id));
            self.reading.progress.say(&line);
        }
    }

    fn undecodable(&mut self, message_id: &str, error: &dyn std::error::Error) {
        self.name(message_id, error);
        self.counts.records += 1;
        self.counts.undecodable += 1;
    }

    fn exported(&mut self, text: &[u8]) {
        let part: ExportedPart = match serde_json::from_slice(text) {
            Ok(part) => part,
            Err(error) => {
                let error = format!("the exported window has an unexpected form: {error}");
                return self.undecodable("", &*Box::<dyn std::error::Error>::from(error));
            }
        };
        self.counts.records += 1;
        self.counts.decoded += 1;
        let key = part.window;
        let exported = self.learned.exported.entry(key.clone());
        let exported = exported.or_insert_with(|| Exported {
            period: Duration::from_secs(part.window_seconds),
            observations: Observations::default(),
        });
        if let Some(observations) = part.observations {
            exported.observations = observations.into();
        }
        self.received.windows.entry(key.clone()).or_default();
        self.received
            .facts
            .entry(key)
            .or_default()
            .extend(part.facts);
    }

    /// Moves the facts so far to where they take little memory.
    fn keep(&mut self) {
        for (key, facts) in std::mem::take(&mut self.received.facts) {
            if self.kept.is_ok() {
                self.kept = self.learned.spool.add(key, facts);
            }
        }
    }

    fn finish(mut self) -> io::Result<()> {
        self.received.mention_undecodable();
        let unnamed = self.counts.undecodable.saturating_sub(MOST_NAMED);
        if unnamed > 0 {
            let records = counted(unnamed, "more record", "more records");
            let line = format!("rollcall: {}: {records} could not be decoded", self.name);
            self.reading.progress.say(&line);
        }
        if let Some(trace) = &mut self.reading.trace {
            trace.file(&self.name, &self.received, &self.counts, self.reading.now);
        }
        self.keep();
        self.learned.counts.add_counts(&self.counts);
        self.learned
            .touched
            .extend(self.received.windows.into_keys());
        self.learned.environments.extend(self.received.environments);
        self.kept
    }
}
