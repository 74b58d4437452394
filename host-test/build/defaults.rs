//! Writes `Default` for the records of the contract that may be left empty, so that
//! an embedder names only the fields that matter: filters, options, changes.
//!
//! Wasmtime's macro can derive for all types or none, and most have no default.
#![expect(clippy::indexing_slicing, reason = "ids of an arena are indices into it")]

use std::{error::Error, fmt::Write as _, path::Path};

use wit_parser::{Resolve, Type, TypeDefKind, WorldItem, WorldKey};

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
    for (key, item) in &resolve.worlds[world].exports {
        let (WorldKey::Interface(id), WorldItem::Interface { .. }) = (key, item) else { continue };
        let interface = &resolve.interfaces[*id];
        let (Some(package), Some(name)) = (interface.package, &interface.name) else { continue };
        let package = &resolve.packages[package].name;
        let module =
            format!("exports::{}::{}::{}", ident(&package.namespace), ident(&package.name), ident(name));
        for (name, ty) in &interface.types {
            let TypeDefKind::Record(record) = &resolve.types[*ty].kind else { continue };
            if !record.fields.iter().all(|field| may_be_empty(&resolve, field.ty)) {
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
    }
    Ok(rust)
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
