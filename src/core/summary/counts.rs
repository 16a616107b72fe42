//! Counts runs by their status, and words the totals.
//!
//! Pure.

use std::collections::BTreeMap;

use crate::core::status::Kind;

/// How many runs of services, or of jobs, have which status.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counts {
    /// A roster lists the expected runs, so the totals can say `18/20` instead of `18`.
    pub has_roster: bool,
    /// How many of the failed are calls that named no service.
    pub unnamed: usize,
    /// The status that all of them should have.
    usual: Kind,
    by: BTreeMap<Kind, usize>,
}

impl Counts {
    /// No runs yet. Where no run ended well, the totals show a zero of the `usual` kind.
    #[must_use]
    pub fn new(usual: Kind, has_roster: bool) -> Self {
        Self {
            has_roster,
            unnamed: 0,
            usual,
            by: BTreeMap::new(),
        }
    }

    /// Adds runs of a kind.
    pub fn add(&mut self, class: Kind, count: usize) {
        *self.by.entry(class).or_default() += count;
    }

    /// How many runs are of a kind.
    #[must_use]
    pub fn get(&self, class: Kind) -> usize {
        self.by.get(&class).copied().unwrap_or_default()
    }

    /// How many ended well, as far as is known.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        let good = self.by.iter().filter(|(class, _)| class.is_good());
        good.map(|(_, count)| count).sum()
    }

    /// How many failed. Each refused call that named no service counts as one.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.get(Kind::Failed)
    }

    /// How many were expected, and no record of a call arrived.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.get(Kind::Missing)
    }

    /// For how many a record may still arrive.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.get(Kind::Pending)
    }

    /// How many are still starting or stopping, or are at another count than was asked for.
    #[must_use]
    pub fn late(&self) -> usize {
        [Kind::Starting, Kind::Stopping, Kind::Changed]
            .map(|class| self.get(class))
            .iter()
            .sum()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty()
    }

    /// How many runs there are. A refused call that named no service is not one: it was made for one of the others.
    #[must_use]
    pub fn all(&self) -> usize {
        self.by.values().sum::<usize>() - self.unnamed
    }

    /// `19 succeeded, 1 failed`; with a roster `18/20 running, 1 starting, 1 failed`. Where nothing ended well, a zero
    /// of the usual kind comes first.
    #[must_use]
    pub fn words(&self) -> String {
        let mut shown = self.by.clone();
        shown.entry(Kind::Failed).or_default();
        if self.succeeded() == 0 {
            shown.entry(self.usual).or_default();
        }
        let of = if self.has_roster {
            format!("/{}", self.all())
        } else {
            String::new()
        };
        let unnamed = match self.unnamed {
            0 => String::new(),
            1 => " (1 call named no service)".to_owned(),
            calls => format!(" ({calls} calls named no service)"),
        };
        let part = |(index, (class, count)): (usize, (&Kind, &usize))| {
            let of = if index == 0 { of.as_str() } else { "" };
            let unnamed = if *class == Kind::Failed {
                unnamed.as_str()
            } else {
                ""
            };
            format!("{count}{of} {}{unnamed}", class.word())
        };
        let parts: Vec<String> = shown.iter().enumerate().map(part).collect();
        parts.join(", ")
    }
}
