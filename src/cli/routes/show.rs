//! `rollcall routes show`: the routes as a tree.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::Style;

use super::args::RoutesShowArgs;
use super::describe;
use crate::cli::terminal::Width;
use crate::core::routes::{Route, RouteSettings, Routes};
use crate::core::text::visible;

const BOLD: Style = Style::new().bold();
const PLAIN: Style = Style::new();
const DIM: Style = Style::new().dimmed();

pub(super) fn show(
    args: &RoutesShowArgs,
    routes: &Routes,
    width: Width,
) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    let written = if args.json {
        writeln!(out, "{:#}", routes.to_json())
    } else {
        write!(out, "{}", draw(routes, width))
    };
    match written {
        // Who reads the output has had enough of it.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The tree as lines with colour codes, which `anstream` removes where the output takes none.
fn draw(routes: &Routes, width: Width) -> String {
    let above = RouteSettings::default();
    let mut drawing = Drawing {
        text: String::new(),
        width,
    };
    let root = format!("default · {}", describe::way(&above));
    drawing.line(BOLD, "", "", &root);
    drawing.routes(routes.top(), &above, "");
    drawing.text
}

struct Drawing {
    text: String,
    width: Width,
}

impl Drawing {
    fn routes(&mut self, routes: &[Route], above: &RouteSettings, indent: &str) {
        let last = routes.len().saturating_sub(1);
        for (index, route) in routes.iter().enumerate() {
            let (branch, stem) = if index == last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let below = format!("{indent}{stem}");
            self.route(route, above, &format!("{indent}{branch}"), &below);
            self.routes(&route.routes, &route.settings.below(above), &below);
        }
    }

    /// A route: its name and what it takes, and below it what it sets, and what it takes over from the route above.
    fn route(&mut self, route: &Route, above: &RouteSettings, branch: &str, below: &str) {
        let mut parts = describe::matcher(&route.matcher);
        if parts.is_empty() {
            parts.push("everything".to_owned());
        }
        if route.is_continued {
            parts.push("continues".to_owned());
        }
        let head = format!("{} · {}", route.name, parts.join(" · "));
        let stem = if route.routes.is_empty() {
            format!("{below}  ")
        } else {
            format!("{below}│ ")
        };
        self.line(BOLD, branch, &stem, &head);
        let own = describe::settings(&route.settings);
        if !own.is_empty() {
            self.line(PLAIN, &stem, &stem, &own.join(" · "));
        }
        let mut inherited = describe::settings(&route.settings.below(above));
        inherited.retain(|setting| !own.contains(setting));
        if inherited.is_empty() && route.settings.way.is_none() {
            inherited.push(describe::way(above));
        }
        if !inherited.is_empty() {
            let text = format!("as above: {}", inherited.join(" · "));
            self.line(DIM, &stem, &stem, &text);
        }
    }

    /// Writes a text, whose first line begins with `first` and the others with `rest`.
    fn line(&mut self, style: Style, first: &str, rest: &str, text: &str) {
        let width = self.width.without(first.chars().count());
        for (index, line) in width.wrap(&visible(text), "").iter().enumerate() {
            let indent = if index == 0 { first } else { rest };
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "{indent}{style}{line}{style:#}");
        }
    }
}
