//! `rollcall silence` is for holidays and pauses of the schedules. In a silenced window, a service that no call was
//! recorded for is not reported as missing.
//!
//! The command appends a fact to every window that the time touches. How long a window is, the function has noted in
//! its table. Silence does not hide failures: a call that was made and refused is still reported.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use super::args::SilenceArgs;
use crate::aws::Aws;
use crate::core::fact::Fact;
use crate::core::runs::Arrival;
use crate::core::window::{WindowKey, Windowing};
use crate::ports::window_log::WindowLog;

/// The most windows of one command: half a year of half-hours. A longer time is taken for a typing error.
const MOST_WINDOWS: usize = 9_000;

/// Silences an environment.
///
/// # Errors
/// When an argument is wrong, or the table cannot be read or written.
pub async fn silence(args: &SilenceArgs, now: DateTime<Utc>) -> anyhow::Result<ExitCode> {
    let log = Aws::default().window_log(&args.table).await;
    let period = match args.window_minutes {
        Some(minutes) => Some(Duration::from_mins(minutes)),
        None => log.period(&args.environment).await?,
    };
    let period = period.with_context(|| {
        format!(
            "no function has noted in the table {} how long a window of {} is: is the environment's name right, and \
             has its function run? --window-minutes 30 says it instead",
            args.table, args.environment
        )
    })?;
    let windowing = Windowing {
        environment: None,
        period,
    };
    let from = args.from.unwrap_or(now);
    let windows = windows(&windowing, &args.environment, from, args.until);
    anyhow::ensure!(!windows.is_empty(), "--until must be later than --from");
    anyhow::ensure!(
        windows.len() <= MOST_WINDOWS,
        "more than {MOST_WINDOWS} windows; silence a shorter time"
    );
    let arrival = Arrival {
        at: now,
        siblings_until: None,
    };
    for key in &windows {
        log.append(key, &[Fact::Silenced], arrival).await?;
    }
    anstream::eprintln!(
        "rollcall: silenced {} windows of {} until {}",
        windows.len(),
        args.environment,
        args.until
    );
    Ok(ExitCode::SUCCESS)
}

fn windows(
    windowing: &Windowing,
    environment: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<WindowKey> {
    let period =
        TimeDelta::from_std(windowing.period.max(Duration::from_mins(1))).unwrap_or(TimeDelta::MAX);
    let start = windowing.start_of(from);
    let starts = std::iter::successors(Some(start), |start| start.checked_add_signed(period));
    starts
        .take_while(|start| *start < until)
        .take(MOST_WINDOWS + 1)
        .map(|start| WindowKey {
            start,
            environment: environment.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_every_window_that_the_time_touches() {
        let windowing = Windowing {
            environment: None,
            period: Duration::from_mins(30),
        };
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let starts: Vec<String> = windows(
            &windowing,
            "dev",
            time("2024-01-15T09:10:00Z"),
            time("2024-01-15T10:30:00Z"),
        )
        .iter()
        .map(|key| key.start.format("%H:%M").to_string())
        .collect();
        assert_eq!(starts, ["09:00", "09:30", "10:00"]);
        assert!(
            windows(
                &windowing,
                "dev",
                time("2024-01-15T09:00:00Z"),
                time("2024-01-15T09:00:00Z")
            )
            .is_empty()
        );
    }
}
