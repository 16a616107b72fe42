//! `rollcall extend`, `skip`, `up` and `down`: exceptions from an environment's schedules that undo themselves, `rollcall
//! overrides`, which lists them, and `rollcall cancel`, which takes one back.
//!
//! The store is EventBridge Scheduler itself. [`landscape`] reads the two groups of an environment; [`runs`] says what runs
//! when, by the schedules and the overrides together; `plan` makes an override of a wish, or refuses it; [`wanted`] says what
//! has to stand in Scheduler for that, and which requests lead there. All of these are pure. [`scheduler`] makes the requests.

mod entry;
mod landscape;
mod plan;
mod records;
mod refusal;
mod runs;
mod scheduler;
mod show;
#[cfg(test)]
mod tests;
mod wanted;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

pub(in crate::cli) use self::entry::is_name_of_override;
use self::landscape::Landscape;
use self::plan::{Asked, Days, Proposal, Situation, Until, Wish, cancel as take_back, propose};
use self::refusal::Refusal;
pub(in crate::cli) use self::scheduler::Scheduler;
use self::scheduler::{AT_ONCE, NotDone};
pub(in crate::cli) use self::show::list;
use self::wanted::{Action, STAGES, actions};
use super::doctor::ask::Ask;
use super::doctor::{config, groups};
use super::override_args::{
    AboutArgs, CancelArgs, Clock as Hands, DownArgs, ExtendArgs, HowArgs, OverridesArgs, PlaceArgs,
    SkipArgs, UpArgs,
};
use super::progress::Progress;
use super::terminal::Width;
use super::time::When;
use crate::aws::Aws;
use crate::core::overrides::{Override, Phase};
use crate::core::text::visible;

/// Tells the time. A command asks more than once, as people take their time to answer it.
type Clock = fn() -> DateTime<Utc>;

/// How often a change is planned anew, where somebody else changes the same schedules meanwhile.
const ROUNDS: usize = 3;

/// `rollcall extend`.
///
/// # Errors
/// When nothing can be read, or what is asked for cannot be; nothing was changed then.
pub async fn extend(args: &ExtendArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let wish = Wish::Extend {
        until: until(args.until, args.span)?,
        schedule: args.schedule.clone(),
    };
    override_(wish, &args.place, &args.about, &args.how, clock).await
}

/// `rollcall skip`.
///
/// # Errors
/// As [`extend`].
pub async fn skip(args: &SkipArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let days = match (args.from, args.to) {
        (Some(from), Some(to)) => {
            anyhow::ensure!(from <= to, "--to: expected a day that is not before --from");
            Days::Span(from, to)
        }
        _ => Days::On(args.on.iter().copied().collect()),
    };
    let wish = Wish::Skip {
        schedules: args.schedules.clone(),
        days,
    };
    override_(wish, &args.place, &args.about, &args.how, clock).await
}

/// `rollcall up`.
///
/// # Errors
/// As [`extend`].
pub async fn up(args: &UpArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let until = until(args.until, args.span)?;
    override_(
        Wish::Up { until },
        &args.place,
        &args.about,
        &args.how,
        clock,
    )
    .await
}

/// `rollcall down`.
///
/// # Errors
/// As [`extend`].
pub async fn down(args: &DownArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let until_schedule = args.until_schedule.clone();
    override_(
        Wish::Down { until_schedule },
        &args.place,
        &args.about,
        &args.how,
        clock,
    )
    .await
}

/// `rollcall cancel`.
///
/// # Errors
/// As [`extend`].
pub async fn cancel(args: &CancelArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let place = Place::of(&args.place).await?;
    let by = place.scheduler.caller().await?;
    let plan = |situation: Situation<'_>| take_back(situation, &args.id, &by);
    change(&place, plan, &args.how, clock).await
}

