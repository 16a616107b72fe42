//! What CloudTrail says of the trails that may write this Region's events.

use aws_sdk_cloudtrail::types::{AdvancedFieldSelector, EventSelector, Trail as Described};

use super::{Action, Ask, cannot};
use crate::cli::doctor::seen::{FieldSelector, Looked, Selector, Trail};

impl Ask {
    /// All trails that this Region knows, those of other Regions and of the organization among them.
    pub(in crate::cli) async fn trails(&self) -> Looked<Vec<Trail>> {
        let answer = self.cloudtrail.describe_trails().send().await;
        let answer = answer.map_err(cannot(Action::DescribeTrails))?;
        let mut trails = Vec::new();
        for trail in answer.trail_list.into_iter().flatten() {
            trails.push(self.trail(trail).await);
        }
        Ok(trails)
    }

    async fn trail(&self, trail: Described) -> Trail {
        let name = trail.name.unwrap_or_default();
        // A trail of another Region is known by its ARN alone.
        let arn = trail.trail_arn.unwrap_or_else(|| name.clone());
        let is_home = trail.home_region.as_deref() == Some(self.region.as_str());
        Trail {
            name,
            is_here: is_home || trail.is_multi_region_trail == Some(true),
            is_logging: self.is_logging(&arn).await,
            selectors: self.selectors(&arn).await,
        }
    }

    async fn is_logging(&self, arn: &str) -> Looked<bool> {
        let answer = self.cloudtrail.get_trail_status().name(arn).send().await;
        let answer = answer.map_err(cannot(Action::GetTrailStatus))?;
        Ok(answer.is_logging == Some(true))
    }

    async fn selectors(&self, arn: &str) -> Looked<Vec<Selector>> {
        let answer = self.cloudtrail.get_event_selectors().trail_name(arn);
        let answer = answer.send().await;
        let answer = answer.map_err(cannot(Action::GetEventSelectors))?;
        let basic = answer.event_selectors.into_iter().flatten().map(basic);
        let advanced = answer.advanced_event_selectors.into_iter().flatten();
        let advanced = advanced.map(|selector| {
            Selector::Advanced(selector.field_selectors.into_iter().map(field).collect())
        });
        Ok(basic.chain(advanced).collect())
    }
}

fn basic(selector: EventSelector) -> Selector {
    Selector::Basic {
        has_management: selector.include_management_events != Some(false),
        kind: selector
            .read_write_type
            .map_or_else(|| "All".to_owned(), |kind| kind.to_string()),
    }
}

fn field(selector: AdvancedFieldSelector) -> FieldSelector {
    FieldSelector {
        field: selector.field,
        equals: selector.equals.unwrap_or_default(),
        not_equals: selector.not_equals.unwrap_or_default(),
    }
}
