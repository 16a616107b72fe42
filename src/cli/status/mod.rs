//! `rollcall status`: the services of an environment as ECS has them, when each of its schedules runs next, and what is
//! overridden.
//!
//! [`board`] says it without any effect; this asks AWS and prints.

mod board;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};

use self::board::Board;
use super::args::StatusArgs;
use super::doctor::ask::Ask;
use super::doctor::seen::{InCluster, Looked, Service};
use super::doctor::{Call, calls, config, groups};
use super::overrides::{Scheduler, holding, roster_group};
use super::terminal::Width;
use crate::aws::Aws;

/// Shows an environment; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When no Region is configured, the schedules cannot be read, or the environment has none.
pub async fn status(
    args: &StatusArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let aws = Aws::default();
    let (config, region) = config(&aws).await?;
    let ask = Ask::new(&config, region);
    let name = format!("rollcall-{}", args.environment);
    let groups = groups(&ask, &name, &args.groups).await?;
    let mut schedules = Vec::new();
    for group in &groups {
        schedules.extend(ask.schedules(group).await?);
    }
    let (calls, _) = calls(&schedules);
    ensure!(
        !calls.is_empty(),
        "no schedule of {} starts or stops anything in {}; name the schedules' groups by --group",
        args.environment,
        ask.region
    );
    let mut clusters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (cluster, service) in calls.iter().filter_map(Call::service) {
        clusters.entry(cluster).or_default().insert(service);
    }
    let services = services(&ask, clusters).await;
    let rosters = args.roster_group.clone();
    let rosters = rosters.unwrap_or_else(|| roster_group(&args.environment));
    let overrides = holding(&Scheduler::new(&config), &rosters).await?;
    let board = Board::new(&args.environment, &calls, services, overrides, now);
    let mut out = anstream::stdout().lock();
    if args.json {
        let json = serde_json::to_string(&board).context("cannot write")?;
        writeln!(out, "{json}").context("cannot write")?;
    } else {
        for line in board.lines(Width::of(lookup)) {
            writeln!(out, "{line}").context("cannot write")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Each service that schedules call, as ECS describes it.
async fn services(
    ask: &Ask,
    clusters: BTreeMap<String, BTreeSet<String>>,
) -> Vec<(InCluster, Looked<Option<Service>>)> {
    let mut all = Vec::new();
    for (cluster, names) in clusters {
        let names: Vec<String> = names.into_iter().collect();
        let described = ask.services(&cluster, &names).await;
        for name in names {
            let service = described
                .as_ref()
                .map(|services| services.get(&name).cloned())
                .map_err(Clone::clone);
            all.push(((cluster.clone(), name), service));
        }
    }
    all
}
