//! The facts of a batch as an item of the table holds them.
//!
//! Overrides stand in an attribute of their own, `overrides`: releases up to 0.2 cannot read them, and would not be able to read
//! a whole window if they stood among the other facts. So such a release, after a rollback, goes on with everything else.

use super::{Item, WindowLogError, json, to_json};
use crate::core::fact::Fact;

const FACTS: &str = "facts";
const OVERRIDES: &str = "overrides";

/// Writes the facts into an item.
pub(super) fn put(item: &mut Item, facts: &[Fact]) -> Result<(), WindowLogError> {
    let is_override = |fact: &&Fact| matches!(fact, Fact::Override(_));
    let (overrides, others): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(is_override);
    item.insert(FACTS.to_owned(), to_json(&others)?);
    if !overrides.is_empty() {
        item.insert(OVERRIDES.to_owned(), to_json(&overrides)?);
    }
    Ok(())
}

/// Reads the facts of an item.
pub(super) fn get(item: &Item) -> Result<Vec<Fact>, WindowLogError> {
    let mut facts: Vec<Fact> = json(item, FACTS)?;
    if item.contains_key(OVERRIDES) {
        let mut overrides: Vec<Fact> = json(item, OVERRIDES)?;
        facts.append(&mut overrides);
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::window_log::string;

    fn facts() -> Vec<Fact> {
        let told = json!({"override": {
            "id": "k3x9p2ab", "phase": "began", "kind": "extend", "environment": "dev", "by": "kim",
            "scheduled_time": "2026-01-15T08:00:00Z", "created_at": "2026-01-15T07:59:00Z",
            "until": "2026-01-15T13:00:00Z", "zone": "Asia/Seoul", "account": "111122223333", "region": "eu-west-1",
            "changes": [],
        }});
        let message_id = "message-1".to_owned();
        vec![
            Fact::Undecodable { message_id },
            serde_json::from_value(told).unwrap(),
        ]
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let mut item = Item::new();
        put(&mut item, &facts()).unwrap();
        assert_eq!(get(&item).unwrap(), facts());
    }

    #[test]
    fn a_release_without_overrides_reads_everything_else() {
        let (mut with, mut without) = (Item::new(), Item::new());
        put(&mut with, &facts()).unwrap();
        put(&mut without, &facts()[..1]).unwrap();
        assert_eq!(
            string(&with, FACTS).unwrap(),
            string(&without, FACTS).unwrap()
        );
        assert!(!without.contains_key(OVERRIDES));
    }
}
