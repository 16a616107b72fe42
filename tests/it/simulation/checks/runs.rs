//! Laws about what people are told of each run: every failure is told, nothing is told twice or too soon, and what was
//! told last is true.

use std::collections::BTreeMap;

use super::{Court, Violation};
use crate::simulation::invocation::GRACE;
use crate::simulation::plan::Mode;
use crate::simulation::ports::{Fate, Place, Post};
use crate::simulation::script::{Attempt, Run, SCHEDULER, Subject, window_of};
use crate::simulation::shown::Word;
use crate::simulation::told::{Telling, Truth, fits, place_of};

impl<'a> Court<'a> {
    /// Each failure of each run is told.
    pub fn check_told(&mut self) {
        let world = self.world;
        for run in &world.shared.script.runs {
            if run.roster.is_none() || world.is_lost(run) {
                continue;
            }
            let is_told = match world.truth(run) {
                Truth::Accepted => continue,
                Truth::Refused => self.is_mark_told(&run.mark()),
                Truth::Missing if self.may_be_seen(run) => continue,
                Truth::Missing => {
                    let mut alarms = self.tellings.iter().filter(|telling| telling.is_alarm());
                    alarms.any(|telling| {
                        telling.is_of(run.id) && fits(&telling.row.word, Truth::Missing)
                    })
                }
            };
            if is_told {
                self.tally.failures += 1;
            } else {
                let truth = world.truth(run);
                let text = format!("nobody was told that {} is {truth:?}", self.name(run.id));
                self.break_law("hidden", text);
            }
        }
        for (place, subject, calls) in self.unexplained() {
            self.check_unexplained_told(&place, &subject, &calls);
        }
        for run in &world.shared.script.runs {
            if run.roster.is_none() && world.is_delivered(&run.dead_letter_label()) {
                self.check_dead_letter_told(run);
            }
        }
    }

    fn is_mark_told(&self, mark: &str) -> bool {
        let mut alarms = self.tellings.iter().filter(|telling| telling.is_alarm());
        alarms.any(|telling| telling.has_mark(mark))
    }

    /// Whether ECS may show that a run whose records are lost was called all the same.
    fn may_be_seen(&self, run: &Run) -> bool {
        let world = self.world;
        if world.plan.ecs.verify_minutes == 0 || run.subject.is_job {
            return false;
        }
        let ecs = &world.shared.ecs;
        let counts = ecs.counts(&run.subject, run.scheduled);
        let has_count = counts.is_some_and(|counts| counts.desired == run.count);
        let calls = world.shared.script.calls();
        let mut later = calls.filter(|call| call.subject.as_ref() == Some(&run.subject));
        has_count || later.any(|call| call.is_accepted() && call.count == run.count)
    }

    /// Delivered calls that no roster explains, by window and subject, in order.
    fn unexplained(&self) -> Vec<(Place, Subject, Vec<&'a Attempt>)> {
        let script = &self.world.shared.script;
        let mut found: BTreeMap<(Place, Subject), Vec<&'a Attempt>> = BTreeMap::new();
        for call in script.calls() {
            let Some(subject) = &call.subject else {
                continue;
            };
            let is_expected = self.world.runs_for(subject).any(|run| run.roster.is_some());
            if is_expected || !self.world.is_delivered(&call.label) {
                continue;
            }
            let place = (subject.environment.clone(), window_of(call.at));
            found
                .entry((place, subject.clone()))
                .or_default()
                .push(call);
        }
        for calls in found.values_mut() {
            // Records tell whole seconds; within one, a success is the last word.
            calls.sort_by_key(|call| (call.at / 1_000, call.is_accepted(), call.label.clone()));
        }
        let found = found.into_iter();
        found
            .map(|((place, subject), calls)| (place, subject, calls))
            .collect()
    }

