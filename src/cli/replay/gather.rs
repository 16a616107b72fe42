//! Gathers the records of files and of CloudTrail's event history in one place, redacts them, and saves them.

use std::fs::File;

use anyhow::Context;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::learned::cannot_read;
use crate::cli::args::ReplayArgs;
use crate::cli::gathered::{Records, check_absent, redact, save};
use crate::cli::history::{Period, history};
use crate::cli::input;
use crate::cli::progress::Progress;
use crate::cli::words::counted;

/// What was gathered.
pub(super) struct Gathered {
    /// How messages about single records name the place: the saved file, or what was read.
    pub(super) name: String,
    /// The records, and how many bytes they have; `None` where there is not one.
    pub(super) records: Option<(u64, File)>,
    /// How many files could not be read, or not to their ends.
    pub(super) unreadable: u64,
}

const TEMPORARY: &str = "cannot keep what was read in a temporary file";

/// Gathers what the arguments name; `zone` is that of times without one.
///
/// # Errors
/// When an argument is wrong, AWS refuses, or a file cannot be written. A file that cannot be read is named and counted.
pub(super) async fn gather(
    args: &ReplayArgs,
    zone: Tz,
    now: DateTime<Utc>,
) -> anyhow::Result<Gathered> {
    if let Some(path) = &args.keep.save {
        check_absent(path)?;
    }
    let mut records = Records::new().context(TEMPORARY)?;
    if args.history.cloudtrail {
        let period = Period::of(&args.history, zone, now)?;
        history(&args.history, period, &mut records).await?;
    }
    let unreadable = read_files(args, &mut records)?;
    let name = match &args.keep.save {
        Some(path) => path.display().to_string(),
        None => "what was gathered".to_owned(),
    };
    if records.is_empty() {
        if let Some(path) = &args.keep.save {
            anstream::eprintln!(
                "rollcall: nothing to keep: {} is not written",
                path.display()
            );
        }
        return Ok(Gathered {
            name,
            records: None,
            unreadable,
        });
    }
    if args.keep.redact {
        records = redact(records).context(TEMPORARY)?;
    }
    let count = counted(records.count(), "record", "records");
    let mut file = records.into_file().context(TEMPORARY)?;
    if let Some(path) = &args.keep.save {
        save(&mut file, path)?;
        let hint = if args.keep.redact {
            "; look at it before you give it to others"
        } else {
            ", with all names; --redact replaces them"
        };
        anstream::eprintln!("rollcall: kept {count} in {}{hint}", path.display());
    }
    let bytes = file.metadata().map_or(0, |data| data.len());
    Ok(Gathered {
        name,
        records: Some((bytes, file)),
        unreadable,
    })
}

/// Adds the records of all files. Returns how many files could not be read, or not to their ends.
fn read_files(args: &ReplayArgs, records: &mut Records) -> anyhow::Result<u64> {
    let files = input::files(&args.files);
    let progress = Progress::of_bytes(files.bytes);
    let mut unreadable = 0;
    let mut cannot = |path, error: &dyn std::error::Error| {
        unreadable += 1;
        progress.say(&cannot_read(path, error));
    };
    for (path, error) in &files.errors {
        cannot(path, error);
    }
    for path in &files.paths {
        progress.is_at(&path.display().to_string());
        match input::open(path) {
            Ok(reader) => {
                let read = records
                    .add_all(progress.follow(reader))
                    .context(TEMPORARY)?;
                if let Err(error) = read {
                    cannot(path, &error);
                }
            }
            Err(error) => cannot(path, &error),
        }
    }
    Ok(unreadable)
}
