//! Turn a receiver that can edit: one message for each group of runs, edited while they go on, and replies in its
//! thread, because nobody is notified of an edit.

use chrono::{DateTime, Utc};

use super::say::back_off;
use super::{Turn, VisitError, say};
use crate::core::decide::{
    LiveDecision, MessageKind, Reason, ThreadNews, decide_live, due, thread_news,
};
use crate::core::notice;
use crate::core::overrides::Override;
use crate::core::reader::Reader;
use crate::core::report::{Bookmark, Heard, LastReport, LiveMessage};
use crate::core::snapshot::{Group, RunStatus, WindowSnapshot};
use crate::core::status::Status;
use crate::core::summary::{News, Summary};
use crate::core::told::Told;
use crate::core::words::Language;
use crate::metrics::Metrics;
use crate::ports::Clock;
use crate::ports::notifier::{Channel, Notifier, NotifyError};
use crate::ports::window_log::WindowLog;

/// How often a search that fails keeps a message back: repeating a message is better than losing it.
const SEARCHES: u32 = 5;

/// The message of a group, as it should be.
struct Target<'a> {
    group: &'a Group,
    members: Vec<usize>,
    /// The overrides that ended with its runs.
    ended: Vec<&'a Override>,
    summary: Summary,
    shown: u64,
    /// When the message is final, and why then.
    ends: (DateTime<Utc>, Reason),
    has_ended: bool,
}

/// Brings every group's message up to date. Returns when to come again.
pub(super) async fn tell<L: WindowLog, N: Notifier, C: Clock>(
    snapshot: &mut WindowSnapshot<'_>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let told = report.told.clone();
    snapshot.keep_final(|subject, run| told.of(subject, run).is_some());
    let snapshot = &*snapshot;
    let (key, name) = (snapshot.key, to.name());
    let mut next: Option<DateTime<Utc>> = None;
    for group in 0..snapshot.groups.len() {
        let Some(target) = target(snapshot, group, to.receiver.reader, report) else {
            continue;
        };
        let shown = show(snapshot, &target, channel, to, report, metrics).await;
        let (wait, has_changed) = match shown {
            Ok(shown) => shown,
            // Slack refuses the bot, and will go on to: whatever speaks instead cannot edit.
            Err(error) if error.refusal().is_some() => {
                tracing::error!(window = %key, receiver = name, %error, "cannot say {key} live to {name}: {error}");
                return say::tell(snapshot, to, report, metrics).await;
            }
            Err(error) => {
                tracing::error!(window = %key, receiver = name, %error, "cannot say {key} to {name}: {error}");
                back_off(report, &error, to.visit.now);
                say::overdue(snapshot, name, target.ends.0, metrics);
                to.note(key, report).await?;
                return Ok(report.not_before);
            }
        };
        if has_changed {
            to.note(snapshot.key, report).await?;
        }
        let retry = reply(snapshot, &target, channel, to, report, metrics).await?;
        let list = list(snapshot, &target, channel, to, report, metrics).await?;
        next = next.into_iter().chain(wait).chain(retry).chain(list).min();
    }
    if report.is_in_doubt {
        report.is_in_doubt = false;
        to.note(snapshot.key, report).await?;
    }
    Ok(next)
}

