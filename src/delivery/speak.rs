//! Saying what was decided: once, or live by editing one message and writing in its thread.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::decide::{Decision, Knowledge, deadline, decide, over};
use super::live::{Picture, Shown, decide_live};
use super::visit::Visit;
use crate::metrics::Metrics;
use crate::notify::{Channel, Notifier, NotifyError};
use crate::summary::{News, Summary};
use crate::window::{Batch, LiveMessage, Posted, Spoken, State, WindowKey};

/// The first delay after a message could not be sent; it doubles up to [`LONGEST_RETRY`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(30);
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(15);
/// How often a search that fails keeps a message back: repeating a message is better than losing it.
const SEARCHES: u32 = 5;

/// A window with what the log holds of it.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) key: &'a WindowKey,
    pub(super) known: &'a Knowledge,
    pub(super) batches: &'a [Batch],
}

/// What came of speaking.
pub(super) struct Spoke {
    /// When to come again.
    pub(super) next: Option<DateTime<Utc>>,
    /// How the window ended is still to be said.
    pub(super) is_owed: bool,
}

/// Says what is to be said, in the way that the notifier has, and notes it in the state.
pub(super) async fn speak(
    window: &Window<'_>,
    notifier: &impl Notifier,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Spoke {
    // A window that was said in a message which cannot be edited goes on like that.
    let is_said_once = state
        .spoken
        .as_ref()
        .is_some_and(|spoken| spoken.live.is_none());
    match notifier.live().filter(|_| !is_said_once) {
        Some(channel) => speak_live(window, channel, notifier, visit, state, metrics).await,
        None => speak_once(window, notifier, visit, state, metrics).await,
    }
}

async fn speak_once(
    window: &Window<'_>,
    notifier: &impl Notifier,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Spoke {
    let Window { key, known, .. } = *window;
    let decision = decide(key, known, visit.patience, visit.now);
    tracing::info!(window = %key, ?decision, facts = window.batches.len(), "decided about {key}: {decision:?}");
    let next = match decision {
        Decision::Post(_) | Decision::FollowUp => {
            say(window, notifier, visit, state, metrics).await
        }
        Decision::Wait(until, _) => Some(until),
        Decision::Edit(_) | Decision::Nothing => None,
    };
    Spoke {
        next,
        is_owed: state.spoken.is_none() && decision != Decision::Nothing,
    }
}

/// Says the window, and notes it in the state. Returns when to come again.
async fn say(
    window: &Window<'_>,
    notifier: &impl Notifier,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Option<DateTime<Utc>> {
    let Window { key, known, .. } = *window;
    let deadline = deadline(key, &known.roll, visit.patience);
    let over = over(key, &known.roll, visit.patience, visit.now);
    let summary = match &known.said {
        None => Summary::new(key, &known.roll, over, visit.timezone),
        Some(said) => Summary::follow_up(key, &known.roll, over, said, visit.timezone)?,
    };
    let delivery = notifier.notify(&summary, visit.deadline).await;
    metrics.said(&summary, &delivery);
    match delivery.result {
        Ok(()) => {
            note(window, visit, None, state);
            tracing::info!(window = %key, "said {key}: {}", summary.totals());
            // Who is still awaited may turn out to be missing.
            (summary.counts.pending() > 0).then_some(deadline)
        }
        Err(error) => {
            tracing::error!(window = %key, %error, "cannot say {key}: {error}");
            Some(retry_at(state, visit.now))
        }
    }
}

async fn speak_live(
    window: &Window<'_>,
    channel: &impl Channel,
    notifier: &impl Notifier,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Spoke {
    let (key, started) = (window.key, Instant::now());
    let was_final = live(state).is_some_and(|live| live.is_final);
    let picture = picture(window, was_final, visit);
    let shown = state
        .spoken
        .as_ref()
        .and_then(|spoken| Shown::of(key, window.batches, spoken, visit.patience, visit.timezone));
    let decision = decide_live(&picture, shown.as_ref(), visit.now);
    tracing::info!(window = %key, ?decision, facts = window.batches.len(), "decided about {key}: {decision:?}");
    let next = match show(key, &picture, decision, channel, visit, state, metrics).await {
        Ok(posted) => {
            if let Some(posted) = posted {
                let edited_at = visit.now + started.elapsed();
                note_live(window, &picture, posted, edited_at, visit, state, metrics);
            }
            let retry = tell(window, &picture, channel, visit, state, metrics).await;
            let wait = match decision {
                Decision::Wait(until, _) => Some(until),
                _ => picture.waits_until.map(|(until, _)| until),
            };
            wait.into_iter().chain(retry).min()
        }
        Err(error) if error.refusal().is_some() => {
            tracing::error!(window = %key, %error, "cannot say {key} live: {error}");
            let spoke = speak_once(window, notifier, visit, state, metrics).await;
            let is_unfinished = live(state).is_some_and(|live| !live.is_final);
            return Spoke {
                is_owed: spoke.is_owed || is_unfinished,
                ..spoke
            };
        }
        Err(error) => {
            tracing::error!(window = %key, %error, "cannot say {key}: {error}");
            Some(retry_at(state, visit.now))
        }
    };
    let is_owed = live(state).map_or(!picture.is_blank, |live| !live.is_final);
    Spoke { next, is_owed }
}

fn picture(window: &Window<'_>, was_final: bool, visit: Visit<'_>) -> Picture {
    Picture::of(
        window.key,
        window.known,
        was_final,
        visit.patience,
        visit.timezone,
        visit.now,
    )
}

/// Carries out a decision. Returns where the message is if it now shows the picture.
async fn show(
    key: &WindowKey,
    picture: &Picture,
    decision: Decision,
    channel: &impl Channel,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Result<Option<Posted>, NotifyError> {
    match decision {
        Decision::Post(_) => {}
        Decision::Edit(_) => {
            let Some(message) = state
                .spoken
                .as_mut()
                .and_then(|spoken| spoken.live.as_mut())
            else {
                return Ok(None);
            };
            let delivery = channel
                .edit(&message.posted, &picture.summary, visit.deadline)
                .await;
            metrics.edited(&delivery);
            match delivery.result {
                Ok(()) => return Ok(Some(message.posted.clone())),
                Err(error) if is_gone(&error) => {
                    tracing::warn!(window = %key, "the message of {key} was deleted; posting a new one");
                }
                Err(error) if is_frozen(&error) => {
                    tracing::warn!(window = %key, %error, "the message of {key} cannot be edited any more");
                    message.is_frozen = true;
                    if picture.waits_until.is_some() {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Decision::FollowUp | Decision::Wait(..) | Decision::Nothing => return Ok(None),
    }
    post(key, picture, channel, visit, state, metrics)
        .await
        .map(Some)
}

/// Posts the window's message, unless one that nobody took note of is found.
async fn post(
    key: &WindowKey,
    picture: &Picture,
    channel: &impl Channel,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Result<Posted, NotifyError> {
    // The message that cannot be edited is the one that a search would find.
    let is_replaced = live(state).is_some_and(|live| live.is_frozen);
    if state.is_in_doubt && !is_replaced && state.failures < SEARCHES {
        match channel.find(key, visit.deadline).await {
            Ok(Some(found)) => {
                tracing::info!(window = %key, "found the message of {key}, which had been posted");
                let delivery = channel.edit(&found, &picture.summary, visit.deadline).await;
                metrics.edited(&delivery);
                match delivery.result {
                    Err(error) if is_gone(&error) || is_frozen(&error) => {}
                    result => return result.map(|()| found),
                }
            }
            Ok(None) => {}
            Err(error) if error.refusal().is_some() => {
                tracing::warn!(window = %key, %error, "cannot look for an earlier message of {key}: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    let delivery = channel.post(key, &picture.summary, visit.deadline).await;
    metrics.posted(&delivery);
    state.is_in_doubt |= delivery
        .result
        .as_ref()
        .is_err_and(NotifyError::is_ambiguous);
    delivery.result
}

/// Tells the message's thread what people have to hear of. Returns when to try again if that failed.
async fn tell(
    window: &Window<'_>,
    picture: &Picture,
    channel: &impl Channel,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Option<DateTime<Utc>> {
    let message = state.spoken.as_mut()?.live.as_mut()?;
    let roll = &window.known.roll;
    let over = over(window.key, roll, visit.patience, visit.now);
    let has_ended = picture.waits_until.is_none();
    let (news, told) = News::since(&message.told, roll, over, has_ended, visit.timezone)?;
    let delivery = channel.reply(&message.posted, &news, visit.deadline).await;
    metrics.replied(&delivery);
    let error = match delivery.result {
        Ok(()) => {
            message.told = told;
            state.failures = 0;
            return None;
        }
        Err(error) => error,
    };
    tracing::error!(window = %window.key, %error, "cannot write in the thread of {}: {error}", window.key);
    if error.refusal().is_some() {
        // The message itself shows it, and asking again would not help.
        message.told = told;
        return None;
    }
    Some(retry_at(state, visit.now))
}

fn live(state: &State) -> Option<&LiveMessage> {
    state.spoken.as_ref()?.live.as_ref()
}

fn note(window: &Window<'_>, visit: Visit<'_>, live: Option<LiveMessage>, state: &mut State) {
    let batches = window.batches.iter().map(|batch| batch.id.clone());
    state.spoken = Some(Spoken {
        at: visit.now,
        batches: batches.collect(),
        live,
    });
    state.failures = 0;
    state.is_in_doubt = false;
}

fn note_live(
    window: &Window<'_>,
    picture: &Picture,
    posted: Posted,
    edited_at: DateTime<Utc>,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) {
    let (was_final, told) =
        live(state).map_or_else(Default::default, |live| (live.is_final, live.told.clone()));
    let message = LiveMessage {
        posted,
        edited_at,
        is_final: picture.waits_until.is_none(),
        is_frozen: false,
        told,
    };
    if message.is_final && !was_final {
        metrics.count(&picture.summary);
    }
    note(window, visit, Some(message), state);
    tracing::info!(window = %window.key, "showed {}: {}", window.key, picture.summary.totals());
}

/// When to try again, later each time.
fn retry_at(state: &mut State, now: DateTime<Utc>) -> DateTime<Utc> {
    let delay = FIRST_RETRY * 2_i32.saturating_pow(state.failures.min(10));
    state.failures = state.failures.saturating_add(1);
    now + delay.min(LONGEST_RETRY)
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
