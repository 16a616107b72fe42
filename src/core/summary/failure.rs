//! Words what is wrong with one run: why, what to do about it, and where.
//!
//! Pure.

use super::console::{self, Link};
use super::lines::Lines;
use super::row_status::{error_words, is_exit, since_call, trouble_words};
use super::{period, totals};
use crate::core::arn::shortened;
use crate::core::fact::{ApiError, ClusterId};
use crate::core::observation::{Bounds, Remark};
use crate::core::reader::Reader;
use crate::core::refusal::{Refusal, job_refusal, refusal};
use crate::core::runs::{Run, Subject, UnnamedCalls};
use crate::core::snapshot::RunStatus;
use crate::core::status::{Changed, Severity, Status, Underway};
use crate::core::trouble::trouble;
use crate::core::words::Entry;

/// What is wrong with one run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The service as in its row; for calls that named none, how many there were.
    pub subject: String,
    /// Whether it is to be acted on, or looked at when there is time.
    pub severity: Severity,
    /// By what failures are grouped, together with their advice: the error's code, or a word of rollcall's own, which is
    /// the same in every language.
    pub code: String,
    /// The error's code, where AWS refused a call.
    pub error_code: Option<String>,
    /// A few words that follow a count: `throttled`, as in `8 throttled`.
    pub label: String,
    /// The reason, in a few words.
    pub reason: String,
    /// What AWS wrote, with its ARNs shortened.
    pub detail: Option<String>,
    /// What to do about it, where several have the same reason.
    pub advice: Option<String>,
    /// What to do about this one.
    pub own_advice: Option<String>,
    /// What can be mended, for this one.
    pub links: Vec<Link>,
    /// What can be mended, where several have the same reason.
    pub group_links: Vec<Link>,
    /// They are calls that named no service, and the subject says how many.
    pub is_nameless: bool,
}

/// The code of a run that was never called.
pub const NEVER_CALLED: &str = "never called";
/// The code of a run whose record may be in the dead-letter queue.
pub const UNKEPT: &str = "record not read";
/// The code of a service with too few tasks although its time is over.
pub const LATE: &str = "late";
/// The code of a service that is at its count and not steady although its time is over.
pub const UNSTEADY: &str = "unsteady";
/// The code of a service with too many tasks although its time is over.
pub const STOPPING: &str = "stopping";
/// The code of a service at another count.
pub const CHANGED: &str = "another count";

impl Failure {
    fn new(
        subject: String,
        severity: Severity,
        code: &str,
        label: String,
        reason: String,
        advice: Option<&str>,
    ) -> Self {
        let advice = advice.map(str::to_owned);
        Self {
            subject,
            severity,
            code: code.to_owned(),
            error_code: None,
            label,
            reason,
            detail: None,
            own_advice: advice.clone(),
            advice,
            links: Vec::new(),
            group_links: Vec::new(),
            is_nameless: false,
        }
    }
}

