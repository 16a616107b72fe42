//! A DynamoDB table in memory that counts what it would charge.
//!
//! Sizes and units follow the developer guide: an item's size is that of its names and values, a write costs a unit
//! for each begun kilobyte of the larger of the item before and after, a consistent read one for each begun four
//! kilobytes of a page, and a transaction twice as much. A write whose condition fails is charged as a write.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::expression::{Attributes, Reader, Scope};
use super::update::updated;

/// What an item may have.
const ITEM_BYTES: usize = 400 * 1_024;
/// What a page of a query may have.
const PAGE_BYTES: usize = 1_024 * 1_024;

/// What a table was asked to do so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charges {
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    pub(crate) read_bytes: usize,
    pub(crate) requests: BTreeMap<String, usize>,
}

/// A table with the string keys `pk` and `sk`.
#[derive(Debug, Default)]
pub(crate) struct Table {
    items: BTreeMap<Key, Item>,
    pub(crate) charges: Charges,
}

type Key = (String, String);

#[derive(Debug)]
struct Item {
    attributes: Attributes,
    size: usize,
    /// The item as it goes into an answer, so that a query need not write it each time.
    json: String,
}

/// An error's type, and its other fields.
pub(crate) type Refusal = (&'static str, Value);
type Answer<T> = Result<T, Refusal>;

impl Table {
    /// The bytes of the items by the first part of their sort key.
    pub(crate) fn bytes_by_kind(&self) -> BTreeMap<String, usize> {
        let mut bytes = BTreeMap::new();
        for ((_, sort), item) in &self.items {
            let kind = sort.split('#').next().unwrap_or_default();
            *bytes.entry(kind.to_owned()).or_default() += item.size;
        }
        bytes
    }

    /// Answers one request.
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Answer<String> {
        let count = self.charges.requests.entry(operation.to_owned());
        *count.or_default() += 1;
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write_one(operation, request),
            "GetItem" => self.get(request),
            "Query" => self.query(request),
            "BatchGetItem" => self.batch_get(request),
            "BatchWriteItem" => self.batch_write(request),
            "TransactWriteItems" => self.transact(request),
            other => Err(invalid(format!("the bench knows no {other}"))),
        }
    }

    fn write_one(&mut self, operation: &str, request: &Value) -> Answer<String> {
        let key = match operation {
            "PutItem" => key_of(&request["Item"])?,
            _ => key_of(&request["Key"])?,
        };
        let (after, touched) = match self.written(operation, request, &key) {
            Ok(change) => change,
            Err(refusal) => {
                self.charge_write(&key, None, 1.0);
                return Err(refusal);
            }
        };
        self.charge_write(&key, after.as_ref(), 1.0);
        let before = self.put(key, after.clone());
        Ok(returned(request, before, after, &touched))
    }

    /// What a write makes of an item, and which attributes an update names.
    fn written(
        &self,
        operation: &str,
        request: &Value,
        key: &Key,
    ) -> Answer<(Option<Attributes>, BTreeSet<String>)> {
        let empty = Attributes::new();
        let before = self.items.get(key).map(|item| &item.attributes);
        let scope = Scope {
            request,
            item: before.unwrap_or(&empty),
        };
        if let Some(condition) = request["ConditionExpression"].as_str()
            && !Reader::new(condition, scope).holds().map_err(invalid)?
        {
            return Err(condition_failed(request, before));
        }
        Ok(match operation {
            "PutItem" | "Put" => (request["Item"].as_object().cloned(), BTreeSet::new()),
            "DeleteItem" | "Delete" => (None, BTreeSet::new()),
            "ConditionCheck" => (before.cloned(), BTreeSet::new()),
            _ => {
                let (mut item, touched) = updated(request, scope.item).map_err(invalid)?;
                item.extend(request["Key"].as_object().cloned().unwrap_or_default());
                (Some(item), touched)
            }
        })
    }

    fn charge_write(&mut self, key: &Key, after: Option<&Attributes>, factor: f64) {
        let before = self.items.get(key).map_or(0, |item| item.size);
        let size = before.max(after.map_or(0, size_of));
        self.charges.write_units += factor * units(size, 1_024);
    }

    /// Stores an item or removes it, and returns what was there.
    fn put(&mut self, key: Key, after: Option<Attributes>) -> Option<Attributes> {
        let before = match after {
            Some(attributes) => {
                let (size, json) = (
                    size_of(&attributes),
                    serde_json::to_string(&attributes).unwrap(),
                );
                assert!(size <= ITEM_BYTES, "an item of {size} bytes: {key:?}");
                let item = Item {
                    attributes,
                    size,
                    json,
                };
                self.items.insert(key, item)
            }
            None => self.items.remove(&key),
        };
        before.map(|item| item.attributes)
    }

    fn charge_read(&mut self, bytes: usize, request: &Value) {
        let factor = if request["ConsistentRead"] == true {
            1.0
        } else {
            0.5
        };
        self.charges.read_units += factor * units(bytes, 4_096);
        self.charges.read_bytes += bytes;
    }

    fn get(&mut self, request: &Value) -> Answer<String> {
        let key = key_of(&request["Key"])?;
        let item = self.items.get(&key);
        let (size, json) = item.map_or((0, None), |item| (item.size, Some(shown(item, request))));
        self.charge_read(size, request);
        Ok(json.map_or_else(|| "{}".to_owned(), |json| format!(r#"{{"Item":{json}}}"#)))
    }

    fn query(&mut self, request: &Value) -> Answer<String> {
        let forward = request["ScanIndexForward"] != false;
        let limit = request["Limit"].as_u64().unwrap_or(u64::MAX);
        let start = match &request["ExclusiveStartKey"] {
            Value::Null => None,
            key => Some(key_of(key)?),
        };
        let condition = request["KeyConditionExpression"].as_str();
        let mut candidates: Vec<(&Key, &Item)> = self.items.iter().collect();
        if !forward {
            candidates.reverse();
        }
        let is_after = |key: &Key| {
            let start = start.as_ref();
            start.is_none_or(|start| if forward { key > start } else { key < start })
        };
        let (mut bytes, mut read, mut items, mut last) = (0, 0, Vec::new(), None);
        for (key, item) in candidates.into_iter().filter(|(key, _)| is_after(key)) {
            let attributes = &item.attributes;
            let holds = |expression: Option<&str>| {
                let scope = Scope {
                    request,
                    item: attributes,
                };
                let holds = expression.map_or(Ok(true), |text| Reader::new(text, scope).holds());
                holds.map_err(invalid)
            };
            if !holds(condition)? {
                continue;
            }
            bytes += item.size;
            read += 1;
            if holds(request["FilterExpression"].as_str())? {
                items.push(shown(item, request));
            }
            if bytes >= PAGE_BYTES || read >= limit {
                last = Some(json!({"pk": {"S": key.0}, "sk": {"S": key.1}}));
                break;
            }
        }
        self.charge_read(bytes, request);
        let next = last.map_or_else(String::new, |key| format!(r#","LastEvaluatedKey":{key}"#));
        Ok(format!(
            r#"{{"Items":[{}],"Count":{},"ScannedCount":{read}{next}}}"#,
            items.join(","),
            items.len()
        ))
    }

    fn batch_get(&mut self, request: &Value) -> Answer<String> {
        let mut tables = Vec::new();
        for (table, asked) in request["RequestItems"].as_object().into_iter().flatten() {
            let mut items = Vec::new();
            for key in asked["Keys"].as_array().into_iter().flatten() {
                let found = self.items.get(&key_of(key)?);
                let size = found.map_or(0, |item| item.size);
                items.extend(found.map(|item| shown(item, asked)));
                self.charge_read(size, asked);
            }
            tables.push(format!(r#""{table}":[{}]"#, items.join(",")));
        }
        Ok(format!(
            r#"{{"Responses":{{{}}},"UnprocessedKeys":{{}}}}"#,
            tables.join(",")
        ))
    }

    fn batch_write(&mut self, request: &Value) -> Answer<String> {
        let tables = request["RequestItems"].as_object().into_iter().flatten();
        for entry in tables.flat_map(|(_, entries)| entries.as_array().into_iter().flatten()) {
            let (key, after) = match &entry["PutRequest"]["Item"] {
                Value::Null => (key_of(&entry["DeleteRequest"]["Key"])?, None),
                item => (key_of(item)?, item.as_object().cloned()),
            };
            self.charge_write(&key, after.as_ref(), 1.0);
            self.put(key, after);
        }
        Ok(r#"{"UnprocessedItems":{}}"#.to_owned())
    }

    fn transact(&mut self, request: &Value) -> Answer<String> {
        let mut changes = Vec::new();
        let mut reasons = Vec::new();
        for entry in request["TransactItems"].as_array().into_iter().flatten() {
            let entry = entry.as_object().and_then(|entry| entry.iter().next());
            let (operation, write) = entry.ok_or_else(|| invalid("an empty transaction"))?;
            let key = key_of(if operation == "Put" {
                &write["Item"]
            } else {
                &write["Key"]
            })?;
            let change = self.written(operation, write, &key);
            let after = change.as_ref().ok().and_then(|change| change.0.clone());
            self.charge_write(&key, after.as_ref(), 2.0);
            match change {
                Ok((after, _)) => {
                    reasons.push(json!({"Code": "None"}));
                    changes.push((key, after));
                }
                Err(("ConditionalCheckFailedException", mut fields)) => {
                    fields["Code"] = json!("ConditionalCheckFailed");
                    reasons.push(fields);
                }
                Err(refusal) => return Err(refusal),
            }
        }
        if changes.len() < reasons.len() {
            let message = "Transaction cancelled, please refer cancellation reasons";
            let fields = json!({"Message": message, "CancellationReasons": reasons});
            return Err(("TransactionCanceledException", fields));
        }
        for (key, after) in changes {
            self.put(key, after);
        }
        Ok("{}".to_owned())
    }
}

/// The item as the request wants to see it.
fn shown(item: &Item, request: &Value) -> String {
    let Some(projection) = request["ProjectionExpression"].as_str() else {
        return item.json.clone();
    };
    let names = projection.split(',').map(str::trim);
    let real = |name| {
        request["ExpressionAttributeNames"][name]
            .as_str()
            .unwrap_or(name)
    };
    let kept = names.filter_map(|name| Some((real(name), item.attributes.get(real(name))?)));
    serde_json::to_string(&kept.collect::<BTreeMap<_, _>>()).unwrap()
}

fn returned(
    request: &Value,
    before: Option<Attributes>,
    after: Option<Attributes>,
    touched: &BTreeSet<String>,
) -> String {
    let wanted = request["ReturnValues"].as_str().unwrap_or("NONE");
    let item = match wanted.rsplit_once('_') {
        Some((_, "OLD")) => before,
        Some((_, "NEW")) => after,
        _ => None,
    };
    let item = item.map(|mut item| {
        if wanted.starts_with("UPDATED") {
            item.retain(|name, _| touched.contains(name));
        }
        item
    });
    item.map_or_else(
        || "{}".to_owned(),
        |item| json!({"Attributes": item}).to_string(),
    )
}

fn condition_failed(request: &Value, item: Option<&Attributes>) -> Refusal {
    let mut fields = json!({"message": "The conditional request failed"});
    if request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
        && let Some(item) = item
    {
        fields["Item"] = json!(item);
    }
    ("ConditionalCheckFailedException", fields)
}

fn invalid(message: impl Into<String>) -> Refusal {
    ("ValidationException", json!({"message": message.into()}))
}

fn key_of(item: &Value) -> Answer<Key> {
    let part = |name: &str| {
        let text = item[name]["S"].as_str();
        text.map(str::to_owned)
            .ok_or_else(|| invalid(format!("the key has no {name}")))
    };
    Ok((part("pk")?, part("sk")?))
}

#[expect(clippy::cast_precision_loss, reason = "a small integer")]
fn units(bytes: usize, unit: usize) -> f64 {
    bytes.div_ceil(unit).max(1) as f64
}

fn size_of(item: &Attributes) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

/// The size of a value such as `{"S": "text"}`.
pub(crate) fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    // Two digits take a byte; zeros at the ends take none.
    let number = |value: &Value| {
        let digits = value
            .as_str()
            .map_or(0, |text| text.trim_matches('0').len());
        digits.div_ceil(2) + 1
    };
    let all = |of: &dyn Fn(&Value) -> usize| value.as_array().into_iter().flatten().map(of).sum();
    match kind.as_str() {
        "S" => text(value),
        "N" => number(value),
        "B" => text(value) * 3 / 4,
        "SS" => all(&text),
        "NS" => all(&number),
        "BS" => all(&|value| text(value) * 3 / 4),
        "L" => 3 + all(&|value| 1 + value_size(value)),
        "M" => {
            let entries = value.as_object().into_iter().flatten();
            3 + entries
                .map(|(name, value)| 1 + name.len() + value_size(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}
