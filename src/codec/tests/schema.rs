//! JSON Schemas.

use super::{all_types, bodies, generate::Generator};
use crate::{
    codec::json_schema,
    contract::catalogue::{Type, tables::servicetitan::jpm as tables},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

fn schema(ty: &Type) -> Value {
    serde_json::from_str(&json_schema(ty)).unwrap()
}

/// As much of JSON Schema as `json_schema` writes. Panics on any other keyword.
fn fits(schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$comment" | "description" | "format" | "items" | "properties" => true,
        "type" => match wanted.as_str().unwrap() {
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "null" => value.is_null(),
            "array" => value.as_array().is_some_and(|all| all.iter().all(|one| fits(&schema["items"], one))),
            "object" => value.as_object().is_some_and(|all| {
                all.iter()
                    .all(|(name, one)| schema["properties"].get(name).is_none_or(|schema| fits(schema, one)))
            }),
            other => panic!("type {other}"),
        },
        "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= wanted.as_i64().unwrap()),
        "pattern" => {
            value.as_str().is_none_or(|text| text.bytes().all(|byte| b"-.0123456789".contains(&byte)))
        }
        "anyOf" => wanted.as_array().unwrap().iter().any(|schema| fits(schema, value)),
        "enum" => wanted.as_array().unwrap().contains(value),
        "required" => {
            wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
        }
        "additionalProperties" => {
            value.as_object().unwrap().keys().all(|name| schema["properties"].get(name).is_some())
        }
        other => panic!("keyword {other}"),
    })
}

#[test]
fn a_body() {
    let schema = schema(&Type::Record(&tables::CANCEL_JOB));
    let properties = &schema["properties"];
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(["reasonId", "memo"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(properties["reasonId"]["type"], "integer");
    assert_eq!(properties["memo"]["type"], "string");
    assert_eq!(properties["memo"]["description"], tables::CANCEL_JOB.fields[1].doc);
    assert_eq!(properties["extra"]["type"], "object");
}

#[test]
fn the_kinds_of_fields() {
    let update = &schema(&Type::Record(&tables::UPDATE_JOB_TYPE))["properties"];
    assert_eq!(update["soldThreshold"]["anyOf"][0]["type"], "string");
    assert_eq!(update["soldThreshold"]["anyOf"][1], json!({"type": "null"}));
    assert_eq!(
        update["customFieldsUpdateMode"]["anyOf"][0]["anyOf"],
        json!([{"enum": ["Replace", "Merge"]}, {"type": "string"}])
    );
    assert!(update["customFieldsUpdateMode"]["description"].as_str().unwrap().contains("\nMerge: "));
    assert_eq!(update["skills"]["items"], json!({"type": "string"}));
    assert_eq!(update["duration"]["maximum"], 2_147_483_647);
    let create = &schema(&Type::Record(&tables::CREATE_JOB))["properties"];
    assert_eq!(create["appointments"]["items"]["properties"]["start"]["format"], "date-time");
    assert!(fits(&schema(&Type::Json), &json!([1, null])));
}

#[test]
fn a_required_field_and_a_typo_do_not_fit() {
    let schema = schema(&Type::Record(&tables::CANCEL_JOB));
    assert!(fits(&schema, &json!({"reasonId": 1, "memo": "m"})));
    assert!(!fits(&schema, &json!({"reasonId": 1})));
    assert!(!fits(&schema, &json!({"reasonId": "1", "memo": "m"})));
    assert!(!fits(&schema, &json!({"reasonId": 1, "memo": "m", "meno": "m"})));
}

#[test]
fn every_type_has_one() {
    for ty in all_types() {
        schema(ty);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// A body in normal form fits its schema, once what is unknown is gone.
    #[test]
    fn bodies_fit_their_schema(pick: Index, choices in vec(any::<u8>(), 0..1000)) {
        let ty = *pick.get(&bodies());
        // Only a choice of 3 modulo 4 makes an unknown field.
        let choices: Vec<_> = choices.into_iter().map(|choice| if choice % 4 == 3 { choice - 1 } else { choice }).collect();
        let document = Generator::new(&choices).document(ty);
        if let Ok(value) = serde_json::from_str::<Value>(&document.normal) {
            prop_assert!(fits(&schema(ty), &value), "{value} {}", json_schema(ty));
        }
    }
}