/// The message that a group should have; `None` where nobody needs to see one.
fn target<'a>(
    snapshot: &'a WindowSnapshot<'_>,
    number: usize,
    reader: Reader,
    report: &LastReport,
) -> Option<Target<'a>> {
    let group = &snapshot.groups[number];
    let is_member = |&index: &usize| snapshot.statuses[index].group == number;
    let members: Vec<usize> = (0..snapshot.statuses.len()).filter(is_member).collect();
    let message = message_of(snapshot, group, report);
    let statuses = || {
        members
            .iter()
            .map(|&index| &snapshot.statuses[index].status)
    };
    let is_nothing = statuses().all(|status| *status == Status::Resolved);
    // What a message shows may turn out to be for another route. Then the message ends, and does not wait for ever.
    if (members.is_empty() && !is_left_open(snapshot, message, report))
        || (is_nothing && message.is_none() && report.said_at.is_some())
    {
        return None;
    }
    let ends = due(snapshot, group, &members);
    // What was said to be the end stays the end, unless something is awaited anew.
    let was_final = message.is_some_and(|message| message.is_final);
    let has_ended = snapshot.now >= ends.0 || (was_final && !statuses().any(Status::is_awaited));
    let is_first = report
        .messages
        .first()
        .is_none_or(|first| Some(first) == message);
    let kind = if is_first {
        MessageKind::First
    } else {
        MessageKind::Later
    };
    let ended = notice::ended_in(snapshot, report, true, |group| group == number);
    let mut summary = Summary::live(snapshot, &members, kind, has_ended, reader);
    summary.mention_ended(&ended);
    Some(Target {
        group,
        shown: summary.digest(),
        ends: if has_ended {
            (snapshot.now, ends.1)
        } else {
            ends
        },
        has_ended,
        members,
        ended,
        summary,
    })
}

/// Whether a message goes on although no run is left that it would be about.
fn is_left_open(
    snapshot: &WindowSnapshot<'_>,
    message: Option<&LiveMessage>,
    report: &LastReport,
) -> bool {
    let is_open = message.is_some_and(|message| !message.is_final && !message.is_frozen);
    let group_of = |one: &RunStatus<'_>| &snapshot.groups[one.group];
    let mut runs = snapshot.statuses.iter();
    is_open && !runs.any(|one| message_of(snapshot, group_of(one), report) == message)
}

fn message_of<'r>(
    snapshot: &WindowSnapshot<'_>,
    group: &Group,
    report: &'r LastReport,
) -> Option<&'r LiveMessage> {
    let gap = snapshot.policy.settle_delta();
    let exact = |message: &&LiveMessage| message.start == group.start;
    let near = |message: &&LiveMessage| group.takes(message.start, gap);
    let messages = || report.messages.iter();
    messages().find(exact).or_else(|| messages().find(near))
}

/// Makes the message of a group show what it should. Returns when to come again, and whether the report changed.
async fn show<L: WindowLog, N, C: Clock>(
    snapshot: &WindowSnapshot<'_>,
    target: &Target<'_>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<(Option<DateTime<Utc>>, bool), NotifyError> {
    let key = snapshot.key;
    let message = message_of(snapshot, target.group, report).cloned();
    let (shown, ends) = (target.shown, target.ends);
    let decision = decide_live(
        message.as_ref(),
        shown,
        ends,
        report.not_before,
        to.visit.now,
    );
    tracing::info!(window = %key, receiver = to.name(), runs = target.members.len(), "decided about {key}: {decision:?}");
    let wait = (!target.has_ended).then_some(ends.0);
    let bookmark = match decision {
        LiveDecision::Wait(until, _) => return Ok((Some(until), false)),
        LiveDecision::Nothing => return Ok((None, false)),
        LiveDecision::Post => None,
        LiveDecision::Edit => match edit(target, message.as_ref(), channel, to, metrics).await? {
            Edited::Done(bookmark) => Some(bookmark),
            Edited::Frozen if !target.has_ended => {
                freeze(report, message.as_ref());
                return Ok((wait, true));
            }
            Edited::Gone | Edited::Frozen => None,
        },
    };
    let bookmark = match bookmark {
        Some(bookmark) => bookmark,
        None => {
            post(
                snapshot,
                target,
                message.as_ref(),
                channel,
                to,
                report,
                metrics,
            )
            .await?
        }
    };
    let edited_at = to.clock.now();
    let is_final = target.has_ended;
    let was_final = message.as_ref().is_some_and(|message| message.is_final);
    if is_final && !was_final {
        metrics.count(&target.summary);
    }
    let new = LiveMessage {
        start: target.group.start,
        bookmark,
        edited_at,
        shown,
        is_final,
        is_frozen: false,
        pages: message.as_ref().map_or(0, |message| message.pages),
    };
    report
        .messages
        .retain(|known| Some(known) != message.as_ref());
    report.messages.push(new);
    report.messages.sort_by_key(|message| message.start);
    remember_failures(snapshot, target, report);
    for one in &target.ended {
        notice::note(report, one, Heard::WithRuns);
    }
    report.confirm(to.visit.now);
    tracing::info!(window = %key, receiver = to.name(), "showed {key}: {}", target.summary.totals_in(Language::English));
    Ok((wait, true))
}

