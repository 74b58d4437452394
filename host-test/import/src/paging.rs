//! How an operation is paged, from its parameters and its answer.

use crate::document::{Document, Operation, reference};
use serde_json::Value;

/// The kind of page, and the schema of one record; none where the document has none.
pub struct Paging<'a> {
    /// `none`, `numbered`, `export` and so on, as in `@page`.
    pub kind: String,
    /// The schema of a record, or of the whole answer if the kind is `none`.
    pub item: Option<&'a Value>,
}

impl<'a> Paging<'a> {
    /// Reads an operation; `stated` goes before what the document lets one see.
    pub fn of(document: &'a Document, operation: &Operation<'a>, stated: Option<&str>) -> Paging<'a> {
        let answer = operation.answer();
        let whole = answer.and_then(|answer| match reference(answer) {
            Some(name) => document.schema(name),
            None => Some(answer),
        });
        let field =
            |name: &str| whole.map(|whole| &whole["properties"][name]).filter(|field| !field.is_null());
        let records = field("data").map(|data| &data["items"]).filter(|items| !items.is_null());
        let numbered = operation.parameters("query").any(|(name, _)| name == "page");
        let seen = if operation.path.contains("/export")
            && operation.parameters("query").any(|(name, _)| name == "from")
        {
            "export"
        } else if numbered && answer.is_some_and(|answer| answer["type"] == "array") {
            "bare"
        } else if numbered && field("fields").is_some() && records.is_some() {
            "report"
        } else if numbered && records.is_some() && field("hasMore").is_none() {
            "data-only"
        } else if numbered && (records.is_some() || answer.is_none()) {
            "numbered"
        } else if records.is_some()
            && (field("hasMore").is_some() || only_data(whole))
            && operation.method == "GET"
        {
            "envelope"
        } else {
            "none"
        };
        let kind = stated.unwrap_or(seen).to_owned();
        let item = match kind.as_str() {
            "none" => answer,
            "bare" => answer.map(|answer| &answer["items"]),
            _ => records,
        };
        Paging { kind, item }
    }

    /// Whether it makes two functions, `-page` and `-list`.
    pub fn is_list(&self) -> bool {
        !["none", "envelope"].contains(&self.kind.as_str())
    }
}

fn only_data(schema: Option<&Value>) -> bool {
    schema.and_then(|schema| schema["properties"].as_object()).is_some_and(|fields| fields.len() == 1)
}
