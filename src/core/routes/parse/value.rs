//! A value of JSON that keeps every pair of an object, also those whose key stands there twice. A parser that keeps the last
//! of them, as most do, would leave out a route or its channel without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

#[derive(Debug)]
pub(super) enum Json {
    /// Anything but a list and an object.
    Plain(Value),
    List(Vec<Json>),
    /// The pairs in their order.
    Object(Vec<(String, Json)>),
}

/// The values of an object by their keys, of which the last counts, and the keys that stand there more than once.
pub(super) type Unique = (BTreeMap<String, Json>, BTreeSet<String>);

impl Json {
    pub(super) fn as_str(&self) -> Option<&str> {
        self.plain()?.as_str()
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        self.plain()?.as_bool()
    }

    pub(super) fn is_null(&self) -> bool {
        self.plain().is_some_and(Value::is_null)
    }

    pub(super) fn plain(&self) -> Option<&Value> {
        match self {
            Self::Plain(value) => Some(value),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value of this key, the last where there are several.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else {
            return None;
        };
        let mut pairs = pairs.iter().rev();
        pairs.find_map(|(one, value)| (one == key).then_some(value))
    }

    /// The values of an object; `None` for another value.
    pub(super) fn into_unique(self) -> Option<Unique> {
        let Self::Object(pairs) = self else {
            return None;
        };
        let (mut values, mut repeated) = Unique::default();
        for (key, value) in pairs {
            if values.insert(key.clone(), value).is_some() {
                repeated.insert(key);
            }
        }
        Some((values, repeated))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = object.next_entry()? {
            pairs.push(pair);
        }
        Ok(Json::Object(pairs))
    }
}
