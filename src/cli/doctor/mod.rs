//! `rollcall doctor`: looks at a deployment on AWS with the caller's credentials, and says what would not work and what to
//! do about it. It only reads, unless it is asked to send a test event.
//!
//! [`ask`] holds the questions to AWS, `look` asks them, and `checks` judges the answers without any effect.

pub(super) mod ask;
mod checks;
mod finding;
mod look;
mod print;
pub(super) mod seen;
mod send_test;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use chrono::{DateTime, Utc};

use self::ask::Ask;
pub(super) use self::checks::{Call, Target, calls};
use self::finding::{Finding, Report};
pub(super) use self::look::groups;
use self::look::{Wanted, look};
use super::args::DoctorArgs;
use super::terminal::Width;
use crate::aws::Aws;

/// How long one attempt of a question may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long all attempts of a question may take together.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(1);

/// Looks at a deployment; `lookup` gives the value of an environment variable. The exit status is 1 where something is
/// wrong, and 2 where nothing could be looked at.
///
/// # Errors
/// When no Region is configured, or nothing can be written.
pub async fn doctor(
    args: &DoctorArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let aws = Aws::default();
    let ask = clients(&aws).await?;
    let name = args.function_name();
    let function = ask.function(&name).await;
    let mut findings = match &function {
        Ok(Some(function)) => {
            let wanted = Wanted {
                groups: &args.groups,
                roster_group: args
                    .roster_group
                    .clone()
                    .unwrap_or_else(|| format!("{name}-rosters")),
            };
            let seen = look(&ask, function.clone(), wanted, now).await;
            checks::all(&seen, now)
        }
        Ok(None) => vec![Finding::wrong(
            "function",
            &name,
            format!("does not exist in {}", ask.region),
            "name the environment as in the Terraform module, or the function by --name, and its Region by AWS_REGION",
        )],
        Err(why) => vec![Finding::unknown("function", &name, why)],
    };
    if let (true, Ok(Some(function))) = (args.send_test, &function) {
        findings.push(send_test::send_test(&ask, &aws, function, args.wait, now).await);
    }
    let report = Report::new(&name, &findings);
    print::print(&report, args.json, Width::of(lookup))?;
    Ok(report.exit_code())
}

/// The clients, with the caller's credentials and Region.
///
/// # Errors
/// When no Region is configured.
pub(super) async fn clients(aws: &Aws) -> anyhow::Result<Ask> {
    let (config, region) = config(aws).await?;
    Ok(Ask::new(&config, region))
}

/// The clients' configuration and the Region, with the caller's credentials.
///
/// # Errors
/// When no Region is configured.
pub(super) async fn config(aws: &Aws) -> anyhow::Result<(SdkConfig, String)> {
    let config = aws.config().await;
    let region = config.region().context(
        "no Region is configured; expected AWS_REGION, or a profile with a Region in AWS_PROFILE",
    )?;
    // Not the function's few seconds: nobody waits for the next record here, and IAM's simulator takes its time.
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let region = region.to_string();
    let config = config.to_builder().timeout_config(timeouts).build();
    Ok((config, region))
}
