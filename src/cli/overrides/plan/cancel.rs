//! `cancel`: an override is taken back before its end.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Proposal, Situation, whole_second};
use crate::cli::overrides::landscape::Subject;
use crate::cli::overrides::records::is_replaced;
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::last_runs;
use crate::core::overrides::{Change, Override, Phase};

/// Takes an override back. Each service that it touched gets the count that it would have now without it: a run that was
/// moved away and would have been before now comes at once.
///
/// # Errors
/// When no override has this id.
pub(in crate::cli::overrides) fn cancel(
    situation: Situation<'_>,
    id: &str,
    by: &str,
) -> Result<Proposal, Refusal> {
    let all = situation.overrides;
    let at = all.iter().position(|one| one.id == id);
    let at = at.ok_or_else(|| Refusal::NoOverride(id.to_owned()))?;
    let (one, is_silent) = (all[at].clone(), is_replaced(all, at));
    if one.phase == Phase::Cancelled {
        return Ok(Proposal {
            overrides: all.to_vec(),
            one,
            is_repeated: true,
            is_silent,
        });
    }
    let mut others: Vec<Override> = all.iter().filter(|other| other.id != id).cloned().collect();
    let changes = others.iter_mut().flat_map(|other| &mut other.changes);
    for change in changes.filter(|change| is_of_run_besides(change, &one)) {
        // The run that it moved is taken back, and its own time stays.
        change.from = None;
    }
    let subjects = touched(situation, &one);
    let with = last_runs(situation.landscape, all, &subjects, situation.now);
    let without = last_runs(situation.landscape, &others, &subjects, situation.now);
    let at = situation.soon(&subjects);
    let mut flexible = TimeDelta::zero();
    let late = without.into_values().filter(|run| {
        let is_changed = with
            .get(&run.subject)
            .is_none_or(|now| now.count != run.count);
        flexible = if is_changed {
            flexible.max(run.flexible)
        } else {
            flexible
        };
        is_changed
    });
    let late: Vec<_> = late.map(|run| (run.schedule, run.subject, None)).collect();
    let cancelled = Override {
        phase: Phase::Cancelled,
        made_by: Some(one.by.clone()),
        by: by.to_owned(),
        scheduled_time: whole_second(situation.now),
        ..one
    };
    let mut overrides = others;
    if !late.is_empty() {
        overrides.push(Override {
            changes: situation.changes(late, Some(at)),
            until: at + flexible + TimeDelta::minutes(2),
            ..cancelled.clone()
        });
    }
    Ok(Proposal {
        overrides,
        one: cancelled,
        is_repeated: false,
        is_silent,
    })
}

/// Whether a change is about a run that this override made besides.
fn is_of_run_besides(change: &Change, one: &Override) -> bool {
    let is_it = |besides: &Change| {
        let is_besides = besides.from.is_none() && besides.to == change.from;
        is_besides && besides.schedule == change.schedule
    };
    change.from.is_some() && change.to.is_some() && one.changes.iter().any(is_it)
}

/// The services that an override is about.
fn touched(situation: Situation<'_>, one: &Override) -> BTreeSet<Subject> {
    let mut touched = BTreeSet::new();
    for recurring in situation.landscape.calls() {
        for change in one
            .changes
            .iter()
            .filter(|change| change.schedule == recurring.schedule)
        {
            let named = change.services.as_ref();
            let is_meant =
                |name: &str| named.is_none_or(|names| names.iter().any(|one| one == name));
            let services = recurring
                .subjects
                .keys()
                .filter(|subject| subject.service().is_some_and(is_meant));
            touched.extend(services.cloned());
        }
    }
    touched
}