/// Remembers which runs were shown to have failed for good: they are never shown as waiting again.
fn remember_failures(snapshot: &WindowSnapshot<'_>, target: &Target<'_>, report: &mut LastReport) {
    for &index in &target.members {
        let one = &snapshot.statuses[index];
        if one.status.is_failure() && one.final_at.is_none() {
            report.told.tell(one.subject, one.run, &one.status);
        }
    }
}

/// What came of an edit.
enum Edited {
    /// The message shows what it should.
    Done(Bookmark),
    /// Somebody deleted the message.
    Gone,
    /// Slack does not let it be edited any more.
    Frozen,
}

async fn edit<L, N, C>(
    target: &Target<'_>,
    message: Option<&LiveMessage>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    metrics: &mut Metrics,
) -> Result<Edited, NotifyError> {
    let Some(message) = message else {
        return Ok(Edited::Gone);
    };
    let name = to.name();
    let delivery = channel
        .edit(&message.bookmark, &target.summary, to.visit.deadline)
        .await;
    metrics.edited(&delivery);
    match delivery.result {
        Ok(()) => Ok(Edited::Done(message.bookmark.clone())),
        Err(error) if is_gone(&error) => {
            tracing::warn!(
                receiver = name,
                "the message was deleted; posting a new one"
            );
            Ok(Edited::Gone)
        }
        Err(error) if is_frozen(&error) => {
            tracing::warn!(receiver = name, %error, "the message cannot be edited any more");
            Ok(Edited::Frozen)
        }
        Err(error) => Err(error),
    }
}

fn freeze(report: &mut LastReport, message: Option<&LiveMessage>) {
    let is_it = |known: &&mut LiveMessage| Some(&**known) == message;
    if let Some(message) = report.messages.iter_mut().find(is_it) {
        message.is_frozen = true;
    }
}

