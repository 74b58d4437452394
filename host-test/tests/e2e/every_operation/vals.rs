//! Values of the component's functions, from JSON and to JSON, by the catalogue's types.

use penstock::contract::catalogue::{RecordType, Type};
use penstock_host::bindings::types::Instant;
use serde_json::{Map, Value, json};
use wasmtime::component::Val;

/// A value in the normal form as an argument.
pub(super) fn to_val(ty: Type, value: &Value) -> Val {
    let text = || Val::String(value.as_str().unwrap().to_owned());
    match ty {
        Type::Bool => Val::Bool(value.as_bool().unwrap()),
        Type::S32 => Val::S32(value.as_i64().unwrap().try_into().unwrap()),
        Type::S64 => Val::S64(value.as_i64().unwrap()),
        Type::U32 => Val::U32(value.as_u64().unwrap().try_into().unwrap()),
        Type::U64 => Val::U64(value.as_u64().unwrap()),
        Type::F64 => Val::Float64(value.as_f64().unwrap()),
        Type::Text | Type::Date | Type::Decimal => text(),
        Type::Json => Val::String(value.to_string()),
        Type::Instant => {
            let at: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
            Val::Record(vec![
                ("seconds".to_owned(), Val::S64(at.as_second())),
                ("nanoseconds".to_owned(), Val::U32(at.subsec_nanosecond().try_into().unwrap())),
            ])
        }
        Type::List(element) => {
            Val::List(value.as_array().unwrap().iter().map(|value| to_val(*element, value)).collect())
        }
        Type::Option(inner) => Val::Option(Some(Box::new(to_val(*inner, value)))),
        Type::Enum(known) => {
            let case = known.cases.iter().find(|case| value == case.wire).unwrap();
            Val::Variant(case.name.to_owned(), None)
        }
        Type::Record(record) => to_record(record, &|field| value.get(field)),
    }
}

/// A record of the members that are given; what is not given must be left out.
pub(super) fn to_record<'a>(record: &RecordType, member: &dyn Fn(&str) -> Option<&'a Value>) -> Val {
    let mut fields: Vec<(String, Val)> = Vec::new();
    for field in record.fields {
        let val = match (member(field.wire), field.ty) {
            (Some(value), ty) => to_val(ty, value),
            (None, Type::List(_)) => Val::List(Vec::new()),
            (None, _) => Val::Option(None),
        };
        fields.push((field.name.to_owned(), val));
    }
    if record.extra {
        fields.push(("extra".to_owned(), Val::Option(None)));
    }
    Val::Record(fields)
}

/// A result in the normal form; none for what is absent.
pub(super) fn to_json(ty: Type, val: &Val) -> Option<Value> {
    Some(match (ty, val) {
        (Type::Option(inner), Val::Option(value)) => return to_json(*inner, value.as_deref()?),
        (Type::Bool, Val::Bool(value)) => json!(value),
        (Type::S32, Val::S32(value)) => json!(value),
        (Type::S64, Val::S64(value)) => json!(value),
        (Type::U32, Val::U32(value)) => json!(value),
        (Type::U64, Val::U64(value)) => json!(value),
        (Type::F64, Val::Float64(value)) => json!(value),
        (Type::Text | Type::Date | Type::Decimal, Val::String(text)) => json!(text),
        (Type::Json, Val::String(text)) => serde_json::from_str(text).unwrap(),
        (Type::Instant, Val::Record(fields)) => json!(instant(fields)),
        (Type::List(element), Val::List(all)) => {
            Value::Array(all.iter().map(|val| to_json(*element, val).unwrap()).collect())
        }
        (Type::Enum(_), Val::Variant(_, Some(other))) => match other.as_ref() {
            Val::String(text) => json!(text),
            other => panic!("{other:?}"),
        },
        (Type::Enum(known), Val::Variant(name, None)) => {
            json!(known.cases.iter().find(|case| case.name == name).unwrap().wire)
        }
        (Type::Record(record), Val::Record(fields)) => {
            let mut members = Map::new();
            for (field, (name, val)) in record.fields.iter().zip(fields) {
                assert_eq!(field.name, name);
                members.extend(to_json(field.ty, val).map(|value| (field.wire.to_owned(), value)));
            }
            if let Some((_, Val::Option(Some(extra)))) = fields.get(record.fields.len())
                && let Val::String(extra) = extra.as_ref()
            {
                members.extend(serde_json::from_str::<Map<String, Value>>(extra).unwrap());
            }
            Value::Object(members)
        }
        (ty, val) => panic!("{val:?} is no {ty:?}"),
    })
}

fn instant(fields: &[(String, Val)]) -> String {
    let [(_, Val::S64(seconds)), (_, Val::U32(nanoseconds))] = fields else { panic!("{fields:?}") };
    let at = Instant { seconds: *seconds, nanoseconds: *nanoseconds };
    let at = jiff::Timestamp::new(at.seconds, at.nanoseconds.try_into().unwrap()).unwrap();
    at.to_string()
}