    /// Calls that nothing explains are runs of their own: a new one begins after an accepted call, with another count
    /// or with another caller.
    fn check_unexplained_told(&mut self, place: &Place, subject: &Subject, calls: &[&Attempt]) {
        let mut begun: Vec<Vec<&Attempt>> = Vec::new();
        for &call in calls {
            // Calls of others may come in between.
            let of_caller = begun.iter_mut().rev().find(|run| run[0].role == call.role);
            let goes_on = of_caller.filter(|run| {
                let last = run[run.len() - 1];
                let is_near = !subject.is_job || call.at - last.at <= 240_000;
                !last.is_accepted() && last.count == call.count && is_near
            });
            match goes_on {
                Some(run) => run.push(call),
                None => begun.push(vec![call]),
            }
        }
        for run in begun {
            if run.iter().any(|call| call.is_accepted()) {
                continue;
            }
            let others = self.world.runs_for(subject).map(Run::mark);
            let mut marks: Vec<String> = run.iter().map(|call| call.mark.clone()).collect();
            // A dead letter of the same schedule says the same.
            if run[0].role == SCHEDULER {
                let letters = self.world.runs_for(subject);
                let letters =
                    letters.filter(|run| self.world.is_delivered(&run.dead_letter_label()));
                marks.extend(letters.map(Run::mark));
            }
            // Nobody can tell whose a call is where an answer of another firing with the same count came later.
            let is_answered_later = others.count() > 1 && self.is_answered_later(subject, &run);
            if !is_answered_later && !marks.iter().any(|mark| self.is_mark_told(mark)) {
                let text = format!(
                    "nobody was told of {marks:?} of {} in {place:?}",
                    subject.name
                );
                self.break_law("hidden call", text);
            }
        }
    }

    /// Whether the same was accepted in another window before this run ended: a retry that crossed the boundary.
    fn is_answered_later(&self, subject: &Subject, run: &[&Attempt]) -> bool {
        let last = run[run.len() - 1];
        let calls = self.world.shared.script.calls();
        let mut same = calls.filter(|call| call.subject.as_ref() == Some(subject));
        let has_letter = self
            .world
            .runs_for(subject)
            .any(|run| self.world.is_delivered(&run.dead_letter_label()));
        has_letter
            && same.any(|call| call.is_accepted() && call.at >= last.at && call.count == last.count)
    }

    /// That Scheduler gave a run up is told, unless a call of it may have been accepted all the same.
    fn check_dead_letter_told(&mut self, run: &Run) {
        let is_same = |call: &&Attempt| call.is_accepted() && self.world.is_delivered(&call.label);
        let is_answered = if run.is_rate {
            run.attempts.iter().any(|call| is_same(&call))
        } else {
            let calls = self.world.shared.script.calls();
            let mut calls = calls.filter(|call| call.subject.as_ref() == Some(&run.subject));
            calls.any(|call| is_same(&call) && call.count == run.count)
        };
        if !is_answered && !self.is_mark_told(&run.mark()) {
            let text = format!("nobody was told that {} was given up", self.name(run.id));
            self.break_law("hidden letter", text);
        }
    }

    /// Where nobody dies and no answer is lost, each failure is told once.
    pub fn check_repetition(&mut self) {
        let mut alarms: BTreeMap<(Place, usize), Vec<(usize, String)>> = BTreeMap::new();
        let mut missing: BTreeMap<(Place, String), Vec<usize>> = BTreeMap::new();
        for telling in self.tellings.iter().filter(|telling| telling.is_alarm()) {
            let place = telling.post.place.clone();
            match &telling.row.word {
                Word::Failed(code) => {
                    for &run in &telling.runs {
                        let mark = self.world.shared.script.runs[run].mark();
                        if telling.has_mark(&mark) {
                            let known = alarms.entry((place.clone(), run)).or_default();
                            known.push((telling.number, code.clone()));
                        }
                    }
                }
                Word::Missing => {
                    let known = missing.entry((place, telling.row.subject.clone()));
                    known.or_default().push(telling.number);
                }
                Word::Good | Word::Waiting | Word::Unkept | Word::Late(_) => {}
            }
        }
        for ((place, run), posts) in alarms {
            let is_mixed_up = self.world.is_mixed_up(&self.world.shared.script.runs[run]);
            let again = posts.windows(2).filter(|pair| pair[0].1 == pair[1].1);
            let subject = &self.world.shared.script.runs[run];
            // Where no roster tells, a call of a job so much later is a run of its own; and a roster that comes after a
            // refusal and an accepted call were told makes one run of them.
            let told_at = self.posts[posts[0].0].now;
            let roster = subject.roster.as_ref();
            let is_late = roster.is_some_and(|label| !self.world.is_kept(label, told_at));
            let facts = subject.attempts.len() + usize::from(subject.dead_letter.is_some());
            let is_apart = subject.has_gap() || (is_late && facts > 1);
            if again.count() > self.excuses(&place) && !is_mixed_up && !is_apart {
                let text = format!("{} failed in posts {posts:?}", self.name(run));
                self.break_law("twice", text);
            }
        }
        for ((place, subject), posts) in missing {
            let script = &self.world.shared.script;
            let runs = script.runs.iter().filter(|run| {
                run.subject.name == subject && place_of(run) == place && run.roster.is_some()
            });
            let runs = runs.count();
            self.tally.missing += posts.len();
            if posts.len() > runs * (1 + self.excuses(&place)) {
                let text =
                    format!("{subject} has {runs} runs in {place:?}, missing in posts {posts:?}");
                self.break_law("missing twice", text);
            }
        }
        self.check_rows_once();
    }

