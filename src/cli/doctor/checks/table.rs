//! The window log's table.

use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::seen::Seen;

const AREA: &str = "table";
const KEYS: [&str; 2] = ["pk (HASH, S)", "sk (RANGE, S)"];

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let Some((name, table)) = &seen.table else {
        return Vec::new();
    };
    let table = match table {
        Err(why) => return vec![Finding::unknown(AREA, name, why)],
        Ok(None) => {
            let advice = "create the table that ROLLCALL_TABLE names, or correct the name";
            return vec![Finding::wrong(AREA, name, "does not exist", advice)];
        }
        Ok(Some(table)) => table,
    };
    if table.status != "ACTIVE" {
        let text = format!("is {}", table.status);
        return vec![Finding::wrong(
            AREA,
            name,
            text,
            "wait until it is ACTIVE, or create it again",
        )];
    }
    let ttl = match &table.ttl {
        Err(why) => Finding::unknown(AREA, name, why),
        Ok(attribute) => Finding::holds(
            AREA,
            name,
            attribute.as_deref() == Some("expires_at"),
            match attribute {
                None => "keeps windows for ever, since its time to live is off".to_owned(),
                Some(attribute) => format!("deletes what is over by {attribute}"),
            },
            "switch the time to live on, with the attribute expires_at",
        ),
    };
    let keys = Finding::holds(
        AREA,
        name,
        table.keys == KEYS,
        format!("has the keys {}", table.keys.join(" and ")),
        format!("create the table with the keys {}", KEYS.join(" and ")),
    );
    vec![keys, ttl]
}
