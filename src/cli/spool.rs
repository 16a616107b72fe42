//! Keeps facts until every file is read, and gives them back window by window in the order of time. Facts that take more
//! than a fixed amount of memory go to temporary files, so that a replay of any size takes little memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Seek, Write};
use std::iter::Peekable;

use chrono::{DateTime, Utc};

use crate::core::fact::Fact;
use crate::core::window::WindowKey;

/// The facts of each window.
pub(super) type Facts = BTreeMap<WindowKey, BTreeSet<Fact>>;

/// About how many bytes of facts are kept in memory.
const MOST_BYTES: usize = 16 << 20;
/// What a fact takes in memory, about; a roster takes as much again for each eight services or jobs that it lists.
const FACT_BYTES: usize = 700;

/// Facts, in memory and in temporary files that vanish with the process.
#[derive(Debug, Default)]
pub(super) struct Spool {
    facts: Facts,
    /// About how many bytes `facts` takes.
    bytes: usize,
    /// Each holds windows in the order of their keys, one on a line.
    files: Vec<File>,
}

impl Spool {
    /// Adds facts. A fact that is there already counts once.
    pub(super) fn add(&mut self, key: WindowKey, facts: Vec<Fact>) -> io::Result<()> {
        let known = self.facts.entry(key).or_default();
        for fact in facts {
            let bytes = bytes(&fact);
            if known.insert(fact) {
                self.bytes += bytes;
            }
        }
        if self.bytes > MOST_BYTES {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut writer = BufWriter::new(tempfile::tempfile()?);
        for window in std::mem::take(&mut self.facts) {
            serde_json::to_writer(&mut writer, &window)?;
            writer.write_all(b"\n")?;
        }
        let mut file = writer.into_inner()?;
        file.rewind()?;
        self.files.push(file);
        self.bytes = 0;
        Ok(())
    }

    /// All facts: the windows that begin at the same time together, in the order of time.
    pub(super) fn windows(self) -> Windows {
        let stored = self.files.into_iter().map(|file| Stored {
            lines: BufReader::new(file).lines(),
        });
        Windows {
            stored: stored.map(Iterator::peekable).collect(),
            facts: self.facts,
        }
    }
}

fn bytes(fact: &Fact) -> usize {
    match fact {
        Fact::Override(one) => FACT_BYTES * (1 + one.changes.len() / 4),
        Fact::Roster(roster) => FACT_BYTES * (1 + (roster.services.len() + roster.jobs.len()) / 8),
        _ => FACT_BYTES,
    }
}

/// Gives the facts of a [`Spool`] back.
pub(super) struct Windows {
    stored: Vec<Peekable<Stored>>,
    facts: Facts,
}

impl Windows {
    /// When the next windows begin. An error counts as the earliest, so that it comes out at once.
    fn next_start(&mut self) -> Option<DateTime<Utc>> {
        let start = |window: &io::Result<(WindowKey, _)>| match window {
            Ok((key, _)) => key.start,
            Err(_) => DateTime::<Utc>::MIN_UTC,
        };
        let stored = self.stored.iter_mut();
        let starts = stored.filter_map(|file| file.peek().map(start));
        let in_memory = self.facts.first_key_value().map(|(key, _)| key.start);
        starts.chain(in_memory).min()
    }
}

impl Iterator for Windows {
    type Item = io::Result<Facts>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next_start()?;
        let mut facts = Facts::new();
        for file in &mut self.stored {
            let is_next = |window: &io::Result<(WindowKey, _)>| {
                window.as_ref().map_or(true, |(key, _)| key.start == start)
            };
            while let Some(window) = file.next_if(is_next) {
                match window {
                    Ok((key, more)) => facts.entry(key).or_default().extend(more),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        while let Some(entry) = self.facts.first_entry() {
            if entry.key().start != start {
                break;
            }
            let (key, more) = entry.remove_entry();
            facts.entry(key).or_default().extend(more);
        }
        Some(Ok(facts))
    }
}

/// The windows in a temporary file.
struct Stored {
    lines: Lines<BufReader<File>>,
}

impl Iterator for Stored {
    type Item = io::Result<(WindowKey, Vec<Fact>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        Some(line.and_then(|line| Ok(serde_json::from_str(&line)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_windows_back_in_the_order_of_time_whatever_was_spilled() {
        let key = |start: i64, environment: &str| WindowKey {
            start: DateTime::from_timestamp(start, 0).unwrap(),
            environment: environment.to_owned(),
        };
        let fact = |id: usize| Fact::Undecodable {
            message_id: id.to_string(),
        };
        let mut spool = Spool::default();
        for (number, start) in [30, 10, 20, 10, 30].into_iter().enumerate() {
            spool
                .add(key(start, "dev"), vec![fact(number), fact(9)])
                .unwrap();
            spool.add(key(start, "stg"), vec![fact(number)]).unwrap();
            if number % 2 == 1 {
                spool.spill().unwrap();
            }
        }
        let windows: Vec<Facts> = spool.windows().map(Result::unwrap).collect();
        let told: Vec<Vec<(i64, usize)>> = windows
            .iter()
            .map(|windows| {
                let told = |(key, facts): (&WindowKey, &BTreeSet<Fact>)| {
                    (key.start.timestamp(), facts.len())
                };
                windows.iter().map(told).collect()
            })
            .collect();
        assert_eq!(
            told,
            [
                vec![(10, 3), (10, 2)],
                vec![(20, 2), (20, 1)],
                vec![(30, 3), (30, 2)]
            ]
        );
    }
}
