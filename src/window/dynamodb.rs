//! The window log in a DynamoDB table with the string keys `pk` and `sk`.
//!
//! A window is a partition: an item for each batch of facts, which is put once and never changed, and one item
//! for its state and claim, which only conditional updates write. Every item expires.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Batch, Claim, Claimed, Released, State, WindowKey, WindowLog, WindowLogError};
use crate::fact::Fact;

/// An item may hold 400 KB with its keys and names.
const BATCH_BYTES: usize = 350_000;
/// How long a window is remembered after it began.
const KEPT_FOR: TimeDelta = TimeDelta::days(14);

const FACTS: &str = "FACTS#";
const STATE: &str = "STATE";

type Item = HashMap<String, AttributeValue>;

/// A table that holds windows.
#[derive(Debug, Clone)]
pub struct DynamoDbLog {
    client: Client,
    table: String,
}

impl DynamoDbLog {
    /// The log in a table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    async fn put(&self, key: &WindowKey, batch: &Batch) -> Result<(), WindowLogError> {
        let facts = serde_json::to_string(&batch.facts)
            .map_err(|error| WindowLogError(error.to_string()))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", partition(key))
            .item("sk", text(format!("{FACTS}{}", batch.id)))
            .item("facts", text(facts))
            .item("appended_at", milliseconds(batch.appended_at))
            .item("expires_at", expires_at(key))
            .condition_expression("attribute_not_exists(sk)");
        match put.send().await {
            Ok(_) => Ok(()),
            // The same facts are there already.
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

impl WindowLog for DynamoDbLog {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        now: DateTime<Utc>,
    ) -> Result<(), WindowLogError> {
        for part in split(facts) {
            self.put(key, &Batch::new(part.to_vec(), now)).await?;
        }
        Ok(())
    }

    async fn read(&self, key: &WindowKey) -> Result<Vec<Batch>, WindowLogError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :facts)")
            .expression_attribute_values(":pk", partition(key))
            .expression_attribute_values(":facts", text(FACTS))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut batches = Vec::new();
        while let Some(item) = pages.next().await {
            batches.push(batch(&item.map_err(|error| failed(&error))?)?);
        }
        Ok(batches)
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", partition(key))
            .key("sk", text(STATE))
            .update_expression(
                "SET claim_token = :token, claim_until = :until, expires_at = :expires",
            )
            // The last case is a request that was repeated because its answer got lost.
            .condition_expression(
                "attribute_not_exists(claim_until) OR claim_until <= :now OR claim_token = :token",
            )
            .expression_attribute_values(":token", text(&claim.token))
            .expression_attribute_values(":until", milliseconds(claim.until))
            .expression_attribute_values(":now", milliseconds(now))
            .expression_attribute_values(":expires", expires_at(key))
            .return_values(ReturnValue::AllOld);
        match update.send().await {
            Ok(output) => held(&output.attributes.unwrap_or_default(), claim),
            Err(error) if is_condition_failed(&error) => Ok(Claimed::Busy),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        state: &State,
    ) -> Result<Released, WindowLogError> {
        let state =
            serde_json::to_string(state).map_err(|error| WindowLogError(error.to_string()))?;
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", partition(key))
            .key("sk", text(STATE))
            .update_expression("SET #state = :state REMOVE claim_token, claim_until")
            .condition_expression("claim_token = :token")
            // `state` is a reserved word of DynamoDB.
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state))
            .expression_attribute_values(":token", text(&claim.token));
        match update.send().await {
            Ok(_) => Ok(Released::Done),
            Err(error) if is_condition_failed(&error) => Ok(Released::Lost),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Parts that each fit into an item.
fn split(facts: &[Fact]) -> Vec<&[Fact]> {
    let size = serde_json::to_string(facts).map_or(usize::MAX, |json| json.len());
    if size <= BATCH_BYTES || facts.len() <= 1 {
        return vec![facts];
    }
    let (first, second) = facts.split_at(facts.len() / 2);
    [split(first), split(second)].concat()
}

fn held(before: &Item, claim: &Claim) -> Result<Claimed, WindowLogError> {
    let state = match before.get("state").map(AttributeValue::as_s) {
        Some(Ok(json)) => {
            serde_json::from_str(json).map_err(|error| WindowLogError(format!("state: {error}")))?
        }
        _ => State::default(),
    };
    let earlier = before
        .get("claim_token")
        .and_then(|token| token.as_s().ok());
    Ok(Claimed::Held {
        state,
        has_lapsed: earlier.is_some_and(|token| *token != claim.token),
    })
}

fn batch(item: &Item) -> Result<Batch, WindowLogError> {
    let broken =
        |what: &str| WindowLogError(format!("an item of the table has no usable `{what}`"));
    let string = |name: &str| {
        item.get(name)
            .and_then(|value| value.as_s().ok())
            .ok_or_else(|| broken(name))
    };
    let appended_at = item
        .get("appended_at")
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse().ok())
        .and_then(DateTime::from_timestamp_millis)
        .ok_or_else(|| broken("appended_at"))?;
    let id = string("sk")?.trim_start_matches(FACTS).to_owned();
    let facts = serde_json::from_str(string("facts")?).map_err(|_| broken("facts"))?;
    Ok(Batch {
        id,
        appended_at,
        facts,
    })
}

fn partition(key: &WindowKey) -> AttributeValue {
    text(format!("{}#{}", key.environment, key.start.timestamp()))
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn milliseconds(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp_millis().to_string())
}

/// In seconds, as DynamoDB's time to live takes it.
fn expires_at(key: &WindowKey) -> AttributeValue {
    AttributeValue::N((key.start + KEPT_FOR).timestamp().to_string())
}

fn is_condition_failed<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    matches!(
        error.as_service_error(),
        Some(UpdateItemError::ConditionalCheckFailedException(_))
    )
}

fn failed<E, R>(error: &SdkError<E, R>) -> WindowLogError
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    WindowLogError(DisplayErrorContext(error).to_string())
}
