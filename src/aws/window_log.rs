//! The window log in a DynamoDB table with the string keys `pk` and `sk`.
//!
//! A window is a partition:
//! - `HEAD`: the number of the last batch, the next timer, the claim, and what the last visit left;
//! - `FACTS#00000012`: a batch of facts, put once under its number and never changed, with overrides in an attribute of their own;
//! - `OBSERVED#000003`: a chunk of observations; `REPORT#slack#000`: a part of what a receiver was told. Only the holder
//!   of the claim writes these.
//!
//! Every item expires.

mod stored_facts;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aws::error::RequestError;
use crate::core::fact::Fact;
use crate::core::observation::{Observations, StoredObservations};
use crate::core::report::LastReport;
use crate::core::runs::Arrival;
use crate::core::window::WindowKey;
use crate::ports::window_log::{
    Batch, Claim, Claimed, Head, Released, VisitNotes, WindowContents, WindowLog, WindowLogError,
};

/// What one item takes of a text; DynamoDB takes 400 KB with keys and names.
const ITEM_BYTES: usize = 350_000;
/// How long a window is remembered after it began.
pub(super) const KEPT_FOR: TimeDelta = TimeDelta::days(14);

/// The partition in which functions note how long their windows are, by environment.
pub(super) const PERIOD: &str = "PERIOD";
/// The function labels windows by their clusters.
pub(super) const ANY: &str = "*";

pub(super) const HEAD: &str = "HEAD";
const FACTS: &str = "FACTS#";
const OBSERVED: &str = "OBSERVED#";
const REPORT: &str = "REPORT#";

pub(super) type Item = HashMap<String, AttributeValue>;
type UpdateError<R> = SdkError<UpdateItemError, R>;

/// A table that holds windows.
#[derive(Debug, Clone)]
pub struct DynamoDbLog {
    pub(super) client: Client,
    pub(super) table: String,
}

impl DynamoDbLog {
    /// The log in a table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Notes how long the windows of an environment are, for commands that write to windows by themselves. `None`
    /// stands for every environment that has none of its own.
    ///
    /// # Errors
    /// When the note may not have been written.
    pub async fn note_period(
        &self,
        environment: Option<&str>,
        period: Duration,
    ) -> Result<(), WindowLogError> {
        let seconds = AttributeValue::N(period.as_secs().to_string());
        let item = Item::from([
            ("pk".to_owned(), text(PERIOD)),
            ("sk".to_owned(), text(environment.unwrap_or(ANY))),
            ("seconds".to_owned(), seconds),
        ]);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        put.send().await.map(drop).map_err(|error| failed(&error))
    }

    /// Everything that is kept of a window; `None` where nothing is. Reading it disturbs no visit.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn read(&self, key: &WindowKey) -> Result<Option<WindowContents>, WindowLogError> {
        let get = self.client.get_item().table_name(&self.table);
        let get = get.key("pk", partition(key)).key("sk", text(HEAD));
        let answer = get.consistent_read(true).send().await;
        let Some(item) = answer.map_err(|error| failed(&error))?.item else {
            return Ok(None);
        };
        let mut contents = WindowContents::default();
        self.refresh(key, &head(&item)?, &mut contents).await?;
        Ok(Some(contents))
    }

    /// Takes the next number of a batch. Returns the window's head.
    async fn count(&self, key: &WindowKey) -> Result<Head, WindowLogError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", partition(key))
            .key("sk", text(HEAD))
            .update_expression("ADD appended :one SET expires_at = :expires")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":expires", expires_at(key))
            .return_values(ReturnValue::AllNew);
        let output = update.send().await.map_err(|error| failed(&error))?;
        head(&output.attributes.unwrap_or_default())
    }

    async fn put(
        &self,
        key: &WindowKey,
        sk: String,
        attributes: Item,
    ) -> Result<(), WindowLogError> {
        let mut item = attributes;
        item.insert("pk".to_owned(), partition(key));
        item.insert("sk".to_owned(), text(sk));
        item.insert("expires_at".to_owned(), expires_at(key));
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        put.send().await.map(drop).map_err(|error| failed(&error))
    }

    /// Takes each item of a window with a key from one to another, page by page: a large window's items would take
    /// much memory together.
    async fn each(
        &self,
        key: &WindowKey,
        from: &str,
        to: &str,
        mut take: impl FnMut(Item) -> Result<(), WindowLogError>,
    ) -> Result<(), WindowLogError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", partition(key))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            take(item.map_err(|error| failed(&error))?)?;
        }
        Ok(())
    }

    async fn refresh_batches(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        if head.appended <= contents.cursor {
            return Ok(());
        }
        let from = batch_key(contents.cursor + 1);
        let take = |item: Item| {
            contents.insert(batch(&item)?);
            Ok(())
        };
        self.each(key, &from, &batch_key(u64::MAX), take).await
    }

    async fn refresh_chunks(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        let is_new =
            |(chunk, version): &(usize, &u64)| contents.chunks.get(*chunk) != Some(version);
        let versions = head.visit.chunks.iter().enumerate();
        let new: Vec<usize> = versions.filter(is_new).map(|(chunk, _)| chunk).collect();
        let observations = &mut contents.observations;
        let mut take = |item: Item| {
            let chunk = string(&item, "sk")?.trim_start_matches(OBSERVED).parse();
            let stored: StoredObservations = json(&item, "observed")?;
            observations.replace_chunk(chunk.map_err(|_| broken("sk"))?, stored.into());
            Ok(())
        };
        // Neighbours are read in one request.
        for run in new.chunk_by(|one, next| next - one == 1) {
            let (first, last) = (run[0], run[run.len() - 1]);
            self.each(key, &chunk_key(first), &chunk_key(last), &mut take)
                .await?;
        }
        contents.chunks.clone_from(&head.visit.chunks);
        Ok(())
    }

    /// A visitor that dies while it writes the parts of a long report leaves parts of two reports. People are then told
    /// again rather than never.
    async fn refresh_reports(
        &self,
        key: &WindowKey,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        let mut texts: HashMap<String, (u64, String)> = HashMap::new();
        let take = |item: Item| {
            let sk = string(&item, "sk")?;
            let name = sk.trim_start_matches(REPORT);
            let (receiver, _) = name.split_once('#').ok_or_else(|| broken("sk"))?;
            let parts = number(&item, "parts").unwrap_or(1);
            let entry = texts
                .entry(receiver.to_owned())
                .or_insert((parts, String::new()));
            // A shorter report leaves parts of an older, longer one behind.
            if entry.0 > 0 {
                entry.0 -= 1;
                entry.1.push_str(string(&item, "report")?);
            }
            Ok(())
        };
        // `$` follows `#`.
        self.each(key, REPORT, "REPORT$", take).await?;
        for (receiver, (_, report)) in texts {
            let report = serde_json::from_str(&report).unwrap_or_else(|_| {
                tracing::error!(window = %key, "what {receiver} was told of {key} cannot be read");
                LastReport {
                    is_in_doubt: true,
                    ..LastReport::default()
                }
            });
            contents.reports.insert(receiver, report);
        }
        Ok(())
    }
}

