//! Routes: which receivers hear of which run, as Alertmanager's users know them.
//!
//! Pure. The routes form a tree whose root is the default receiver, the one of the function's own settings. Of the routes
//! beside each other the first one that matches takes a run, and those after it are asked only where it continues. A route
//! with routes of its own leaves a run to those of them that match. What no route takes goes to the default receiver.
//!
//! **An outcome adds a receiver and takes nothing away.** How a run ends is known when its readers have seen it under way for
//! minutes. So a route that asks for an outcome hears of the run besides whoever has it already, wherever in the list it stands.
//! It waits until all runs that it may hear of have ended, and then is told once, instead of following them.

mod json;
mod parse;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

pub use self::parse::{InvalidRoutes, TEXT_LIMIT};
use super::reader::{Reader, RowLimit};
use super::status::Status;
use super::words::Language;

/// The tree of routes. Without any, everything goes to the default receiver.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    routes: Vec<Route>,
}

/// The place of the default receiver in [`Routes::receivers`].
pub const DEFAULT: usize = 0;

/// One route: what it takes, and how that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name, by which what it was told is kept.
    pub name: String,
    /// What it takes.
    pub matcher: Matcher,
    /// Whether the routes after it are asked, too.
    pub is_continued: bool,
    /// What it sets itself.
    pub settings: RouteSettings,
    /// Routes of its own: what one of these takes, it does not take itself.
    pub routes: Vec<Route>,
}

/// What a route may set. What it does not set is as at the route above it, and at the top as the function's own settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteSettings {
    /// How it speaks.
    pub way: Option<Way>,
    /// The environment's label in its messages.
    pub label: Option<String>,
    /// The zone of the times in its messages.
    pub timezone: Option<Tz>,
    /// The language of its messages.
    pub language: Option<Language>,
    /// How many rows its messages have.
    pub rows: Option<RowLimit>,
    /// The mention in its messages about failures.
    pub mention: Option<String>,
    /// Whether events for machines are sent about its part of a window, too.
    pub events: Option<bool>,
}

/// How a route speaks to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The bot, in the channel with this id.
    Channel(String),
    /// The webhook whose address the SSM parameter of this name or ARN holds.
    Webhook(String),
}

/// What a route takes: everything that fits all of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matcher {
    /// The environment's label, as windows have it.
    pub environment: Option<Glob>,
    /// The cluster's short name.
    pub cluster: Option<Glob>,
    /// The service's name, or the family of a job's task definition.
    pub service: Option<Glob>,
    /// The account's id.
    pub account: Option<Glob>,
    /// The Region.
    pub region: Option<Glob>,
    /// The schedule's name, where a roster tells.
    pub schedule: Option<Glob>,
    /// Labels of the service, where a roster tells.
    pub labels: BTreeMap<String, Glob>,
    /// How the run ended.
    pub outcome: Option<Outcome>,
}

/// A pattern for names: `*` stands for any characters, `?` for one, and `{a,b}` for either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// How a run ended, as routes tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is not as it should be, and people need to look at it: refused, missing, late, at another count.
    Failed,
    /// It is as it should be, as far as anybody can tell.
    Succeeded,
}

/// What is known of something that is to be told. `None` is unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traits<'a> {
    /// The environment's label.
    pub environment: Option<&'a str>,
    /// The cluster's short name.
    pub cluster: Option<&'a str>,
    /// The service's or job's name.
    pub service: Option<&'a str>,
    /// The account's id.
    pub account: Option<&'a str>,
    /// The Region.
    pub region: Option<&'a str>,
    /// The schedule's name.
    pub schedule: Option<&'a str>,
    /// The service's labels.
    pub labels: Option<&'a BTreeMap<String, String>>,
    /// How it ended, where that is known.
    pub outcome: Option<Outcome>,
    /// How it ends is awaited: who asks for an outcome waits for it.
    pub is_open: bool,
}

