//! JSON Schema of the contract's types.

use super::print::string;
use crate::contract::catalogue::{EnumType, Field, RecordType, Type};

/// A JSON Schema (2020-12) of a type's normal form, for forms and for the
/// descriptions of tools.
///
/// Records are written out where they stand. An open enum allows any text, and
/// names those that the contract knows. Fields that the contract does not know go
/// into `extra`, as [`body_from_json`](super::body_from_json) wants them.
#[must_use]
pub fn json_schema(ty: &Type) -> String {
    let mut out = String::from(r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","#);
    keywords(&mut out, ty);
    out.push('}');
    out
}

/// The keywords of a type, without braces. None begins or ends with a comma.
fn keywords(out: &mut String, ty: &Type) {
    match ty {
        Type::Bool => out.push_str(r#""type":"boolean""#),
        Type::S32 => out.push_str(r#""type":"integer","minimum":-2147483648,"maximum":2147483647"#),
        Type::S64 => out.push_str(r#""type":"integer""#),
        Type::U32 => out.push_str(r#""type":"integer","minimum":0,"maximum":4294967295"#),
        Type::U64 => out.push_str(r#""type":"integer","minimum":0"#),
        Type::F64 => out.push_str(r#""type":"number""#),
        Type::Text => out.push_str(r#""type":"string""#),
        Type::Instant => out.push_str(r#""type":"string","format":"date-time""#),
        Type::Date => out.push_str(r#""type":"string","format":"date""#),
        Type::Decimal => out.push_str(r#""type":"string","pattern":"^-?[0-9]+(\\.[0-9]+)?$""#),
        // Any JSON fits. A keyword must stand here, or a comma would be left over.
        Type::Json => out.push_str(r#""$comment":"any JSON""#),
        Type::List(element) => {
            out.push_str(r#""type":"array","items":{"#);
            keywords(out, element);
            out.push('}');
        }
        Type::Option(Type::Option(inner)) => {
            out.push_str(r#""anyOf":[{"#);
            keywords(out, inner.inner());
            out.push_str(r#"},{"type":"null"}]"#);
        }
        Type::Option(inner) => keywords(out, inner),
        Type::Enum(known) => open_enum(out, known),
        Type::Record(record) => self::record(out, record),
    }
}

fn open_enum(out: &mut String, known: &EnumType) {
    out.push_str(r#""anyOf":[{"enum":["#);
    list(out, known.cases.iter().map(|case| case.wire));
    out.push_str(r#"]},{"type":"string"}]"#);
}

fn record(out: &mut String, record: &RecordType) {
    out.push_str(r#""type":"object","properties":{"#);
    for (index, field) in record.fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, field.wire);
        out.push_str(":{");
        keywords(out, &field.ty);
        description(out, field);
        out.push('}');
    }
    if record.extra && record.field("extra", 0).is_none() {
        if !record.fields.is_empty() {
            out.push(',');
        }
        out.push_str(r#""extra":{"type":"object","description":"Fields that are not in this schema."}"#);
    }
    out.push_str(r#"},"required":["#);
    list(out, record.fields.iter().filter(|field| field.required).map(|field| field.wire));
    out.push_str(r#"],"additionalProperties":false"#);
}

fn description(out: &mut String, field: &Field) {
    let mut doc = field.doc.to_owned();
    if let Type::Enum(known) = field.ty.inner() {
        for case in known.cases.iter().filter(|case| !case.doc.is_empty()) {
            doc.push_str(&format!("\n{}: {}", case.wire, case.doc));
        }
    }
    if !doc.is_empty() {
        out.push_str(r#","description":"#);
        string(out, &doc);
    }
}

fn list<'a>(out: &mut String, texts: impl Iterator<Item = &'a str>) {
    for (index, text) in texts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, text);
    }
}
