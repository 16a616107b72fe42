//! When to speak, where one message follows its window: a pure decision, and what the message shows.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::decide::{Decision, Knowledge, Patience, Reason, due, over};
use crate::roll::{Roll, Standing};
use crate::summary::{Stage, Summary};
use crate::window::{Batch, Spoken, WindowKey};

/// How much time passes between two edits of a message: Slack's clients redraw it each time, and every edit
/// counts towards a limit that all messages share.
const PACE: TimeDelta = TimeDelta::seconds(3);

/// What a window's message should show at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What to say.
    pub summary: Summary,
    /// Until when more is awaited, and why then; `None` once the window has ended.
    pub waits_until: Option<(DateTime<Utc>, Reason)>,
    /// Nothing happened, and nothing is expected.
    pub is_blank: bool,
}

impl Picture {
    /// The picture at `now`. What `was_final` stays so unless somebody is awaited anew.
    #[must_use]
    pub fn of(
        key: &WindowKey,
        known: &Knowledge,
        was_final: bool,
        patience: Patience,
        timezone: Tz,
        now: DateTime<Utc>,
    ) -> Self {
        let roll = &known.roll;
        let over = over(key, roll, patience, now);
        let standings = roll.standings(over);
        let due = due(key, known, patience, now);
        let has_ended =
            now >= due.0 || (was_final && !standings.values().any(Standing::is_awaited));
        let stage = if has_ended {
            Stage::Ended
        } else {
            Stage::Waiting
        };
        Self {
            summary: Summary::live(key, roll, over, stage, timezone),
            waits_until: Some(due).filter(|_| !has_ended),
            is_blank: standings.is_empty() && roll.anonymous_accepted == 0,
        }
    }
}

/// What a window's message shows already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it says.
    pub summary: Summary,
    /// When it was last edited.
    pub edited_at: DateTime<Utc>,
    /// Slack does not let it be edited any more.
    pub is_frozen: bool,
}

impl Shown {
    /// What was said, as it follows from the batches known then; `None` where no message follows the window.
    #[must_use]
    pub fn of(
        key: &WindowKey,
        batches: &[Batch],
        spoken: &Spoken,
        patience: Patience,
        timezone: Tz,
    ) -> Option<Self> {
        let live = spoken.live.as_ref()?;
        let known_then = batches
            .iter()
            .filter(|batch| spoken.batches.contains(&batch.id));
        let roll = Roll::fold(known_then.flat_map(|batch| &batch.facts));
        let over = over(key, &roll, patience, spoken.at);
        let stage = if live.is_final {
            Stage::Ended
        } else {
            Stage::Waiting
        };
        Some(Self {
            summary: Summary::live(key, &roll, over, stage, timezone),
            edited_at: live.edited_at,
            is_frozen: live.is_frozen,
        })
    }
}

/// What to do about a window's message at `now`.
#[must_use]
pub fn decide_live(picture: &Picture, shown: Option<&Shown>, now: DateTime<Utc>) -> Decision {
    let wait = picture
        .waits_until
        .map_or(Decision::Nothing, |(until, reason)| {
            Decision::Wait(until, reason)
        });
    let Some(shown) = shown else {
        return if picture.is_blank {
            Decision::Nothing
        } else {
            Decision::Post(Reason::News)
        };
    };
    if picture.summary == shown.summary {
        return wait;
    }
    if shown.is_frozen {
        // A new message is worth it only for how the window ended.
        return if picture.waits_until.is_some() {
            wait
        } else {
            Decision::Post(Reason::News)
        };
    }
    let next_edit = shown.edited_at + PACE;
    if now >= next_edit {
        Decision::Edit(Reason::News)
    } else {
        Decision::Wait(next_edit, Reason::Pace)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Picture, Shown, decide_live};
    use crate::delivery::{Decision, Reason};
    use crate::roll::{Over, Roll};
    use crate::summary::{Stage, Summary};
    use crate::window::WindowKey;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn summary(stage: Stage) -> Summary {
        let key = WindowKey {
            start: at(0),
            environment: "dev".to_owned(),
        };
        Summary::live(
            &key,
            &Roll::default(),
            Over::default(),
            stage,
            chrono_tz::UTC,
        )
    }

    fn picture(waits_until: Option<i64>, is_blank: bool) -> Picture {
        let stage = waits_until.map_or(Stage::Ended, |_| Stage::Waiting);
        Picture {
            summary: summary(stage),
            waits_until: waits_until.map(|until| (at(until), Reason::Settled)),
            is_blank,
        }
    }

    fn shown(stage: Stage, is_frozen: bool) -> Shown {
        Shown {
            summary: summary(stage),
            edited_at: at(100),
            is_frozen,
        }
    }

    #[test]
    fn posts_at_once_and_edits_at_a_pace() {
        use Stage::{Ended, Waiting};
        let (open, ended, blank) = (
            picture(Some(300), false),
            picture(None, false),
            picture(Some(300), true),
        );
        let wait = Decision::Wait(at(300), Reason::Settled);
        let pace = Decision::Wait(at(103), Reason::Pace);
        let (post, edit) = (Decision::Post(Reason::News), Decision::Edit(Reason::News));
        for (case, picture, shown, now, expected) in [
            ("nothing to say", &blank, None, 100, Decision::Nothing),
            ("the first fact", &open, None, 100, post),
            ("all at once", &ended, None, 100, post),
            ("no change", &open, Some(shown(Waiting, false)), 200, wait),
            ("too soon", &ended, Some(shown(Waiting, false)), 102, pace),
            ("a change", &ended, Some(shown(Waiting, false)), 103, edit),
            ("awaited anew", &open, Some(shown(Ended, false)), 200, edit),
            (
                "said",
                &ended,
                Some(shown(Ended, false)),
                200,
                Decision::Nothing,
            ),
            ("frozen", &open, Some(shown(Ended, true)), 200, wait),
            (
                "frozen, ended",
                &ended,
                Some(shown(Waiting, true)),
                200,
                post,
            ),
        ] {
            assert_eq!(
                decide_live(picture, shown.as_ref(), at(now)),
                expected,
                "{case}"
            );
        }
    }

    #[test]
    fn an_ended_window_stays_ended() {
        use crate::delivery::Knowledge;
        let key = WindowKey {
            start: at(0),
            environment: "dev".to_owned(),
        };
        let patience = crate::config::DEFAULT_PATIENCE;
        let known = Knowledge {
            roll: Roll::default(),
            last_news_at: at(100),
            said: None,
        };
        let ended = |was_final, now| {
            let picture = Picture::of(&key, &known, was_final, patience, chrono_tz::UTC, at(now));
            picture.waits_until.is_none()
        };
        assert!(!ended(false, 399));
        assert!(ended(false, 400));
        assert!(ended(true, 101));
    }
}
