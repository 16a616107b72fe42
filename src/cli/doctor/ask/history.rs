//! Who else set the counts of scheduled services, from CloudTrail's event history.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Action, Ask, cannot};
use crate::cli::doctor::seen::{Looked, OtherCall};
use crate::core::arn::last_segment;

/// How far back is looked. A tool that sets counts usually runs more than once a week.
const REACH: TimeDelta = TimeDelta::days(7);
/// How many pages of 50 events are read. CloudTrail answers two pages a second.
const PAGES: usize = 8;
const PAUSE: Duration = Duration::from_millis(500);

impl Ask {
    /// The `UpdateService` calls by tools that keep a count of their own, as far as the newest 400 calls of the last seven
    /// days show them.
    pub(in crate::cli) async fn other_calls(&self, now: DateTime<Utc>) -> Looked<Vec<OtherCall>> {
        use aws_sdk_cloudtrail::primitives::DateTime as SdkTime;
        use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};

        let update_service = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value("UpdateService")
            .build()
            .ok();
        let mut calls = Vec::new();
        let mut next = None;
        for page in 0..PAGES {
            if page > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let ask = self.cloudtrail.lookup_events().set_next_token(next);
            let answer = ask
                .set_lookup_attributes(update_service.clone().map(|attribute| vec![attribute]))
                .start_time(SdkTime::from_secs((now - REACH).timestamp()))
                .max_results(50)
                .send()
                .await;
            let answer = answer.map_err(cannot(Action::LookupEvents))?;
            let records = answer.events.into_iter().flatten();
            calls.extend(records.filter_map(|event| other_call(&event.cloud_trail_event?)));
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(calls)
    }
}

/// A call that set a count, by a tool that sets it again whenever it runs.
fn other_call(record: &str) -> Option<OtherCall> {
    let record: Value = serde_json::from_str(record).ok()?;
    let agent = record["userAgent"].as_str().unwrap_or_default();
    let by = [
        ("Terraform", "Terraform"),
        ("OpenTofu", "OpenTofu"),
        ("Pulumi", "Pulumi"),
        ("cloudformation.amazonaws.com", "CloudFormation"),
    ];
    let (_, by) = by.into_iter().find(|(mark, _)| agent.contains(mark))?;
    let call = &record["requestParameters"];
    let cluster = call["cluster"].as_str().unwrap_or("default");
    Some(OtherCall {
        service: (
            last_segment(cluster).to_owned(),
            last_segment(call["service"].as_str()?).to_owned(),
        ),
        count: call["desiredCount"].as_i64()?,
        by,
        at: record["eventTime"].as_str().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::other_call;

    #[test]
    fn only_tools_that_set_a_count_are_told() {
        let call = |agent: &str, count: Option<i64>| {
            let record = json!({
                "userAgent": agent,
                "eventTime": "2026-01-15T00:00:00Z",
                "requestParameters": {"cluster": "dev", "service": "api", "desiredCount": count},
            });
            other_call(&record.to_string())
        };
        let terraform = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0 terraform-provider-aws/5.70.0";
        let found = call(terraform, Some(2)).unwrap();
        assert_eq!((found.by, found.count), ("Terraform", 2));
        assert_eq!(found.service, ("dev".to_owned(), "api".to_owned()));
        assert_eq!(call(terraform, None), None, "it sets another attribute");
        assert_eq!(call("scheduler.amazonaws.com", Some(2)), None);
    }
}
