//! Who is told about windows: the default receiver, and one for each route.

use super::notifier::Notifier;
use crate::core::reader::Reader;
use crate::core::routes::{RouteReceiver, Routes};

/// Somebody who is told about windows.
#[derive(Debug)]
pub struct Receiver<N> {
    /// The name under which is kept what was told.
    pub name: String,
    /// The way to tell.
    pub notifier: N,
    /// For whom messages are written.
    pub reader: Reader,
    /// The environment's label in messages, where it is not that of the window.
    pub label: Option<String>,
}

/// All receivers, and the routes by which each hears of its own part of a window.
#[derive(Debug)]
pub struct Receivers<N> {
    routes: Routes,
    default: Receiver<N>,
    others: Vec<Receiver<N>>,
}

/// The name of the default receiver. Logs that an earlier version wrote have it, whose only receiver it was.
pub const DEFAULT_NAME: &str = "slack";

impl<N: Notifier> Receivers<N> {
    /// The default receiver alone.
    pub fn only(notifier: N, reader: Reader) -> Self {
        let default = Receiver {
            name: DEFAULT_NAME.to_owned(),
            notifier,
            reader,
            label: None,
        };
        Self {
            routes: Routes::default(),
            default,
            others: Vec::new(),
        }
    }

    /// The default receiver, and one for each route. What a route does not set is as at the default receiver, whose reader
    /// is `reader`; `notifier` makes the way to tell a receiver.
    pub fn new(
        routes: Routes,
        reader: Reader,
        mut notifier: impl FnMut(&RouteReceiver<'_>) -> N,
    ) -> Self {
        let mut receiver = |one: RouteReceiver<'_>| Receiver {
            name: name_of(one.name),
            notifier: notifier(&one),
            reader: Reader {
                timezone: one.settings.timezone.unwrap_or(reader.timezone),
                language: one.settings.language.unwrap_or(reader.language),
                rows: one.settings.rows.unwrap_or(reader.rows),
            },
            label: one.settings.label,
        };
        let default = receiver(RouteReceiver::default());
        let others = routes
            .receivers()
            .into_iter()
            .skip(1)
            .map(receiver)
            .collect();
        Self {
            routes,
            default,
            others,
        }
    }

    /// The routes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The receiver of what no route takes.
    pub fn default(&self) -> &Receiver<N> {
        &self.default
    }

    /// All of them, in the order of [`Routes::receivers`].
    pub fn iter(&self) -> impl Iterator<Item = &Receiver<N>> {
        std::iter::once(&self.default).chain(&self.others)
    }
}

/// The name under which is kept what a route was told.
fn name_of(route: Option<&str>) -> String {
    route.map_or_else(|| DEFAULT_NAME.to_owned(), |name| format!("route:{name}"))
}
