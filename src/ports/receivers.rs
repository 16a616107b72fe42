//! Who is told about windows: the default receiver, and one for each route.

use std::rc::Rc;

use super::machine::{Machine, Watchdog};
use super::notifier::Notifier;
use crate::core::reader::Reader;
use crate::core::routes::{RouteReceiver, Routes};
use crate::core::snapshot::WindowSnapshot;

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
    /// It is told of runs when these have ended, in messages that are not edited.
    pub is_told_at_the_end: bool,
}

impl<N> Receiver<N> {
    /// Its part of a window, with the environment's label as it has it.
    #[must_use]
    pub fn own<'a>(&'a self, part: WindowSnapshot<'a>) -> WindowSnapshot<'a> {
        WindowSnapshot {
            label: self.label.as_deref().unwrap_or(part.label),
            is_selection: self.is_told_at_the_end,
            ..part
        }
    }
}

/// All receivers, and the routes by which each hears of its own part of a window.
#[derive(Debug)]
pub struct Receivers<N> {
    routes: Routes,
    default: Receiver<N>,
    others: Vec<Receiver<N>>,
    machines: Vec<MachineReceiver>,
    watchdog: Option<Box<dyn Watchdog>>,
}

/// What kind of machine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineKind {
    /// An event bus.
    Bus,
    /// An address that is called.
    Http,
}

/// A machine that is told about windows: about everything, or about the part of one route.
#[derive(Debug)]
pub struct MachineReceiver {
    /// The name under which is kept what was told: `bus`, or `bus:ROUTE`.
    pub name: String,
    /// The route whose part it hears.
    pub route: Option<String>,
    /// The place of that route in [`Routes::receivers`].
    pub place: usize,
    /// It hears of runs by how they ended, and so not of all that belong together.
    pub is_by_outcome: bool,
    /// The way to tell.
    pub machine: Rc<dyn Machine>,
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
            is_told_at_the_end: false,
        };
        Self {
            routes: Routes::default(),
            default,
            others: Vec::new(),
            machines: Vec::new(),
            watchdog: None,
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
            reader: one.settings.reader(reader),
            label: one.settings.label,
            is_told_at_the_end: one.is_told_at_the_end,
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
            machines: Vec::new(),
            watchdog: None,
        }
    }

    /// The same receivers, and machines: each hears of everything, and apart from that of the part of each route that
    /// asks for events. The watchdog hears that everybody was told.
    #[must_use]
    pub fn with_machines(
        mut self,
        machines: Vec<(MachineKind, Rc<dyn Machine>)>,
        watchdog: Option<Box<dyn Watchdog>>,
    ) -> Self {
        let routes = self.routes.receivers();
        let routes = routes.iter().enumerate();
        let with_events: Vec<_> = routes
            .filter(|(_, route)| route.name.is_none() || route.settings.events == Some(true))
            .collect();
        for (kind, machine) in machines {
            let of_route = with_events.iter().map(|(place, route)| MachineReceiver {
                name: machine_name(kind, route.name),
                route: route.name.map(str::to_owned),
                place: *place,
                is_by_outcome: route.is_told_at_the_end,
                machine: Rc::clone(&machine),
            });
            self.machines.extend(of_route);
        }
        self.watchdog = watchdog;
        self
    }

    /// The machines.
    pub fn machines(&self) -> &[MachineReceiver] {
        &self.machines
    }

    /// Who hears that everybody was told.
    pub fn watchdog(&self) -> Option<&dyn Watchdog> {
        self.watchdog.as_deref()
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

/// The name under which is kept what a machine was told of everything, or of a route's part.
fn machine_name(kind: MachineKind, route: Option<&str>) -> String {
    let kind = match kind {
        MachineKind::Bus => "bus",
        MachineKind::Http => "http",
    };
    match route {
        None => kind.to_owned(),
        Some(route) => format!("{kind}:{route}"),
    }
}

/// The name under which is kept what a route was told.
fn name_of(route: Option<&str>) -> String {
    route.map_or_else(|| DEFAULT_NAME.to_owned(), |name| format!("route:{name}"))
}
