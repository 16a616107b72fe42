//! What SQS says of queues.

use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Action, Ask, unless_absent};
use crate::cli::doctor::seen::{Looked, Queue, Redrive, name_of};
use crate::core::arn::Arn;

const ABSENT: [&str; 3] = [
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "com.amazonaws.sqs#QueueDoesNotExist",
];

impl Ask {
    /// A queue by its ARN; `None` where there is none.
    pub(in crate::cli) async fn queue(&self, arn: &str) -> Looked<Option<Queue>> {
        let Some(url) = self.queue_url(arn).await? else {
            return Ok(None);
        };
        let ask = self.sqs.get_queue_attributes().queue_url(url);
        let answer = ask.attribute_names(QueueAttributeName::All).send().await;
        let Some(answer) = unless_absent(answer, Action::GetQueueAttributes, &ABSENT)? else {
            return Ok(None);
        };
        let attributes = answer.attributes.unwrap_or_default();
        let text = |name: QueueAttributeName| attributes.get(&name).cloned();
        let number = |name| {
            text(name)
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or(0)
        };
        Ok(Some(Queue {
            arn: arn.to_owned(),
            policy: text(QueueAttributeName::Policy).filter(|policy| !policy.is_empty()),
            visibility_seconds: number(QueueAttributeName::VisibilityTimeout),
            retention_seconds: number(QueueAttributeName::MessageRetentionPeriod),
            redrive: text(QueueAttributeName::RedrivePolicy).and_then(|policy| redrive(&policy)),
            messages: number(QueueAttributeName::ApproximateNumberOfMessages)
                + number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
                + number(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        }))
    }

    /// A queue's address, from its ARN.
    pub(in crate::cli) async fn queue_url(&self, arn: &str) -> Looked<Option<String>> {
        let ask = self.sqs.get_queue_url().queue_name(name_of(arn));
        let account = Arn::parse(arn).map(|arn| arn.account.to_owned());
        let answer = ask.set_queue_owner_aws_account_id(account).send().await;
        let answer = unless_absent(answer, Action::GetQueueUrl, &ABSENT)?;
        Ok(answer.and_then(|answer| answer.queue_url))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    #[serde(deserialize_with = "number_or_text")]
    max_receive_count: u32,
}

/// SQS takes the count as a number and as a text, and answers it as it was given.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    text.parse().map_err(serde::de::Error::custom)
}

fn redrive(policy: &str) -> Option<Redrive> {
    let policy: RedrivePolicy = serde_json::from_str(policy).ok()?;
    Some(Redrive {
        target_arn: policy.dead_letter_target_arn,
        max_receives: policy.max_receive_count,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_redrive_policy_has_its_count_in_either_form() {
        for count in ["5", "\"5\""] {
            let policy = format!(r#"{{"deadLetterTargetArn":"a:b","maxReceiveCount":{count}}}"#);
            let redrive = super::redrive(&policy).unwrap();
            assert_eq!(
                (redrive.target_arn.as_str(), redrive.max_receives),
                ("a:b", 5)
            );
        }
        assert!(super::redrive("{}").is_none());
    }
}
