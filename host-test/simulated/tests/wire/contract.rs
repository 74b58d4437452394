//! Penstock's contract against the provider's own declarations: a path, a parameter
//! or a field that one side has and the other has not.

use super::fixture::{Module, modules};
use penstock::contract::catalogue::{self, Join, Operation, Paging, Parameter, RecordType, Type};
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
fn schema(module: &Module, name: &str) -> BTreeSet<String> {
    let schema = &module.fixture["schemas"][name.trim_matches(['[', ']'])];
    names(&schema["fields"]).into_iter().chain(names(&schema["recent"])).collect()
}

fn record(ty: Option<Type>) -> Option<&'static RecordType> {
    match ty?.inner() {
        Type::Record(record) => Some(record),
        Type::List(element) => self::record(Some(**element)),
        _ => None,
    }
}

/// The query parameters that the pages of a list use up.
fn of_pages(operation: &Operation) -> Vec<&'static str> {
    match operation.paging {
        Paging::None | Paging::Envelope | Paging::Cursor | Paging::Offset => vec![],
        Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report if operation.counted => {
            vec!["page", "pageSize", "includeTotal"]
        }
        Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report => vec!["page", "pageSize"],
        // In the query of the contract, because a date may stand there too.
        Paging::Export => vec![],
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
fn the_contract_says_what_the_provider_declares() {
    let modules = modules();
    let contract = catalogue::operations("servicetitan").unwrap();
    let contract: Vec<_> = contract.iter().filter(|operation| operation.variant_of.is_none()).collect();
    assert_eq!(contract.len(), 585);
    let mut differences = Vec::new();
    for operation in contract {
        let same =
            |other: &Value| other["path"] == operation.path && other["method"] == operation.method.as_str();
        let found = modules
            .iter()
            .find_map(|module| Some((module, module.operations().iter().find(|other| same(other))?)));
        let Some((module, provider)) = found else {
            differences.push(format!("{}: {} is no path of the vendor", operation.name, operation.path));
            continue;
        };
        let mut compare = |what: &str, ours: BTreeSet<String>, theirs: BTreeSet<String>| {
            if ours != theirs {
                let (more, less): (Vec<_>, Vec<_>) =
                    (ours.difference(&theirs).collect(), theirs.difference(&ours).collect());
                differences.push(format!("{} {what}: too many {more:?}, missing {less:?}", operation.name));
            }
        };
        let mut query = operation.query.map(fields).unwrap_or_default();
        let mut theirs = names(&provider["query"]);
        // One list of parameters has the placeholder once more.
        theirs.retain(|name| !operation.path.contains(&format!("{{{name}}}")));
        query.extend(of_pages(operation).into_iter().map(str::to_owned));
        compare("query", query, theirs);
        if let Some(body) = provider["body"].as_str() {
            compare("body", record(operation.body).map(fields).unwrap_or_default(), schema(module, body));
        }
        let answer = module.answer(provider);
        let (kind, shape) = answer.unwrap_or(("one", "any"));
        // A list in an envelope of its own may also be a record of one field.
        let wrapped = kind == "data" && operation.paging == Paging::None;
        if let Some(record) = record(operation.answer) {
            let theirs = if wrapped { ["data".to_owned()].into() } else { schema(module, shape) };
            compare("answer", fields(record), theirs);
        }
        let files = (operation.upload.is_some(), operation.file);
        let theirs = (provider["upload"] == true, kind == "file" || kind == "redirect");
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

/// Adds where a type of the contract is not the provider's.
fn compare_types(
    module: &Module,
    path: &str,
    shape: &str,
    ty: Type,
    depth: usize,
    found: &mut BTreeSet<String>,
) {
    let ty = *ty.inner();
    // Recursive shapes are JSON in the contract, and free-form ones.
    if depth > 12 || ty == Type::Json {
        return;
    }
    let shape = shape.trim_end_matches('?');
    let inside = |open, close| shape.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    let fits = match (shape, ty) {
        ("int64", Type::S64)
        | ("int32", Type::S32)
        | ("number" | "double" | "decimal" | "amount", Type::Decimal)
        | ("double", Type::F64)
        // The SDK of July has no integers.
        | ("number", Type::S64 | Type::S32)
        // What the provider calls text, although the values are known.
        | ("text", Type::Enum(_))
        | ("bool", Type::Bool)
        | ("date-time", Type::Instant)
        | ("date", Type::Date)
        | ("text" | "multiline" | "html" | "guid", Type::Text) => true,
        (_, Type::List(element)) => {
            if let Some(inner) = inside('[', ']') {
                compare_types(module, &format!("{path}[]"), inner, *element, depth + 1, found);
                return;
            }
            false
        }
        (choice, Type::Enum(_) | Type::Text) if choice.contains('|') => true,
        (name, ty) => {
            let schema = &module.fixture["schemas"][name];
            match ty {
                Type::Enum(_) | Type::Text => schema["enum"][0].is_string(),
                Type::S32 => schema["enum"][0].is_i64(),
                Type::Record(record) => {
                    for (member, shape) in [&schema["fields"], &schema["recent"]]
                        .iter()
                        .filter_map(|all| all.as_object())
                        .flatten()
                    {
                        let wire = member.trim_end_matches('?');
                        let path = format!("{path}.{wire}");
                        let Some((_, field)) = record.field(wire, 0) else {
                            found.insert(format!("{path} is missing"));
                            continue;
                        };
                        compare_types(module, &path, shape.as_str().unwrap(), field.ty, depth + 1, found);
                    }
                    schema.is_object()
                }
                _ => false,
            }
        }
    };
    if !fits {
        found.insert(format!("{path}: {shape} is {ty:?}").chars().take(160).collect());
    }
}

#[test]
fn the_contract_has_the_types_that_the_provider_declares() {
    let modules = modules();
    let mut found = BTreeSet::new();
    let contract = catalogue::operations("servicetitan").unwrap();
    for operation in contract.iter().filter(|operation| operation.variant_of.is_none()) {
        let same =
            |other: &Value| other["path"] == operation.path && other["method"] == operation.method.as_str();
        for module in &modules {
            let Some(provider) = module.operations().iter().find(|other| same(other)) else { continue };
            let parameters = [&provider["placeholders"], &provider["query"]];
            for (name, shape) in parameters.iter().filter_map(|all| all.as_object()).flatten() {
                let wire = name.trim_end_matches('?');
                let known = operation.parameters().find(|parameter| parameter.wire() == wire);
                let ty = match known {
                    Some(Parameter::Path(placeholder)) => placeholder.ty,
                    // One text with commas, or one that names the order of a list.
                    Some(Parameter::Query(field))
                        if matches!(field.join, Join::Comma(_)) && shape == "text"
                            || wire == "sort" && field.ty.inner() == &Type::Text =>
                    {
                        continue;
                    }
                    Some(Parameter::Query(field)) => field.ty,
                    None => continue,
                };
                let path = format!("{} {wire}", operation.name);
                compare_types(module, &path, shape.as_str().unwrap(), ty, 0, &mut found);
            }
            if let (Some(body), Some(ty)) = (provider["body"].as_str(), operation.body) {
                compare_types(module, &format!("{} body", operation.name), body, ty, 0, &mut found);
            }
            let wrapped = |kind| kind == "data" && operation.paging == Paging::None;
            if let (Some((kind, shape)), Some(ty)) = (module.answer(provider), operation.answer)
                && kind != "report"
                && !wrapped(kind)
            {
                compare_types(module, &format!("{} answer", operation.name), shape, ty, 0, &mut found);
            }
        }
    }
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}
