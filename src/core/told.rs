//! What a receiver was told: for each run the status that it heard last, small enough for 10,000 runs.
//!
//! Pure. A run is kept as a digest of its subject and time, a status as a letter and a digest of what tells it from
//! others of its kind.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::runs::{Run, Subject};
use super::status::{Kind, Status};

/// 56 bits tell the runs of a window apart.
const RUN_BYTES: usize = 7;
/// 16 bits tell the errors of one run apart.
const DETAIL_BYTES: usize = 2;

/// A digest of a run's subject and time.
pub type RunDigest = [u8; RUN_BYTES];

/// A status as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToldStatus {
    letter: char,
    detail: [u8; DETAIL_BYTES],
}

impl ToldStatus {
    /// What is kept of a status.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let detail = status.detail();
        Self {
            letter: status.kind().letter(),
            detail: if detail.is_empty() {
                [0; DETAIL_BYTES]
            } else {
                digest([detail.as_bytes()])
            },
        }
    }

    /// What it was counted as; `None` for a letter of another version.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        Kind::WORST_FIRST
            .into_iter()
            .find(|kind| kind.letter() == self.letter)
    }

    /// Whether it was as it should be.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.kind()
            .is_some_and(|kind| kind.is_good() || kind == Kind::Working)
    }

    /// Whether people who were told this need to hear of `status`. What is still awaited is never news, and neither
    /// is that a good run is now known to be well in another way.
    #[must_use]
    pub fn is_outdated_by(self, status: &Status) -> bool {
        let is_awaited = status.is_awaited();
        let is_good = self.is_good() && status.is_good();
        !is_awaited && !is_good && self != Self::of(status)
    }
}

/// What was told of the runs of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    statuses: BTreeMap<RunDigest, ToldStatus>,
}

impl Told {
    /// What was told of a run. A run whose roster arrives late was told by the time of one of its calls.
    #[must_use]
    pub fn of(&self, subject: &Subject, run: &Run) -> Option<ToldStatus> {
        if self.statuses.is_empty() {
            return None;
        }
        digests(subject, run).find_map(|digest| self.statuses.get(&digest).copied())
    }

    /// Notes what was told of a run.
    pub fn tell(&mut self, subject: &Subject, run: &Run, status: &Status) {
        self.statuses
            .insert(own_digest(subject, run), ToldStatus::of(status));
    }

    /// Forgets a run.
    pub fn forget(&mut self, subject: &Subject, run: &Run) {
        for digest in digests(subject, run) {
            self.statuses.remove(&digest);
        }
    }

    /// Of how many runs something was told.
    #[must_use]
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Whether nothing was told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// As text for the log: 19 characters for a run.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.statuses.len() * 19);
        for (run, status) in &self.statuses {
            text.push_str(&hex::encode(run));
            text.push(status.letter);
            text.push_str(&hex::encode(status.detail));
        }
        text
    }

    /// The reverse of [`Told::to_text`]; `None` for text of another form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        const LENGTH: usize = 2 * RUN_BYTES + 1 + 2 * DETAIL_BYTES;
        if !text.is_ascii() || !text.len().is_multiple_of(LENGTH) {
            return None;
        }
        let entry = |entry: &[u8]| {
            let (mut run, mut detail) = ([0; RUN_BYTES], [0; DETAIL_BYTES]);
            hex::decode_to_slice(&entry[..2 * RUN_BYTES], &mut run).ok()?;
            hex::decode_to_slice(&entry[2 * RUN_BYTES + 1..], &mut detail).ok()?;
            let letter = char::from(entry[2 * RUN_BYTES]);
            Some((run, ToldStatus { letter, detail }))
        };
        let statuses: Option<BTreeMap<_, _>> = text.as_bytes().chunks(LENGTH).map(entry).collect();
        Some(Self {
            statuses: statuses?,
        })
    }
}

/// The digest of a run, and those under which it may have been told before its roster was known.
fn digests(subject: &Subject, run: &Run) -> impl Iterator<Item = RunDigest> {
    let is_own = !run.is_announced();
    let others = run
        .attempts
        .iter()
        .filter(move |attempt| !is_own || attempt.at != run.time);
    let by_calls = others.map(|attempt| run_digest(subject, attempt.at, None, 0));
    // A job's dead letter does not tell the count, which the roster tells later.
    let by_letter = run
        .given_up
        .iter()
        .map(|_| run_digest(subject, run.time, None, 0));
    std::iter::once(own_digest(subject, run))
        .chain(by_calls)
        .chain(by_letter)
}

