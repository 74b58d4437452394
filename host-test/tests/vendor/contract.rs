//! Penstock's contract against the vendor's own declarations: a path, a parameter
//! or a field that one side has and the other has not.

use super::fixture::modules;
use penstock::catalogue::{self, Paging, RecordType, Type};
use serde_json::Value;
use std::collections::BTreeSet;

fn names(members: &Value) -> BTreeSet<String> {
    let members = members.as_object().into_iter().flat_map(|all| all.keys());
    members.map(|name| name.trim_end_matches('?').to_owned()).collect()
}

fn fields(record: &RecordType) -> BTreeSet<String> {
    record.fields.iter().map(|field| field.wire.to_owned()).collect()
}

/// Query parameters of July 2026: the contract of the modules beside `jpm` is made from the
/// documents of March, and has no place where a caller could put them.
const RECENT_QUERY: [&str; 3] =
    ["dateReconciledBefore", "dateReconciledOnOrAfter", "threeWayMatchDiscrepancy"];

fn record(ty: Option<Type>) -> Option<&'static RecordType> {
    match ty?.inner() {
        Type::Record(record) => Some(record),
        Type::List(element) => self::record(Some(**element)),
        _ => None,
    }
}

/// The query parameters that the pages of a list use up.
fn of_pages(paging: Paging) -> &'static [&'static str] {
    match paging {
        Paging::None | Paging::Envelope | Paging::Cursor | Paging::Offset => &[],
        Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report => {
            &["page", "pageSize", "includeTotal"]
        }
        Paging::Export => &["from", "includeRecentChanges"],
    }
}

/// The page that a kind of answer asks for; none where the answer is one value.
fn paged(kind: &str) -> &'static [Paging] {
    match kind {
        "page" => &[Paging::Numbered, Paging::Envelope],
        "data" => &[Paging::DataOnly, Paging::Envelope],
        "bare" => &[Paging::Bare],
        "report" => &[Paging::Report, Paging::None],
        "export" => &[Paging::Export],
        _ => &[Paging::None],
    }
}

#[test]
fn the_contract_says_what_the_vendor_declares() {
    let modules = modules();
    let contract = catalogue::operations("servicetitan").unwrap();
    let contract: Vec<_> = contract.iter().filter(|operation| operation.over.is_none()).collect();
    assert_eq!(contract.len(), 585);
    let mut differences = Vec::new();
    for operation in contract {
        let same =
            |other: &Value| other["path"] == operation.path && other["method"] == operation.method.as_str();
        let found = modules
            .iter()
            .find_map(|module| Some((module, module.operations().iter().find(|other| same(other))?)));
        let Some((module, vendor)) = found else {
            differences.push(format!("{}: {} is no path of the vendor", operation.name, operation.path));
            continue;
        };
        // What came in July is in the contract of `jpm`, and elsewhere in `extra`.
        let may_lack = |recent: BTreeSet<String>| if module.name == "jpm" { BTreeSet::new() } else { recent };
        let mut compare =
            |what: &str, ours: BTreeSet<String>, theirs: BTreeSet<String>, lacks: BTreeSet<String>| {
                let lacks = may_lack(lacks);
                let more: Vec<_> = ours.difference(&theirs).collect();
                let less: Vec<_> = theirs.difference(&ours).filter(|name| !lacks.contains(*name)).collect();
                if !more.is_empty() || !less.is_empty() {
                    differences
                        .push(format!("{} {what}: too many {more:?}, missing {less:?}", operation.name));
                }
            };
        let mut query = operation.query.map(fields).unwrap_or_default();
        let theirs = names(&vendor["query"]);
        let own = of_pages(operation.paging).iter().map(|name| (*name).to_owned());
        query.extend(own.filter(|name| theirs.contains(name)));
        compare("query", query, theirs, RECENT_QUERY.map(str::to_owned).into());
        // All fields of a schema, and those that are recent.
        let schema = |name: &str| {
            let schema = &module.fixture["schemas"][name.trim_matches(['[', ']'])];
            let recent = names(&schema["recent"]);
            (names(&schema["fields"]).into_iter().chain(recent.clone()).collect::<BTreeSet<_>>(), recent)
        };
        if let Some(body) = vendor["body"].as_str() {
            let (all, recent) = schema(body);
            compare("body", record(operation.body).map(fields).unwrap_or_default(), all, recent);
        }
        let answer = module.answer(vendor);
        let (kind, shape) = answer.unwrap_or(("one", "any"));
        // A list in an envelope of its own may also be a record of one field.
        let wrapped = kind == "data" && operation.paging == Paging::None;
        if let Some(record) = record(operation.answer) {
            let (all, recent) =
                if wrapped { (["data".to_owned()].into(), BTreeSet::new()) } else { schema(shape) };
            compare("answer", fields(record), all, recent);
        }
        let files = (operation.upload.is_some(), operation.file);
        let theirs = (vendor["upload"] == true, kind == "file" || kind == "redirect");
        if files != theirs || !(wrapped || paged(kind).contains(&operation.paging)) {
            differences.push(format!("{}: {:?} for {kind}", operation.name, operation.paging));
        }
        let silent = operation.answer.is_none() && !operation.file;
        if silent != answer.is_none() {
            differences
                .push(format!("{} answers with {:?}, not {answer:?}", operation.name, operation.answer));
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
