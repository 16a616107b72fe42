//! The JSON Schemas in docs/, one of which refers to the other.

use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::Value;

/// A validator of one of the schemas, which refuses fields that it does not describe: they allow such fields, so that
/// whoever validates with an old copy takes new ones, and rollcall itself must describe each.
pub fn validator(name: &str) -> Validator {
    const EVENT: &str = "event.schema.json";
    let registry = Registry::new()
        .add(format!("{BASE}{EVENT}"), read(EVENT))
        .unwrap()
        .prepare()
        .unwrap();
    jsonschema::options()
        .with_base_uri(format!("{BASE}{name}"))
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&read(name))
        .unwrap()
}

/// Everything that the validator finds.
pub fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Never asked for: both schemas are read from the disk.
const BASE: &str = "https://rollcall.example/";

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    let mut schema = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