impl WindowLog for DynamoDbLog {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        arrival: Arrival,
    ) -> Result<Head, WindowLogError> {
        let mut head = Head::default();
        for part in split(facts) {
            head = self.count(key).await?;
            let mut item = Item::new();
            stored_facts::put(&mut item, part)?;
            item.insert("appended_at".to_owned(), milliseconds(arrival.at));
            if let Some(until) = arrival.siblings_until {
                item.insert("siblings_until".to_owned(), milliseconds(until));
            }
            self.put(key, batch_key(head.appended), item).await?;
        }
        Ok(head)
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
            .key("sk", text(HEAD))
            .update_expression(
                "SET claim_token = :token, claim_until = :until, expires_at = :expires",
            )
            // The last case is a request that the SDK repeated because its answer got lost.
            .condition_expression(
                "attribute_not_exists(claim_until) OR claim_until <= :now OR claim_token = :token",
            )
            .expression_attribute_values(":token", text(&claim.token))
            .expression_attribute_values(":until", milliseconds(claim.until))
            .expression_attribute_values(":now", milliseconds(now))
            .expression_attribute_values(":expires", expires_at(key))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(output) => {
                let before = output.attributes.unwrap_or_default();
                let earlier = string(&before, "claim_token").ok();
                Ok(Claimed::Held {
                    head: head(&before)?,
                    has_lapsed: earlier.is_some_and(|token| token != claim.token),
                })
            }
            Err(error) => match refused(&error) {
                Some(item) => Ok(Claimed::Busy(time(item, "timer_at"))),
                None => Err(failed(&error)),
            },
        }
    }

    async fn refresh(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        self.refresh_batches(key, head, contents).await?;
        let is_known = contents.version > 0 && contents.version == head.visit.version;
        if !is_known {
            self.refresh_chunks(key, head, contents).await?;
            self.refresh_reports(key, contents).await?;
            contents.version = head.visit.version;
        }
        Ok(())
    }

    async fn observe(
        &self,
        key: &WindowKey,
        chunk: usize,
        observations: &Observations,
    ) -> Result<(), WindowLogError> {
        let stored = StoredObservations::from(observations);
        let item = Item::from([("observed".to_owned(), to_json(&stored)?)]);
        self.put(key, chunk_key(chunk), item).await
    }

    async fn note(
        &self,
        key: &WindowKey,
        receiver: &str,
        report: &LastReport,
    ) -> Result<(), WindowLogError> {
        let report =
            serde_json::to_string(report).map_err(|error| WindowLogError(error.to_string()))?;
        let parts = parts(&report);
        for (part, report) in parts.iter().enumerate() {
            let item = Item::from([
                ("report".to_owned(), text(*report)),
                (
                    "parts".to_owned(),
                    AttributeValue::N(parts.len().to_string()),
                ),
            ]);
            self.put(key, format!("{REPORT}{receiver}#{part:03}"), item)
                .await?;
        }
        Ok(())
    }

    async fn note_timer(&self, key: &WindowKey, at: DateTime<Utc>) -> Result<(), WindowLogError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", partition(key))
            .key("sk", text(HEAD))
            .update_expression("SET timer_at = :at, expires_at = :expires")
            .expression_attribute_values(":at", milliseconds(at))
            .expression_attribute_values(":expires", expires_at(key));
        update
            .send()
            .await
            .map(drop)
            .map_err(|error| failed(&error))
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        notes: &VisitNotes,
        timer_at: Option<DateTime<Utc>>,
    ) -> Result<Released, WindowLogError> {
        let set_timer = timer_at.map_or("", |_| ", timer_at = :timer");
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", partition(key))
            .key("sk", text(HEAD))
            .update_expression(format!(
                "SET visit = :visit, released_by = :token{set_timer} REMOVE claim_token, claim_until"
            ))
            .condition_expression("claim_token = :token")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut values = Item::from([
            (":visit".to_owned(), to_json(notes)?),
            (":token".to_owned(), text(&claim.token)),
        ]);
        if let Some(at) = timer_at {
            values.insert(":timer".to_owned(), milliseconds(at));
        }
        match update
            .set_expression_attribute_values(Some(values))
            .send()
            .await
        {
            Ok(_) => Ok(Released::Done),
            Err(error) => match refused(&error) {
                // The SDK repeated a request whose answer got lost: the first one had given the window back.
                Some(item) if string(item, "released_by").is_ok_and(|by| by == claim.token) => {
                    Ok(Released::Done)
                }
                Some(_) => Ok(Released::Lost),
                None => Err(failed(&error)),
            },
        }
    }
}

