//! Which receiver hears what of a replayed window, by the routes.

use super::windows::Heard;
use crate::config::Settings;
use crate::core::audience::Audience;
use crate::core::reader::Reader;
use crate::core::routes::{RouteReceiver, Routes};
use crate::core::snapshot::WindowSnapshot;
use crate::core::window::Windowing;
use crate::pipeline;

/// The routes of a replay, and what the receivers share.
pub(super) struct Routing<'a> {
    pub(super) windowing: &'a Windowing,
    /// For whom the default receiver's messages are written.
    pub(super) reader: Reader,
    mention: Option<&'a str>,
    /// `None` where nobody asked for routes.
    routes: Option<&'a Routes>,
}

impl<'a> Routing<'a> {
    pub(super) fn new(settings: &'a Settings, routes: Option<&'a Routes>) -> Self {
        Self {
            windowing: &settings.windowing,
            reader: settings.reader,
            mention: settings.mention.as_deref(),
            routes,
        }
    }

    /// What each receiver hears of a window, in the order of the routes; without those who hear nothing.
    pub(super) fn heard(&self, snapshot: &WindowSnapshot<'_>) -> Vec<Heard> {
        let everything = Routes::default();
        let routes = self.routes.unwrap_or(&everything);
        let receivers = routes.receivers();
        // In a replay nobody was told anything before.
        let parts = Audience::of(routes, snapshot).parts(snapshot.clone(), |_| None);
        let heard = receivers.iter().zip(&parts);
        let heard = heard.map(|(receiver, part)| self.heard_by(receiver, part));
        heard
            .filter(|heard| !heard.notices.is_empty() || !heard.summaries.is_empty())
            .collect()
    }

    fn heard_by(&self, receiver: &RouteReceiver<'_>, part: &WindowSnapshot<'_>) -> Heard {
        let settings = &receiver.settings;
        let at = pipeline::At {
            is_by_group: true,
            reader: settings.reader(self.reader),
            now: None,
        };
        let label = settings.label.as_deref().unwrap_or(part.label);
        let part = WindowSnapshot {
            label,
            is_selection: receiver.is_told_at_the_end,
            ..part.clone()
        };
        let name = receiver.name.unwrap_or("default");
        let mention = settings.mention.as_deref().or(self.mention);
        Heard {
            route: self.routes.map(|_| name.to_owned()),
            mention: mention.map(str::to_owned),
            notices: pipeline::notices(&part, at),
            summaries: pipeline::summaries(&part, at),
        }
    }
}
