//! Parameters: those of an operation, and those that the gateway takes beside them.

use super::{
    json::Json,
    schemas::Schemas,
    types::{Form, keywords},
};
use crate::respond_async;
use penstock::{
    contract::catalogue::{Effect, Field, Join, Operation, Paging, Placeholder, Type},
    providers::registry,
};
use std::ops::Range;

/// A text that is a part of a path, as the core takes it: no control character, and no dot segment.
const SEGMENT: &str = r#"{"type":"string","minLength":1,"maxLength":256,
    "pattern":"^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f-\\u009f]+$"}"#;

/// A text that goes on in a header field: visible characters of ASCII. One that must be there is not empty.
const IN_HEADER: &str = r#"{"type":"string","maxLength":256,"pattern":"^[!-~]*$"}"#;
const IN_HEADER_REQUIRED: &str = r#"{"type":"string","minLength":1,"maxLength":256,"pattern":"^[!-~]+$"}"#;

/// An element of a list that commas separate.
const ELEMENT: &str = r#"{"type":"string","pattern":"^[^,]*[^,\\s][^,]*$"}"#;

/// Those that every operation has, by their names in `components/parameters`.
pub(super) const OF_ALL: [&str; 4] = ["account", "deadline", "correlationId", "cacheControl"];

/// Those that the gateway takes of an operation beside its own, by their names in
/// `components/parameters`.
pub(super) fn of_gateway(operation: &Operation) -> Vec<&'static str> {
    let mut names = Vec::new();
    if operation.is_list() {
        // The other lists have no pages that could be chosen.
        if !matches!(operation.paging, Paging::Export | Paging::Cursor) {
            names.push("page");
            if operation.counted {
                names.push("includeTotal");
            }
        }
        names.extend(["all", "resume", "onMisfit"]);
    }
    if operation.cache.is_some() {
        names.push("ifNoneMatch");
    }
    if is_made_once(operation) {
        names.push("idempotencyKey");
    }
    if operation.upload.is_some() {
        names.push("contentDisposition");
    }
    if respond_async::start(operation).is_some() {
        names.push("prefer");
    }
    names
}

/// Whether it takes an [idempotency key](crate::idempotency).
pub(super) fn is_made_once(operation: &Operation) -> bool {
    matches!(operation.effect, Effect::Create | Effect::Action) && !operation.is_list() && !operation.file
}

/// Writes the parameters of an operation. `names` are the placeholders of its path; without, all
/// that it takes is in the query.
pub(super) fn write(out: &mut Json, schemas: &Schemas, operation: &'static Operation, names: &[String]) {
    for (index, placeholder) in operation.path_parameters.iter().enumerate() {
        match names.get(index) {
            Some(name) => place(out, schemas, placeholder, "path", name),
            None => place(out, schemas, placeholder, "query", placeholder.wire),
        }
    }
    for field in operation.query.map_or(&[][..], |query| query.fields) {
        out.object(|out| query(out, schemas, field, operation.is_list()));
    }
    if of_gateway(operation).contains(&"page") {
        out.object(|out| page_size(out, operation));
    }
    for name in of_gateway(operation) {
        reference(out, name);
    }
}

/// How many records a page of a list may have.
pub(crate) fn page_sizes(operation: &Operation) -> Range<u32> {
    let sizes = registry::find(operation.provider).map(|provider| provider.paging().sizes(operation));
    sizes.unwrap_or(1..u32::MAX)
}

fn page_size(out: &mut Json, operation: &Operation) {
    out.value("name", "pageSize");
    out.value("in", "query");
    out.value("description", "How many records a page has.");
    let Range { start, end } = page_sizes(operation);
    out.member("schema", |out| {
        out.value("type", "integer");
        out.value("minimum", start);
        out.value("maximum", end.saturating_sub(1));
    });
}

/// Writes a reference to one in `components/parameters`.
pub(super) fn reference(out: &mut Json, name: &str) {
    out.object(|out| out.value("$ref", format!("#/components/parameters/{name}")));
}

fn place(out: &mut Json, schemas: &Schemas, placeholder: &'static Placeholder, place: &str, name: &str) {
    out.object(|out| {
        out.value("name", name);
        out.value("in", place);
        out.value("required", true);
        if name != placeholder.wire {
            out.value("description", format!("The vendor calls it `{}`.", placeholder.wire));
        }
        out.member("schema", |out| place_keywords(out, schemas, placeholder));
    });
}

fn query(out: &mut Json, schemas: &Schemas, field: &'static Field, is_list: bool) {
    out.value("name", field.wire);
    out.value("in", "query");
    if field.required {
        out.value("required", true);
    }
    let description = description(field, is_list);
    if !description.is_empty() {
        out.value("description", description);
    }
    let ty = field.ty.inner();
    if *ty == Type::Json {
        return out.member("content", |out| out.member("application/json", |out| out.raw("schema", "{}")));
    }
    if matches!(ty, Type::List(_)) {
        // RFC 6570: `ids=1,2,3`, or `ids=1&ids=2`.
        out.value("style", "form");
        out.value("explode", !matches!(field.join, Join::Comma(_)));
    }
    out.member("schema", |out| field_keywords(out, schemas, field));
}

/// The keywords of what a parameter of the query may be.
pub(super) fn field_keywords(out: &mut Json, schemas: &Schemas, field: &'static Field) {
    match (field.ty.inner(), field.join) {
        (Type::Text, Join::Header(_)) if field.required => out.members(IN_HEADER_REQUIRED),
        (Type::Text, Join::Header(_)) => out.members(IN_HEADER),
        (Type::List(element), Join::Comma(most)) => separated(out, schemas, element, most),
        (ty, _) => keywords(out, schemas, Form::Body, ty),
    }
}

/// The keywords of what a placeholder may be.
pub(super) fn place_keywords(out: &mut Json, schemas: &Schemas, placeholder: &'static Placeholder) {
    match placeholder.ty {
        Type::Text => out.members(SEGMENT),
        ref ty => keywords(out, schemas, Form::Body, ty),
    }
}

/// A list that commas separate: one without elements would be one with an empty one.
fn separated(out: &mut Json, schemas: &Schemas, element: &Type, most: u32) {
    out.value("type", "array");
    out.member("items", |out| match element.inner() {
        Type::Text => out.members(ELEMENT),
        element => keywords(out, schemas, Form::Body, element),
    });
    out.value("minItems", 1);
    if most > 0 {
        out.value("maxItems", most);
    }
}

pub(super) fn description(field: &Field, is_list: bool) -> String {
    let mut told = vec![field.doc.trim().to_owned()];
    if field.local_day {
        told.push("The beginning of that day in the tenant's time zone.".to_owned());
    }
    if let Some(default) = field.list_default.filter(|_| is_list) {
        told.push(format!("Without it: `{default}`."));
    }
    told.retain(|sentence| !sentence.is_empty());
    told.join(" ")
}
