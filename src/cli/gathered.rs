//! Keeps the records of a replay in one file, so that they can be saved and redacted: the replay then shows what that file
//! holds, and a later replay of it shows the same.
//!
//! Records go to a temporary file without a name first, since redacting takes two readings: one to learn all names, and
//! one to replace them.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use anyhow::Context;
use serde::de::IgnoredAny;
use tempfile::NamedTempFile;

use super::described;
use super::input::{self, InputError, Record};
use crate::core::decode::{DecodeError, Decoded, decode, decode_body};
use crate::core::redact::Redactor;

mod redacted;

/// Records, each a JSON text on a line of its own, in a temporary file that vanishes with the process.
pub(super) struct Records {
    file: BufWriter<File>,
    /// How many there are.
    count: u64,
}

impl Records {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(tempfile::tempfile()?),
            count: 0,
        })
    }

    /// Adds a record, which is JSON of one of the forms that a replay reads.
    pub(super) fn add(&mut self, record: &str) -> io::Result<()> {
        self.count += 1;
        self.file.write_all(record.as_bytes())?;
        self.file.write_all(b"\n")
    }

    /// Adds every record of a file that a replay has a use for. What comes before an error in the file counts.
    pub(super) fn add_all(&mut self, reader: impl Read) -> io::Result<Result<(), InputError>> {
        let mut written = Ok(());
        let read = input::read(reader, |record| {
            if let (Ok(()), Some(text)) = (&written, kept(record)) {
                written = self.add(&text);
            }
        });
        written.map(|()| read)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The records, from the first one on.
    pub(super) fn into_file(self) -> io::Result<File> {
        rewound(self.file.into_inner()?)
    }
}

fn rewound(mut file: File) -> io::Result<File> {
    file.rewind()?;
    Ok(file)
}

/// A record as it is kept; `None` for an event that rollcall has no use for.
fn kept(record: Record<'_>) -> Option<String> {
    match record {
        Record::Ignored(_) => None,
        Record::Body(body) => match decode_body(&body) {
            Ok(Decoded::Ignored(_)) => None,
            Err(DecodeError::NotJson { .. }) => serde_json::to_string(&body).ok(),
            _ => Some(body.into_owned()),
        },
        Record::Message(message) => match decode(&message) {
            Ok(Decoded::Ignored(_)) => None,
            _ => serde_json::to_string(&message).ok(),
        },
        Record::Exported(text) => Some(String::from_utf8_lossy(text).into_owned()),
    }
}

/// Whether nothing can be made of a body, so that nobody knows what is a name in it.
fn is_undecodable(body: &str) -> bool {
    match decode_body(body) {
        Err(DecodeError::NotAnEvent) => !matches!(described::answers(body), Some(Ok(_))),
        Err(_) => true,
        Ok(_) => serde_json::from_str::<IgnoredAny>(body).is_err(),
    }
}

/// Replaces what a person or a company would not show in every record.
///
/// # Errors
/// When a temporary file cannot be written or read.
pub(super) fn redact(records: Records) -> io::Result<Records> {
    let mut file = records.into_file()?;
    let mut redactor = Redactor::new();
    let mut redacted = Records::new()?;
    let unreadable = |error: InputError| io::Error::other(error);
    input::read(BufReader::new(&file), |record| {
        redacted::redacted(record, &mut redactor);
    })
    .map_err(unreadable)?;
    redactor.has_learned();
    file.rewind()?;
    let mut written = Ok(());
    input::read(BufReader::new(&file), |record| {
        if written.is_ok() {
            written = redacted.add(&redacted::redacted(record, &mut redactor));
        }
    })
    .map_err(unreadable)?;
    written.map(|()| redacted)
}

/// Fails where a file is in the way: another bad morning may be in it.
///
/// # Errors
/// When there is a file of that name, or nobody can tell.
pub(super) fn check_absent(path: &Path) -> anyhow::Result<()> {
    let exists = path.symlink_metadata().is_ok();
    anyhow::ensure!(
        !exists,
        "--save: {} exists already; expected the name of a new file",
        path.display()
    );
    Ok(())
}

/// Writes records to a new file, all or nothing. Only its owner may read it.
///
/// # Errors
/// When it cannot be written, or a file of that name appeared meanwhile.
pub(super) fn save(records: &mut File, path: &Path) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let cannot = || format!("--save: cannot write {}", path.display());
    let mut file = NamedTempFile::new_in(folder).with_context(cannot)?;
    io::copy(records, &mut file).with_context(cannot)?;
    records.rewind().with_context(cannot)?;
    file.as_file().sync_all().with_context(cannot)?;
    file.persist_noclobber(path)
        .map_err(|error| error.error)
        .with_context(cannot)?;
    Ok(())
}