/// Posts a group's message, unless one is found that nobody took note of.
async fn post<L, N, C>(
    snapshot: &WindowSnapshot<'_>,
    target: &Target<'_>,
    message: Option<&LiveMessage>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Bookmark, NotifyError> {
    let (key, name) = (snapshot.key, to.name());
    // The message that cannot be edited any more is the one that a search would find.
    let is_replaced = message.is_some();
    if report.is_in_doubt && !is_replaced && report.failures < SEARCHES {
        match channel.find(key, to.visit.deadline).await {
            Ok(found) => {
                let gap = snapshot.policy.settle_delta();
                let known = |bookmark: &Bookmark| {
                    report
                        .messages
                        .iter()
                        .any(|known| known.bookmark == *bookmark)
                };
                let ours = found
                    .into_iter()
                    .find(|(start, bookmark)| target.group.takes(*start, gap) && !known(bookmark));
                if let Some((_, found)) = ours {
                    tracing::info!(window = %key, receiver = name, "found the message of {key}, which had been posted");
                    let delivery = channel
                        .edit(&found, &target.summary, to.visit.deadline)
                        .await;
                    metrics.edited(&delivery);
                    match delivery.result {
                        Err(error) if is_gone(&error) || is_frozen(&error) => {}
                        result => return result.map(|()| found),
                    }
                }
            }
            Err(error) if error.refusal().is_some() => {
                tracing::warn!(window = %key, receiver = name, %error, "cannot look for an earlier message of {key}: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    let start = target.group.start;
    let delivery = channel
        .post(key, start, &target.summary, to.visit.deadline)
        .await;
    metrics.posted(&delivery);
    delivery.result
}

/// Tells the message's thread what people have to hear of. Returns when to try again if that failed.
async fn reply<L: WindowLog, N, C>(
    snapshot: &WindowSnapshot<'_>,
    target: &Target<'_>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let (key, name) = (snapshot.key, to.name());
    let Some(message) = message_of(snapshot, target.group, report).cloned() else {
        return Ok(None);
    };
    let has_ended = target.has_ended;
    let Some(news) = thread_news(snapshot, &target.members, &report.replied, has_ended) else {
        return Ok(None);
    };
    if let Some(not_before) = report
        .not_before
        .filter(|not_before| to.visit.now < *not_before)
    {
        return Ok(Some(not_before));
    }
    let words = News::of(snapshot, &news, to.receiver.reader);
    let delivery = channel
        .reply(&message.bookmark, &words, to.visit.deadline)
        .await;
    metrics.replied(&delivery);
    if let Err(error) = &delivery.result {
        tracing::error!(window = %key, receiver = name, %error, "cannot write in the thread of {key} at {name}: {error}");
    }
    match delivery.result {
        Err(error) if error.refusal().is_none() => back_off(report, &error, to.visit.now),
        // Where Slack refuses replies, the message itself shows it, and asking again would not help.
        Ok(()) | Err(_) => {
            note_replies(snapshot, &news, &mut report.replied);
            report.confirm(to.visit.now);
        }
    }
    to.note(key, report).await?;
    Ok(report.not_before)
}

/// Writes the rows into the message's thread, once everything has ended, where the message does not show all of them.
/// Returns when to try again if that failed.
async fn list<L: WindowLog, N, C>(
    snapshot: &WindowSnapshot<'_>,
    target: &Target<'_>,
    channel: &impl Channel,
    to: &Turn<'_, L, N, C>,
    report: &mut LastReport,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    let pages = target.summary.pages();
    loop {
        let Some(message) = message_of(snapshot, target.group, report).cloned() else {
            return Ok(None);
        };
        if !target.has_ended || message.pages >= pages {
            return Ok(None);
        }
        if report
            .not_before
            .is_some_and(|not_before| to.visit.now < not_before)
        {
            return Ok(report.not_before);
        }
        let (bookmark, page) = (&message.bookmark, message.pages);
        let delivery = channel
            .list(bookmark, &target.summary, page, to.visit.deadline)
            .await;
        metrics.replied(&delivery);
        match delivery.result {
            Err(error) if error.refusal().is_none() => back_off(report, &error, to.visit.now),
            // Where Slack refuses replies, asking again would not help.
            Ok(()) | Err(_) => {
                let is_it = |known: &&mut LiveMessage| **known == message;
                if let Some(known) = report.messages.iter_mut().find(is_it) {
                    known.pages += 1;
                }
            }
        }
        to.note(snapshot.key, report).await?;
    }
}

fn note_replies(snapshot: &WindowSnapshot<'_>, news: &ThreadNews, replied: &mut Told) {
    for &index in &news.failed {
        let one = &snapshot.statuses[index];
        replied.tell(one.subject, one.run, &one.status);
    }
    for &index in &news.recovered {
        let one = &snapshot.statuses[index];
        replied.forget(one.subject, one.run);
    }
}

/// Somebody deleted the message.
fn is_gone(error: &NotifyError) -> bool {
    error.refusal() == Some("message_not_found")
}

/// The workspace limits editing, or the message is another app's.
fn is_frozen(error: &NotifyError) -> bool {
    matches!(
        error.refusal(),
        Some(
            "cant_update_message"
                | "edit_window_closed"
                | "is_inactive"
                | "block_mismatch"
                | "streaming_state_conflict"
        )
    )
}