    /// A follow-up does not repeat what is known.
    fn check_rows_once(&mut self) {
        if self.world.plan.mode == Mode::Bot {
            return;
        }
        let verifies = self.world.plan.ecs.verify_minutes > 0;
        let mut known: BTreeMap<(&Place, usize), &Telling> = BTreeMap::new();
        let mut repeated = Vec::new();
        for telling in self.tellings.iter().filter(|telling| telling.is_display()) {
            let Some(run) = telling.only() else { continue };
            // A dead letter and a call are two runs until a roster explains both.
            if self.world.is_mixed_up(&self.world.shared.script.runs[run]) {
                continue;
            }
            if self
                .world
                .is_delivered(&self.world.shared.script.runs[run].dead_letter_label())
            {
                continue;
            }
            let runs = &self.world.shared.script;
            let subject = &runs.runs[run].subject;
            let mut persons = runs.interventions.iter();
            // Where no roster tells, a call of a job some minutes later is a run of its own.
            if subject.is_job && (runs.runs[run].roster.is_none() || runs.runs[run].has_gap()) {
                continue;
            }
            // What a person calls before there is a roster is told as a run that looks the same.
            if persons.any(|call| call.subject.as_ref() == Some(subject)) {
                continue;
            }
            let is_settled = !verifies || telling.row.word != Word::Good;
            if let Some(before) = known.insert((&telling.post.place, run), telling)
                && before.number != telling.number
                && before.row.word == telling.row.word
                && is_settled
                && self.excuses(&telling.post.place) == 0
            {
                repeated.push((run, before.number, telling.number, telling.row.word.clone()));
            }
        }
        for (run, before, after, word) in repeated {
            let text = format!(
                "{} is {word:?} in posts {before} and {after}",
                self.name(run)
            );
            self.break_law("repeated", text);
        }
    }

