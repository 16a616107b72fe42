//! Holds the JSON Schemas of docs/ to what tools need to find one from the other: by the file's name and by its `$id`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
const NAMES: [&str; 2] = ["event.schema.json", "replay.schema.json"];

fn schemas() -> BTreeMap<&'static str, Value> {
    let read = |name| std::fs::read(Path::new(DOCS).join(name)).unwrap();
    NAMES
        .map(|name| (name, serde_json::from_slice(&read(name)).unwrap()))
        .into()
}

/// Everything that the schema refers to.
fn references(schema: &Value) -> Vec<&str> {
    let below: Vec<&Value> = match schema {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let own = schema.get("$ref").and_then(Value::as_str);
    let below = below.into_iter().flat_map(references);
    own.into_iter().chain(below).collect()
}

#[test]
fn a_schema_is_called_by_the_name_of_its_file() {
    for (name, schema) in schemas() {
        assert_eq!(schema["$id"], name);
    }
}

#[test]
fn everything_that_a_schema_refers_to_is_there() {
    let schemas = schemas();
    let mut others = 0;
    for (name, schema) in &schemas {
        for reference in references(schema) {
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            others += usize::from(!file.is_empty());
            let file = if file.is_empty() { name } else { file };
            let target = schemas.get(file).and_then(|of| of.pointer(pointer));
            assert!(target.is_some(), "{name} refers to {reference}");
        }
    }
    assert!(others > 0, "one schema refers to the other");
}

#[test]
fn a_registry_finds_one_schema_from_the_other_by_their_ids_alone() {
    // As tools do that are given schemas without the files' names. What is relative is below this base.
    const BASE: &str = "json-schema:///";
    let (schemas, mut registry) = (schemas(), jsonschema::Registry::new());
    for schema in schemas.values() {
        let id = schema["$id"].as_str().unwrap();
        registry = registry.add(format!("{BASE}{id}"), schema).unwrap();
    }
    let registry = registry.prepare().unwrap();
    for schema in schemas.values() {
        let validator = jsonschema::options()
            .with_registry(&registry)
            .build(schema)
            .unwrap();
        assert!(!validator.is_valid(&Value::Null));
    }
}
