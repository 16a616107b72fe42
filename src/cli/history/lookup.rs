//! Asks CloudTrail for the calls of a time: one series of pages for each name of a call, since `LookupEvents` takes one
//! attribute a request.

use std::time::Duration;

use anyhow::Context;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::ProvideCredentials;
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::primitives::DateTime as SdkTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use backon::{ExponentialBuilder, Retryable};
use governor::Quota;
use serde_json::Value;
use tokio::time::Instant;

use super::series::{self, Event, Page, SeriesError};
use super::timed::TimedRecords;
use super::{HistoryArgs, Period, is_wanted, text};
use crate::aws::Aws;
use crate::aws::error::RequestError;
use crate::cli::gathered::Records;
use crate::cli::progress::Progress;
use crate::cli::words::counted;
use crate::core::decode::ignored_call;
use crate::pace::Pace;

/// The calls that rollcall reads.
const CALLS: [&str; 2] = ["UpdateService", "RunTask"];
/// `LookupEvents` takes two requests a second for each account and Region.
const PACE: Duration = Duration::from_millis(500);
/// The greatest page that `LookupEvents` gives.
const PAGE: i32 = 50;
/// How long one attempt of a request may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// For how long the whole lookup may go on. The pages of both series take about an hour at most.
const PATIENCE: Duration = Duration::from_hours(2);

/// Adds the records of a time to `records`, in the order of their times.
///
/// # Errors
/// When no Region or no credentials are configured, CloudTrail refuses or does not answer, or there are too many events.
pub(in crate::cli) async fn history(
    args: &HistoryArgs,
    period: Period,
    records: &mut Records,
) -> anyhow::Result<()> {
    let config = config(args).await?;
    let history = History {
        client: Client::new(&config),
        region: config.region().map(Region::to_string).unwrap_or_default(),
        period,
        pace: Pace::new(Quota::with_period(PACE).context("a pace is no zero")?),
        progress: Progress::of_shares(),
        deadline: Instant::now() + PATIENCE,
    };
    let mut timed = TimedRecords::new().context("cannot write a temporary file")?;
    let mut found = 0;
    for (number, call) in CALLS.into_iter().enumerate() {
        found += history
            .series(call, number, &args.clusters, &mut timed)
            .await
            .map_err(|error| history.explain(error))?;
    }
    drop(history.progress);
    let kept = timed.into_records(records);
    kept.context("cannot keep what was read in a temporary file")?;
    if found == 0 {
        anstream::eprintln!("rollcall: {}", nothing(args, period, &history.region));
    }
    Ok(())
}

/// The configuration of the environment, with credentials that can be had.
async fn config(args: &HistoryArgs) -> anyhow::Result<SdkConfig> {
    let aws = Aws::in_region(args.region.clone());
    let config = aws.config().await;
    config.region().context(
        "no Region is configured; expected --region, AWS_REGION, or a profile with a Region in AWS_PROFILE",
    )?;
    let provider = config.credentials_provider();
    let credentials = match &provider {
        Some(provider) => provider.provide_credentials().await.map_err(|error| {
            let cause: &dyn std::error::Error = &error;
            cause
                .source()
                .map_or(error.to_string(), ToString::to_string)
        }),
        None => Err("none are configured".to_owned()),
    };
    credentials.map_err(|error| {
        anyhow::anyhow!(
            "no credentials for AWS: {error}; expected AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Where \
             you sign in by `aws sso login`, do so again"
        )
    })?;
    // Each attempt has to keep to the pace, so that attempts are repeated here and not by the SDK.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let config = config.to_builder().timeout_config(timeouts);
    Ok(config.retry_config(RetryConfig::disabled()).build())
}

/// Said where CloudTrail knows of no call.
fn nothing(args: &HistoryArgs, period: Period, region: &str) -> String {
    let clusters = if args.clusters.is_empty() {
        String::new()
    } else {
        format!(" of {}", args.clusters.join(", "))
    };
    format!(
        "CloudTrail's event history in {region} holds no UpdateService or RunTask call of ECS{clusters} from {} to {}. \
         A call may take 15 minutes to appear there",
        text(period.since),
        text(period.until)
    )
}

struct History {
    client: Client,
    region: String,
    period: Period,
    pace: Pace,
    progress: Progress,
    deadline: Instant,
}

