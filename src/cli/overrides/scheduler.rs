//! EventBridge Scheduler and the caller's identity, as AWS answers.

use std::time::Duration;

use anyhow::Context;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::primitives::DateTime;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::entry::Entry;
use super::runs::Time;
use super::wanted::Action;
use crate::aws::error::RequestError;
use crate::core::arn::last_segment;

/// How many requests are under way at the same time. AWS allows 50 of each kind a second; the SDK waits and repeats what is
/// throttled all the same.
pub(super) const AT_ONCE: usize = 8;
/// How often a request is made before it is given up on: with the SDK's pauses of up to 20 seconds about a minute.
const ATTEMPTS: u32 = 8;

/// How long to wait between readings of what was changed.
const READ_AGAIN: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(0),
];

/// Why a request changed nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDone {
    /// Somebody else changed the schedule since it was read.
    #[error("was changed meanwhile")]
    Changed,
    /// AWS refused it.
    #[error("cannot {0}: {1}")]
    Refused(&'static str, RequestError),
}

/// The clients.
pub(in crate::cli) struct Scheduler {
    client: Client,
    sts: aws_sdk_sts::Client,
}

macro_rules! refused {
    ($action:literal) => {
        |error| NotDone::Refused($action, RequestError::from(&error))
    };
}

impl Scheduler {
    pub(in crate::cli) fn new(config: &SdkConfig) -> Self {
        let retry = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(200));
        let config = config.to_builder().retry_config(retry).build();
        Self {
            client: Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        }
    }

    /// Who the caller is, as people know them: the session of a role, which is often a mail address, or the user's name.
    pub(super) async fn caller(&self) -> anyhow::Result<String> {
        let identity = self.sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| RequestError::from(&error));
        let identity = identity.context("cannot tell who you are (sts:GetCallerIdentity)")?;
        let arn = identity.arn.context("AWS did not tell who you are")?;
        Ok(last_segment(&arn).to_owned())
    }

    /// All schedules of a group; none where there is no such group.
    pub(super) async fn entries(&self, group: &str) -> anyhow::Result<Vec<Entry>> {
        let ask = self.client.list_schedules().group_name(group);
        let listed: Result<Vec<_>, _> = ask.into_paginator().items().send().try_collect().await;
        let listed = match listed.map_err(refused!("list schedules (scheduler:ListSchedules)")) {
            Err(NotDone::Refused(_, why)) if is_absent(&why) => return Ok(Vec::new()),
            listed => listed.with_context(|| group.to_owned())?,
        };
        let names = listed.into_iter().filter_map(|one| one.name);
        let read: Vec<Option<Entry>> = stream::iter(names)
            .map(|name| async move {
                let entry = self.get(group, &name).await;
                entry.with_context(|| format!("{group}/{name}"))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// One schedule; `None` where there is none, since a one-time schedule deletes itself at any moment.
    async fn get(&self, group: &str, name: &str) -> Result<Option<Entry>, NotDone> {
        let ask = self.client.get_schedule().group_name(group).name(name);
        match ask
            .send()
            .await
            .map_err(refused!("read it (scheduler:GetSchedule)"))
        {
            Err(NotDone::Refused(_, why)) if is_absent(&why) => Ok(None),
            answer => answer.map(Entry::read),
        }
    }

    /// Makes one change, and reads what became of it.
    pub(super) async fn make(&self, action: &Action) -> Result<(), NotDone> {
        match action {
            Action::Create(entry) => self.create(entry).await,
            Action::Update(before, after) => self.update(before, after).await,
            Action::Delete(entry) => self.delete(entry).await,
        }
    }

    async fn create(&self, entry: &Entry) -> Result<(), NotDone> {
        let ask = self
            .client
            .create_schedule()
            .group_name(&entry.group)
            .name(&entry.name)
            .schedule_expression(&entry.expression)
            .schedule_expression_timezone(&entry.timezone)
            .set_start_date(entry.start.map(moment))
            .set_end_date(entry.end.map(moment))
            .set_description(entry.description.clone())
            .state(entry.state.clone())
            .set_kms_key_arn(entry.kms_key_arn.clone())
            .flexible_time_window(entry.flexible.clone())
            .target(entry.target.clone())
            .action_after_completion(entry.after_completion.clone())
            .client_token(entry.token());
        match ask
            .send()
            .await
            .map_err(refused!("create it (scheduler:CreateSchedule)"))
        {
            // An attempt before this one may have reached AWS.
            Err(NotDone::Refused(_, why)) if why.code == "ConflictException" => {
                self.expect(entry).await
            }
            answer => answer.map(|_| ()),
        }
    }

    /// Replaces every attribute, provided that the schedule is still as it was read.
    async fn update(&self, before: &Entry, after: &Entry) -> Result<(), NotDone> {
        match self.get(&before.group, &before.name).await? {
            // An attempt before this one may have reached AWS.
            Some(found) if found.is_like(after) => return Ok(()),
            // What this program made, AWS may return with defaults filled in.
            Some(found) if found == *before => {}
            Some(found) if found.is_of_override() && found.is_like(before) => {}
            _ => return Err(NotDone::Changed),
        }
        let ask = self
            .client
            .update_schedule()
            .group_name(&after.group)
            .name(&after.name)
            .schedule_expression(&after.expression)
            .schedule_expression_timezone(&after.timezone)
            .set_start_date(after.start.map(moment))
            .set_end_date(after.end.map(moment))
            .set_description(after.description.clone())
            .state(after.state.clone())
            .set_kms_key_arn(after.kms_key_arn.clone())
            .flexible_time_window(after.flexible.clone())
            .target(after.target.clone())
            .action_after_completion(after.after_completion.clone());
        ask.send()
            .await
            .map_err(refused!("change it (scheduler:UpdateSchedule)"))?;
        self.expect(after).await
    }

    async fn delete(&self, entry: &Entry) -> Result<(), NotDone> {
        let ask = self
            .client
            .delete_schedule()
            .group_name(&entry.group)
            .name(&entry.name);
        match ask
            .send()
            .await
            .map_err(refused!("delete it (scheduler:DeleteSchedule)"))
        {
            Err(NotDone::Refused(_, why)) if is_absent(&why) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Reads a schedule until it is as it should be. AWS does not say how soon a change can be read.
    async fn expect(&self, entry: &Entry) -> Result<(), NotDone> {
        for pause in READ_AGAIN {
            let found = self.get(&entry.group, &entry.name).await?;
            if found.is_some_and(|found| found.is_like(entry)) {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
        Err(NotDone::Changed)
    }
}

fn is_absent(why: &RequestError) -> bool {
    why.code == "ResourceNotFoundException"
}

fn moment(time: Time) -> DateTime {
    DateTime::from_secs(time.timestamp())
}