impl Lines<'_> {
    /// What is wrong with a run of a service or a job; `None` where nothing is.
    pub(super) fn failure_of(&self, one: &RunStatus<'_>) -> Option<Failure> {
        let words = self.reader.words();
        let (cluster, is_job) = match one.subject {
            Subject::Service(id) => (id.cluster_id(), false),
            Subject::Job(id) => (id.cluster.clone(), true),
            Subject::Unnamed(_) => return None,
        };
        let name = self.name(one.subject);
        let name = if is_job { words.job(&name) } else { name };
        let severity = one.status.severity();
        let make = |code: &str, label: &str, reason: String, advice: &str| {
            let label = label.to_owned();
            Failure::new(name.clone(), severity, code, label, reason, Some(advice))
        };
        let mut failure = match &one.status {
            Status::Failed(error) => self.refused(name, severity, error, one.subject),
            Status::Troubled(remark) => self.troubled(name, severity, remark),
            Status::Underway(underway) if underway.is_late => {
                self.late(name, severity, one.run, underway)
            }
            Status::Changed(changed) => {
                let bounds = self.bounds(one);
                let (reason, advice) = changed_reason(changed, bounds, self.reader);
                make(CHANGED, words.changed_label(), reason, advice)
            }
            Status::NeverCalled { seen } => {
                let advice = words.never_called_advice();
                let reason = words.never_called_seen(*seen);
                make(NEVER_CALLED, words.never_called(), reason, advice)
            }
            Status::Unkept => {
                let reason = words.unkept_reason().to_owned();
                make(UNKEPT, words.not_read(), reason, words.unkept_advice())
            }
            _ => return None,
        };
        if matches!(one.status, Status::Failed(_) | Status::NeverCalled { .. }) {
            failure.reason += &called_by_others(one.run, self.reader);
        }
        self.link(&mut failure, one, &cluster);
        Some(failure)
    }

    /// Within what Application Auto Scaling keeps the service of a run.
    pub(super) fn bounds(&self, one: &RunStatus<'_>) -> Option<Bounds> {
        let Subject::Service(id) = one.subject else {
            return None;
        };
        let seen = self.snapshot.observations.service(id, one.run.time)?;
        seen.bounds
    }

    /// A refused call, or a job whose tasks were not started or failed.
    fn refused(
        &self,
        name: String,
        severity: Severity,
        error: &ApiError,
        subject: &Subject,
    ) -> Failure {
        let words = self.reader.words();
        let known = match (subject, job_refusal(error)) {
            (Subject::Job(_), Some(Refusal::RunTaskDenied)) => {
                Some(words.refusal(Refusal::RunTaskDenied))
            }
            _ => known(error, self.reader),
        };
        let reason = error_words(error, self.reader);
        let reason = match (subject, refusal(error)) {
            (Subject::Service(id), Some(Refusal::ServiceNotFound | Refusal::ServiceNotActive)) => {
                words.in_cluster(&reason, &id.cluster)
            }
            _ => reason,
        };
        let label = known.map_or_else(|| reason.clone(), |entry| entry.brief.to_owned());
        let advice = known.map(|entry| entry.advice);
        let advice = advice.or(is_exit(error).then_some(words.exit_advice()));
        let mut failure = Failure::new(name, severity, &error.code, label, reason, advice);
        failure.detail = detail(error, &failure.reason);
        failure.error_code = Some(error.code.clone());
        failure
    }

    fn troubled(&self, name: String, severity: Severity, remark: &Remark) -> Failure {
        let words = self.reader.words();
        let known = trouble(&remark.text).map(|known| known.kind);
        let advice = known.map_or(words.starting_advice(), |kind| words.trouble(kind).advice);
        let code = known.map_or_else(|| "tasks".to_owned(), |kind| format!("{kind:?}"));
        let reason = trouble_words(&remark.text, self.reader).to_owned();
        let label = reason.clone();
        let mut failure = Failure::new(name, severity, &code, label, reason, Some(advice));
        failure.detail = Some(shortened(without_subject(&remark.text)));
        failure
    }

    fn late(&self, name: String, severity: Severity, run: &Run, underway: &Underway) -> Failure {
        let words = self.reader.words();
        let (running, desired) = (underway.running, underway.desired);
        let code = match running.cmp(&desired) {
            std::cmp::Ordering::Less => LATE,
            std::cmp::Ordering::Equal => UNSTEADY,
            std::cmp::Ordering::Greater => STOPPING,
        };
        let label = words.late_label(running, desired).to_owned();
        let reason = words.late_reason(running, desired, since_call(run, underway));
        let advice = if running <= desired {
            words.starting_advice()
        } else {
            words.stopping_advice()
        };
        Failure::new(name, severity, code, label, reason, Some(advice))
    }

    /// Refused calls that named no service. `suspects` are the services that they may have been made for.
    pub(super) fn nameless(
        &self,
        calls: &UnnamedCalls,
        error: &ApiError,
        count: usize,
        suspects: &[String],
    ) -> Failure {
        let words = self.reader.words();
        let label = totals::nameless_label(refusal(error), self.reader.language).to_owned();
        let reason = match suspects {
            [] => words.by(&words.caller(&calls.caller)),
            names => words.among(&super::listed(names, self.reader)),
        };
        let advice = known(error, self.reader).map(|entry| entry.advice);
        let subject = words.nameless(count, &label);
        let mut failure = Failure::new(subject, Severity::Bad, &error.code, label, reason, advice);
        failure.detail = detail(error, &failure.label);
        failure.error_code = Some(error.code.clone());
        failure.is_nameless = true;
        failure
    }

    /// Adds the links to what can be mended. The page of a service that does not exist cannot exist either.
    fn link(&self, failure: &mut Failure, one: &RunStatus<'_>, cluster: &ClusterId) {
        let words = self.reader.words();
        let link = |label, url: Option<String>| url.map(|url| Link { label, url });
        let to_cluster = || link(words.cluster_link(), console::cluster(cluster));
        let to_group = || self.link_to_group(one, cluster);
        let region = &cluster.region;
        let firing = one.run.firing.as_ref();
        let group = firing.and_then(|firing| firing.group.as_deref());
        let schedule = firing.map(|firing| match (one.subject, group) {
            (Subject::Service(id), Some(_)) => console::schedule_name(&firing.schedule, &id.name),
            // The roster of a job is named after the job's schedule.
            (Subject::Job(_), _) => firing.schedule.trim_end_matches(".job").to_owned(),
            _ => firing.schedule.clone(),
        });
        let to_schedule = || match (&schedule, group) {
            (Some(name), Some(group)) => {
                let url = console::schedule(region, group, name);
                link(words.schedule_link(), url)
            }
            _ => link(words.schedules_link(), console::schedules(region)),
        };
        let to_itself = || match one.subject {
            Subject::Service(id) => link(words.service_link(), console::service(id)),
            _ => link(words.tasks_link(), console::tasks(cluster)),
        };
        let refusal = match &one.status {
            Status::Failed(error) => refusal(error),
            _ => None,
        };
        let (own, shared) = match (&one.status, refusal) {
            (_, Some(Refusal::ServiceNotFound | Refusal::ClusterNotFound)) => {
                if let Some(schedule) = &schedule
                    && refusal == Some(Refusal::ServiceNotFound)
                {
                    // Advice may hold code spans; a name must not open one.
                    failure.own_advice = Some(words.correct_name(&schedule.replace('`', "ʼ")));
                }
                ([to_schedule(), to_cluster()], [to_group(), to_cluster()])
            }
            (_, Some(Refusal::Throttled | Refusal::RequestLimit)) => {
                ([to_schedule(), to_itself()], [to_group(), None])
            }
            (Status::NeverCalled { .. }, _) => {
                ([to_schedule(), to_itself()], [to_group(), to_cluster()])
            }
            (Status::Unkept, _) => ([None, None], [None, None]),
            _ => ([to_itself(), None], [to_cluster(), None]),
        };
        failure.links = own.into_iter().flatten().collect();
        failure.group_links = shared.into_iter().flatten().collect();
    }

    /// The schedule group of a run, or where nobody told which that is the list of the Region's schedules.
    pub(super) fn link_to_group(&self, one: &RunStatus<'_>, cluster: &ClusterId) -> Option<Link> {
        let words = self.reader.words();
        let firing = one.run.firing.as_ref();
        let group = firing.and_then(|firing| firing.group.as_deref());
        let (label, url) = match group {
            Some(group) => (
                words.group_link(),
                console::schedule_group(&cluster.region, group),
            ),
            None => (words.schedules_link(), console::schedules(&cluster.region)),
        };
        Some(Link { label, url: url? })
    }
}

