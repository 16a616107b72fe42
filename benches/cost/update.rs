//! Update expressions of DynamoDB: `SET`, `REMOVE`, `ADD` and `DELETE` on attributes by name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::expression::{Attributes, Reader, Scope};

/// The item after an update, and which attributes the update names.
pub(crate) fn updated(
    request: &Value,
    item: &Attributes,
) -> Result<(Attributes, BTreeSet<String>), String> {
    let expression = request["UpdateExpression"].as_str().unwrap_or_default();
    let mut reader = Reader::new(expression, Scope { request, item });
    let mut after = item.clone();
    let mut touched = BTreeSet::new();
    while reader.peek().is_some() {
        let clause = reader.next()?.to_ascii_uppercase();
        loop {
            let token = reader.next()?;
            let name = reader.name(token)?.to_owned();
            match clause.as_str() {
                "SET" => {
                    if reader.next()? != "=" {
                        return Err(format!("expected = after {name}"));
                    }
                    after.insert(name.clone(), sum(&mut reader)?);
                }
                "REMOVE" => drop(after.remove(&name)),
                "ADD" | "DELETE" => {
                    let value = reader.operand()?.ok_or("nothing to add or to delete")?;
                    let merged = merge(item.get(&name), &value, clause == "ADD")?;
                    match merged {
                        Some(value) => drop(after.insert(name.clone(), value)),
                        None => drop(after.remove(&name)),
                    }
                }
                other => return Err(format!("unknown clause {other}")),
            }
            touched.insert(name);
            if !reader.take(",") {
                break;
            }
        }
    }
    Ok((after, touched))
}

/// An operand, or two with `+` or `-` between them.
fn sum(reader: &mut Reader<'_>) -> Result<Value, String> {
    let left = reader.operand()?.ok_or("an attribute does not exist")?;
    let sign = match reader.peek() {
        Some("+") => 1,
        Some("-") => -1,
        _ => return Ok(left),
    };
    reader.next()?;
    let right = reader.operand()?.ok_or("an attribute does not exist")?;
    Ok(number(integer(&left)? + sign * integer(&right)?))
}

/// A number increased, or a set with members put in or taken out; none where a set has no member left.
fn merge(before: Option<&Value>, value: &Value, is_added: bool) -> Result<Option<Value>, String> {
    if value.get("N").is_some() && is_added {
        let before = before.map_or(Ok(0), integer)?;
        return Ok(Some(number(before + integer(value)?)));
    }
    let members = |set: &Value| -> Result<BTreeSet<String>, String> {
        let set: Option<BTreeSet<String>> = serde_json::from_value(set["SS"].clone()).ok();
        set.ok_or_else(|| "only numbers and sets of strings are known".to_owned())
    };
    let before = before.map_or(Ok(BTreeSet::new()), members)?;
    let given = members(value)?;
    let after: BTreeSet<&String> = if is_added {
        before.union(&given).collect()
    } else {
        before.difference(&given).collect()
    };
    Ok((!after.is_empty()).then(|| json!({"SS": after})))
}

fn integer(value: &Value) -> Result<i64, String> {
    let number = value["N"].as_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("{value} is not a whole number"))
}

fn number(value: i64) -> Value {
    json!({"N": value.to_string()})
}
