//! What EventBridge Scheduler says of schedules.

use aws_sdk_scheduler::types::{ScheduleState, ScheduleSummary};
use chrono::DateTime;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Action, Ask, cannot, unless_absent};
use crate::cli::doctor::seen::{Looked, Schedule};

/// How many schedules are asked for at the same time; the SDK waits where Scheduler answers that it is too fast.
const AT_ONCE: usize = 6;

impl Ask {
    /// The names of all groups that begin so.
    pub(in crate::cli) async fn groups(&self, prefix: &str) -> Looked<Vec<String>> {
        let ask = self.scheduler.list_schedule_groups().name_prefix(prefix);
        let groups: Result<Vec<_>, _> = ask.into_paginator().items().send().try_collect().await;
        let groups = groups.map_err(cannot(Action::ListScheduleGroups))?;
        Ok(groups.into_iter().filter_map(|group| group.name).collect())
    }

    /// All schedules of a group; none where there is no such group.
    pub(in crate::cli) async fn schedules(&self, group: &str) -> Looked<Vec<Schedule>> {
        let ask = self.scheduler.list_schedules().group_name(group);
        let listed: Result<Vec<_>, _> = ask.into_paginator().items().send().try_collect().await;
        let absent = ["ResourceNotFoundException"];
        let listed = unless_absent(listed, Action::ListSchedules, &absent)?;
        let names = listed
            .into_iter()
            .flatten()
            .filter_map(|one: ScheduleSummary| one.name);
        stream::iter(names)
            .map(|name| self.schedule(group, name))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn schedule(&self, group: &str, name: String) -> Looked<Schedule> {
        let ask = self.scheduler.get_schedule().group_name(group).name(&name);
        let answer = ask.send().await.map_err(cannot(Action::GetSchedule))?;
        let flexible = answer.flexible_time_window;
        let minutes = flexible.and_then(|window| window.maximum_window_in_minutes);
        let target = answer.target;
        let target = target.as_ref();
        Ok(Schedule {
            is_enabled: answer.state != Some(ScheduleState::Disabled),
            expression: answer.schedule_expression.unwrap_or_default(),
            timezone: answer
                .schedule_expression_timezone
                .unwrap_or_else(|| "UTC".to_owned()),
            flexible_minutes: minutes
                .and_then(|minutes| minutes.try_into().ok())
                .unwrap_or(0),
            start: answer
                .start_date
                .and_then(|start| DateTime::from_timestamp(start.secs(), 0)),
            end: answer
                .end_date
                .and_then(|end| DateTime::from_timestamp(end.secs(), 0)),
            target_arn: target.map(|target| target.arn.clone()).unwrap_or_default(),
            role_arn: target
                .map(|target| target.role_arn.clone())
                .unwrap_or_default(),
            input: target
                .and_then(|target| target.input.clone())
                .unwrap_or_default(),
            dead_letter_arn: target
                .and_then(|target| target.dead_letter_config.as_ref())
                .and_then(|config| config.arn.clone()),
            name,
        })
    }
}
