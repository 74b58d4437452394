//! Writes what Wasmtime's macro cannot derive, since it derives for all types or none:
//!
//! - `Default` for the records of the contract that may be left empty, so that an embedder
//!   names only the fields that matter: filters, options, changes;
//! - `PartialEq` for everything but what holds a stream.
#![expect(clippy::indexing_slicing, reason = "ids of an arena are indices into it")]

use std::{error::Error, fmt::Write as _, path::Path};

use wit_parser::{Interface, Resolve, Type, TypeDefKind, WorldItem, WorldKey};

/// The folders in the order of their dependencies, the world of the bindings last.
const FOLDERS: [&str; 5] =
    ["wit/connector", "wit/host", "wit/servicetitan", "wit/asleep", "host-test/wit/harness"];

/// Rust for `include!`, inside the module of the bindings.
pub(crate) fn write(workspace: &Path) -> Result<String, Box<dyn Error>> {
    let mut resolve = Resolve::default();
    let mut last = None;
    for folder in FOLDERS {
        last = Some(resolve.push_dir(workspace.join(folder))?.0);
    }
    let world = resolve.select_world(&[last.ok_or("no folder")?], None)?;
    let mut rust = String::new();
    let world = &resolve.worlds[world];
    for (items, prefix) in [(&world.imports, ""), (&world.exports, "exports::")] {
        for (key, item) in items {
            let (WorldKey::Interface(id), WorldItem::Interface { .. }) = (key, item) else { continue };
            let interface = &resolve.interfaces[*id];
            let (Some(package), Some(name)) = (interface.package, &interface.name) else { continue };
            let package = &resolve.packages[package].name;
            let module =
                format!("{prefix}{}::{}::{}", ident(&package.namespace), ident(&package.name), ident(name));
            rust += &equality(&resolve, interface, &module)?;
            if !prefix.is_empty() {
                rust += &defaults(&resolve, interface, &module)?;
            }
        }
    }
    Ok(rust)
}

fn defaults(resolve: &Resolve, interface: &Interface, module: &str) -> Result<String, Box<dyn Error>> {
    let mut rust = String::new();
    for (name, ty) in &interface.types {
        let TypeDefKind::Record(record) = &resolve.types[*ty].kind else { continue };
        if !record.fields.iter().all(|field| may_be_empty(resolve, field.ty)) {
            continue;
        }
        let fields: String = record
            .fields
            .iter()
            .map(|field| format!("{}: Default::default(), ", ident(&field.name)))
            .collect();
        let name = camel(name);
        writeln!(
            rust,
            "impl Default for {module}::{name} {{ fn default() -> Self {{ Self {{ {fields}}} }} }}"
        )?;
    }
    Ok(rust)
}

fn equality(resolve: &Resolve, interface: &Interface, module: &str) -> Result<String, Box<dyn Error>> {
    let mut rust = String::new();
    for (name, ty) in &interface.types {
        let equal = match &resolve.types[*ty].kind {
            _ if holds_stream(resolve, Type::Id(*ty)) => continue,
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter().map(|field| ident(&field.name));
                let equal: Vec<_> = fields.map(|field| format!("self.{field} == other.{field}")).collect();
                if equal.is_empty() { "true".to_owned() } else { equal.join(" && ") }
            }
            TypeDefKind::Variant(variant) => {
                let cases: String = variant
                    .cases
                    .iter()
                    .map(|case| {
                        let name = camel(&case.name);
                        match case.ty {
                            Some(_) => format!("(Self::{name}(one), Self::{name}(two)) => one == two, "),
                            None => format!("(Self::{name}, Self::{name}) => true, "),
                        }
                    })
                    .collect();
                let rest = if variant.cases.len() > 1 { "_ => false" } else { "" };
                format!("match (self, other) {{ {cases}{rest} }}")
            }
            // Enums have it anyway.
            _ => continue,
        };
        let name = camel(name);
        writeln!(
            rust,
            "impl PartialEq for {module}::{name} {{ fn eq(&self, other: &Self) -> bool {{ {equal} }} }}"
        )?;
    }
    Ok(rust)
}

fn holds_stream(resolve: &Resolve, ty: Type) -> bool {
    let Type::Id(id) = ty else { return false };
    match &resolve.types[id].kind {
        TypeDefKind::Stream(_) | TypeDefKind::Future(_) => true,
        TypeDefKind::Record(record) => record.fields.iter().any(|field| holds_stream(resolve, field.ty)),
        TypeDefKind::Variant(variant) => {
            variant.cases.iter().any(|case| case.ty.is_some_and(|ty| holds_stream(resolve, ty)))
        }
        TypeDefKind::Option(inner) | TypeDefKind::List(inner) | TypeDefKind::Type(inner) => {
            holds_stream(resolve, *inner)
        }
        TypeDefKind::Tuple(tuple) => tuple.types.iter().any(|ty| holds_stream(resolve, *ty)),
        _ => false,
    }
}

/// Absent, empty and false say nothing; an empty text or a 0 might say something.
fn may_be_empty(resolve: &Resolve, ty: Type) -> bool {
    match ty {
        Type::Bool => true,
        Type::Id(id) => match &resolve.types[id].kind {
            TypeDefKind::Option(_) | TypeDefKind::List(_) => true,
            TypeDefKind::Type(ty) => may_be_empty(resolve, *ty),
            _ => false,
        },
        _ => false,
    }
}

/// As Wasmtime's macro names fields and modules.
fn ident(name: &str) -> String {
    const KEYWORDS: [&str; 12] =
        ["as", "async", "const", "enum", "for", "in", "match", "move", "ref", "static", "type", "use"];
    let name = name.replace('-', "_");
    if KEYWORDS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

fn camel(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}
