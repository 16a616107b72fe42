//! A part of a file in memory, which moves along the file as JSON values are taken off its front.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

/// How much is read at a time.
const CHUNK: usize = 256 << 10;
/// The most that one value may take. SQS and EventBridge allow 1 MiB, and Lambda hands out batches of 6 MB; a list of
/// records is taken apart and may be of any length.
const LONGEST_VALUE: usize = 16 << 20;

/// Why no more can be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum BufferError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(
        "line {0} holds a value of more than {limit} MiB, which no event takes",
        limit = LONGEST_VALUE >> 20
    )]
    TooLong(usize),
}

/// The part of a file that is in memory.
pub(super) struct Buffer<R> {
    reader: R,
    bytes: Vec<u8>,
    /// Where the part begins that was not taken yet.
    start: usize,
    /// Nothing is left to read.
    is_over: bool,
    /// Why nothing more can be read.
    error: Option<io::Error>,
    /// How many lines were taken.
    lines: usize,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            start: 0,
            is_over: false,
            error: None,
            lines: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The line of the front, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.lines + 1
    }

    /// Takes so many bytes off the front.
    pub(super) fn take(&mut self, length: usize) {
        let taken = &self.bytes[self.start..self.start + length];
        self.lines += memchr_iter(b'\n', taken).count();
        self.start += length;
    }

    /// Reads more behind what is in memory. Returns whether there was more.
    fn read_more(&mut self) -> Result<bool, BufferError> {
        if let Some(error) = self.error.take() {
            self.is_over = true;
            return Err(error.into());
        }
        if self.is_over {
            return Ok(false);
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        let known = self.bytes.len();
        if known > LONGEST_VALUE {
            return Err(BufferError::TooLong(self.line()));
        }
        // A long value is tried again after each read, so reads grow with it.
        let wanted = CHUNK.max(known) as u64;
        let mut part = self.reader.by_ref().take(wanted);
        let error = part.read_to_end(&mut self.bytes).err();
        let is_more = self.bytes.len() > known;
        match error {
            Some(error) if !is_more => return Err(error.into()),
            // What was read before an error counts, and the error comes with the next read.
            error => self.error = error,
        }
        self.is_over = !is_more;
        Ok(is_more)
    }

    /// The first byte that is no white space, which then stands at the front; `None` at the end.
    pub(super) fn skip_white_space(&mut self) -> Result<Option<u8>, BufferError> {
        loop {
            let is_white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let rest = self.rest();
            let white = rest.iter().take_while(|byte| is_white(byte)).count();
            let next = rest.get(white).copied();
            self.take(white);
            if next.is_some() || !self.read_more()? {
                return Ok(next);
            }
        }
    }

    /// Takes a text off the front, if it stands there.
    pub(super) fn skip(&mut self, text: &[u8]) -> Result<bool, BufferError> {
        while self.rest().len() < text.len() && self.read_more()? {}
        let is_there = self.rest().starts_with(text);
        if is_there {
            self.take(text.len());
        }
        Ok(is_there)
    }

    /// Takes an object's beginning up to its first value off the front, if the object begins with a list of this name.
    pub(super) fn skip_to_list(&mut self, name: &str) -> Result<bool, BufferError> {
        loop {
            match list_of(self.rest(), name) {
                Some(0) => return Ok(false),
                Some(start) => {
                    self.take(start);
                    return Ok(true);
                }
                None if self.read_more()? => {}
                None => return Ok(false),
            }
        }
    }

    /// Lets `parse` take the value off the front: it returns how many bytes the value has. It is called again with more
    /// bytes where the value does not end in those that are in memory.
    pub(super) fn value(
        &mut self,
        mut parse: impl FnMut(&[u8]) -> serde_json::Result<usize>,
    ) -> Result<Option<serde_json::Error>, BufferError> {
        loop {
            match parse(self.rest()) {
                Ok(length) => {
                    self.take(length);
                    return Ok(None);
                }
                Err(error) if error.is_eof() && self.read_more()? => {}
                Err(error) => return Ok(Some(error)),
            }
        }
    }

    /// Takes the rest of the line off the front.
    pub(super) fn rest_of_line(&mut self) -> Result<String, BufferError> {
        loop {
            let rest = self.rest();
            let end = memchr(b'\n', rest);
            if end.is_some() || !self.read_more()? {
                let rest = self.rest();
                let end = end.unwrap_or(rest.len());
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.take(end);
                return Ok(line);
            }
        }
    }
}

/// Where the list begins in `{"NAME": [`; 0 where the text is another one, and `None` where it ends too early to tell.
fn list_of(text: &[u8], name: &str) -> Option<usize> {
    let mut rest = text;
    for part in ["{", "\"", name, "\"", ":", "["] {
        if part != name {
            rest = rest.trim_ascii_start();
        }
        let known = part.len().min(rest.len());
        if rest[..known] != part.as_bytes()[..known] {
            return Some(0);
        }
        if known < part.len() {
            return None;
        }
        if part == "[" {
            return Some(text.len() - rest.len());
        }
        rest = &rest[known..];
    }
    Some(0)
}
