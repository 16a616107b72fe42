//! `rollcall replay --cloudtrail`: brings records of calls out of CloudTrail's event history.
//!
//! The event history holds the management events of the last 90 days of an account and Region, and needs no trail. Which
//! time and which records are wanted is decided here, without any effect; `lookup` asks CloudTrail, and is built only
//! with the feature `operator`.

mod args;
#[cfg(feature = "operator")]
mod lookup;
#[cfg(feature = "operator")]
mod series;
#[cfg(feature = "operator")]
mod timed;

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
#[cfg(any(feature = "operator", test))]
use serde_json::Value;

pub(super) use self::args::{HistoryArgs, KeepArgs, Since};
#[cfg(feature = "operator")]
pub(super) use self::lookup::history;
#[cfg(not(feature = "operator"))]
use super::gathered::Records;
#[cfg(any(feature = "operator", test))]
use crate::core::arn::last_segment;

/// For how long CloudTrail keeps events (`LookupEvents` of the CloudTrail API reference).
const KEPT: TimeDelta = TimeDelta::days(90);
/// How far back is looked where nothing else is asked for.
const DEFAULT_SPAN: Duration = Duration::from_hours(24);

/// The time whose records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Period {
    /// The time that the arguments ask for; `zone` is that of times without one.
    ///
    /// # Errors
    /// When a time does not exist in the zone, the end is not after the beginning, or CloudTrail does not keep events for
    /// so long.
    pub(super) fn of(args: &HistoryArgs, zone: Tz, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let since = match args.since.unwrap_or(Since::Ago(DEFAULT_SPAN)) {
            Since::Ago(span) => TimeDelta::from_std(span)
                .ok()
                .and_then(|span| now.checked_sub_signed(span)),
            Since::At(time) => Some(
                time.in_zone(zone)
                    .map_err(|error| anyhow::anyhow!("--since: {error}"))?,
            ),
        };
        let since = since
            .filter(|since| *since >= now - KEPT)
            .with_context(|| {
                format!(
                    "--since: CloudTrail's event history reaches back 90 days, to {}; expected a later time. Older records \
                     are in the bucket of a trail: `aws s3 sync` brings them, and `rollcall replay DIRECTORY` reads them",
                    text(now - KEPT)
                )
            })?;
        let until = match args.until {
            Some(until) => until
                .in_zone(zone)
                .map_err(|error| anyhow::anyhow!("--until: {error}"))?
                .min(now),
            None => now,
        };
        anyhow::ensure!(
            since < until,
            "--until: expected a time after {}, where --since begins, and --since a time before now",
            text(since)
        );
        Ok(Self { since, until })
    }
}

/// A time as messages of the command line show it.
fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whether a record is about one of the clusters, which are given by names or ARNs, or does not say about which: ECS may
/// record throttled and denied calls without their parameters. No clusters are all.
#[cfg(any(feature = "operator", test))]
fn is_wanted(record: &Value, clusters: &[String]) -> bool {
    let parameters = &record["requestParameters"];
    if clusters.is_empty() || !parameters.is_object() {
        return true;
    }
    // The API takes a request that names no cluster as one for `default`.
    let called = parameters["cluster"].as_str().unwrap_or("default");
    clusters.iter().any(|cluster| {
        let are_arns = cluster.starts_with("arn:") && called.starts_with("arn:");
        if are_arns {
            cluster == called
        } else {
            last_segment(cluster) == last_segment(called)
        }
    })
}

/// Reads nothing, in a build without AWS's clients.
///
/// # Errors
/// Always: says how to build with them.
#[cfg(not(feature = "operator"))]
pub(super) async fn history(
    _args: &HistoryArgs,
    _period: Period,
    _records: &mut Records,
) -> anyhow::Result<()> {
    anyhow::bail!("--cloudtrail: {}", super::NO_CLIENTS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(since: &str, until: Option<&str>) -> HistoryArgs {
        HistoryArgs {
            cloudtrail: true,
            since: Some(since.parse().unwrap()),
            until: until.map(|text| text.parse().unwrap()),
            clusters: Vec::new(),
            region: None,
        }
    }

    fn period(since: &str, until: Option<&str>) -> Result<String, String> {
        let now = "2026-01-15T12:00:00Z".parse().unwrap();
        let zone = "Asia/Seoul".parse().unwrap();
        Period::of(&args(since, until), zone, now)
            .map(|period| format!("{} {}", text(period.since), text(period.until)))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_period_is_a_span_before_now_or_from_one_time_to_another() {
        for (since, until, expected) in [
            ("24h", None, "2026-01-14T12:00:00Z 2026-01-15T12:00:00Z"),
            ("90d", None, "2025-10-17T12:00:00Z 2026-01-15T12:00:00Z"),
            (
                "2026-01-15T08:00",
                Some("2026-01-15T10:00"),
                "2026-01-14T23:00:00Z 2026-01-15T01:00:00Z",
            ),
            (
                "1h",
                Some("2027-01-01"),
                "2026-01-15T11:00:00Z 2026-01-15T12:00:00Z",
            ),
        ] {
            assert_eq!(period(since, until).unwrap(), expected, "{since}");
        }
    }

    #[test]
    fn a_period_that_cloudtrail_does_not_keep_or_that_ends_too_early_is_refused() {
        for since in ["91d", "2025-10-17T20:59", "2000y"] {
            let error = period(since, None).unwrap_err();
            assert!(
                error.contains("90 days, to 2025-10-17T12:00:00Z"),
                "{error}"
            );
        }
        let error = period("2h", Some("2026-01-15T10:00")).unwrap_err();
        assert!(
            error.contains("a time after 2026-01-15T10:00:00Z"),
            "{error}"
        );
        assert!(period("0s", None).is_err());
        assert!("tomorrow".parse::<Since>().unwrap_err().contains("24h"));
    }

    #[test]
    fn a_cluster_is_matched_by_name_or_arn_and_a_record_that_names_none_is_kept() {
        let arn = |region: &str| format!("arn:aws:ecs:{region}:111122223333:cluster/dev");
        let called = |cluster: &str| json!({"requestParameters": {"cluster": cluster}});
        let wanted = |record: &Value, cluster: &str| is_wanted(record, &[cluster.to_owned()]);
        let seoul = arn("ap-northeast-2");
        assert!(wanted(&called("dev"), "dev") && wanted(&called(&seoul), "dev"));
        assert!(wanted(&called("dev"), &seoul) && wanted(&called(&seoul), &seoul));
        assert!(!wanted(&called(&arn("us-east-1")), &seoul));
        assert!(
            !wanted(&called("stg"), "dev") && !wanted(&json!({"requestParameters": {}}), "dev")
        );
        assert!(wanted(&json!({"requestParameters": {}}), "default"));
        assert!(wanted(&json!({"requestParameters": null}), "dev"));
        assert!(is_wanted(&called("stg"), &[]));
    }
}
