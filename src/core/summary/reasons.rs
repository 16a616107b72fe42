//! Why things are not as they should be, before the table: two with the same reason are one entry, and one advice is
//! given once.
//!
//! Pure.

use std::cmp::Reverse;

use super::console::Link;
use super::failure::Failure;
use crate::core::reader::Reader;
use crate::core::status::Severity;

/// A reason, with everything that it holds for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// Whether it is to be acted on, or looked at when there is time.
    pub severity: Severity,
    /// How many failures it stands for.
    pub count: usize,
    /// The service, or how many have this reason: `8 throttled`. Empty where the first line says it all.
    pub heading: String,
    /// The error's code, where several have this reason.
    pub code: Option<String>,
    /// The reason of the one, in a few words; empty where several have it.
    pub text: String,
    /// The names of those that have it, where there are several.
    pub names: Vec<String>,
    /// What to do about it; `None` where the next reason has the same advice.
    pub advice: Option<String>,
    /// What can be mended.
    pub links: Vec<Link>,
    /// What AWS wrote.
    pub detail: Option<String>,
}

/// Groups failures by their code and advice: the worst first, then those that most have.
pub(super) fn of(failures: &[Failure], reader: Reader) -> Vec<Reason> {
    let mut groups: Vec<Vec<&Failure>> = Vec::new();
    for failure in failures {
        let is_same = |group: &&mut Vec<&Failure>| {
            let first = group[0];
            // Some services record an error with the suffix and some without.
            let code = |one: &'_ Failure| one.code.trim_end_matches("Exception").to_owned();
            let key = |one: &Failure| (one.severity, code(one), one.advice.clone());
            !first.is_nameless && !failure.is_nameless && key(first) == key(failure)
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    groups.sort_by_key(|group| (group[0].severity, Reverse(group.len())));
    let reasons = groups.iter().map(|group| match group.as_slice() {
        [one] => alone(one),
        several => together(several, reader),
    });
    advised_once(reasons.collect())
}

fn alone(failure: &Failure) -> Reason {
    Reason {
        severity: failure.severity,
        count: 1,
        heading: failure.subject.clone(),
        code: None,
        text: failure.reason.clone(),
        names: Vec::new(),
        advice: failure.own_advice.clone(),
        links: failure.links.clone(),
        detail: failure.detail.clone(),
    }
}

fn together(group: &[&Failure], reader: Reader) -> Reason {
    let first = group[0];
    let is_shared = |link: &&Link| group.iter().all(|one| one.group_links.contains(link));
    let mut names: Vec<String> = group.iter().map(|one| one.subject.clone()).collect();
    // A job may fail several times.
    names.dedup();
    Reason {
        severity: first.severity,
        count: group.len(),
        heading: reader.words().labelled(group.len(), &first.label),
        code: first.error_code.clone(),
        text: String::new(),
        names,
        advice: first.advice.clone(),
        links: first
            .group_links
            .iter()
            .filter(is_shared)
            .cloned()
            .collect(),
        detail: None,
    }
}

/// Brings reasons with the same advice together, and leaves it with the last of them.
fn advised_once(mut reasons: Vec<Reason>) -> Vec<Reason> {
    let mut ordered: Vec<Reason> = Vec::with_capacity(reasons.len());
    while !reasons.is_empty() {
        let first = reasons.remove(0);
        let is_same = |other: &Reason| other.advice.is_some() && other.advice == first.advice;
        let (same, rest): (Vec<Reason>, Vec<Reason>) = reasons.into_iter().partition(is_same);
        let last = same.len();
        let block = std::iter::once(first).chain(same).enumerate();
        ordered.extend(block.map(|(index, reason)| Reason {
            advice: reason.advice.filter(|_| index == last),
            ..reason
        }));
        reasons = rest;
    }
    ordered
}

/// Where nothing was called at all, the first line says it and the table names everything: what is left is what to do.
pub(super) fn of_nothing(failures: &[Failure], link: Option<Link>, reader: Reader) -> Vec<Reason> {
    vec![Reason {
        severity: Severity::Bad,
        count: failures.len(),
        heading: String::new(),
        code: None,
        text: String::new(),
        names: Vec::new(),
        advice: Some(reader.words().nothing_advice().to_owned()),
        links: link.into_iter().collect(),
        detail: None,
    }]
}
