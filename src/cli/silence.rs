//! `rollcall silence`: holidays and pauses. What does not answer in a silenced window is not missing.
//!
//! Silence is a fact like any other, appended to each window of the time. It does not hide failures: a call
//! that was made and refused is still said.

use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::args::SilenceArgs;
use crate::aws::Aws;
use crate::config::Settings;
use crate::fact::Fact;
use crate::window::{WindowKey, WindowLog, Windowing};

/// More windows than this is a typing error: half a year of half-hours.
const MOST_WINDOWS: usize = 9_000;

/// Silences an environment; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When a setting is wrong or the table cannot be written.
pub async fn silence(
    args: &SilenceArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let settings = Settings::from_lookup(&lookup)?;
    let from = args.from.unwrap_or(now);
    let windows = windows(&settings.windowing, &args.environment, from, args.until);
    anyhow::ensure!(!windows.is_empty(), "--until must be later than --from");
    anyhow::ensure!(
        windows.len() <= MOST_WINDOWS,
        "more than {MOST_WINDOWS} windows; silence a shorter time"
    );
    let log = Aws::default().window_log(&args.table).await;
    for key in &windows {
        log.append(key, &[Fact::Silenced], now).await?;
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
