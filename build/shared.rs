//! Writes `shared.rs`: how the types of `penstock:connector/types` and `files` stand in
//! memory (`src/abi` has what the code is made of).

use crate::{
    contract::Contract,
    names::{pascal, snake},
    tags::Doc,
};
use std::{error::Error, fmt::Write};
use wit_parser::{Record, Type, TypeDef, TypeDefKind, Variant};

type Written = Result<String, Box<dyn Error>>;

/// The interfaces whose types vendors' functions take and return.
const INTERFACES: [&str; 2] = ["types", "files"];

/// The whole file.
pub(crate) fn write(contract: &Contract) -> Written {
    let mut out = String::new();
    for interface in INTERFACES {
        for (name, &id) in contract.connector_types(interface)? {
            let definition = &contract.resolve.types[id];
            if let TypeDefKind::Type(_) = definition.kind {
                continue;
            }
            if holds_handles(contract, &Type::Id(id)) {
                out += &twin(contract, name, definition)?;
            } else {
                let name = pascal(name);
                writeln!(
                    out,
                    "use crate::contract::bindings::exports::penstock::connector::{interface}::{name};"
                )?;
            }
            match &definition.kind {
                TypeDefKind::Record(record) => out += &self::record(contract, name, record)?,
                TypeDefKind::Variant(variant) => out += &self::variant(contract, name, variant)?,
                TypeDefKind::Enum(cases) => {
                    let cases: Vec<_> = cases.cases.iter().map(|case| (case.name.as_str(), None)).collect();
                    out += &choice(contract, name, &cases)?;
                }
                other => return Err(format!("{name}: no use for {} yet", other.as_str()).into()),
            }
        }
    }
    Ok(out)
}

/// A record that holds streams or futures, with their handles as numbers: what they mean
/// is known to the component's exports alone.
fn twin(contract: &Contract, name: &str, definition: &TypeDef) -> Written {
    let TypeDefKind::Record(record) = &definition.kind else {
        return Err(format!("{name}: only records hold streams and futures").into());
    };
    let doc = |docs: &wit_parser::Docs| Doc::parse(docs.contents.as_deref()).text;
    let mut out =
        format!("#[doc = {:?}]\n#[derive(Debug)]\npub struct {} {{\n", doc(&definition.docs), pascal(name));
    for field in &record.fields {
        let ty = rust(contract, &field.ty)?;
        writeln!(out, "#[doc = {:?}]\npub {}: {ty},", doc(&field.docs), snake(&field.name))?;
    }
    Ok(out + "}\n")
}

fn holds_handles(contract: &Contract, ty: &Type) -> bool {
    let Type::Id(id) = ty else { return false };
    match &contract.resolve.types[*id].kind {
        TypeDefKind::Stream(_) | TypeDefKind::Future(_) | TypeDefKind::Handle(_) => true,
        TypeDefKind::Record(record) => record.fields.iter().any(|field| holds_handles(contract, &field.ty)),
        TypeDefKind::Variant(variant) => {
            variant.cases.iter().any(|case| case.ty.is_some_and(|ty| holds_handles(contract, &ty)))
        }
        TypeDefKind::Option(inner) | TypeDefKind::List(inner) | TypeDefKind::Type(inner) => {
            holds_handles(contract, inner)
        }
        TypeDefKind::Tuple(tuple) => tuple.types.iter().any(|ty| holds_handles(contract, ty)),
        _ => false,
    }
}

fn record(contract: &Contract, name: &str, record: &Record) -> Written {
    let name = pascal(name);
    let (mut layout, mut lower, mut lift) = (String::new(), String::new(), String::new());
    for field in &record.fields {
        let (field, ty) = (snake(&field.name), rust(contract, &field.ty)?);
        write!(layout, ".field(<{ty} as Abi>::LAYOUT)")?;
        writeln!(lower, "self.{field}.lower(arena, places.next(<{ty} as Abi>::LAYOUT));")?;
        writeln!(lift, "{field}: <{ty} as Abi>::lift(memory, places.next(<{ty} as Abi>::LAYOUT))?,")?;
    }
    Ok(implementation(
        &name,
        &format!("Layout::EMPTY{layout}.end()"),
        &format!("let mut places = Places::at(at);\n{lower}"),
        &format!("let mut places = Places::at(at);\nOk({name} {{\n{lift}}})"),
    ))
}

fn variant(contract: &Contract, name: &str, variant: &Variant) -> Written {
    let cases: Vec<_> = variant.cases.iter().map(|case| (case.name.as_str(), case.ty)).collect();
    choice(contract, name, &cases)
}

fn choice(contract: &Contract, name: &str, cases: &[(&str, Option<Type>)]) -> Written {
    let (name, count) = (pascal(name), cases.len());
    let mut payload = "Layout::EMPTY".to_owned();
    let (mut lower, mut lift) = (String::new(), String::new());
    for (index, (case, ty)) in cases.iter().enumerate() {
        let case = pascal(case);
        let number = format!("arena.put_discriminant(at, {count}, {index})");
        let Some(ty) = ty else {
            writeln!(lower, "{name}::{case} => {number},")?;
            writeln!(lift, "{index} => {name}::{case},")?;
            continue;
        };
        let ty = rust(contract, ty)?;
        write!(payload, ".or(<{ty} as Abi>::LAYOUT)")?;
        writeln!(lower, "{name}::{case}(value) => {{ {number}; value.lower(arena, payload); }}")?;
        writeln!(lift, "{index} => {name}::{case}(<{ty} as Abi>::lift(memory, payload)?),")?;
    }
    let place = if cases.iter().any(|(_, ty)| ty.is_some()) {
        format!("let payload = at + Layout::payload({count}, {payload});\n")
    } else {
        String::new()
    };
    Ok(implementation(
        &name,
        &format!("Layout::variant({count}, {payload})"),
        &format!("{place}match self {{\n{lower}}}"),
        &format!(
            "{place}Ok(match memory::discriminant(memory, at, {count})? {{\n{lift}_ => return Err(AbiError),\n}})"
        ),
    ))
}

fn implementation(name: &str, layout: &str, lower: &str, lift: &str) -> String {
    format!(
        "impl Abi for {name} {{\n\
         const LAYOUT: Layout = {layout};\n\
         fn lower(&self, arena: &mut Arena, at: u32) {{\n{lower}\n}}\n\
         fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {{\n{lift}\n}}\n\
         }}\n"
    )
}

/// A WIT type as wit-bindgen names it in Rust.
fn rust(contract: &Contract, ty: &Type) -> Written {
    Ok(match ty {
        Type::Bool => "bool".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::S32 => "i32".to_owned(),
        Type::S64 => "i64".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::String => "String".to_owned(),
        Type::Id(id) => {
            let definition = &contract.resolve.types[*id];
            match (&definition.name, &definition.kind) {
                (_, TypeDefKind::Type(inner)) => rust(contract, inner)?,
                (Some(name), _) => pascal(name),
                (None, TypeDefKind::Stream(_) | TypeDefKind::Future(_)) => "Handle".to_owned(),
                (None, TypeDefKind::Option(inner)) => format!("Option<{}>", rust(contract, inner)?),
                (None, TypeDefKind::List(inner)) => format!("Vec<{}>", rust(contract, inner)?),
                (None, other) => return Err(format!("no use for {} yet", other.as_str()).into()),
            }
        }
        other => return Err(format!("no use for {other:?} yet").into()),
    })
}
