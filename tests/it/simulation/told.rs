//! What people were told of which run: every row that they saw, with the runs that it can be about.

use super::invocation::SETTLE;
use super::mail::{Millis, millis};
use super::ports::{Effect, Fate, Place, Post};
use super::script::{Attempt, Run, Subject, window_of};
use super::shown::{Row, Word};
use super::world::World;

/// A row that people saw.
pub struct Telling<'a> {
    /// The number of the post.
    pub number: usize,
    pub post: &'a Post,
    pub row: &'a Row,
    /// The runs that it can be about.
    pub runs: Vec<usize>,
    /// Whether it can be about something else than a run of a schedule.
    pub is_vague: bool,
}

impl Telling<'_> {
    /// The run that it is about, where it can be about no other.
    pub fn only(&self) -> Option<usize> {
        match self.runs[..] {
            [run] if !self.is_vague => Some(run),
            _ => None,
        }
    }

    /// Whether it is about this run and no other.
    pub fn is_only(&self, run: usize) -> bool {
        self.only() == Some(run)
    }

    pub fn is_of(&self, run: usize) -> bool {
        self.runs.contains(&run)
    }

    pub fn has_mark(&self, mark: &str) -> bool {
        self.row.text.contains(mark)
    }

    /// Whether people are notified of it: nobody is of an edit.
    pub fn is_notification(&self) -> bool {
        matches!(self.post.effect, Effect::Say | Effect::Reply) && !self.post.shown.is_partial
    }

    pub fn is_alarm(&self) -> bool {
        self.is_notification() && self.row.word.is_failure()
    }

    /// Whether it stands in a message that says how its window is, and not in a thread.
    pub fn is_display(&self) -> bool {
        self.post.effect != Effect::Reply && !self.post.shown.is_partial
    }
}

impl World {
    /// The runs that a row can be about.
    fn runs_of(&self, row: &Row, post: &Post) -> Vec<usize> {
        let runs = &self.shared.script.runs;
        let marked: Vec<usize> = runs
            .iter()
            .filter(|run| row.text.contains(&run.mark()))
            .map(|run| run.id)
            .collect();
        if !marked.is_empty() || row.subject == "?" || row.text.contains("[person") {
            return marked;
        }
        let (environment, window) = &post.place;
        let is_near = |run: &Run| {
            let mut times = run.attempts.iter().map(|call| window_of(call.at));
            run.window() == *window || times.any(|start| start == *window)
        };
        let mut found: Vec<&Run> = runs
            .iter()
            .filter(|run| {
                run.subject.environment == *environment && run.subject.name == row.subject
            })
            .filter(|run| post.shown.is_partial || is_near(run))
            .collect();
        found.retain(|run| row.count.is_none_or(|count| run.count == count));
        let mut narrow = |fits: &dyn Fn(&Run) -> bool| {
            if found.iter().any(|run| fits(run)) {
                found.retain(|run| fits(run));
            }
        };
        narrow(&|run| row.scheduled.is_none_or(|at| run.scheduled == at));
        let schedules = &post.shown.schedules;
        let is_named = |run: &Run| {
            run.roster
                .as_ref()
                .is_none_or(|label| schedules.contains(label))
        };
        narrow(&|run| schedules.is_empty() || is_named(run));
        narrow(&|run| run.subject.is_job || self.message_of(run, &post.place) == post.message);
        narrow(&|run| self.is_known(run, post.read_at.unwrap_or(post.now)));
        narrow(&|run| run.scheduled <= post.now);
        narrow(&|run| run.window() == *window);
        found.into_iter().map(|run| run.id).collect()
    }

    /// Whether a row without a mark may be about a person's call, or one attempt of a run whose roster is not known: such
    /// a call is a run of its own, and its row looks like that of a schedule's run.
    fn is_vague(&self, row: &Row, post: &Post, runs: &[usize]) -> bool {
        let script = &self.shared.script;
        let read_at = post.read_at.unwrap_or(post.now);
        let minute = |at: Millis| at.div_euclid(60_000) * 60_000;
        let is_at = |at: Millis| {
            row.scheduled
                .is_none_or(|scheduled| scheduled == minute(at))
        };
        let is_expected = |run: &Run| {
            let roster = run.roster.as_ref();
            run.window() == post.place.1 && roster.is_some_and(|label| self.is_kept(label, read_at))
        };
        let runs: Vec<&Run> = runs.iter().map(|run| &script.runs[*run]).collect();
        let is_like = |call: &Attempt| {
            let subject = call.subject.as_ref();
            let is_same = subject.is_some_and(|subject| subject.name == row.subject);
            let is_own_run = subject.is_some_and(|subject| subject.is_job)
                || !runs.iter().any(|run| is_expected(run));
            is_same
                && is_own_run
                && call.is_accepted()
                && is_at(call.at)
                && window_of(call.at) == post.place.1
                && self.is_kept(&call.label, read_at)
                && row.count.is_none_or(|count| count == call.count)
        };
        let is_a_persons = !row.word.is_failure() && script.interventions.iter().any(is_like);
        let is_an_attempts = !runs.is_empty() && !runs.iter().any(|run| is_at(run.scheduled));
        is_a_persons || is_an_attempts
    }

