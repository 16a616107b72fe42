//! The variables that say which teams hear of what: routes, or the name of the parameter that holds them.

use super::Reader;
use crate::core::names::is_parameter;
use crate::core::routes::Routes;

/// Where the routes are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RoutesSource {
    /// There are none: everything goes where the function's own settings say.
    #[default]
    None,
    /// `ROLLCALL_ROUTES` itself.
    Here(Routes),
    /// The name or ARN of an SSM parameter, read at start.
    Parameter(String),
}

const ROUTES: &str = "ROLLCALL_ROUTES";
const ROUTES_PARAMETER: &str = "ROLLCALL_ROUTES_PARAMETER";

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// The routes; `has_bot` tells whether the function speaks as a bot, which routes with a channel need.
    pub(super) fn routes(&mut self, has_bot: bool) -> RoutesSource {
        let source = match (self.get(ROUTES), self.get(ROUTES_PARAMETER)) {
            (None, None) => return RoutesSource::None,
            (Some(json), None) => self.routes_here(&json, has_bot),
            (None, Some(name)) if is_parameter(&name) => Some(RoutesSource::Parameter(name)),
            (None, Some(_)) => {
                let expected =
                    "expected the name or ARN of an SSM parameter, such as /rollcall/routes";
                self.problem(ROUTES_PARAMETER, expected);
                None
            }
            (Some(_), Some(_)) => {
                let expected = format!("expected either this or {ROUTES_PARAMETER}, not both");
                self.problem(ROUTES, expected);
                None
            }
        };
        // What is set and cannot be read is meant to be routes, too.
        if source != Some(RoutesSource::None) && self.get("ROLLCALL_TABLE").is_none() {
            self.problem(
                "ROLLCALL_TABLE",
                "expected a table's name, as there are routes and what each was told has to be remembered",
            );
        }
        source.unwrap_or_default()
    }

    /// The routes of the variable itself; `None` where something is wrong with them.
    fn routes_here(&mut self, json: &str, has_bot: bool) -> Option<RoutesSource> {
        let (routes, invalid) = Routes::parse_leniently(json);
        let is_valid = invalid.is_none();
        for problem in invalid.into_iter().flat_map(|invalid| invalid.0) {
            self.problem(ROUTES, problem);
        }
        if !has_bot && let Some(problem) = routes.need_of_bot() {
            self.problem(ROUTES, problem);
        }
        is_valid.then(|| match routes {
            routes if routes.is_empty() => RoutesSource::None,
            routes => RoutesSource::Here(routes),
        })
    }
}