/// What the dictionaries say of an error: tasks that were not started, or a call that was refused.
fn known(error: &ApiError, reader: Reader) -> Option<Entry> {
    let words = reader.words();
    let known = trouble(&error.to_string()).map(|known| words.trouble(known.kind));
    known.or_else(|| refusal(error).map(|refusal| words.refusal(refusal)))
}

/// `ServiceNotFoundException: Service not found.`; `None` where the words say it already.
fn detail(error: &ApiError, said: &str) -> Option<String> {
    match &error.message {
        Some(message) => Some(format!("{}: {}", error.code, shortened(message))),
        None if error.code == said => None,
        None => Some(error.code.clone()),
    }
}

fn changed_reason(
    changed: &Changed,
    bounds: Option<Bounds>,
    reader: Reader,
) -> (String, &'static str) {
    let words = reader.words();
    let Changed {
        desired, asked, by, ..
    } = changed;
    let undone = bounds.and_then(|bounds| undo(bounds, *asked, reader));
    let advice = match &undone {
        Some(_) => words.bounds_advice(),
        None => words.changed_advice(),
    };
    let who = match (by, undone) {
        (Some((caller, at)), _) => words.set_by(&words.caller(caller), &period::clock(*at, reader)),
        (None, Some(bound)) => words.kept(&bound),
        (None, None) => words.set_by_nobody_known().to_owned(),
    };
    (words.changed_reason(*desired, *asked, &who), advice)
}

/// Who else changed the service since the run was due, where the schedule did not: `; jane called with count 1 at
/// 09:12`.
fn called_by_others(run: &Run, reader: Reader) -> String {
    let words = reader.words();
    run.interventions.last().map_or_else(String::new, |last| {
        let clock = period::clock(last.at, reader);
        words.called_by(&words.caller(&last.caller), last.count, &clock)
    })
}

/// Removes the service's name from the beginning of a service event: the line shows it already.
fn without_subject(text: &str) -> &str {
    let rest = text.strip_prefix("(service ");
    let rest = rest.and_then(|rest| rest.split_once(") "));
    rest.map_or(text, |(_, rest)| rest)
}

/// To which bound Application Auto Scaling will change a count; `None` where it lies within the bounds.
pub(super) fn undo(bounds: Bounds, asked: i64, reader: Reader) -> Option<String> {
    match bounds {
        Bounds { min: Some(min), .. } if asked < min => Some(reader.words().bound(true, min)),
        Bounds { max: Some(max), .. } if asked > max => Some(reader.words().bound(false, max)),
        _ => None,
    }
}
