//! How many of what stands how, and the words for it.

use std::collections::BTreeMap;

use crate::core::status::Kind;

/// How many services, or jobs, stand how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counts {
    /// A roster says who is expected, so that it can be said of how many.
    pub has_roster: bool,
    /// How many of the failed are calls that named no service.
    pub unnamed: usize,
    /// What they should be.
    usual: Kind,
    by: BTreeMap<Kind, usize>,
}

impl Counts {
    /// Nothing yet; where none is as it should be, the totals say so of the `usual` kind.
    #[must_use]
    pub fn new(usual: Kind, has_roster: bool) -> Self {
        Self {
            has_roster,
            unnamed: 0,
            usual,
            by: BTreeMap::new(),
        }
    }

    /// Counts so many more.
    pub fn add(&mut self, class: Kind, count: usize) {
        *self.by.entry(class).or_default() += count;
    }

    /// How many are counted under a kind.
    #[must_use]
    pub fn get(&self, class: Kind) -> usize {
        self.by.get(&class).copied().unwrap_or_default()
    }

    /// What is as it should be, as far as anybody can tell.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        let good = self.by.iter().filter(|(class, _)| class.is_good());
        good.map(|(_, count)| count).sum()
    }

    /// What failed, plus the refused calls that named no service.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.get(Kind::Failed)
    }

    /// What was expected and not heard of.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.get(Kind::Missing)
    }

    /// What may still be heard of.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.get(Kind::Pending)
    }

    /// What is on its way, or at another count than was asked for.
    #[must_use]
    pub fn late(&self) -> usize {
        [Kind::Starting, Kind::Stopping, Kind::Changed]
            .map(|class| self.get(class))
            .iter()
            .sum()
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty()
    }

    /// How many services or jobs are counted; a call that named none is no service.
    #[must_use]
    pub fn all(&self) -> usize {
        self.by.values().sum::<usize>() - self.unnamed
    }

    /// `19 succeeded, 1 failed`; with a roster `18/20 running, 1 starting, 1 failed`. Where nothing is as it should
    /// be, the usual kind says so.
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
