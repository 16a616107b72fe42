//! What CloudWatch and SNS say of alarms and of whom they tell.

use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricAlarm, StateValue};

use super::{Action, Ask, cannot};
use crate::cli::doctor::seen::{Alarm, Looked};

impl Ask {
    /// The alarms on metrics whose names begin so.
    pub(in crate::cli) async fn alarms(&self, prefix: &str) -> Looked<Vec<Alarm>> {
        let ask = self.cloudwatch.describe_alarms().alarm_name_prefix(prefix);
        let ask = ask.alarm_types(AlarmType::MetricAlarm);
        let pages: Result<Vec<_>, _> = ask.into_paginator().send().try_collect().await;
        let pages = pages.map_err(cannot(Action::DescribeAlarms))?;
        let alarms = pages.into_iter().filter_map(|page| page.metric_alarms);
        Ok(alarms.flatten().map(alarm).collect())
    }

    /// How many confirmed subscriptions a topic has. SNS delivers nothing to one that is pending.
    pub(in crate::cli) async fn subscriptions(&self, topic_arn: &str) -> Looked<usize> {
        let ask = self.sns.list_subscriptions_by_topic().topic_arn(topic_arn);
        let all: Result<Vec<_>, _> = ask.into_paginator().items().send().try_collect().await;
        let all = all.map_err(cannot(Action::ListSubscriptionsByTopic))?;
        // In place of an ARN stands `PendingConfirmation` or `Deleted`.
        let arns = all.iter().filter_map(|one| one.subscription_arn.as_deref());
        Ok(arns.filter(|arn| arn.starts_with("arn:")).count())
    }
}

fn alarm(alarm: MetricAlarm) -> Alarm {
    let queried = alarm.metrics.unwrap_or_default();
    let queried = queried
        .into_iter()
        .filter_map(|query| query.metric_stat?.metric);
    let mut metrics = Vec::new();
    let mut watches = Vec::new();
    for metric in queried {
        metrics.push((metric.namespace, metric.metric_name));
        watches.extend(metric.dimensions.into_iter().flatten().filter_map(value));
    }
    metrics.push((alarm.namespace, alarm.metric_name));
    watches.extend(alarm.dimensions.into_iter().flatten().filter_map(value));
    let metrics = metrics
        .into_iter()
        .filter_map(|(space, name)| space.zip(name));
    let has_actions = alarm.actions_enabled != Some(false);
    let actions = alarm.alarm_actions.filter(|_| has_actions);
    Alarm {
        name: alarm.alarm_name.unwrap_or_default(),
        is_ringing: alarm.state_value == Some(StateValue::Alarm),
        actions: actions.unwrap_or_default(),
        metrics: metrics.collect(),
        watches: watches.into_iter().collect(),
    }
}

fn value(dimension: Dimension) -> Option<String> {
    dimension.value
}
