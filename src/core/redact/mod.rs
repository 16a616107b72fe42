//! Takes out of records what a person or a company would not show: account ids, names, addresses and ids become
//! stand-ins, the same one wherever the same name stands, so that the messages keep their structure.
//!
//! Pure. What is kept is listed, not what is removed: a field that `fields` does not name is dropped, so that a field that
//! AWS adds one day cannot betray anything. Records are shown to a [`Redactor`] twice: first to learn all names, then to
//! be redacted, because a text may mention a name that only a later record holds as a field.

mod arn;
mod fields;
mod names;
mod observed;
#[cfg(test)]
mod tests;
mod text;

use chrono::DateTime;
use serde_json::{Map, Value};

use self::fields::{Kind, kind};
use self::names::Names;
use crate::core::decode::CLOUDTRAIL_CALL;

/// The kinds of events that rollcall reads. The name of any other kind may be somebody's own.
const DETAIL_TYPES: [&str; 4] = [
    CLOUDTRAIL_CALL,
    "ECS Service Action",
    "ECS Deployment State Change",
    "ECS Task State Change",
];

/// Redacts records, and remembers which stand-in stands for which name.
#[derive(Debug, Default)]
pub struct Redactor {
    names: Names,
    /// Only fields are read so far; texts have to wait until every name is known.
    is_learning: bool,
}

impl Redactor {
    /// A redactor that learns names until [`Redactor::has_learned`] is called.
    #[must_use]
    pub fn new() -> Self {
        Self {
            names: Names::default(),
            is_learning: true,
        }
    }

    /// Every record was shown: what is redacted from now on may be used.
    pub fn has_learned(&mut self) {
        self.is_learning = false;
    }

    /// A record of any form that rollcall reads, redacted. While the redactor learns, the result is of no use.
    #[must_use]
    pub fn redact(&mut self, record: Value) -> Value {
        self.value("", Kind::Nested, record).unwrap_or_default()
    }

    /// A name as a stand-in that begins with `sort`, such as `environment-1`.
    #[must_use]
    pub fn name(&mut self, sort: &'static str, name: &str) -> String {
        if name.starts_with("arn:") {
            arn::arn(&mut self.names, name)
        } else {
            self.names.stand_in(sort, name)
        }
    }

    /// A text of AWS, with its names replaced.
    #[must_use]
    pub fn text(&mut self, text: &str) -> String {
        text::learn(&mut self.names, text);
        if self.is_learning {
            String::new()
        } else {
            text::redact(&mut self.names, text)
        }
    }

    fn value(&mut self, key: &str, kind: Kind, value: Value) -> Option<Value> {
        match value {
            Value::Object(labels) if kind == Kind::Labels => {
                Some(Value::Object(self.labels(labels)))
            }
            Value::Object(fields) => Some(Value::Object(self.object(key, kind, fields))),
            Value::Array(values) => {
                let values = values.into_iter();
                let values = values.filter_map(|value| self.value(key, kind, value));
                Some(Value::Array(values.collect()))
            }
            Value::String(text) => self.string(kind, &text).map(Value::String),
            Value::Number(_) if !matches!(kind, Kind::Plain | Kind::Time | Kind::Code) => None,
            plain => Some(plain),
        }
    }

    fn object(
        &mut self,
        name: &str,
        kind_of_keys: Kind,
        fields: Map<String, Value>,
    ) -> Map<String, Value> {
        // Rosters map the names of services and jobs to counts.
        let are_counts = fields.values().all(Value::is_number);
        if let (Kind::Name(sort), "services" | "jobs", true) = (kind_of_keys, name, are_counts) {
            let renamed = fields.into_iter();
            return renamed
                .map(|(name, count)| (self.name(sort, &name), count))
                .collect();
        }
        let mut kept = Map::new();
        for (field, value) in fields {
            let key = fields::normalized(&field);
            if let Some(kind) = kind(name, &key)
                && let Some(value) = self.value(&key, kind, value)
            {
                kept.insert(field, value);
            }
        }
        kept
    }

    /// Labels are names that people chose: who works here on what.
    fn labels(&mut self, by_name: Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, labels) in by_name {
            let Value::Object(labels) = labels else {
                continue;
            };
            let labels = labels.into_iter().filter_map(|(key, value)| {
                let value = value.as_str()?;
                Some((self.name("label", &key), self.name("value", value).into()))
            });
            let labels = Value::Object(labels.collect());
            kept.insert(self.name("service", &name), labels);
        }
        kept
    }

    fn string(&mut self, kind: Kind, text: &str) -> Option<String> {
        match kind {
            Kind::Nested | Kind::Labels => None,
            Kind::Plain => fields::is_plain(text).then(|| text.to_owned()),
            Kind::Code if fields::is_plain(text) => Some(text.to_owned()),
            Kind::Code | Kind::Text => Some(self.text(text)),
            Kind::Time => DateTime::parse_from_rfc3339(text)
                .is_ok()
                .then(|| text.to_owned()),
            Kind::DetailType => DETAIL_TYPES.contains(&text).then(|| text.to_owned()),
            Kind::Name(sort) => Some(self.name(sort, text)),
            Kind::Region => Some(arn::region(&mut self.names, text)),
            Kind::Principal if fields::is_principal(text) => Some(text.to_owned()),
            Kind::Principal => Some(self.name("source", text)),
            Kind::Family => Some(self.family(text)),
            Kind::Resource => Some(arn::resource(&mut self.names, text)),
            Kind::Group => Some(self.group(text)),
            Kind::Zone => Some("UTC".to_owned()),
            Kind::Agent => Some(fields::agent(text)),
        }
    }

    /// A task definition, which may be an ARN or end in a revision.
    fn family(&mut self, text: &str) -> String {
        match text.rsplit_once(':') {
            _ if text.starts_with("arn:") => self.name("family", text),
            Some((family, revision)) if revision.parse::<u32>().is_ok() => {
                format!("{}:{revision}", self.name("family", family))
            }
            _ => self.name("family", text),
        }
    }

    /// The group of a task, such as `service:api`, or that of schedules.
    fn group(&mut self, text: &str) -> String {
        match text.split_once(':') {
            Some(("service", name)) => format!("service:{}", self.name("service", name)),
            Some(("family", name)) => format!("family:{}", self.name("family", name)),
            _ => self.name("group", text),
        }
    }
}
