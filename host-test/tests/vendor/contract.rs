//! Penstock's contract against the vendor's own declarations: a path, a parameter
//! or a field that one side has and the other has not.

use super::operations::{fixture, operations};
use penstock::catalogue::{self, Operation, Paging, RecordType, Type};
use serde_json::Value;
use std::collections::BTreeSet;

fn names(members: &Value) -> BTreeSet<String> {
    let members = members.as_object().into_iter().flat_map(|all| all.keys());
    members.map(|name| name.trim_end_matches('?').to_owned()).collect()
}

fn fields(record: &RecordType) -> BTreeSet<String> {
    record.fields.iter().map(|field| field.wire.to_owned()).collect()
}

/// The fields of a schema, those of July 2026 too.
fn schema(fixture: &Value, name: &str) -> BTreeSet<String> {
    let schema = &fixture["schemas"][name];
    names(&schema["fields"]).into_iter().chain(names(&schema["recent"])).collect()
}

fn record(ty: Option<Type>) -> Option<&'static RecordType> {
    match ty?.inner() {
        Type::Record(record) => Some(record),
        _ => None,
    }
}

fn declared<'a>(fixture: &'a Value, operation: &Operation) -> Option<&'a Value> {
    let same =
        |other: &&Value| other["path"] == operation.path && other["method"] == operation.method.as_str();
    operations(fixture).iter().find(same)
}

#[test]
fn the_contract_says_what_the_vendor_declares() {
    let fixture = fixture();
    let contract = catalogue::operations("servicetitan").unwrap();
    let own = |operation: &&Operation| operation.name.starts_with("jpm.") && operation.over.is_none();
    let contract: Vec<_> = contract.iter().filter(own).collect();
    assert_eq!(contract.len(), operations(&fixture).len());
    let mut differences = Vec::new();
    for operation in contract {
        let Some(vendor) = declared(&fixture, operation) else {
            differences.push(format!("{}: {} is no path of the vendor", operation.name, operation.path));
            continue;
        };
        let own: &[&str] = match operation.paging {
            Paging::None | Paging::Envelope | Paging::Cursor | Paging::Offset => &[],
            Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report => {
                &["page", "pageSize", "includeTotal"]
            }
            Paging::Export => &["from", "includeRecentChanges"],
        };
        let mut query = operation.query.map(fields).unwrap_or_default();
        query.extend(own.iter().map(|name| (*name).to_owned()));
        let mut compare = |what: &str, ours: BTreeSet<String>, theirs: BTreeSet<String>| {
            if ours != theirs {
                let (more, less): (Vec<_>, Vec<_>) =
                    (ours.difference(&theirs).collect(), theirs.difference(&ours).collect());
                differences.push(format!("{} {what}: too many {more:?}, missing {less:?}", operation.name));
            }
        };
        compare("query", query, names(&vendor["query"]));
        if let Some(body) = vendor["body"].as_str() {
            compare("body", record(operation.body).map(fields).unwrap_or_default(), schema(&fixture, body));
        }
        let answer =
            vendor["answer"].as_object().and_then(|answer| answer.values().next()).and_then(Value::as_str);
        if let (Some(answer), Some(record)) = (answer, record(operation.answer)) {
            compare("answer", fields(record), schema(&fixture, answer));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
