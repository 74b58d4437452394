//! What differs between a WIT that is there and one that a newer document would make.

use anyhow::{Context, Result};
use std::{collections::BTreeMap, fmt::Write};
use wit_parser::{Interface, Resolve, Type, TypeDefKind, UnresolvedPackageGroup};

/// An operation, flattened so that it can be compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The function's name.
    pub function: String,
    /// `query.createdBefore` to `instant`, `answer.customer.name` to `string`: by the
    /// provider's names, without `option`.
    pub parts: BTreeMap<String, String>,
}

/// The endpoints of an interface, by `METHOD /path`.
///
/// # Errors
/// A text that is no WIT.
pub fn endpoints(shared: &str, wit: &str) -> Result<BTreeMap<String, Endpoint>> {
    let mut resolve = Resolve::default();
    resolve.push_group(
        UnresolvedPackageGroup::parse("shared.wit", shared)
            .map_err(|(_, error)| anyhow::anyhow!("{error:?}"))?,
    )?;
    let text = format!("package penstock:vendor@0.1.0;\n{wit}");
    let group = UnresolvedPackageGroup::parse("module.wit", &text)
        .map_err(|(_, error)| anyhow::anyhow!("{error:?}"))?;
    let package = resolve.push_group(group)?;
    let package = resolve.packages.get(package).context("no package")?;
    let mut found = BTreeMap::new();
    for id in package.interfaces.values() {
        if let Some(interface) = resolve.interfaces.get(*id) {
            read(&resolve, interface, &mut found);
        }
    }
    Ok(found)
}

fn read(resolve: &Resolve, interface: &Interface, found: &mut BTreeMap<String, Endpoint>) {
    for (name, function) in &interface.functions {
        let docs = function.docs.contents.as_deref();
        let Some(http) = tag(docs, "http") else { continue };
        let mut endpoint = Endpoint { function: name.clone(), parts: BTreeMap::new() };
        for parameter in &function.params {
            if !["page", "options"].contains(&parameter.name.as_str()) {
                flatten(resolve, &parameter.ty, &parameter.name, &mut endpoint.parts);
            }
        }
        if let Some(result) = &function.result {
            flatten(resolve, result, "answer", &mut endpoint.parts);
        }
        found.insert(http.to_owned(), endpoint);
    }
}

fn tag<'a>(docs: Option<&'a str>, name: &str) -> Option<&'a str> {
    let mut lines = docs?.lines().map(str::trim);
    lines.find_map(|line| line.strip_prefix('@')?.strip_prefix(name)?.strip_prefix(' '))
}

/// Adds everything below `place`. Options, lists and the frame of an answer do not count.
fn flatten(resolve: &Resolve, ty: &Type, place: &str, parts: &mut BTreeMap<String, String>) {
    let Type::Id(id) = ty else {
        parts.insert(place.to_owned(), format!("{ty:?}").to_lowercase());
        return;
    };
    let Some(definition) = resolve.types.get(*id) else { return };
    match &definition.kind {
        TypeDefKind::Type(inner) => match definition.name.as_deref() {
            Some(shared @ ("instant" | "date" | "decimal" | "json" | "download" | "upload")) => {
                parts.insert(place.to_owned(), shared.to_owned());
            }
            Some("answer-info" | "page-info" | "failure" | "call-options" | "page-request") => {}
            _ => flatten(resolve, inner, place, parts),
        },
        TypeDefKind::Option(inner) => flatten(resolve, inner, place, parts),
        TypeDefKind::List(inner) => flatten(resolve, inner, &format!("{place}[]"), parts),
        TypeDefKind::Result(result) => {
            if let Some(ok) = &result.ok {
                flatten(resolve, ok, place, parts);
            }
        }
        TypeDefKind::Tuple(tuple) => {
            if let Some(first) = tuple.types.first() {
                flatten(resolve, first, place, parts);
            }
        }
        TypeDefKind::Variant(variant) => {
            let wires: Vec<String> = variant
                .cases
                .iter()
                .filter(|case| case.ty.is_none())
                .map(|case| {
                    tag(case.docs.contents.as_deref(), "wire")
                        .map_or_else(|| crate::names::pascal(&case.name), str::to_owned)
                })
                .collect();
            parts.insert(place.to_owned(), format!("one of {}", wires.join(", ")));
        }
        TypeDefKind::Record(record) => {
            for field in record.fields.iter().filter(|field| field.name != "extra") {
                let wire = tag(field.docs.contents.as_deref(), "wire")
                    .map_or_else(|| crate::names::camel(&field.name), str::to_owned);
                flatten(resolve, &field.ty, &format!("{place}.{wire}"), parts);
            }
        }
        other => {
            parts.insert(place.to_owned(), other.as_str().to_owned());
        }
    }
}

/// The differences, a line each; empty if there are none. `+` is new in the document, `-` is
/// gone from it, `~` has another type.
#[must_use]
pub fn check(ours: &BTreeMap<String, Endpoint>, theirs: &BTreeMap<String, Endpoint>) -> String {
    let mut out = String::new();
    for (http, endpoint) in theirs.iter().filter(|(http, _)| !ours.contains_key(*http)) {
        let _ = writeln!(out, "+ {http} ({})", endpoint.function);
    }
    for (http, endpoint) in ours {
        let Some(newer) = theirs.get(http) else {
            let _ = writeln!(out, "- {http} ({})", endpoint.function);
            continue;
        };
        for (part, ty) in newer.parts.iter().filter(|(part, _)| !endpoint.parts.contains_key(*part)) {
            let _ = writeln!(out, "+ {http} {part}: {ty}");
        }
        for (part, ty) in &endpoint.parts {
            match newer.parts.get(part) {
                None => {
                    let _ = writeln!(out, "- {http} {part}: {ty}");
                }
                Some(other) if other != ty => {
                    let _ = writeln!(out, "~ {http} {part}: {ty} is now {other}");
                }
                Some(_) => {}
            }
        }
    }
    out
}
