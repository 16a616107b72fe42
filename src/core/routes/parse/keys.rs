//! Takes the values of one JSON object, and notes what is wrong with them.

use std::collections::BTreeMap;
use std::fmt;

use super::value::Json;

/// What is wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<String>);

/// The most problems that are named; a text of 64 KB could have thousands.
const MOST_NAMED: usize = 50;

impl Problems {
    pub(super) fn add(&mut self, place: impl fmt::Display, problem: impl fmt::Display) {
        self.0.push(format!("{place}: {problem}"));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems, of which those after the first 50 are only counted.
    pub(super) fn into_texts(mut self) -> Vec<String> {
        let more = self.0.len().saturating_sub(MOST_NAMED);
        self.0.truncate(MOST_NAMED);
        if more > 0 {
            self.0.push(format!("and {more} more"));
        }
        self.0
    }
}

/// What is wrong with a key of which a reader could not know which value counts.
pub(super) const REPEATED: &str = "expected once, but this key stands here several times";

/// The keys of one object. Each is taken by its name; what is left at the end is unknown.
pub(super) struct Keys<'a> {
    /// Where the object stands, as people find it.
    pub(super) place: String,
    pub(super) problems: &'a mut Problems,
    left: BTreeMap<String, Json>,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    /// The keys of a value that is to be an object, such as `example`; of another value it says so. A key that stands there twice
    /// is a problem.
    pub(super) fn of(
        value: Json,
        place: String,
        example: &str,
        problems: &'a mut Problems,
    ) -> Option<Self> {
        let Some((left, repeated)) = value.into_unique() else {
            let place = if place.is_empty() { "routes" } else { &place };
            problems.add(place, format_args!("expected an object, such as {example}"));
            return None;
        };
        let mut keys = Self {
            place,
            problems,
            left,
            known: Vec::new(),
        };
        for key in &repeated {
            keys.problem(quotable(key), REPEATED);
        }
        Some(keys)
    }

    /// A value; `null` is as no value, since Terraform writes it for what is not set.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Json> {
        self.known.push(key);
        self.left.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn problem(&mut self, key: &str, problem: impl fmt::Display) {
        let place = self.place_of(key);
        self.problems.add(place, problem);
    }

    pub(super) fn place_of(&self, key: &str) -> String {
        match self.place.as_str() {
            "" => key.to_owned(),
            // Behind the place of a route stands a colon, since a key is no part of its path.
            place if place.ends_with('"') || place.ends_with(']') => format!("{place}: {key}"),
            place => format!("{place}.{key}"),
        }
    }

    /// A text that `parse` accepts; of another value it says what is expected.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let parsed = value.as_str().and_then(parse);
        if parsed.is_none() {
            self.problem(key, expected);
        }
        parsed
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.problem(key, "expected true or false");
        }
        flag
    }

    /// The values of a list, which is empty where there is none.
    pub(super) fn list(&mut self, key: &'static str) -> Vec<Json> {
        match self.take(key) {
            None => Vec::new(),
            Some(Json::List(values)) => values,
            Some(_) => {
                self.problem(key, "expected a list");
                Vec::new()
            }
        }
    }

    /// Names every key that nobody took, with the known one that it may have been meant for.
    pub(super) fn finish(self) {
        for key in self.left.keys() {
            let near = nearest(key, &self.known);
            let hint = near.map_or_else(String::new, |near| format!(", did you mean {near}?"));
            let problem = format!("unknown key{hint}");
            self.problems.add(self.place_of(quotable(key)), problem);
        }
    }
}

/// A key as it may be shown. A longer one, or one with other characters, may be a secret in the wrong place.
pub(super) fn quotable(key: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_quotable = !key.is_empty() && key.len() <= 40 && key.bytes().all(is_plain);
    if is_quotable { key } else { "a key" }
}

/// The known key that differs from this one by two slips at most, such as a letter left out or two letters in the other order.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let distances = known
        .iter()
        .map(|known| (strsim::osa_distance(quotable(key), known), *known));
    let (distance, known) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 && distance < known.len()).then_some(known)
}
