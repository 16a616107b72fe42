//! Writes routes as the JSON that [`Routes::parse`] reads. Pure.

use serde_json::{Map, Value, json};

use super::{Glob, Matcher, Route, RouteSettings, Routes, Way};

impl Routes {
    /// The routes as JSON, without what they do not set; [`Routes::parse`] reads the same from it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "routes": list(&self.routes) })
    }
}

fn list(routes: &[Route]) -> Vec<Value> {
    routes.iter().map(Route::to_json).collect()
}

impl Route {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(self.name));
        let matcher = self.matcher.to_json();
        if !matcher.is_empty() {
            object.insert("match".to_owned(), matcher.into());
        }
        object.append(&mut self.settings.to_json());
        if self.is_continued {
            object.insert("continue".to_owned(), json!(true));
        }
        if !self.routes.is_empty() {
            object.insert("routes".to_owned(), list(&self.routes).into());
        }
        object.into()
    }
}

impl Matcher {
    /// The parts that it has, by the names that routes have for them.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let text = |glob: &Option<Glob>| glob.as_ref().map(|glob| json!(glob.as_str()));
        let labels = self
            .labels
            .iter()
            .map(|(name, glob)| (name.clone(), json!(glob.as_str())));
        let labels: Map<_, _> = labels.collect();
        present([
            ("environment", text(&self.environment)),
            ("cluster", text(&self.cluster)),
            ("service", text(&self.service)),
            ("account", text(&self.account)),
            ("region", text(&self.region)),
            ("schedule", text(&self.schedule)),
            ("labels", (!labels.is_empty()).then(|| labels.into())),
            ("outcome", self.outcome.map(|of| json!(of.as_str()))),
        ])
    }
}

impl RouteSettings {
    /// What is set, by the names that routes have for it.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let (channel, webhook) = match &self.way {
            Some(Way::Channel(id)) => (Some(json!(id)), None),
            Some(Way::Webhook(parameter)) => (None, Some(json!(parameter))),
            None => (None, None),
        };
        present([
            ("channel", channel),
            ("webhook", webhook),
            ("label", self.label.as_ref().map(|label| json!(label))),
            ("timezone", self.timezone.map(|zone| json!(zone.name()))),
            ("language", self.language.map(|of| json!(of.to_string()))),
            ("rows", self.rows.map(|rows| json!(rows.to_string()))),
            (
                "mention_on_failure",
                self.mention.as_ref().map(|mention| json!(mention)),
            ),
            ("events", self.events.map(|events| json!(events))),
        ])
    }
}

fn present<const N: usize>(values: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let present = values.into_iter();
    let present = present.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    present.collect()
}