    /// Nobody is told missing before its time, or whose record is known or known to be on its way.
    pub fn check_missing(&mut self) {
        let world = self.world;
        let mut broken = Vec::new();
        let is_outage_only = world.plan.table.is_some()
            && world.plan.slack.is_empty()
            && world.plan.quirks.is_empty();
        for telling in &self.tellings {
            if telling.row.word != Word::Missing || telling.runs.is_empty() {
                continue;
            }
            let runs = || {
                telling
                    .runs
                    .iter()
                    .map(|&run| &world.shared.script.runs[run])
            };
            let post = telling.post;
            let names = || {
                runs()
                    .map(|run| self.name(run.id))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            if runs().all(|run| post.now < run.calls_end() + GRACE) {
                broken.push(Violation {
                    law: "missing early",
                    text: format!(
                        "post {} calls {} missing before its time",
                        telling.number,
                        names()
                    ),
                });
            }
            let read_at = post.read_at.unwrap_or(post.now);
            let is_known = |run: &Run| {
                let mut calls = run.attempts.iter();
                // A call that crossed the boundary takes a visit of its own window to get here.
                let way = if world.is_well() { 60_000 } else { 1_200_000 };
                let is_kept = |call: &Attempt| {
                    let is_own = window_of(call.at) == run.window();
                    world.is_kept(&call.label, if is_own { read_at } else { read_at - way })
                };
                calls.any(is_kept) || world.is_kept(&run.dead_letter_label(), read_at)
            };
            if runs().all(is_known) {
                broken.push(Violation {
                    law: "false missing",
                    text: format!(
                        "post {} calls {} missing, whose record is known",
                        telling.number,
                        names()
                    ),
                });
            } else if is_outage_only
                && telling.is_alarm()
                && runs().all(|run| is_known(run) || self.is_in_the_air(run, post))
            {
                broken.push(Violation {
                    law: "air",
                    text: format!(
                        "post {} calls {} missing, whose record was received",
                        telling.number,
                        names()
                    ),
                });
            }
        }
        self.violations.extend(broken);
    }

    /// Whether a record of a run was received by a moment, could not be kept yet, and others of its window that came back
    /// tell so.
    fn is_in_the_air(&self, run: &Run, post: &Post) -> bool {
        let labels = |run: &Run| -> Vec<String> {
            let labels = run.attempts.iter().map(|call| call.label.clone());
            labels.chain([run.dead_letter_label()]).collect()
        };
        let of = |labels: Vec<String>| {
            self.world.messages.iter().filter(move |message| {
                let fact = message.mail.fact.as_ref();
                fact.is_some_and(|fact| labels.contains(fact))
            })
        };
        let is_received = of(labels(run)).any(|message| {
            message
                .received_at
                .is_some_and(|received| received < post.now)
        });
        // Whoever told it came back from the queue itself, and knows for how long others may stay away.
        let invocation = &self.world.invocations[post.invocation];
        let told_until = invocation.receives.iter().filter_map(|receives| {
            let again = receives.checked_sub(2)?;
            Some(post.now + (30_000 << again.min(10)).min(900_000))
        });
        is_received && told_until.max().is_some_and(|until| post.now < until)
    }

    /// What people are told last of each run is how it ended.
    pub fn check_last_words(&mut self) {
        let world = self.world;
        let mut broken = Vec::new();
        for run in world
            .shared
            .script
            .runs
            .iter()
            .filter(|run| run.roster.is_some() && !world.is_lost(run))
        {
            let place = place_of(run);
            let all: Vec<&Telling> = self.tellings.iter().collect();
            let problem = self.last_words_problem(run, &all);
            // What was said and not noted may stand beside what is remembered.
            let noted: Vec<&Telling> = self
                .tellings
                .iter()
                .filter(|telling| telling.post.is_noted)
                .collect();
            let is_excused =
                self.excuses(&place) > 0 && self.last_words_problem(run, &noted).is_none();
            if let Some(problem) = problem.filter(|_| !is_excused) {
                broken.push(Violation {
                    law: "last words",
                    text: problem,
                });
            }
            self.check_attempts_said(run, &mut broken);
        }
        self.violations.extend(broken);
    }

    fn last_words_problem(&self, run: &Run, tellings: &[&Telling]) -> Option<String> {
        let world = self.world;
        let truth = world.truth(run);
        let is_others = |telling: &Telling| telling.is_vague && !fits(&telling.row.word, truth);
        let displays = || {
            let shown = tellings.iter().filter(|telling| telling.is_display());
            shown.filter(|telling| !is_others(telling))
        };
        // What is only about this run says more than a row that may be about several.
        let mut only = displays().filter(|telling| telling.is_only(run.id));
        let any = || displays().filter(|telling| telling.is_of(run.id));
        let last = only.next_back().or(any().next_back())?.number;
        let is_never_alone = !displays().any(|telling| telling.is_only(run.id));
        let words: Vec<&&Telling> = tellings
            .iter()
            .filter(|telling| telling.number == last && telling.is_of(run.id))
            .collect();
        // ECS may say of its own accord what keeps tasks from running.
        let verifies = world.plan.ecs.verify_minutes > 0
            || world.runs_for(&run.subject).any(|run| run.event.is_some());
        let is_allowed = |telling: &Telling| {
            let said = &telling.row.word;
            let has_own_mark = telling.has_mark(&run.mark());
            match truth {
                _ if fits(said, truth) => true,
                // Tasks may not have come up, or a job's may have ended badly.
                Truth::Accepted if run.subject.is_job => has_own_mark,
                Truth::Accepted => {
                    verifies
                        && matches!(said, Word::Late(_) | Word::Failed(_))
                        && !telling.row.text.contains('[')
                }
                Truth::Missing => *said != Word::Waiting && self.may_be_seen(run),
                Truth::Refused => false,
            }
        };
        let is_any = words.iter().any(|telling| is_allowed(telling));
        let is_every = words
            .iter()
            .filter(|telling| telling.is_only(run.id))
            .all(|telling| is_allowed(telling));
        // A later row that may be about this run and others may set it right.
        let mut later = displays().filter(|telling| telling.number > last && telling.is_of(run.id));
        let is_right = (is_any && is_every)
            || (is_never_alone && any().any(|telling| is_allowed(telling)))
            || later.any(|telling| is_allowed(telling));
        (!is_right).then(|| {
            let said: Vec<_> = words.iter().map(|telling| &telling.row).collect();
            format!(
                "{} is {truth:?}, and post {last} says {said:?}",
                self.name(run.id)
            )
        })
    }

    /// How many attempts a row says it took is how many calls of that run were recorded.
    fn check_attempts_said(&self, run: &Run, broken: &mut Vec<Violation>) {
        let mut persons = self.world.shared.script.interventions.iter();
        let is_beside_persons = persons.any(|call| call.subject.as_ref() == Some(&run.subject));
        if self.world.is_mixed_up(run) || is_beside_persons {
            return;
        }
        let delivered = run
            .attempts
            .iter()
            .filter(|call| self.world.is_delivered(&call.label));
        let mut most = delivered.count();
        if self.world.is_delivered(&run.dead_letter_label()) {
            most = most.max(4);
        }
        let said = self
            .tellings
            .iter()
            .filter(|telling| telling.is_only(run.id));
        for telling in said {
            if let Some(attempts) = telling.row.attempts.filter(|attempts| *attempts > most) {
                broken.push(Violation {
                    law: "attempts said",
                    text: format!(
                        "post {} says {attempts} attempts of {}, which had {most}",
                        telling.number,
                        self.name(run.id)
                    ),
                });
            }
        }
    }

    /// What was told final is never told as pending.
    pub fn check_retractions(&mut self) {
        let world = self.world;
        let verifies = world.plan.ecs.verify_minutes > 0;
        let mut final_since: BTreeMap<(Option<usize>, usize), &Telling> = BTreeMap::new();
        let mut broken = Vec::new();
        for telling in self.tellings.iter().filter(|telling| telling.is_display()) {
            let Some(run) = telling.only() else { continue };
            // Without a roster, a dead letter and a call of one firing are two runs.
            let is_mixed_up = world.is_mixed_up(&world.shared.script.runs[run]);
            let roster = world.shared.script.runs[run].roster.as_ref();
            let read_at = telling.post.read_at.unwrap_or(0);
            if is_mixed_up || !roster.is_some_and(|label| world.is_kept(label, read_at)) {
                continue;
            }
            let key = (telling.post.message, run);
            match &telling.row.word {
                Word::Waiting => {
                    // Two rows of one message are two runs, until a roster explains both.
                    let before = final_since.get(&key);
                    let Some(before) = before.filter(|before| before.number != telling.number)
                    else {
                        continue;
                    };
                    // An accepted call after a refused one begins anew where ECS is asked.
                    let calls = &world.shared.script.runs[run].attempts;
                    let is_new = verifies
                        && calls.iter().any(|call| {
                            call.is_accepted()
                                && world.is_delivered(&call.label)
                                && !world.is_kept(&call.label, before.post.read_at.unwrap_or(0))
                        });
                    // Nobody could know of what was shown and not noted.
                    let is_told = before.post.is_noted && before.post.fate != Fate::AnswerLost;
                    if !is_new && is_told {
                        broken.push(Violation {
                            law: "retracted",
                            text: format!(
                                "{} is {:?} in post {} and waited for in post {}",
                                self.name(run),
                                before.row.word,
                                before.number,
                                telling.number
                            ),
                        });
                    }
                }
                Word::Good | Word::Late(_) if verifies => {}
                // What keeps tasks from running may be overcome.
                Word::Failed(_) if !telling.row.text.contains("[run") => {}
                _ => {
                    final_since.insert(key, telling);
                }
            }
        }
        self.violations.extend(broken);
    }

    pub fn name(&self, run: usize) -> String {
        let run = &self.world.shared.script.runs[run];
        let minutes = run.scheduled / 60_000;
        format!(
            "run {} ({} at minute {minutes} to {})",
            run.id, run.subject.name, run.count
        )
    }
}
