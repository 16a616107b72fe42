//! Brings records that come in another order into that of their times.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use crate::cli::gathered::Records;

/// Records in a temporary file, and where each of them stands: a few bytes for each are in memory.
pub(super) struct TimedRecords {
    file: BufWriter<File>,
    places: Vec<Place>,
    end: u64,
}

#[derive(Clone, Copy)]
struct Place {
    /// In seconds since 1970.
    time: i64,
    start: u64,
    length: usize,
}

impl TimedRecords {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(tempfile::tempfile()?),
            places: Vec::new(),
            end: 0,
        })
    }

    /// Adds a record of a time, in seconds since 1970.
    pub(super) fn add(&mut self, time: i64, record: &str) -> io::Result<()> {
        self.file.write_all(record.as_bytes())?;
        self.places.push(Place {
            time,
            start: self.end,
            length: record.len(),
        });
        self.end += record.len() as u64;
        Ok(())
    }

    /// Gives the records to `records`, the oldest first. Of the same time, the last that came is the first: CloudTrail
    /// gives the newest first.
    pub(super) fn into_records(mut self, records: &mut Records) -> io::Result<()> {
        self.places.reverse();
        self.places.sort_by_key(|place| place.time);
        let mut file = self.file.into_inner()?;
        let mut text = String::new();
        for place in self.places {
            file.seek(SeekFrom::Start(place.start))?;
            text.clear();
            let length = place.length as u64;
            (&mut file).take(length).read_to_string(&mut text)?;
            // What is not JSON is kept as a text, so that the replay tells that it cannot be decoded.
            if records.add_all(text.as_bytes())?.is_err() {
                records.add(&serde_json::to_string(&text)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_the_order_of_their_times() {
        let mut timed = TimedRecords::new().unwrap();
        for (time, text) in [
            (40, "{broken"),
            (30, "\"d\""),
            (20, "\"c\""),
            (20, "\"b\""),
            (10, "\"ä\""),
        ] {
            timed.add(time, text).unwrap();
        }
        let mut records = Records::new().unwrap();
        timed.into_records(&mut records).unwrap();
        let text = io::read_to_string(records.into_file().unwrap()).unwrap();
        assert_eq!(text, "\"ä\"\n\"b\"\n\"c\"\n\"d\"\n\"{broken\"\n");
    }
}
