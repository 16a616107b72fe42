//! How many of what stands how, and the words for it.

use std::collections::BTreeMap;

/// What the totals count something under, in the order of the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The call was accepted, and nobody asked ECS about tasks.
    Succeeded,
    /// Every task runs that was asked for.
    Running,
    /// No task runs, as was asked for.
    Stopped,
    /// The call was accepted, and ECS did not say more.
    Accepted,
    /// Every task of a job has ended well.
    Finished,
    /// A job's tasks were started.
    Started,
    /// A job's tasks have not ended yet.
    Working,
    /// Tasks are on their way.
    Starting,
    /// Tasks still run that should not.
    Stopping,
    /// Another count than the one that was asked for.
    Changed,
    /// The call was refused, or something keeps tasks from running.
    Failed,
    /// Nothing was heard in time.
    Missing,
    /// There is still time.
    Pending,
}

impl Class {
    /// The worst first, as what a message leaves out is counted.
    pub const WORST_FIRST: [Self; 13] = [
        Self::Failed,
        Self::Missing,
        Self::Changed,
        Self::Starting,
        Self::Stopping,
        Self::Working,
        Self::Pending,
        Self::Succeeded,
        Self::Running,
        Self::Stopped,
        Self::Accepted,
        Self::Finished,
        Self::Started,
    ];

    /// The word in the totals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Accepted => "accepted",
            Self::Finished => "finished",
            Self::Started => "started",
            Self::Working => "still running",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Changed => "changed",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Pending => "pending",
        }
    }

    fn is_good(self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Running
                | Self::Stopped
                | Self::Accepted
                | Self::Finished
                | Self::Started
        )
    }
}

/// How many services, or jobs, stand how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// How many there are, where a roster says who is expected.
    pub of: Option<usize>,
    /// How many of the failed are calls that named no service.
    pub unnamed: usize,
    /// What they should be.
    usual: Class,
    by: BTreeMap<Class, usize>,
}

impl Counts {
    /// Nothing yet, of so many; where none is as it should be, the totals say so of the `usual` class.
    #[must_use]
    pub fn new(usual: Class, of: Option<usize>) -> Self {
        Self {
            of,
            unnamed: 0,
            usual,
            by: BTreeMap::new(),
        }
    }

    /// Counts so many more.
    pub fn add(&mut self, class: Class, count: usize) {
        *self.by.entry(class).or_default() += count;
    }

    /// How many are counted under a class.
    #[must_use]
    pub fn get(&self, class: Class) -> usize {
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
        self.get(Class::Failed)
    }

    /// What was expected and not heard of.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.get(Class::Missing)
    }

    /// What may still be heard of.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.get(Class::Pending)
    }

    /// What is on its way, or at another count than was asked for.
    #[must_use]
    pub fn late(&self) -> usize {
        [Class::Starting, Class::Stopping, Class::Changed]
            .map(|class| self.get(class))
            .iter()
            .sum()
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty() && self.of.unwrap_or_default() == 0
    }

    /// How many services or jobs are counted; a call that named none is no service.
    #[must_use]
    pub fn all(&self) -> usize {
        self.by.values().sum::<usize>() - self.unnamed
    }

    /// `19 succeeded, 1 failed`; with a roster `18/20 running, 1 starting, 1 failed`. Where nothing is as it should
    /// be, the usual class says so.
    #[must_use]
    pub fn words(&self) -> String {
        let mut shown = self.by.clone();
        shown.entry(Class::Failed).or_default();
        if self.succeeded() == 0 {
            shown.entry(self.usual).or_default();
        }
        let of = self.of.map_or_else(String::new, |of| format!("/{of}"));
        let unnamed = match self.unnamed {
            0 => String::new(),
            1 => " (1 call named no service)".to_owned(),
            calls => format!(" ({calls} calls named no service)"),
        };
        let part = |(index, (class, count)): (usize, (&Class, &usize))| {
            let of = if index == 0 { of.as_str() } else { "" };
            let unnamed = if *class == Class::Failed {
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
