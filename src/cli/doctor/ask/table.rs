//! What DynamoDB says of the window log's table.

use aws_sdk_dynamodb::types::{TableDescription, TimeToLiveStatus};

use super::{Action, Ask, cannot, unless_absent};
use crate::cli::doctor::seen::{Looked, Table};

impl Ask {
    /// A table; `None` where there is none.
    pub(in crate::cli) async fn table(&self, name: &str) -> Looked<Option<Table>> {
        let answer = self.dynamodb.describe_table().table_name(name).send().await;
        let absent = ["ResourceNotFoundException"];
        let answer = unless_absent(answer, Action::DescribeTable, &absent)?;
        let Some(table) = answer.and_then(|answer| answer.table) else {
            return Ok(None);
        };
        Ok(Some(Table {
            keys: keys(&table),
            arn: table.table_arn.unwrap_or_default(),
            status: table
                .table_status
                .map(|status| status.to_string())
                .unwrap_or_default(),
            ttl: self.ttl(name).await,
        }))
    }

    async fn ttl(&self, name: &str) -> Looked<Option<String>> {
        let answer = self.dynamodb.describe_time_to_live().table_name(name);
        let answer = answer.send().await;
        let answer = answer.map_err(cannot(Action::DescribeTimeToLive))?;
        let ttl = answer.time_to_live_description.filter(|ttl| {
            let status = ttl.time_to_live_status.as_ref();
            matches!(
                status,
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            )
        });
        Ok(ttl.and_then(|ttl| ttl.attribute_name))
    }
}

fn keys(table: &TableDescription) -> Vec<String> {
    let kind_of = |name: &str| {
        let mut attributes = table.attribute_definitions().iter();
        attributes
            .find(|attribute| attribute.attribute_name == name)
            .map(|attribute| attribute.attribute_type.to_string())
            .unwrap_or_default()
    };
    let key = |key: &aws_sdk_dynamodb::types::KeySchemaElement| {
        let name = &key.attribute_name;
        format!("{name} ({}, {})", key.key_type, kind_of(name))
    };
    table.key_schema().iter().map(key).collect()
}