impl History {
    /// Reads one series. Returns how many records of it were added.
    async fn series(
        &self,
        call: &str,
        number: usize,
        clusters: &[String],
        records: &mut TimedRecords,
    ) -> Result<u64, SeriesError> {
        let mut found = 0;
        let take = |events: Vec<Event>| {
            for event in &events {
                if is_about(&event.record, clusters) {
                    records.add(event.time, &event.record)?;
                    found += 1;
                }
            }
            if let Some(oldest) = events.iter().map(|event| event.time).min() {
                let calls = counted(found, "call", "calls");
                self.progress.is_at(&format!("{call}: {calls}"));
                self.progress.reach(self.share(number, oldest));
            }
            Ok(())
        };
        self.progress.is_at(&format!("{call}: CloudTrail is asked"));
        series::read(async |token| self.page(call, token).await, take).await?;
        self.progress
            .reach(self.share(number + 1, self.period.until.timestamp()));
        Ok(found)
    }

    /// How much of the whole time is read once a series is read back to `oldest`, in seconds since 1970.
    fn share(&self, series: usize, oldest: i64) -> f64 {
        let seconds = |time: i64| f64::from(i32::try_from(time).unwrap_or(i32::MAX));
        let whole = (self.period.until - self.period.since).num_seconds();
        let read = (self.period.until.timestamp() - oldest).clamp(0, whole);
        let series = f64::from(u8::try_from(series).unwrap_or(u8::MAX));
        (series + seconds(read) / seconds(whole.max(1))) / 2.0
    }

    /// Asks for a page, at CloudTrail's pace, and again after a pause where CloudTrail asks to wait.
    async fn page(&self, call: &str, token: Option<String>) -> Result<Page, RequestError> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(16))
            .with_max_times(8)
            .with_jitter();
        (|| self.attempt(call, token.clone()))
            .retry(backoff)
            .when(|error| error.is_transient)
            .notify(|error, pause| {
                let pause = pause.as_secs() + 1;
                let line = format!("{call}: {}; trying again in {pause} s", error.code);
                self.progress.is_at(&line);
            })
            .await
    }

    async fn attempt(&self, call: &str, token: Option<String>) -> Result<Page, RequestError> {
        let turn = self.pace.turn(self.deadline).await;
        turn.map_err(|_| RequestError::timeout())?;
        let name = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value(call)
            .build()
            .ok();
        let answer = self
            .client
            .lookup_events()
            .set_lookup_attributes(name.map(|name| vec![name]))
            .start_time(SdkTime::from_secs(self.period.since.timestamp()))
            .end_time(SdkTime::from_secs(self.period.until.timestamp()))
            .max_results(PAGE)
            .set_next_token(token)
            .send()
            .await;
        answer.map(page).map_err(|error| RequestError::from(&error))
    }

    fn explain(&self, error: SeriesError) -> anyhow::Error {
        let hint = match &error {
            SeriesError::Request(error) if error.code.starts_with("AccessDenied") => {
                "; expected credentials that allow cloudtrail:LookupEvents (docs/history.md has a policy)"
            }
            SeriesError::Request(error) if error.code.contains("Throttl") => {
                "; others in this account use up CloudTrail's two requests a second: try again later"
            }
            SeriesError::Request(error) if is_of_credentials(&error.code) => {
                "; expected valid credentials: sign in again, or look at AWS_PROFILE"
            }
            _ => "",
        };
        anyhow::anyhow!(
            "cannot read CloudTrail's event history in {}: {error}{hint}",
            self.region
        )
    }
}

fn is_of_credentials(code: &str) -> bool {
    [
        "ExpiredToken",
        "UnrecognizedClient",
        "InvalidClientToken",
        "InvalidSignature",
    ]
    .iter()
    .any(|start| code.starts_with(start))
}

/// Whether a record is of ECS and about one of the clusters: other services of AWS have calls of the same names. A record
/// that is not JSON counts, so that it is told that it cannot be decoded.
fn is_about(record: &str, clusters: &[String]) -> bool {
    let Ok(record) = serde_json::from_str::<Value>(record) else {
        return true;
    };
    let ignored = ignored_call(record["eventSource"].as_str(), record["eventName"].as_str());
    ignored.is_none() && is_wanted(&record, clusters)
}

fn page(answer: LookupEventsOutput) -> Page {
    let events = answer.events.into_iter().flatten();
    let event = |event: aws_sdk_cloudtrail::types::Event| {
        Some(Event {
            time: event.event_time.map_or(0, |time| time.secs()),
            record: event.cloud_trail_event?,
        })
    };
    Page {
        events: events.filter_map(event).collect(),
        next: answer.next_token.filter(|token| !token.is_empty()),
    }
}
