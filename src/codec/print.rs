//! [`Value`] to JSON text.

use super::value::Value;
use crate::contract::catalogue::{RecordType, Type};
use std::fmt::Write;

/// Whose JSON it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// What the provider takes: a decimal is a number.
    Vendor,
    /// What callers of the dynamic interface get: a decimal is a string.
    Normal,
}

/// The value as JSON. Fields come in the contract's order, absent ones are left
/// out, and `extra` follows them.
pub(super) fn print(form: Form, ty: &Type, value: &Value<'_>) -> String {
    let mut out = String::new();
    write(&mut out, form, ty, value);
    out
}

/// Adds `"name":json` to an object that is not closed yet; opens it if it is empty.
pub(super) fn member(object: &mut String, name: &str, json: &str) {
    object.push(if object.is_empty() { '{' } else { ',' });
    string(object, name);
    object.push(':');
    object.push_str(json);
}

pub(super) fn string(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // Writing text to a String cannot fail.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

fn write(out: &mut String, form: Form, ty: &Type, value: &Value<'_>) {
    // Writing to a String cannot fail.
    let _ = match (ty.inner(), value) {
        (_, Value::Unset | Value::Absent | Value::Null) => out.write_str("null"),
        (_, Value::Bool(value)) => out.write_str(if *value { "true" } else { "false" }),
        (_, Value::Signed(number)) => write!(out, "{number}"),
        (_, Value::Unsigned(number)) => write!(out, "{number}"),
        (_, Value::Float(number)) => out.write_str(&serde_json::to_string(number).unwrap_or_default()),
        (_, Value::Instant(instant)) => write!(out, "\"{instant}\""),
        (Type::Json, Value::Text(json)) => out.write_str(json),
        (Type::Decimal, Value::Text(number)) if form == Form::Vendor => out.write_str(number),
        (_, Value::Text(text)) => {
            string(out, text);
            Ok(())
        }
        (Type::Enum(known), Value::Case(index)) => {
            string(out, known.cases.get(*index).map_or("", |case| case.wire));
            Ok(())
        }
        (Type::List(element), Value::List(list)) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, form, element, value);
            }
            out.write_char(']')
        }
        (Type::Record(record), Value::Record(fields)) => {
            self::record(out, form, record, fields);
            Ok(())
        }
        (_, Value::Case(_) | Value::List(_) | Value::Record(_)) => {
            debug_assert!(false, "{ty:?} beside {value:?}");
            Ok(())
        }
    };
}

fn record(out: &mut String, form: Form, record: &RecordType, fields: &[Value<'_>]) {
    out.push('{');
    let mut separator = "";
    let (known, extra) = fields.split_at_checked(record.fields.len()).unwrap_or((fields, &[]));
    for (field, value) in record.fields.iter().zip(known) {
        if !matches!(value, Value::Unset | Value::Absent) {
            out.push_str(separator);
            separator = ",";
            string(out, field.wire);
            out.push(':');
            write(out, form, &field.ty, value);
        }
    }
    if let [Value::Text(object)] = extra
        && let Some(members) = object.strip_prefix('{').and_then(|object| object.strip_suffix('}'))
        && !members.is_empty()
    {
        out.push_str(separator);
        out.push_str(members);
    }
    out.push('}');
}