/// Schedules that fire at the same time for the same service differ in the count; a call is told apart by its time.
fn own_digest(subject: &Subject, run: &Run) -> RunDigest {
    let asked = run.asked.filter(|_| run.is_announced());
    run_digest(subject, run.time, asked, run.twin)
}

fn run_digest(subject: &Subject, time: DateTime<Utc>, asked: Option<i64>, twin: u8) -> RunDigest {
    let seconds = time.timestamp().to_be_bytes();
    let asked = asked.map_or([0xff; 8], i64::to_be_bytes);
    let [kind, name, cluster, region, account]: [&str; 5] = match subject {
        Subject::Service(id) => ["service", &id.name, &id.cluster, &id.region, &id.account],
        Subject::Job(id) => {
            let cluster = &id.cluster;
            [
                "job",
                &id.family,
                &cluster.name,
                &cluster.region,
                &cluster.account,
            ]
        }
        Subject::Unnamed(calls) => {
            let error = calls.error.as_ref();
            let code = error.map_or("", |error| &error.code);
            let message = error.and_then(|error| error.message.as_deref());
            [
                "unnamed",
                code,
                message.unwrap_or_default(),
                &calls.caller,
                "",
            ]
        }
    };
    let cluster_of_unnamed = match subject {
        Subject::Unnamed(calls) => calls.cluster.as_ref(),
        Subject::Service(_) | Subject::Job(_) => None,
    };
    // Windows that are told already hold digests without a cluster, so only a known one adds to the digest.
    let more = cluster_of_unnamed
        .map(|cluster| [&cluster.name, &cluster.region, &cluster.account])
        .into_iter()
        .flatten();
    let parts = [
        kind.as_bytes(),
        name.as_bytes(),
        cluster.as_bytes(),
        region.as_bytes(),
        account.as_bytes(),
        &seconds,
        &asked,
        &[twin],
    ];
    digest(parts.into_iter().chain(more.map(String::as_bytes)))
}

fn digest<'a, const N: usize>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; N] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    let mut short = [0; N];
    short.copy_from_slice(&hasher.finalize()[..N]);
    short
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::Told;
    use crate::core::fact::{ApiError, ClusterId, ServiceId};
    use crate::core::runs::{Run, Subject, UnnamedCalls};
    use crate::core::status::Status;

    fn subject(name: &str) -> Subject {
        Subject::Service(ServiceId {
            name: name.to_owned(),
            cluster: "dev".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "111122223333".to_owned(),
        })
    }

    #[test]
    fn what_was_told_survives_as_text() {
        let mut told = Told::default();
        let run = Run::new(DateTime::default(), DateTime::default());
        let error = ApiError {
            code: "AccessDenied".to_owned(),
            message: None,
        };
        told.tell(&subject("a"), &run, &Status::Failed(error));
        told.tell(&subject("b"), &run, &Status::Succeeded);
        let text = told.to_text();
        assert_eq!(text.len(), 38);
        assert_eq!(Told::from_text(&text), Some(told));
        for broken in [&text[1..], "x", &text.replace(|_| true, "é")] {
            assert_eq!(Told::from_text(broken), None, "{broken}");
        }
        assert_eq!(Told::from_text(""), Some(Told::default()));
    }

    #[test]
    fn calls_without_a_name_are_told_by_cluster_and_as_always_where_it_is_unknown() {
        let calls = |cluster: Option<&str>| {
            let error = ApiError {
                code: "ThrottlingException".to_owned(),
                message: None,
            };
            let cluster = cluster.map(|name| ClusterId {
                name: name.to_owned(),
                region: "eu-west-1".to_owned(),
                account: "111122223333".to_owned(),
            });
            Subject::Unnamed(UnnamedCalls {
                error: Some(error),
                caller: "scheduler".to_owned(),
                cluster,
            })
        };
        let run = Run::new(DateTime::default(), DateTime::default());
        let digest = |subject| {
            let mut told = Told::default();
            told.tell(&subject, &run, &Status::Unnamed(1));
            told.to_text()[..14].to_owned()
        };
        // Stored windows hold it: SHA-256 of the parts, each after its length.
        assert_eq!(digest(calls(None)), "2ea1a2afcb9986");
        assert_ne!(digest(calls(None)), digest(calls(Some("dev"))));
        assert_ne!(digest(calls(Some("stg"))), digest(calls(Some("dev"))));
    }
}
