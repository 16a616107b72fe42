//! What Slack's reference allows, checked on a message's JSON. The fuzz target checks the same.

use serde_json::Value;

/// The only mention that a message may hold.
pub const MENTION: &str = "<!subteam^S012AB3CD>";

fn characters(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

/// All texts of blocks, wherever they stand.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if name == "text" => found.push(text.clone()),
                    other => texts(other, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn check_block(block: &Value) {
    match block["type"].as_str().unwrap() {
        "header" => assert!((1..=150).contains(&characters(&block["text"]["text"]))),
        "section" => assert!((1..=3_000).contains(&characters(&block["text"]["text"]))),
        "context" => {
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=10).contains(&elements.len()));
            for element in elements {
                assert!((1..=3_000).contains(&characters(&element["text"])));
            }
        }
        "table" => {
            let rows = block["rows"].as_array().unwrap();
            assert!((2..=100).contains(&rows.len()));
            let cells: Vec<&Value> = rows
                .iter()
                .flat_map(|row| row.as_array().unwrap())
                .collect();
            assert!(rows.iter().all(|row| row.as_array().unwrap().len() == 3));
            assert!(cells.iter().all(|cell| characters(&cell["text"]) >= 1));
            assert!(
                cells
                    .iter()
                    .map(|cell| characters(&cell["text"]))
                    .sum::<usize>()
                    <= 10_000
            );
        }
        other => panic!("unexpected block {other}"),
    }
}

/// Checks a message against the limits of Slack's reference, counted from its JSON.
pub fn check(message: &Value, may_mention: bool) {
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    assert!(
        blocks
            .iter()
            .filter(|block| block["type"] == "table")
            .count()
            <= 1
    );
    blocks.iter().for_each(check_block);

    let mut all = Vec::new();
    texts(&message["blocks"], &mut all);
    let bytes: usize = all.iter().map(String::len).sum();
    assert!(bytes <= 10_000, "{bytes} bytes of text in blocks");
    assert!((1..=4_000).contains(&message["text"].as_str().unwrap().len()));

    all.push(message["text"].as_str().unwrap().to_owned());
    for text in &all {
        let text = if may_mention {
            text.replace(MENTION, "")
        } else {
            text.clone()
        };
        for opening in ["<!", "<@", "<#"] {
            assert!(!text.contains(opening), "{text:?} may ping");
        }
        let fences = text.matches("```").count();
        assert!(
            fences == 0 || (fences == 2 && text.starts_with("```") && text.ends_with("```")),
            "{text:?}"
        );
        assert!(!text.contains(['\u{202e}', '\0', '\u{1b}']));
    }
}
