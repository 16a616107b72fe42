//! The silences that people asked for, in the table of the window log: the partition `SILENCE` lists them, so that they
//! can be shown and taken back. What silences a window is a fact in that window.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use chrono::{DateTime, TimeDelta, Utc};

use super::window_log::{
    ANY, DynamoDbLog, HEAD, Item, KEPT_FOR, PERIOD, broken, failed, milliseconds, number,
    partition, string, text, time,
};
use crate::core::window::{WindowKey, Windowing};
use crate::ports::window_log::WindowLogError;

const SILENCE: &str = "SILENCE";
/// DynamoDB's limit for `BatchGetItem`.
const KEYS_OF_A_REQUEST: usize = 100;

/// Windows of an environment in which what was not called is not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What identifies it.
    pub id: String,
    /// The environment's label.
    pub environment: String,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// How long the windows were that it was added to.
    pub period: Duration,
    /// Why, in the words of whoever asked for it.
    pub comment: Option<String>,
    /// When it was taken back.
    pub expired_at: Option<DateTime<Utc>>,
}

impl Silence {
    /// When it ends, or ended.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.expired_at.unwrap_or(self.until).min(self.until)
    }

    /// The windows that it touches from `from` on.
    pub fn windows(&self, from: DateTime<Utc>) -> impl Iterator<Item = WindowKey> {
        let windowing = Windowing {
            environment: None,
            period: self.period,
        };
        let last = self.until - TimeDelta::milliseconds(1);
        let starts = windowing.starts(self.from.max(from), last);
        starts.map(|start| WindowKey {
            start,
            environment: self.environment.clone(),
        })
    }
}

impl DynamoDbLog {
    /// Notes a silence, in place of what was noted under its id.
    ///
    /// # Errors
    /// When it may not have been written.
    pub async fn note_silence(&self, silence: &Silence) -> Result<(), WindowLogError> {
        let period = silence.period.as_secs().to_string();
        let expires = (silence.until + KEPT_FOR).timestamp().to_string();
        let mut item = Item::from([
            ("pk".to_owned(), text(SILENCE)),
            ("sk".to_owned(), text(&silence.id)),
            ("environment".to_owned(), text(&silence.environment)),
            ("from_time".to_owned(), milliseconds(silence.from)),
            ("until_time".to_owned(), milliseconds(silence.until)),
            ("seconds".to_owned(), AttributeValue::N(period)),
            ("expires_at".to_owned(), AttributeValue::N(expires)),
        ]);
        if let Some(comment) = &silence.comment {
            item.insert("comment".to_owned(), text(comment));
        }
        if let Some(at) = silence.expired_at {
            item.insert("expired_time".to_owned(), milliseconds(at));
        }
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item));
        put.send().await.map(drop).map_err(|error| failed(&error))
    }

    /// All silences that the table still has, in the order of their times.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn silences(&self) -> Result<Vec<Silence>, WindowLogError> {
        let items = self.partition(SILENCE).await?;
        let mut silences = items.iter().map(silence).collect::<Result<Vec<_>, _>>()?;
        silences.sort_by(|one, other| (one.from, &one.id).cmp(&(other.from, &other.id)));
        Ok(silences)
    }

    /// The environments whose windows' length a function noted, with that length. `None` stands for every environment that
    /// has none of its own.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn periods(&self) -> Result<Vec<(Option<String>, Duration)>, WindowLogError> {
        let items = self.partition(PERIOD).await?;
        let period = |item: &Item| {
            let name = string(item, "sk")?.to_owned();
            let seconds = number(item, "seconds").ok_or_else(|| broken("seconds"))?;
            let environment = Some(name).filter(|name| name != ANY);
            Ok((environment, Duration::from_secs(seconds)))
        };
        items.iter().map(period).collect()
    }

    /// Whether a function visited a window of an environment, as long as the table remembers windows.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn has_visited(
        &self,
        environment: &str,
        period: Duration,
        now: DateTime<Utc>,
    ) -> Result<bool, WindowLogError> {
        let windowing = Windowing {
            environment: None,
            period,
        };
        let mut starts: Vec<DateTime<Utc>> = windowing.starts(now - KEPT_FOR, now).collect();
        starts.reverse();
        let key = |start: &DateTime<Utc>| {
            let key = WindowKey {
                start: *start,
                environment: environment.to_owned(),
            };
            HashMap::from([
                ("pk".to_owned(), partition(&key)),
                ("sk".to_owned(), text(HEAD)),
            ])
        };
        for starts in starts.chunks(KEYS_OF_A_REQUEST) {
            let keys = starts.iter().map(key).collect();
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .projection_expression("visit")
                .build()
                .map_err(|error| WindowLogError(error.to_string()))?;
            let get = self.client.batch_get_item();
            let get = get.request_items(&self.table, wanted).send().await;
            let answer = get.map_err(|error| failed(&error))?;
            let mut items = answer
                .responses
                .into_iter()
                .flatten()
                .flat_map(|(_, items)| items);
            if items.any(|item| item.contains_key("visit")) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn partition(&self, pk: &str) -> Result<Vec<Item>, WindowLogError> {
        let query = self.client.query().table_name(&self.table);
        let query = query
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true);
        let items = query.into_paginator().items().send();
        items.try_collect().await.map_err(|error| failed(&error))
    }
}

fn silence(item: &Item) -> Result<Silence, WindowLogError> {
    let moment = |name: &str| time(item, name).ok_or_else(|| broken(name));
    let seconds = number(item, "seconds").ok_or_else(|| broken("seconds"))?;
    Ok(Silence {
        id: string(item, "sk")?.to_owned(),
        environment: string(item, "environment")?.to_owned(),
        from: moment("from_time")?,
        until: moment("until_time")?,
        period: Duration::from_secs(seconds),
        comment: string(item, "comment").ok().map(str::to_owned),
        expired_at: time(item, "expired_time"),
    })
}
