//! One operation.

use super::{
    json::Json,
    parameters,
    places::{Place, Placed},
    schemas::{Schemas, module},
    types::{Form, keywords},
};
use crate::respond_async;
use penstock::contract::catalogue::{Effect, Operation, Paging, Type};

/// Statuses that every operation may answer with, and their names in `components/responses`.
/// What each means is in [`problem`](crate::problem).
const PROBLEMS: [(&str, &str); 12] = [
    ("400", "BadInput"),
    ("401", "Unauthorized"),
    ("403", "Forbidden"),
    ("404", "NotFound"),
    ("409", "Conflict"),
    ("414", "UriTooLong"),
    ("422", "Rejected"),
    ("429", "RateLimited"),
    ("500", "Internal"),
    ("502", "BadGateway"),
    ("503", "Unavailable"),
    ("504", "Timeout"),
];

/// Those of operations whose request may have a body.
const BODY_PROBLEMS: [(&str, &str); 2] = [("413", "BodyTooLarge"), ("415", "UnsupportedMediaType")];

/// The name that a tag has: provider and module.
pub(super) fn tag(operation: &Operation) -> String {
    format!("{}.{}", operation.provider, module(operation))
}

/// Writes a path and all that it has.
pub(super) fn place(out: &mut Json, schemas: &Schemas, place: &Place) {
    out.member(&place.template, |out| {
        out.array("parameters", |out| {
            for name in parameters::OF_ALL {
                parameters::reference(out, name);
            }
        });
        for placed in &place.operations {
            out.member(&placed.method, |out| operation(out, schemas, placed, &place.names));
        }
    });
}

fn operation(out: &mut Json, schemas: &Schemas, placed: &Placed, names: &[String]) {
    let operation = placed.operation;
    out.value("operationId", format!("{}.{}", operation.provider, operation.name));
    out.value("tags", [tag(operation)]);
    let doc = operation.doc.trim();
    out.value("summary", summary(operation));
    let description = description(operation, doc);
    if !description.is_empty() {
        out.value("description", description);
    }
    out.value("x-penstock-effect", effect(operation.effect));
    let names = if placed.by_name { &[] } else { names };
    let takes_any = operation.parameters().next().is_some() || !parameters::of_gateway(operation).is_empty();
    if takes_any {
        out.array("parameters", |out| parameters::write(out, schemas, operation, names));
    }
    request_body(out, schemas, placed);
    out.member("responses", |out| {
        success(out, schemas, operation);
        let has_body = placed.method != "get";
        for (status, name) in PROBLEMS.iter().chain(BODY_PROBLEMS.iter().filter(|_| has_body)) {
            reference(out, status, "responses", name);
        }
    });
}

/// The first sentence, without what would make a heading of it too long.
pub(crate) fn summary(operation: &Operation) -> &'static str {
    const LONGEST: usize = 120;
    let line = operation.doc.trim().lines().next().unwrap_or_default();
    let sentence = line.split_once(". ").map_or(line, |(first, _)| first);
    let summary = sentence.trim_end_matches('.');
    if summary.is_empty() || summary.len() > LONGEST { operation.name } else { summary }
}

fn description(operation: &Operation, doc: &str) -> String {
    let mut told = Vec::new();
    if doc.trim_end_matches('.') != summary(operation) {
        told.push(doc.to_owned());
    }
    if !operation.any_of.is_empty() {
        told.push(format!("At least one of these is needed: `{}`.", operation.any_of.join("`, `")));
    }
    if let Some(own) = operation.variant_of {
        told.push(format!("Another form of `{own}`."));
    }
    if operation.is_list() {
        told.push("With `all=true` all pages, one record a line.".to_owned());
    }
    told.join("\n\n")
}

/// How an effect is called.
pub(crate) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
        Effect::Action => "action",
    }
}

fn request_body(out: &mut Json, schemas: &Schemas, placed: &Placed) {
    if placed.operation.upload.is_some() {
        return out.raw("requestBody", r##"{"$ref":"#/components/requestBodies/File"}"##);
    }
    let Some(ty) = placed.operation.body else { return };
    let body = |out: &mut Json| keywords(out, schemas, Form::Body, &ty);
    out.member("requestBody", |out| {
        out.value("required", true);
        out.member("content", |out| {
            out.member("application/json", |out| {
                out.member("schema", |out| match placed.by_name {
                    true => {
                        out.members(r#"{"type":"object","required":["body"],"additionalProperties":false}"#);
                        out.member("properties", |out| out.member("body", body));
                    }
                    false => body(out),
                });
            });
        });
    });
}

fn success(out: &mut Json, schemas: &Schemas, operation: &'static Operation) {
    if operation.file {
        return reference(out, "200", "responses", "File");
    }
    let Some(ty) = operation.answer else {
        // The contract does not say what the vendor answers, if anything.
        reference(out, "200", "responses", "Anything");
        return reference(out, "204", "responses", "Nothing");
    };
    out.member("200", |out| {
        let is_list = operation.is_list();
        out.value("description", if is_list { "One page, or all of them." } else { "The answer." });
        out.member("headers", |out| headers(out, operation));
        out.member("content", |out| {
            out.member("application/json", |out| {
                out.member("schema", |out| match operation.paging {
                    _ if is_list => schemas.page(out, &ty),
                    Paging::Envelope => {
                        out.value("type", "array");
                        out.member("items", |out| keywords(out, schemas, Form::Answer, &ty));
                    }
                    _ => keywords(out, schemas, Form::Answer, &ty),
                });
            });
            if is_list {
                out.raw("application/x-ndjson", r##"{"schema":{"$ref":"#/components/schemas/Lines"}}"##);
            }
        });
    });
    if let Some(started) = respond_async::start(operation).and_then(|start| start.answer) {
        later(out, schemas, &started);
    }
    if operation.effect != Effect::Read {
        reference(out, "204", "responses", "Nothing");
    }
    if operation.cache.is_some() {
        reference(out, "304", "responses", "NotModified");
    }
}

/// What is answered to `Prefer: respond-async`.
fn later(out: &mut Json, schemas: &Schemas, started: &Type) {
    out.member("202", |out| {
        out.value("description", "The vendor was asked, and answers later: at `Location`.");
        out.member("headers", |out| {
            for name in ["X-Penstock-Call-Id", "X-Correlation-Id", "Location", "Preference-Applied"] {
                reference(out, name, "headers", name);
            }
        });
        out.member("content", |out| {
            out.member("application/json", |out| {
                out.member("schema", |out| keywords(out, schemas, Form::Answer, started));
            });
        });
    });
}

/// The header fields of an answer, by their names in `components/headers`.
fn headers(out: &mut Json, operation: &Operation) {
    let of_all = ["X-Penstock-Call-Id", "X-Correlation-Id", "Cache-Status"];
    let of_list = ["Link"].into_iter().filter(|_| operation.is_list());
    let of_kept = ["Age", "ETag"].into_iter().filter(|_| operation.cache.is_some());
    let of_once = ["Idempotency-Replayed"].into_iter().filter(|_| parameters::is_made_once(operation));
    for name in of_all.into_iter().chain(of_list).chain(of_kept).chain(of_once) {
        reference(out, name, "headers", name);
    }
}

fn reference(out: &mut Json, member: &str, folder: &str, name: &str) {
    out.member(member, |out| out.value("$ref", format!("#/components/{folder}/{name}")));
}