    /// Whether anything about a run was known at a moment.
    fn is_known(&self, run: &Run, at: Millis) -> bool {
        let labels = run.attempts.iter().map(|call| call.label.clone());
        let mut labels = labels
            .chain([run.dead_letter_label()])
            .chain(run.roster.clone());
        labels.any(|label| self.is_kept(&label, at))
    }

    /// Which of the bot's messages a run belongs to by its time, where a roster tells that.
    fn message_of(&self, run: &Run, place: &Place) -> Option<usize> {
        let messages = self.shared.messages.borrow();
        let of_window = messages.iter().enumerate();
        let of_window = of_window.filter(|(_, message)| message.place == *place);
        // A run that becomes known later may be a little earlier than its message.
        let before =
            of_window.filter(|(_, message)| millis(message.start) <= run.scheduled + SETTLE);
        before
            .max_by_key(|(number, message)| (message.start, *number))
            .map(|(number, _)| number)
    }

    /// Every row that people saw, in order.
    pub fn tellings<'a>(&self, posts: &'a [Post]) -> Vec<Telling<'a>> {
        let rows = posts
            .iter()
            .enumerate()
            .flat_map(|(number, post)| post.shown.rows.iter().map(move |row| (number, post, row)));
        rows.map(|(number, post, row)| {
            let runs = self.runs_of(row, post);
            Telling {
                number,
                post,
                row,
                is_vague: self.is_vague(row, post, &runs),
                runs,
            }
        })
        .collect()
    }

    /// How often something may be said again in a window, because nobody could know that it was said before: its
    /// answer or the note of it was lost, or its invocation died.
    pub fn excuses(&self, posts: &[Post], place: &Place) -> usize {
        let is_excused = |post: &&Post| {
            let invocation = &self.invocations[post.invocation];
            let failed = invocation.gate.failed.borrow();
            let is_note_lost =
                invocation.again.is_none() || failed.contains(&(post.place.clone(), Effect::Note));
            post.place.0 == place.0
                && (post.fate == Fate::AnswerLost || (!post.is_noted && is_note_lost))
        };
        posts.iter().filter(is_excused).count()
    }

    pub fn is_kept(&self, label: &str, until: i64) -> bool {
        let kept = self.shared.kept.borrow();
        kept.get(label).is_some_and(|at| *at <= until)
    }

    /// Whether a message with this label was ever delivered.
    pub fn is_delivered(&self, label: &str) -> bool {
        self.shared.kept.borrow().contains_key(label)
    }
}

/// A run's place.
pub fn place_of(run: &Run) -> Place {
    (run.subject.environment.clone(), run.window())
}

/// How a run stands in the end, as far as anything that was delivered tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Accepted,
    /// Refused, or given up.
    Refused,
    /// Nothing was delivered.
    Missing,
}

impl World {
    pub fn truth(&self, run: &Run) -> Truth {
        let delivered = || {
            let calls = run.attempts.iter();
            calls.filter(|call| self.is_delivered(&call.label))
        };
        if delivered().any(super::script::Attempt::is_accepted) {
            Truth::Accepted
        } else if delivered().next().is_some() || self.is_delivered(&run.dead_letter_label()) {
            Truth::Refused
        } else {
            Truth::Missing
        }
    }

    /// Whether a call of another window was known before its roster, and may be taken for a retry of the run before.
    pub fn is_mixed_up(&self, run: &Run) -> bool {
        let kept = self.shared.kept.borrow();
        self.runs_for(&run.subject).any(|other| {
            let roster = other.roster.as_ref().and_then(|label| kept.get(label));
            let known = other
                .attempts
                .iter()
                .filter_map(|call| kept.get(&call.label))
                .min();
            let is_late = known.is_some_and(|known| roster.is_none_or(|roster| roster >= known));
            is_late && other.count == run.count && self.runs_for(&run.subject).count() > 1
        })
    }

    /// As [`World::is_mixed_up`], for good: nothing takes a call back that went to another window.
    pub fn is_lost(&self, run: &Run) -> bool {
        let mut others = self.runs_for(&run.subject);
        self.is_mixed_up(run) && others.any(|other| other.window() != run.window())
    }

    /// The runs of one subject.
    pub fn runs_for<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Run> {
        let runs = self.shared.script.runs.iter();
        runs.filter(move |run| run.subject == *subject)
    }
}

/// Whether a word is one for a truth.
pub fn fits(word: &Word, truth: Truth) -> bool {
    match truth {
        Truth::Accepted => *word == Word::Good,
        Truth::Refused => matches!(word, Word::Failed(_)),
        // Where records are in the dead-letter queue, nobody can tell.
        Truth::Missing => matches!(word, Word::Missing | Word::Unkept),
    }
}
