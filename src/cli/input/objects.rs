//! Finds the JSON objects of a file one by one, so that a file of any size takes little memory.
//!
//! A file holds values one after the other, often one on each line. Lists are taken apart: arrays, and objects that
//! begin with a list called `Records`, as CloudTrail writes its log files, or `Messages`, as SQS answers. A line that is
//! not JSON is shown as such, and the lines after it are read, if the file has objects on lines of their own.

use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::InputError;
use super::buffer::Buffer;

/// So many lines that are not JSON may come before the first object. A file with more is no file of JSON lines.
const MOST_BROKEN_LINES: usize = 100;

/// What stands in a file.
pub(super) enum Found<'t> {
    /// An object: the fields that tell its kind, unless one of them has an unexpected type, and its text.
    Object(Option<Fields<'t>>, &'t [u8]),
    /// A value that is no object, or a line that is not JSON.
    Other(&'t str),
}

/// The fields by which objects are told apart. All others are skipped without being kept.
#[derive(Default, Deserialize)]
pub(super) struct Fields<'t> {
    #[serde(borrow, rename = "eventSource")]
    pub(super) event_source: Option<&'t str>,
    #[serde(borrow, rename = "eventName")]
    pub(super) event_name: Option<&'t str>,
    #[serde(borrow, rename = "detail-type")]
    pub(super) detail_type: Option<&'t str>,
    #[serde(borrow)]
    pub(super) detail: Option<Detail<'t>>,
    #[serde(borrow)]
    pub(super) rollcall: Option<&'t str>,
    #[serde(alias = "Body")]
    pub(super) body: Option<IgnoredAny>,
    #[serde(rename = "Records", alias = "Messages")]
    pub(super) list: Option<IgnoredAny>,
}

/// The fields of an event's `detail` that tell which call it is about.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail<'t> {
    #[serde(borrow)]
    pub(super) event_source: Option<&'t str>,
    #[serde(borrow)]
    pub(super) event_name: Option<&'t str>,
}

/// Shows everything that a file holds, in its order.
pub(super) fn each(reader: impl Read, show: impl FnMut(Found<'_>)) -> Result<(), InputError> {
    let mut objects = Objects {
        input: Buffer::new(reader),
        show,
        broken: Some(Vec::new()),
    };
    objects.input.skip("\u{feff}".as_bytes())?;
    objects.all()
}

struct Objects<R, S> {
    input: Buffer<R>,
    show: S,
    /// The lines so far that are not JSON, each with its error, until there was an object.
    broken: Option<Vec<(String, InputError)>>,
}

impl<R: Read, S: FnMut(Found<'_>)> Objects<R, S> {
    fn all(&mut self) -> Result<(), InputError> {
        if self.input.skip_white_space()?.is_none() {
            return Err(InputError::Empty);
        }
        while let Some(first) = self.input.skip_white_space()? {
            let is_list = first == b'[' || first == b'{' && self.skip_list_name()?;
            if is_list {
                self.list()?;
                self.rest_of_object(first)?;
            } else if let Some(error) = self.value(first)? {
                let line = self.input.rest_of_line()?;
                self.broken_line(line, error)?;
            }
        }
        match self.broken.take().into_iter().flatten().next() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    fn broken_line(&mut self, line: String, error: InputError) -> Result<(), InputError> {
        match &mut self.broken {
            None => (self.show)(Found::Other(&line)),
            Some(lines) if lines.len() < MOST_BROKEN_LINES => lines.push((line, error)),
            Some(lines) => return Err(lines.swap_remove(0).1),
        }
        Ok(())
    }

    /// Takes `{"Records": ` or `{"Messages": ` before a list off the front, if it stands there.
    fn skip_list_name(&mut self) -> Result<bool, InputError> {
        for name in ["Records", "Messages"] {
            if self.input.skip_to_list(name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes a list off the front, and shows its elements.
    fn list(&mut self) -> Result<(), InputError> {
        self.input.take(1);
        loop {
            match self.input.skip_white_space()? {
                Some(b']') => {
                    self.input.take(1);
                    return Ok(());
                }
                Some(b',') => self.input.take(1),
                first => {
                    if let Some(error) = self.value(first.unwrap_or_default())? {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Takes what follows a list in an object off the front; nothing follows where the list is no part of one.
    fn rest_of_object(&mut self, first: u8) -> Result<(), InputError> {
        if first == b'[' {
            return Ok(());
        }
        loop {
            match self.input.skip_white_space()? {
                Some(b'}') => {
                    self.input.take(1);
                    return Ok(());
                }
                Some(b',' | b':') => self.input.take(1),
                _ => {
                    let line = self.input.line();
                    if let Some(error) = self.input.value(length)? {
                        return Err(not_json(line, &error));
                    }
                }
            }
        }
    }

    /// Takes a value off the front, and shows it. Returns what is wrong with it.
    fn value(&mut self, first: u8) -> Result<Option<InputError>, InputError> {
        let line = self.input.line();
        let (show, broken) = (&mut self.show, &mut self.broken);
        let error = if first == b'{' {
            self.input.value(|text| {
                let (fields, length) = object(text)?;
                // So a line that is not JSON is one among others that are.
                for (line, _) in broken.take().into_iter().flatten() {
                    show(Found::Other(&line));
                }
                show(Found::Object(fields, &text[..length]));
                Ok(length)
            })?
        } else {
            self.input.value(|text| {
                let length = length(text)?;
                show(Found::Other(&String::from_utf8_lossy(&text[..length])));
                Ok(length)
            })?
        };
        Ok(error.map(|error| not_json(line, &error)))
    }
}

/// The fields of the object that a text begins with, and how many bytes it has. Where a field has an unexpected type, the
/// fields are left out, and decoding the object says what is wrong with it.
fn object(text: &[u8]) -> serde_json::Result<(Option<Fields<'_>>, usize)> {
    let mut values = Deserializer::from_slice(text).into_iter();
    match values.next() {
        Some(Err(error)) if error.is_data() => Ok((None, length(text)?)),
        Some(fields) => Ok((Some(fields?), values.byte_offset())),
        None => Ok((None, 0)),
    }
}

/// How many bytes the value has that a text begins with.
fn length(text: &[u8]) -> serde_json::Result<usize> {
    let mut values = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(value) => value.map(|_| values.byte_offset()),
        None => serde_json::from_slice::<IgnoredAny>(text).map(|_| 0),
    }
}

/// Says where in the file the JSON ends, for an error in the value that begins at a line.
fn not_json(line: usize, error: &serde_json::Error) -> InputError {
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    InputError::NotJson {
        what: what.to_owned(),
        line: line + error.line().saturating_sub(1),
        column: error.column(),
    }
}
