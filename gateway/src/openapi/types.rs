//! JSON Schema (2020-12) of the contract's types, as the gateway reads and writes them.

use super::{json::Json, schemas::Schemas};
use penstock::contract::catalogue::{EnumType, Field, RecordType, Type};

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// To the caller: every list is there, an option that has nothing is not, an enum may have a
    /// text that the contract does not know, and so may a record have fields.
    Answer,
    /// From the caller: what may be left out is what the contract says, and only what it knows is
    /// taken. The same holds for parameters.
    Body,
}

/// Exact digits, as `codec` writes them. Numbers are taken as well; clients would round them.
const DECIMAL: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$";

/// Writes the keywords of a type into an object.
pub(super) fn keywords(out: &mut Json, schemas: &Schemas, form: Form, ty: &Type) {
    match *ty {
        Type::Bool => out.value("type", "boolean"),
        Type::S32 => formatted(out, "integer", "int32"),
        Type::S64 => formatted(out, "integer", "int64"),
        Type::U32 => {
            out.value("type", "integer");
            out.value("minimum", 0);
            out.value("maximum", u32::MAX);
        }
        Type::U64 => {
            out.value("type", "integer");
            out.value("minimum", 0);
        }
        Type::F64 => formatted(out, "number", "double"),
        Type::Text => out.value("type", "string"),
        Type::Instant => formatted(out, "string", "date-time"),
        Type::Date => formatted(out, "string", "date"),
        Type::Decimal => {
            out.value("type", "string");
            out.value("pattern", DECIMAL);
        }
        // Anything fits.
        Type::Json | Type::Option(Type::Json | Type::Option(Type::Json)) => {}
        Type::List(element) => {
            out.value("type", "array");
            out.member("items", |out| keywords(out, schemas, form, element));
        }
        // Of a field of a record this is left out instead, unless null says something else.
        Type::Option(inner) if form == Form::Answer || matches!(inner, Type::Option(_)) => {
            out.array("anyOf", |out| {
                out.object(|out| keywords(out, schemas, form, inner.inner()));
                out.object(|out| out.value("type", "null"));
            });
        }
        Type::Option(inner) => keywords(out, schemas, form, inner),
        Type::Enum(known) if form == Form::Answer => out.array("anyOf", |out| {
            out.object(|out| schemas.known(out, known));
            out.object(|out| out.value("type", "string"));
        }),
        Type::Enum(known) => schemas.known(out, known),
        Type::Record(record) => schemas.record(out, record, form),
    }
}

fn formatted(out: &mut Json, ty: &str, format: &str) {
    out.value("type", ty);
    out.value("format", format);
}

/// Writes the keywords of a record that stands by itself.
pub(super) fn record_keywords(out: &mut Json, schemas: &Schemas, record: &'static RecordType, form: Form) {
    out.value("type", "object");
    let is_there = |field: &&Field| match form {
        Form::Answer => !matches!(field.ty, Type::Option(_)),
        Form::Body => field.required,
    };
    let mut required = record.fields.iter().filter(is_there).map(|field| field.wire).peekable();
    if required.peek().is_some() {
        out.array("required", |out| required.for_each(|name| out.element(name)));
    }
    out.member("properties", |out| {
        for field in record.fields {
            out.member(field.wire, |out| {
                match field.ty {
                    Type::Option(inner) if !matches!(inner, Type::Option(_)) => {
                        keywords(out, schemas, form, inner);
                    }
                    ref ty => keywords(out, schemas, form, ty),
                }
                if !field.doc.is_empty() {
                    out.value("description", field.doc);
                }
            });
        }
        if form == Form::Body && takes_extra(record) {
            out.member("extra", |out| schemas.shared(out, "Extra"));
        }
    });
    match form {
        Form::Answer if record.extra => out.value("additionalProperties", true),
        Form::Answer => {}
        Form::Body => out.value("additionalProperties", false),
    }
}

/// Whether fields that the contract does not know can be sent in `extra`.
fn takes_extra(record: &'static RecordType) -> bool {
    record.extra && record.field("extra", 0).is_none()
}

/// Writes the keywords of the texts of an enum that the contract knows.
pub(super) fn enum_keywords(out: &mut Json, known: &'static EnumType) {
    out.value("type", "string");
    out.array("enum", |out| known.cases.iter().for_each(|case| out.element(case.wire)));
    // Of most cases there is nothing to say but their name.
    let told = known.cases.iter().filter(|case| case.doc.trim_matches(['`', '.']) != case.wire);
    let told: Vec<_> = told.map(|case| format!("`{}`: {}", case.wire, case.doc)).collect();
    if !told.is_empty() {
        out.value("description", told.join("\n"));
    }
}
