//! Reads what a route takes, and tells when it leaves nothing for another one.

use std::collections::BTreeMap;

use super::super::{Glob, Matcher, Outcome};
use super::keys::{Keys, REPEATED, quotable};

pub(super) fn read(keys: &mut Keys<'_>) -> Matcher {
    let Some(value) = keys.take("match") else {
        return Matcher::default();
    };
    let place = keys.place_of("match");
    let example = "{\"cluster\": \"pay-*\"}";
    let Some(mut keys) = Keys::of(value, place, example, keys.problems) else {
        return Matcher::default();
    };
    let mut glob = |key| keys.text(key, GLOB, Glob::parse);
    let mut matcher = Matcher {
        environment: glob("environment"),
        cluster: glob("cluster"),
        service: glob("service"),
        account: glob("account"),
        region: glob("region"),
        schedule: glob("schedule"),
        ..Matcher::default()
    };
    matcher.outcome = keys.text("outcome", "expected failed or succeeded", |text| {
        Outcome::parse(text)
    });
    matcher.labels = labels(&mut keys);
    keys.finish();
    matcher
}

const GLOB: &str = "expected a pattern for names such as pay-* or {pay,ledger}-dev";

fn labels(keys: &mut Keys<'_>) -> BTreeMap<String, Glob> {
    let Some(value) = keys.take("labels") else {
        return BTreeMap::new();
    };
    let Some((labels, repeated)) = value.into_unique() else {
        keys.problem(
            "labels",
            "expected an object, such as {\"team\": \"search\"}",
        );
        return BTreeMap::new();
    };
    for name in &repeated {
        keys.problem(&format!("labels.{}", quotable(name)), REPEATED);
    }
    let mut read = BTreeMap::new();
    for (name, value) in labels {
        match value.as_str().and_then(Glob::parse) {
            Some(glob) => {
                read.insert(name, glob);
            }
            // Terraform writes `null` for what is not set.
            None if value.is_null() => {}
            None => keys.problem(&format!("labels.{}", quotable(&name)), GLOB),
        }
    }
    read
}

impl Outcome {
    /// The outcome of this name: `failed` or `succeeded`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "failed" => Some(Self::Failed),
            "succeeded" => Some(Self::Succeeded),
            _ => None,
        }
    }

    /// Its name, as [`Outcome::parse`] reads it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }
}

impl Glob {
    /// Whether every name fits.
    fn takes_all(&self) -> bool {
        self.as_str() == "*"
    }
}

impl Matcher {
    /// Whether it takes everything that another one takes, as far as can be seen without comparing patterns: each of its parts
    /// is a part of the other one, too, or is `*` and the other one asks for something there. The other way round, `*` takes less
    /// than no pattern does, since what is unknown fits none; the environment alone is always known.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let takes = |own: &Glob, others: &Glob| own == others || own.takes_all();
        let covers = |own: &Option<Glob>, others: &Option<Glob>| match (own, others) {
            (None, _) => true,
            (Some(own), Some(others)) => takes(own, others),
            (Some(_), None) => false,
        };
        let covers_label = |(name, glob): (&String, &Glob)| {
            let others = other.labels.get(name);
            others.is_some_and(|others| takes(glob, others))
        };
        let takes_environments = self.environment.as_ref().is_some_and(Glob::takes_all);
        (takes_environments || covers(&self.environment, &other.environment))
            && covers(&self.cluster, &other.cluster)
            && covers(&self.service, &other.service)
            && covers(&self.account, &other.account)
            && covers(&self.region, &other.region)
            && covers(&self.schedule, &other.schedule)
            && self.labels.iter().all(covers_label)
            && (self.outcome.is_none() || self.outcome == other.outcome)
    }
}
