//! Values that the document allows.

use super::schema::resolve;
use serde_json::{Value, json};

/// A value that a schema allows, with all that it knows.
pub fn example(document: &Value, schema: &Value) -> Value {
    example_within(document, schema, 0)
}

fn example_within(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolve(document, schema);
    if let Some(known) = schema.get("enum") {
        return known[0].clone();
    }
    if let Some(any) = schema.get("anyOf") {
        return example_within(document, &any[0], depth);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => json!(true),
        Some("integer") => json!(7),
        Some("number") => json!(1.5),
        Some("array") => json!([example_within(document, &schema["items"], depth + 1)]),
        Some("object") => {
            let required = |name: &String| {
                schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)))
            };
            let properties = schema.get("properties").and_then(Value::as_object);
            let members = properties.into_iter().flatten().filter(|(name, _)| depth < 8 || required(name));
            members.map(|(name, one)| (name.clone(), example_within(document, one, depth + 1))).collect()
        }
        Some("string") => json!(match (schema.get("format"), schema.get("pattern")) {
            (Some(format), _) if format == "date-time" => "2026-01-02T03:04:05Z",
            (Some(format), _) if format == "date" => "2026-01-02",
            (_, Some(_)) => "12.30",
            _ => "x",
        }),
        _ => json!({"a": [1]}),
    }
}
