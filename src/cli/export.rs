//! `rollcall export`: brings what the function knows of windows out of its table, in a form that `rollcall replay` reads,
//! so that a bad morning becomes a file.
//!
//! Each line is a JSON object: a batch of facts, or what ECS answered.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::args::{ExportArgs, WindowName};
use super::exported::ExportedPart;
use crate::aws::Aws;
use crate::config::{DEFAULT_WAIT_POLICY, Settings};
use crate::core::observation::StoredObservations;
use crate::core::window::{WindowKey, Windowing};
use crate::ports::window_log::WindowContents;

/// Writes windows to standard output; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When an argument is wrong, the table cannot be read, or a window is not in it.
pub async fn export(
    args: &ExportArgs,
    lookup: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<ExitCode> {
    let zone = Settings::from_lookup(&lookup)?.reader.timezone;
    let zone = args.timezone.unwrap_or(zone);
    let wanted = args.windows.iter().map(|name| moment(args, name, zone));
    let wanted = wanted.collect::<anyhow::Result<Vec<_>>>()?;
    let log = Aws::default().window_log(&args.table.table).await;
    let periods = log.periods().await.with_context(|| args.table.hint())?;
    let mut out = io::stdout().lock();
    for (environment, time) in wanted {
        let windowing = Windowing {
            environment: None,
            period: period(&periods, &environment),
        };
        let key = WindowKey {
            start: windowing.start_of(time),
            environment,
        };
        let contents = log.read(&key).await.with_context(|| args.table.hint())?;
        let contents = contents.with_context(|| {
            format!(
                "--window: the table {} holds nothing of {key}; it keeps windows for 14 days",
                args.table.table
            )
        })?;
        for part in parts(&key, windowing.period, contents) {
            serde_json::to_writer(&mut out, &part).context("cannot write")?;
            out.write_all(b"\n").context("cannot write")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The environment and the moment that a window's name says.
fn moment(
    args: &ExportArgs,
    name: &WindowName,
    zone: Tz,
) -> anyhow::Result<(String, DateTime<Utc>)> {
    let environment = name.environment.as_ref().or(args.environment.as_ref());
    let environment = environment.context(
        "--environment: expected the label that messages show, such as dev; or name it in --window, such as 'dev \
         2026-01-15T00:00:00Z'",
    )?;
    let time = name.time.in_zone(zone);
    let time = time.map_err(|error| anyhow::anyhow!("--window: {error}"))?;
    Ok((environment.clone(), time))
}

/// How long the windows of an environment are, as the function noted; or else as long as by default.
fn period(periods: &[(Option<String>, Duration)], environment: &str) -> Duration {
    let of = |name: Option<&str>| {
        let mut periods = periods.iter();
        periods.find_map(|(of, period)| (of.as_deref() == name).then_some(*period))
    };
    of(Some(environment))
        .or(of(None))
        .unwrap_or(DEFAULT_WAIT_POLICY.period)
}

/// The lines of a window's export. The first one names the window even where it holds no facts.
fn parts(key: &WindowKey, period: Duration, contents: WindowContents) -> Vec<ExportedPart> {
    let part = |facts, observations| ExportedPart {
        window: key.clone(),
        window_seconds: period.as_secs(),
        facts,
        observations,
    };
    let observed = StoredObservations::from(&contents.observations);
    let batches = contents.batches.into_values();
    let mut parts: Vec<ExportedPart> = batches.map(|batch| part(batch.facts, None)).collect();
    parts.push(part(Vec::new(), Some(observed)));
    parts
}
