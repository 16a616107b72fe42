//! Routes in words: what one takes, and what is set for it.

use crate::core::routes::{Matcher, RouteSettings, Way};

/// What a route takes, such as `cluster pay-*`; a text for each part.
pub(super) fn matcher(matcher: &Matcher) -> Vec<String> {
    let named = [
        ("environment", &matcher.environment),
        ("cluster", &matcher.cluster),
        ("service", &matcher.service),
        ("account", &matcher.account),
        ("Region", &matcher.region),
        ("schedule", &matcher.schedule),
    ];
    let globs = named.into_iter().filter_map(|(name, glob)| {
        let glob = glob.as_ref()?;
        Some(format!("{name} {}", glob.as_str()))
    });
    let labels = matcher.labels.iter();
    let labels = labels.map(|(name, glob)| format!("label {name}={}", glob.as_str()));
    let outcome = matcher.outcome.map(|of| format!("outcome {}", of.as_str()));
    globs.chain(labels).chain(outcome).collect()
}

/// Where a receiver hears: its channel or the parameter of its webhook.
pub(super) fn way(settings: &RouteSettings) -> String {
    match &settings.way {
        Some(Way::Channel(id)) => format!("channel {id}"),
        Some(Way::Webhook(parameter)) => format!("webhook in {parameter}"),
        None => "where the function's own settings say".to_owned(),
    }
}

/// What is set: a text for each setting.
pub(super) fn settings(settings: &RouteSettings) -> Vec<String> {
    let way_set = settings.way.as_ref().map(|_| way(settings));
    let label = settings.label.as_ref();
    let label = label.map(|label| format!("labelled {label:?}"));
    let timezone = settings.timezone.map(|zone| format!("times of {zone}"));
    let language = settings.language.map(|of| format!("language {of}"));
    let rows = settings.rows.map(|rows| format!("rows {rows}"));
    let mention = settings.mention.as_ref();
    let mention = mention.map(|mention| format!("mentions {mention}"));
    let events = settings.events.map(|events| {
        let text = if events { "events" } else { "no events" };
        text.to_owned()
    });
    let all = [way_set, label, timezone, language, rows, mention, events];
    all.into_iter().flatten().collect()
}
