//! A program that only parses: each value of the file as `serde_json` reads it, thrown away.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

/// Parses a file, which may be gzipped. Returns how many values it holds.
pub(crate) fn objects(path: &Path) -> usize {
    let mut file = BufReader::with_capacity(128 << 10, File::open(path).unwrap());
    if file.fill_buf().unwrap().starts_with(&[0x1f, 0x8b]) {
        count(BufReader::with_capacity(
            128 << 10,
            MultiGzDecoder::new(file),
        ))
    } else {
        count(file)
    }
}

fn count(reader: impl Read) -> usize {
    let values = Deserializer::from_reader(reader).into_iter::<IgnoredAny>();
    values.map(Result::unwrap).count()
}
