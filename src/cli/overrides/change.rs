//! Makes changes: reads, plans, shows, asks, and sends the requests.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

use super::landscape::Landscape;
use super::plan::{Proposal, Situation};
use super::records;
use super::refusal::Refusal;
use super::roster_group;
use super::scheduler::{AT_ONCE, NotDone, Scheduler};
use super::show;
use super::wanted::{Stages, actions};
use crate::aws::Aws;
use crate::cli::doctor::ask::Ask;
use crate::cli::doctor::{config, groups};
use crate::cli::override_args::{HowArgs, PlaceArgs};
use crate::cli::progress::Progress;
use crate::cli::words::counted;
use crate::core::overrides::Phase;
use crate::core::text::visible;

/// Tells the time. A command asks more than once, as people take their time to answer it.
pub(in crate::cli) type Clock = fn() -> DateTime<Utc>;

/// How often a change is planned anew, where somebody else changes the same schedules meanwhile.
const ROUNDS: usize = 3;

/// An environment with the way to it.
pub(super) struct Place {
    pub(super) scheduler: Scheduler,
    groups: Vec<String>,
}

impl Place {
    pub(super) async fn of(args: &PlaceArgs) -> anyhow::Result<Self> {
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

/// Plans a change, shows it, asks, and makes it; where somebody else changed the same schedules meanwhile, again.
pub(super) async fn change(
    place: &Place,
    plan: impl Fn(Situation<'_>) -> Result<Proposal, Refusal>,
    how: &HowArgs,
    clock: Clock,
) -> anyhow::Result<ExitCode> {
    let mut is_begun = false;
    let mut asked_at = None;
    for _ in 0..ROUNDS {
        let mut landscape = place.read().await?;
        let asked_at = *asked_at.get_or_insert_with(clock);
        if !is_begun {
            let shown = Planned::new(&landscape, &plan, asked_at, asked_at)?;
            shown.show()?;
            if how.dry_run {
                return Ok(ExitCode::SUCCESS);
            }
            if !shown.proposal.is_repeated && !how.yes {
                if !confirm()? {
                    anstream::eprintln!("rollcall: nothing was changed");
                    return Ok(ExitCode::from(2));
                }
                // Somebody else may have made an override meanwhile.
                landscape = place.read().await?;
            }
        }
        // People take their time to answer, and what is to run soon must still lie ahead.
        let planned = match Planned::new(&landscape, &plan, asked_at, clock()) {
            Err(refusal) if is_begun => {
                anstream::eprintln!("rollcall: {refusal}");
                return Ok(ExitCode::from(1));
            }
            planned => planned?,
        };
        match make(&place.scheduler, planned.stages).await {
            Made::All => {
                done(&planned.proposal);
                return settle(place, clock).await;
            }
            Made::Nothing if !is_begun => return Ok(ExitCode::from(2)),
            Made::Nothing | Made::Some { is_changed: false } => {
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

/// Reads once more and makes what is left to do: of two people who changed the same at the same time, neither saw the other.
async fn settle(place: &Place, clock: Clock) -> anyhow::Result<ExitCode> {
    let landscape = place.read().await?;
    let left = actions(&landscape, &landscape.overrides, Vec::new(), clock());
    if left.iter().all(Vec::is_empty) {
        return Ok(ExitCode::SUCCESS);
    }
    match make(&place.scheduler, left).await {
        Made::All => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::from(1)),
    }
}

/// What is to be done, as of a moment.
struct Planned {
    proposal: Proposal,
    stages: Stages,
    /// Schedules that are left out, as nobody can know when they run.
    unknown: Vec<String>,
    now: DateTime<Utc>,
}

impl Planned {
    fn new(
        landscape: &Landscape,
        plan: impl Fn(Situation<'_>) -> Result<Proposal, Refusal>,
        asked_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let proposal = plan(Situation::new(landscape, asked_at, now))?;
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
            unknown: show::unknown(landscape),
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
        for line in show::replaced(&self.proposal) {
            writeln!(out, "  {line}").context("cannot write")?;
        }
        for line in &self.unknown {
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
        let others = proposal.overrides.iter();
        let others = others
            .filter(|other| other.phase != Phase::Cancelled)
            .count();
        let what = match others {
            0 => "all runs as scheduled again".to_owned(),
            others => counted(
                others as u64,
                "other override holds",
                "other overrides hold",
            ),
        };
        anstream::eprintln!("rollcall: done; {what}");
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
async fn make(scheduler: &Scheduler, stages: Stages) -> Made {
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
