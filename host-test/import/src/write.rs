//! A whole `.wit` file.

use crate::{document::Document, operations, overrides::Module, types::Types};
use anyhow::{Context, Result};
use std::fmt::Write;

/// The shared types that a module may use: of `connector/types` and `connector/files`.
const SHARED: [&str; 13] = [
    "answer-info",
    "call-options",
    "date",
    "decimal",
    "download",
    "failure",
    "instant",
    "json",
    "list-end",
    "page-info",
    "page-request",
    "upload",
    "field-error",
];

/// The `.wit` of a module. `by_hand` is what stands at its end as it is: other forms of its
/// operations, and what is composed of them.
///
/// # Errors
/// Two operations with one name, and documents that cannot be read.
pub fn module(name: &str, document: &Document, overrides: &Module, by_hand: &str) -> Result<String> {
    let planned = operations::plan(document, overrides).with_context(|| name.to_owned())?;
    let mut taken: std::collections::BTreeSet<String> =
        SHARED.iter().map(|name| (*name).to_owned()).collect();
    taken.extend(planned.iter().flat_map(operations::Planned::functions));
    let mut types = Types::new(document, overrides, taken);
    let functions: Vec<String> = planned.iter().map(|one| one.write(overrides, &mut types)).collect();
    let by_hand = Some(by_hand.trim_end().to_owned()).filter(|text| !text.is_empty());
    let items: Vec<String> = types.written().into_iter().chain(functions).chain(by_hand).collect();
    let text = items.join("\n\n");
    let about = match overrides.about.as_str() {
        "" => "A module of the vendor's API.",
        about => about,
    };
    let mut out = format!(
        "/// {about}\n///\n/// The tags in the comments are read by the build: they say how an operation is called\n\
         /// (docs/catalogue.md).\ninterface {name} {{\n"
    );
    let used = |name: &&&str| words(&text).any(|word| word == **name);
    let (files, plain): (Vec<&str>, Vec<&str>) =
        SHARED.iter().filter(used).copied().partition(|name| ["download", "upload"].contains(name));
    let _ = writeln!(out, "    use penstock:connector/types@0.1.0.{{{}}};", plain.join(", "));
    if !files.is_empty() {
        let _ = writeln!(out, "    use penstock:connector/files@0.1.0.{{{}}};", files.join(", "));
    }
    for item in items {
        out.push('\n');
        for line in item.lines() {
            let line = line.trim_end();
            let _ = if line.is_empty() { writeln!(out) } else { writeln!(out, "    {line}") };
        }
    }
    out += "}\n";
    Ok(out)
}

/// The names in the text, without the comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("///"));
    code.flat_map(|line| line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')))
}
