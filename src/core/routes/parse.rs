//! Reads routes from JSON, and reports every problem together.
//!
//! Pure. A message quotes names of routes and of keys and no other value, since a secret may stand in the wrong place.

mod keys;
mod matcher;
mod settings;
mod value;

use std::collections::BTreeSet;
use std::fmt;

use self::keys::{Keys, Problems};
use self::value::Json;
use super::{Matcher, Outcome, Route, Routes};

/// The largest text of routes, in bytes. An SSM parameter holds 8 KB at most; a file of the command line may be larger.
pub const TEXT_LIMIT: usize = 64 * 1024;
/// The most routes: each of them has a message of its own in a window, and a state of its own in the table.
const COUNT_LIMIT: usize = 50;
/// How deep routes may stand in each other; those at the top are one deep.
const DEPTH_LIMIT: usize = 3;
/// The longest name of a route, in characters: a part of the keys by which the table keeps what a route was told.
const NAME_LIMIT: usize = 40;

/// All problems of some routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRoutes(pub Vec<String>);

impl fmt::Display for InvalidRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for InvalidRoutes {}

impl Routes {
    /// Reads `{"routes":[{"name":…,"match":{…},"channel":…}]}`: at most 64 KB with at most 50 routes, which stand in each
    /// other at most three deep. docs/routes.md lists the keys; `null` is as a key that is left out.
    ///
    /// # Errors
    /// Names every key that is unknown, missing, malformed or there twice, with the form expected and the route in which it stands, and
    /// every route that can never hear of anything.
    pub fn parse(json: &str) -> Result<Self, InvalidRoutes> {
        match Self::parse_leniently(json) {
            (routes, None) => Ok(routes),
            (_, Some(invalid)) => Err(invalid),
        }
    }

    /// What can be read of routes, and what is wrong with them: whoever has more to say of routes can say that together with
    /// these problems. A route without a valid name is called by its place there.
    #[must_use]
    pub fn parse_leniently(json: &str) -> (Self, Option<InvalidRoutes>) {
        let mut problems = Problems::default();
        let routes = read(json, &mut problems);
        let problems = problems.into_texts();
        let invalid = (!problems.is_empty()).then_some(InvalidRoutes(problems));
        (Self::new(routes), invalid)
    }
}

fn read(json: &str, problems: &mut Problems) -> Vec<Route> {
    if json.len() > TEXT_LIMIT {
        problems.add("routes", "expected at most 64 KB of JSON");
        return Vec::new();
    }
    // What serde_json says of a text that is no JSON is a place and what was expected there, and quotes nothing.
    let value = match serde_json::from_str(json) {
        Ok(value) => value,
        Err(error) => {
            problems.add("routes", format_args!("expected JSON: {error}"));
            return Vec::new();
        }
    };
    let example = "{\"routes\": [{\"name\": \"search\"}]}";
    let Some(mut keys) = Keys::of(value, String::new(), example, problems) else {
        return Vec::new();
    };
    let values = keys.list("routes");
    keys.finish();
    let mut parser = Parser {
        problems,
        names: BTreeSet::new(),
        count: 0,
    };
    parser.routes(values, "routes", 1)
}

struct Parser<'a> {
    problems: &'a mut Problems,
    /// The names so far.
    names: BTreeSet<String>,
    /// How many routes there are so far.
    count: usize,
}

/// A route that keeps those after it from hearing of what it matches.
struct Taker {
    place: String,
    matcher: Matcher,
}

impl Parser<'_> {
    fn routes(&mut self, values: Vec<Json>, path: &str, depth: usize) -> Vec<Route> {
        let (mut routes, mut takers) = (Vec::new(), Vec::<Taker>::new());
        for (index, value) in values.into_iter().enumerate() {
            self.count += 1;
            if self.count > COUNT_LIMIT {
                let expected = format!("expected at most {COUNT_LIMIT} routes in all");
                self.problems.add(format_args!("{path}[{index}]"), expected);
                break;
            }
            let found_before = self.problems.len();
            let path = format!("{path}[{index}]");
            let Some((place, route)) = self.route(value, &path, depth) else {
                continue;
            };
            let is_sound = self.problems.len() == found_before;
            if is_sound && route.matcher.outcome.is_none() {
                let taker = takers.iter().find(|one| one.matcher.covers(&route.matcher));
                if let Some(taker) = taker {
                    let problem = unreachable(&taker.place);
                    self.problems.add(&place, problem);
                } else if !route.is_continued {
                    let matcher = route.matcher.clone();
                    takers.push(Taker { place, matcher });
                }
            }
            routes.push(route);
        }
        routes
    }

    /// One route, and its place as people find it: its path, and its name where it has one.
    fn route(&mut self, value: Json, path: &str, depth: usize) -> Option<(String, Route)> {
        let named = value.get("name").and_then(Json::as_str);
        let place = match named.filter(|name| is_name(name)) {
            Some(name) => format!("{path} \"{name}\""),
            None => path.to_owned(),
        };
        let mut keys = Keys::of(
            value,
            place.clone(),
            "{\"name\": \"search\"}",
            self.problems,
        )?;
        let name = name(&mut keys, &mut self.names).unwrap_or_else(|| path.to_owned());
        let matcher = matcher::read(&mut keys);
        let is_continued = keys.flag("continue").unwrap_or_default();
        let settings = settings::read(&mut keys);
        let mut below = keys.list("routes");
        if depth == DEPTH_LIMIT && !below.is_empty() {
            let expected = format!("expected routes to stand at most {DEPTH_LIMIT} deep");
            keys.problem("routes", expected);
            below.clear();
        }
        keys.finish();
        let route = Route {
            name,
            matcher,
            is_continued,
            settings,
            routes: self.routes(below, &format!("{path}.routes"), depth + 1),
        };
        for problem in contradictions(&route) {
            self.problems.add(&place, problem);
        }
        Some((place, route))
    }
}

fn unreachable(taker: &str) -> String {
    format!(
        "never hears of anything, since {taker} matches the same and more and does not continue; put this one before it, or \
         set continue there"
    )
}

/// What is wrong with routes below a route, at any depth, that ask for another outcome than it does.
fn contradictions(route: &Route) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(outcome) = route.matcher.outcome {
        find_others(&route.routes, outcome, &mut names);
    }
    let problem = |name| {
        format!("its route \"{name}\" never hears of anything, since it asks for another outcome")
    };
    names.into_iter().map(problem).collect()
}

/// Adds the names of the routes that ask for another outcome. Below one that asks for any, its own check looks.
fn find_others<'a>(routes: &'a [Route], outcome: Outcome, names: &mut Vec<&'a str>) {
    for route in routes {
        match route.matcher.outcome {
            None => find_others(&route.routes, outcome, names),
            Some(of) if of != outcome => names.push(&route.name),
            Some(_) => {}
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !text.is_empty() && text.len() <= NAME_LIMIT && text.bytes().all(is_allowed)
}

fn name(keys: &mut Keys<'_>, names: &mut BTreeSet<String>) -> Option<String> {
    let expected = "expected 1 to 40 letters, digits, hyphens and underscores";
    let Some(value) = keys.take("name") else {
        keys.problem("name", expected);
        return None;
    };
    match value.as_str().filter(|name| is_name(name)) {
        None => keys.problem("name", expected),
        Some("default") => keys.problem(
            "name",
            "expected another name: default is who hears of what no route takes",
        ),
        Some(name) if !names.insert(name.to_owned()) => keys.problem(
            "name",
            "expected another name: a route before it has this one",
        ),
        Some(name) => return Some(name.to_owned()),
    }
    None
}

#[cfg(test)]
mod tests;