/// A receiver, with everything that it takes over from the routes above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteReceiver<'a> {
    /// The route's name; `None` for the default receiver, which sets nothing.
    pub name: Option<&'a str>,
    /// What is set for it.
    pub settings: RouteSettings,
    /// It hears of runs when these have ended, because it or a route above it asks for an outcome.
    pub is_told_at_the_end: bool,
}

impl Glob {
    /// A pattern; `None` for a text with other characters than names have, or with braces that do not match.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |one: char| one.is_alphanumeric() || "-_.:/@+= *?{},".contains(one);
        let mut is_open = false;
        for one in text.chars() {
            match one {
                '{' if is_open => return None,
                '}' if !is_open => return None,
                '{' | '}' => is_open = one == '{',
                _ if !is_allowed(one) => return None,
                _ => {}
            }
        }
        let is_whole = !text.is_empty() && text.len() <= 256 && !is_open;
        is_whole.then(|| Self(text.to_owned()))
    }

    /// Whether a name fits the pattern.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        // The library keeps `*` within the parts of a path; a name with slashes is no path here.
        let plain = |text: &str| text.replace('/', "\u{1}");
        fast_glob::glob_match(plain(&self.0), plain(name))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Outcome {
    /// How a run ended that stands so; `None` while more is awaited.
    #[must_use]
    pub fn of(status: &Status, is_final: bool) -> Option<Self> {
        match status {
            _ if !is_final || status.is_awaited() => None,
            status if status.is_failure() => Some(Self::Failed),
            _ => Some(Self::Succeeded),
        }
    }
}

impl Matcher {
    /// Whether it fits what is known. What is unknown fits no pattern, unless `is_lenient`.
    fn fits(&self, traits: &Traits<'_>, is_lenient: bool) -> bool {
        let fits = |glob: &Option<Glob>, known: Option<&str>| match (glob, known) {
            (None, _) => true,
            (Some(glob), Some(known)) => glob.matches(known),
            (Some(_), None) => is_lenient,
        };
        let fits_label = |(name, glob): (&String, &Glob)| match traits.labels {
            Some(labels) => labels.get(name).is_some_and(|value| glob.matches(value)),
            None => is_lenient,
        };
        fits(&self.environment, traits.environment)
            && fits(&self.cluster, traits.cluster)
            && fits(&self.service, traits.service)
            && fits(&self.account, traits.account)
            && fits(&self.region, traits.region)
            && fits(&self.schedule, traits.schedule)
            && self.labels.iter().all(fits_label)
            && (self.outcome.is_none() || self.outcome == traits.outcome || traits.is_open)
    }
}

impl Routes {
    /// These routes, in this order.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Self {
        Self { routes }
    }

    /// The routes at the top.
    #[must_use]
    pub fn top(&self) -> &[Route] {
        &self.routes
    }

    /// Whether everything goes to the default receiver.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// What is wrong with these routes where the function speaks through a webhook alone: a channel needs a bot. `None` where
    /// no route has one.
    #[must_use]
    pub fn need_of_bot(&self) -> Option<String> {
        let mut names = Vec::new();
        for_each(&self.routes, &mut |route| {
            if matches!(route.settings.way, Some(Way::Channel(_))) {
                names.push(route.name.as_str());
            }
        });
        (!names.is_empty()).then(|| {
            let names = names.join(", ");
            format!("expected SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER to be set, as routes with a channel need it: {names}")
        })
    }

    /// All receivers: the default one at [`DEFAULT`], then the routes in the order in which they are written.
    #[must_use]
    pub fn receivers(&self) -> Vec<RouteReceiver<'_>> {
        let mut receivers = vec![RouteReceiver::default()];
        list(&self.routes, &RouteReceiver::default(), &mut receivers);
        receivers
    }

    /// Who hears of something, as places in [`Routes::receivers`].
    #[must_use]
    pub fn receivers_of(&self, traits: &Traits<'_>) -> BTreeSet<usize> {
        let mut taken = BTreeSet::new();
        let is_taken = take(&self.routes, 1, traits, &mut taken);
        if !is_taken {
            taken.insert(DEFAULT);
        }
        taken
    }

    /// Who hears of something whose service is not known: every receiver that may be concerned. The default receiver may be, unless
    /// a route takes it whatever the service is.
    #[must_use]
    pub fn receivers_that_may(&self, traits: &Traits<'_>) -> BTreeSet<usize> {
        let mut taken = BTreeSet::new();
        let is_taken = take_all(&self.routes, 1, traits, &mut taken);
        if !is_taken {
            taken.insert(DEFAULT);
        }
        taken
    }
}

