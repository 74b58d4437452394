//! Values for parameters and bodies, from the catalogue's description of their types.

use penstock::contract::catalogue::{RecordType, Type};
use serde_json::{Map, Value, json};

/// An id that the simulated provider has in each collection, where ids are numbers.
pub(super) const NUMBER: i64 = 100_001;
/// The same id where it is text. It is a GUID as well: the contract says text for both.
pub(super) const TEXT: &str = "00000000-0000-4000-a000-0000000186a1";

/// A value of a type in the normal form, with every member; `name` is the provider's.
pub(super) fn value(ty: Type, name: &str) -> Value {
    match ty {
        Type::Bool => json!(true),
        Type::S32 | Type::U32 => json!(1),
        Type::S64 | Type::U64 => json!(NUMBER),
        Type::F64 => json!(1.5),
        Type::Text => json!(text(name)),
        // What begins comes before what ends.
        Type::Instant if ["nd", "To", "Before"].iter().any(|ending| name.ends_with(ending)) => {
            json!("2026-11-20T14:00:00Z")
        }
        Type::Instant => json!("2026-11-20T12:00:00Z"),
        Type::Date if name.ends_with("Before") => json!("2026-11-21"),
        Type::Date => json!("2026-11-20"),
        Type::Decimal => json!("12.50"),
        Type::Json => json!({}),
        Type::List(element) => json!([value(*element, name)]),
        Type::Option(inner) => value(*inner, name),
        Type::Record(record) => Value::Object(members(record)),
        Type::Enum(known) => json!(known.cases.first().map_or("", |case| case.wire)),
    }
}

fn members(record: &RecordType) -> Map<String, Value> {
    record.fields.iter().map(|field| (field.wire.to_owned(), value(field.ty, field.wire))).collect()
}

fn text(name: &str) -> &'static str {
    match name {
        "sort" => "+Id",
        "orderBy" => "Id",
        "owners[0].type" => "Job",
        // A feed begins at a day; `to` is what else has a `from`.
        "from" | "to" => "2024-01-01",
        "orderByDirection" => "asc",
        _ => TEXT,
    }
}

/// A parameter as a person writes it.
pub(super) fn parameter(ty: Type, name: &str) -> String {
    match value(ty, name) {
        Value::String(text) => text,
        Value::Array(all) => match all.into_iter().next() {
            Some(Value::String(text)) => text,
            first => first.unwrap_or_default().to_string(),
        },
        other => other.to_string(),
    }
}