/// Parts that each fit into an item.
fn split(facts: &[Fact]) -> Vec<&[Fact]> {
    let size = serde_json::to_string(facts).map_or(usize::MAX, |json| json.len());
    if size <= ITEM_BYTES || facts.len() <= 1 {
        return vec![facts];
    }
    let (first, second) = facts.split_at(facts.len() / 2);
    [split(first), split(second)].concat()
}

/// Parts of a text that each fit into an item, cut between characters.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > ITEM_BYTES {
        let (part, left) = rest.split_at(rest.floor_char_boundary(ITEM_BYTES));
        parts.push(part);
        rest = left;
    }
    parts.push(rest);
    parts
}

fn head(item: &Item) -> Result<Head, WindowLogError> {
    Ok(Head {
        appended: number(item, "appended").unwrap_or_default(),
        timer_at: time(item, "timer_at"),
        visit: match item.get("visit") {
            Some(_) => json(item, "visit")?,
            None => VisitNotes::default(),
        },
    })
}

fn batch(item: &Item) -> Result<Batch, WindowLogError> {
    let number = string(item, "sk")?.trim_start_matches(FACTS).parse();
    Ok(Batch {
        number: number.map_err(|_| broken("sk"))?,
        arrival: Arrival {
            at: time(item, "appended_at").ok_or_else(|| broken("appended_at"))?,
            siblings_until: time(item, "siblings_until"),
        },
        facts: stored_facts::get(item)?,
    })
}

/// Numbers with as many digits as any has, so that their order is that of the texts.
fn batch_key(number: u64) -> String {
    format!("{FACTS}{number:020}")
}

fn chunk_key(chunk: usize) -> String {
    format!("{OBSERVED}{chunk:06}")
}

pub(super) fn broken(what: &str) -> WindowLogError {
    WindowLogError(format!("an item of the table has no usable `{what}`"))
}

pub(super) fn string<'i>(item: &'i Item, name: &str) -> Result<&'i str, WindowLogError> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| broken(name))
}

fn json<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T, WindowLogError> {
    serde_json::from_str(string(item, name)?).map_err(|_| broken(name))
}

pub(super) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn time(item: &Item, name: &str) -> Option<DateTime<Utc>> {
    let milliseconds: i64 = item.get(name)?.as_n().ok()?.parse().ok()?;
    DateTime::from_timestamp_millis(milliseconds)
}

fn to_json(value: &impl Serialize) -> Result<AttributeValue, WindowLogError> {
    let json = serde_json::to_string(value);
    json.map(text)
        .map_err(|error| WindowLogError(error.to_string()))
}

pub(super) fn partition(key: &WindowKey) -> AttributeValue {
    text(format!("{}#{}", key.environment, key.start.timestamp()))
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn milliseconds(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp_millis().to_string())
}

/// In seconds, as DynamoDB's time to live takes it.
fn expires_at(key: &WindowKey) -> AttributeValue {
    AttributeValue::N((key.start + KEPT_FOR).timestamp().to_string())
}

/// The item that did not meet an update's condition; `None` where the update failed for another reason.
fn refused<R>(error: &UpdateError<R>) -> Option<&Item> {
    static NONE: std::sync::LazyLock<Item> = std::sync::LazyLock::new(Item::new);
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(refusal) => {
            Some(refusal.item().unwrap_or(&NONE))
        }
        _ => None,
    }
}

pub(super) fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> WindowLogError {
    WindowLogError(RequestError::from(error).to_string())
}
