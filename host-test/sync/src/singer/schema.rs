//! The JSON Schema of a stream.

use crate::schema::{Table, record_of};
use penstock::contract::catalogue::Type;
use serde_json::{Map, Value, json};

/// How deep records may be nested in a schema: what is deeper is any value.
const DEEPEST: usize = 8;

/// The properties that are the tap's own, in this order behind the vendor's.
pub(super) const DELETED: &str = "_penstock_deleted";
pub(super) const EXTRA: &str = "_penstock_extra";
pub(super) const MISFIT: &str = "_penstock_misfit";
/// Only of records that have no id.
pub(super) const HASH: &str = "_penstock_hash";

/// What a record is known by.
pub(super) fn key(table: &Table) -> &str {
    table.key.and_then(|key| table.columns.get(key)).map_or(HASH, |column| &*column.wire)
}

/// Every property and its schema, the vendor's first.
pub(super) fn properties(table: &Table) -> Vec<(String, Value)> {
    let key = key(table);
    let mut all: Vec<(String, Value)> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let ty = type_of(table, at);
            let schema = ty.map_or_else(|| of(&Type::Text, 0), of_property);
            (column.wire.to_string(), schema)
        })
        .collect();
    if table.key.is_none() {
        all.push((HASH.to_owned(), json!({ "type": ["string", "null"] })));
    }
    all.push((DELETED.to_owned(), json!({ "type": ["boolean", "null"] })));
    all.push((EXTRA.to_owned(), json!({ "type": ["object", "null"] })));
    all.push((MISFIT.to_owned(), json!({ "type": ["string", "null"] })));
    for (name, schema) in &mut all {
        if name == key
            && let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut)
        {
            types.retain(|name| name != "null");
        }
    }
    all
}

/// The type of a column by the contract; none for what is no field of the record.
pub(super) fn type_of(table: &Table, column: usize) -> Option<&'static Type> {
    Some(&record_of(table.source)?.fields.get(column)?.ty)
}

/// Whether a target gets it as JSON, and not as a text that is JSON.
pub(super) fn is_nested(ty: &Type) -> bool {
    matches!(ty.inner(), Type::List(_) | Type::Record(_))
}

/// Of a property of a record: any JSON is its text, since a target makes one type of column of it.
fn of_property(ty: &Type) -> Value {
    match ty.inner() {
        Type::Json => of(&Type::Text, 0),
        ty => of(ty, 0),
    }
}

fn of(ty: &Type, depth: usize) -> Value {
    let named = |name: &str| json!({ "type": [name, "null"] });
    let text = |format: &str| json!({ "type": ["string", "null"], "format": format });
    match ty.inner() {
        Type::Bool => named("boolean"),
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => named("integer"),
        Type::F64 => named("number"),
        Type::Text | Type::Enum(_) => named("string"),
        Type::Instant => text("date-time"),
        Type::Date => text("date"),
        // Exact digits; targets of Meltano's SDK make NUMERIC of it.
        Type::Decimal => text("x-singer.decimal"),
        Type::List(items) if depth < DEEPEST => {
            json!({ "type": ["array", "null"], "items": of(items, depth + 1) })
        }
        Type::List(_) => named("array"),
        Type::Record(record) if depth < DEEPEST => {
            let fields = record.fields.iter();
            let properties: Map<String, Value> =
                fields.map(|field| (field.wire.to_owned(), of(&field.ty, depth + 1))).collect();
            json!({ "type": ["object", "null"], "properties": properties })
        }
        Type::Record(_) => named("object"),
        Type::Json | Type::Option(_) => json!({}),
    }
}

/// Whether a value is one of this type, as [`of`] describes it: of a record that does not fit the contract it
/// may be anything.
pub(super) fn fits(ty: &Type, value: &Value) -> bool {
    match (ty.inner(), value) {
        (_, Value::Null) | (Type::Json | Type::Option(_), _) => true,
        (Type::Bool, value) => value.is_boolean(),
        (Type::S32 | Type::S64 | Type::U32 | Type::U64, value) => value.is_i64() || value.is_u64(),
        (Type::F64, value) => value.is_number(),
        (Type::Text | Type::Enum(_) | Type::Instant | Type::Date | Type::Decimal, value) => value.is_string(),
        (Type::List(items), Value::Array(values)) => values.iter().all(|value| fits(items, value)),
        (Type::Record(record), Value::Object(members)) => record
            .fields
            .iter()
            .all(|field| members.get(field.wire).is_none_or(|value| fits(&field.ty, value))),
        (Type::List(_) | Type::Record(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    #[test]
    fn a_key_is_never_null_and_decimals_are_digits() {
        let table = plan::tables("servicetitan", &[], &["sales_estimates".to_owned()]).unwrap().remove(0);
        let properties: Map<String, Value> = properties(&table).into_iter().collect();
        assert_eq!(properties["id"], json!({ "type": ["integer"] }));
        assert_eq!(properties["modifiedOn"]["format"], "date-time");
        assert_eq!(properties["subtotal"]["format"], "x-singer.decimal");
        assert_eq!(properties["items"]["type"], json!(["array", "null"]));
        assert!(properties["items"]["items"]["properties"]["id"].is_object());
    }

    #[test]
    fn what_is_of_another_type_does_not_fit() {
        for (ty, value, expected) in [
            (&Type::List(&Type::S64), json!([1, null]), true),
            (&Type::List(&Type::S64), json!([1, "x"]), false),
            (&Type::List(&Type::S64), json!("x"), false),
            (&Type::Decimal, json!("1.10"), true),
            (&Type::Decimal, json!(1.1), false),
            (&Type::Option(&Type::Bool), json!(null), true),
        ] {
            assert_eq!(fits(ty, &value), expected, "{ty:?} {value}");
        }
    }
}