fn list<'a>(
    routes: &'a [Route],
    above: &RouteReceiver<'_>,
    receivers: &mut Vec<RouteReceiver<'a>>,
) {
    for route in routes {
        let receiver = RouteReceiver {
            name: Some(&route.name),
            settings: route.settings.below(&above.settings),
            is_told_at_the_end: above.is_told_at_the_end || route.matcher.outcome.is_some(),
        };
        receivers.push(receiver.clone());
        list(&route.routes, &receiver, receivers);
    }
}

fn for_each<'a>(routes: &'a [Route], do_with: &mut impl FnMut(&'a Route)) {
    for route in routes {
        do_with(route);
        for_each(&route.routes, do_with);
    }
}

/// Adds the receivers among these routes, the first of which has the place `place`. Returns whether one took it that asks for
/// no outcome.
fn take(
    routes: &[Route],
    mut place: usize,
    traits: &Traits<'_>,
    taken: &mut BTreeSet<usize>,
) -> bool {
    let (mut is_taken, mut is_over) = (false, false);
    for route in routes {
        let is_addition = route.matcher.outcome.is_some();
        if (is_addition || !is_over) && route.matcher.fits(traits, false) {
            let is_taken_below = take(&route.routes, place + 1, traits, taken);
            if !is_taken_below {
                taken.insert(place);
            }
            is_taken |= !is_addition;
            is_over |= !is_addition && !route.is_continued;
        }
        place += route.size();
    }
    is_taken
}

/// Adds all receivers among these routes, the first of which has the place `place`, that may be concerned. Returns whether one
/// that asks for no outcome takes it whatever is unknown.
fn take_all(
    routes: &[Route],
    mut place: usize,
    traits: &Traits<'_>,
    taken: &mut BTreeSet<usize>,
) -> bool {
    let (mut is_taken, mut is_over) = (false, false);
    for route in routes {
        let is_addition = route.matcher.outcome.is_some();
        if (is_addition || !is_over) && route.matcher.fits(traits, true) {
            let is_taken_below = take_all(&route.routes, place + 1, traits, taken);
            if !is_taken_below {
                taken.insert(place);
            }
            let is_certain = !is_addition && route.matcher.fits(traits, false);
            is_taken |= is_certain;
            is_over |= is_certain && !route.is_continued;
        }
        place += route.size();
    }
    is_taken
}

impl Route {
    /// How many places it takes in [`Routes::receivers`].
    fn size(&self) -> usize {
        1 + self.routes.iter().map(Self::size).sum::<usize>()
    }
}

impl RouteSettings {
    /// For whom messages are written; where nothing is set, as for the default receiver.
    #[must_use]
    pub fn reader(&self, default: Reader) -> Reader {
        Reader {
            timezone: self.timezone.unwrap_or(default.timezone),
            language: self.language.unwrap_or(default.language),
            rows: self.rows.unwrap_or(default.rows),
            accounts: default.accounts,
        }
    }

    /// These settings, with those of the route above where they say nothing.
    #[must_use]
    pub fn below(&self, above: &Self) -> Self {
        let own = self.clone();
        Self {
            way: own.way.or_else(|| above.way.clone()),
            label: own.label.or_else(|| above.label.clone()),
            timezone: own.timezone.or(above.timezone),
            language: own.language.or(above.language),
            rows: own.rows.or(above.rows),
            mention: own.mention.or_else(|| above.mention.clone()),
            events: own.events.or(above.events),
        }
    }
}

#[cfg(test)]
mod tests;