/// `rollcall overrides`.
///
/// # Errors
/// When no Region is configured, or the groups cannot be read.
pub async fn overrides(
    args: &OverridesArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let aws = Aws::default();
    let (config, region) = config(&aws).await?;
    let scheduler = Scheduler::new(&config);
    let groups = match (&args.roster_group, &args.environment) {
        (Some(group), _) => vec![group.clone()],
        (None, Some(environment)) => vec![roster_group(environment)],
        (None, None) => {
            let all = Ask::new(&config, region).groups("rollcall-").await?;
            all.into_iter()
                .filter(|group| group.ends_with("-rosters"))
                .collect()
        }
    };
    let mut overrides = Vec::new();
    for group in groups {
        overrides.extend(holding(&scheduler, &group).await?);
    }
    let mut out = anstream::stdout().lock();
    if args.json {
        let json = serde_json::to_string(&overrides).context("cannot write")?;
        writeln!(out, "{json}").context("cannot write")?;
    } else if overrides.is_empty() {
        writeln!(out, "no override holds: all runs as scheduled").context("cannot write")?;
    } else {
        for line in show::list(&overrides, Width::of(lookup), now) {
            writeln!(out, "{line}").context("cannot write")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The overrides whose records a group of rosters has, the oldest first.
///
/// # Errors
/// When the group cannot be read.
pub(in crate::cli) async fn holding(
    scheduler: &Scheduler,
    group: &str,
) -> anyhow::Result<Vec<Override>> {
    let entries = scheduler.entries(group).await?;
    let overrides = Landscape::read(entries).overrides.into_iter();
    Ok(overrides
        .filter(|one| one.phase != Phase::Cancelled)
        .collect())
}

/// The group of an environment's rosters, where none is named.
pub(in crate::cli) fn roster_group(environment: &str) -> String {
    format!("rollcall-{environment}-rosters")
}

fn until(until: Option<Hands>, span: Option<std::time::Duration>) -> anyhow::Result<Until> {
    Ok(match (until, span) {
        (Some(Hands::Daily(time)), _) => Until::Clock(time),
        (Some(Hands::Once(When::Exact(time))), _) => Until::Moment(time),
        (Some(Hands::Once(When::Local(time))), _) => Until::Local(time),
        (None, span) => {
            let span = span.and_then(|span| TimeDelta::from_std(span).ok());
            // A century is refused as too long later, and cannot overflow.
            let span = span.filter(|span| *span < TimeDelta::days(36_500));
            Until::Span(span.context("--for: expected a shorter time, such as 2h")?)
        }
    })
}

/// An environment with the way to it.
struct Place {
    scheduler: Scheduler,
    groups: Vec<String>,
}

impl Place {
    async fn of(args: &PlaceArgs) -> anyhow::Result<Self> {
        let aws = Aws::default();
        let (config, region) = config(&aws).await?;
        let name = format!("rollcall-{}", args.environment);
        let ask = Ask::new(&config, region);
        let mut groups = groups(&ask, &name, &args.groups).await?;
        anyhow::ensure!(
            !groups.is_empty(),
            "there is no group of schedules {name} in {}; name the groups by --group",
            ask.region
        );
        let rosters = args.roster_group.clone();
        groups.push(rosters.unwrap_or_else(|| roster_group(&args.environment)));
        Ok(Self {
            scheduler: Scheduler::new(&config),
            groups,
        })
    }

    async fn read(&self) -> anyhow::Result<Landscape> {
        let mut entries = Vec::new();
        for group in &self.groups {
            entries.extend(self.scheduler.entries(group).await?);
        }
        Ok(Landscape::read(entries))
    }
}

async fn override_(
    wish: Wish,
    place: &PlaceArgs,
    about: &AboutArgs,
    how: &HowArgs,
    clock: Clock,
) -> anyhow::Result<ExitCode> {
    let place = Place::of(place).await?;
    let asked = Asked {
        wish,
        services: about.services.iter().cloned().collect(),
        reason: about.reason.clone(),
        by: place.scheduler.caller().await?,
    };
    let plan = |situation: Situation<'_>| propose(situation, &asked);
    change(&place, plan, how, clock).await
}

/// Plans a change, shows it, asks, and makes it; where somebody else changed the same schedules meanwhile, again.
async fn change(
    place: &Place,
    plan: impl Fn(Situation<'_>) -> Result<Proposal, Refusal>,
    how: &HowArgs,
    clock: Clock,
) -> anyhow::Result<ExitCode> {
    let mut is_begun = false;
    for _ in 0..ROUNDS {
        let landscape = place.read().await?;
        if !is_begun {
            let shown = Planned::new(&landscape, &plan, clock())?;
            shown.show()?;
            if how.dry_run {
                return Ok(ExitCode::SUCCESS);
            }
            if !shown.proposal.is_repeated && !how.yes && !confirm()? {
                anstream::eprintln!("rollcall: nothing was changed");
                return Ok(ExitCode::from(2));
            }
        }
        // People take their time to answer, and what is to run soon must still lie ahead.
        let planned = match Planned::new(&landscape, &plan, clock()) {
            Err(refusal) if is_begun => {
                anstream::eprintln!("rollcall: {refusal}");
                return Ok(ExitCode::from(1));
            }
            planned => planned?,
        };
        match make(&place.scheduler, planned.stages).await {
            Made::All => {
                done(&planned.proposal);
                return Ok(ExitCode::SUCCESS);
            }
            Made::Nothing => return Ok(ExitCode::from(2)),
            Made::Some { is_changed: false } => {
                anstream::eprintln!(
                    "rollcall: not all was done; the same command again completes it"
                );
                return Ok(ExitCode::from(1));
            }
            Made::Some { is_changed: true } => is_begun = true,
        }
    }
    anstream::eprintln!(
        "rollcall: others change the same schedules all the time; the same command again completes it"
    );
    Ok(ExitCode::from(1))
}

/// What is to be done, as of a moment.
struct Planned {
    proposal: Proposal,
    stages: [Vec<Action>; STAGES],
    now: DateTime<Utc>,
}

impl Planned {
    fn new(
        landscape: &Landscape,
        plan: impl Fn(Situation<'_>) -> Result<Proposal, Refusal>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let proposal = plan(Situation::new(landscape, now))?;
        let told = proposal.is_to_be_told(now);
        let told = told
            .then(|| records::told(landscape, &proposal.one, now))
            .flatten();
        let stages = actions(
            landscape,
            &proposal.overrides,
            told.into_iter().collect(),
            now,
        );
        Ok(Self {
            proposal,
            stages,
            now,
        })
    }

    fn show(&self) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        let one = &self.proposal.one;
        let what = format!("{} {} of {}", show::verb(one), one.id, one.environment);
        let held = if self.proposal.is_repeated {
            " holds already"
        } else {
            ""
        };
        writeln!(out, "{}{held}", visible(&what)).context("cannot write")?;
        let held = self.proposal.overrides.iter();
        for line in held
            .filter(|held| held.id == one.id)
            .flat_map(|held| show::effects(held, self.now))
        {
            writeln!(out, "  {line}").context("cannot write")?;
        }
        for line in show::plan(self.stages.iter().flatten()) {
            writeln!(out, "{line}").context("cannot write")?;
        }
        Ok(())
    }
}

fn confirm() -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "there is no terminal to ask on; --yes changes without asking, --dry-run only shows"
    );
    anstream::eprint!("Make these changes? Only `yes` does: ");
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .context("cannot read the answer")?;
    Ok(answer.trim() == "yes")
}

fn done(proposal: &Proposal) {
    let one = &proposal.one;
    if one.phase == Phase::Cancelled {
        anstream::eprintln!("rollcall: done; all runs as scheduled again");
        return;
    }
    anstream::eprintln!(
        "rollcall: done; `rollcall cancel {} --environment {}` takes it back",
        one.id,
        one.environment
    );
}

/// How far requests came.
enum Made {
    All,
    Some { is_changed: bool },
    Nothing,
}

/// Makes the requests stage by stage, and ends after a stage in which one failed.
async fn make(scheduler: &Scheduler, stages: [Vec<Action>; STAGES]) -> Made {
    let progress = Progress::of_steps(stages.iter().map(Vec::len).sum::<usize>() as u64);
    let mut is_begun = false;
    for stage in stages {
        let mut is_refused = false;
        let mut is_changed = false;
        let mut requests = stream::iter(stage)
            .map(|action| async move {
                let made = scheduler.make(&action).await;
                (action, made)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((action, made)) = requests.next().await {
            progress.step();
            match made {
                Ok(()) => is_begun = true,
                Err(why) => {
                    is_changed |= matches!(why, NotDone::Changed);
                    is_refused |= !matches!(why, NotDone::Changed);
                    let entry = action.entry();
                    progress.say(&format!("rollcall: {}/{} {why}", entry.group, entry.name));
                }
            }
        }
        match (is_refused, is_changed, is_begun) {
            (false, false, _) => {}
            (true, _, false) => return Made::Nothing,
            (true, _, true) => return Made::Some { is_changed: false },
            (false, true, _) => return Made::Some { is_changed: true },
        }
    }
    Made::All
}
