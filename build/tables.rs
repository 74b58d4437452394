//! Writes `tables.rs`: types and operations as static data.

use crate::{
    answer::Answer,
    contract::{Contract, Module, Operation},
    names::{Naming, constant, pascal, snake},
    tags::Doc,
};
use std::{error::Error, fmt::Write};
use wit_parser::{Record, Type, TypeDefKind, TypeId, Variant};

type Written = Result<String, Box<dyn Error>>;

/// The whole file.
pub(crate) fn write(contract: &Contract) -> Written {
    let mut out = String::from("use crate::contract::catalogue::*;\n");
    let mut vendors = String::new();
    for vendor in &contract.vendors {
        let mut all = String::new();
        writeln!(out, "pub mod {} {{ use super::*;", snake(&vendor.name))?;
        for module in &vendor.modules {
            writeln!(out, "pub mod {} {{ use super::*;", snake(&module.name))?;
            for &id in &module.types {
                out += &definition(contract, module.naming, id)?;
            }
            out += "}\n";
            for operation in module.operations.iter().filter(|_| module.enabled) {
                all += &self::operation(contract, &vendor.name, module, operation)?;
            }
        }
        writeln!(out, "pub static OPERATIONS: &[Operation] = &[{all}]; }}")?;
        write!(vendors, "({:?}, {}::OPERATIONS),", vendor.name, snake(&vendor.name))?;
    }
    writeln!(out, "pub static VENDORS: &[(&str, &[Operation])] = &[{vendors}];")?;
    Ok(out)
}

fn definition(contract: &Contract, naming: Naming, id: TypeId) -> Written {
    let definition = &contract.resolve.types[id];
    let name = definition.name.as_deref().unwrap_or_default();
    match &definition.kind {
        // A page is the driver's, not the vendor's.
        TypeDefKind::Record(record) if is_page(contract, record) => Ok(String::new()),
        TypeDefKind::Record(record) => self::record(contract, naming, name, record),
        TypeDefKind::Variant(variant) => open_enum(naming, name, variant),
        TypeDefKind::Type(_) => Ok(String::new()),
        other => {
            Err(format!("{name}: a vendor's types are records and open enums, not {}", other.as_str()).into())
        }
    }
}

fn is_page(contract: &Contract, record: &Record) -> bool {
    record
        .fields
        .iter()
        .any(|field| matches!(field.ty, Type::Id(id) if contract.shared_name(id) == Some("page-info")))
}

fn record(contract: &Contract, naming: Naming, name: &str, record: &Record) -> Written {
    let extra = record.fields.last().is_some_and(|field| field.name == "extra");
    let mut fields = String::new();
    for field in record.fields.iter().take(record.fields.len() - usize::from(extra)) {
        let doc = Doc::parse(field.docs.contents.as_deref());
        if let Some(tag) = doc.unknown(&["wire", "comma", "required", "local-day", "header", "default"]) {
            return Err(format!("{name}.{}: unknown tag @{tag}", field.name).into());
        }
        let wire = doc.tag("wire").map_or_else(|| naming.field(&field.name), str::to_owned);
        let join = match doc.tag("comma") {
            None if doc.tag("header").is_some() => header(name, field, &doc)?,
            None => "Join::Repeat".to_owned(),
            Some("") => "Join::Comma(0)".to_owned(),
            Some(most) => format!("Join::Comma({})", most.parse::<u32>()?),
        };
        let local_day = doc.tag("local-day").is_some();
        if local_day && ty(contract, &field.ty)? != "Type::Date" {
            return Err(format!("{name}.{}: @local-day is for a `date`", field.name).into());
        }
        let whole_read = doc.tag("default");
        write!(
            fields,
            "Field {{ name: {:?}, wire: {wire:?}, ty: {}, required: {}, join: {join}, local_day: {local_day}, \
             whole_read: {whole_read:?}, doc: {:?} }},",
            field.name,
            ty(contract, &field.ty)?,
            doc.tag("required").is_some() || !matches!(kind(contract, &field.ty), Kind::Option | Kind::List),
            doc.text
        )?;
    }
    Ok(format!(
        "pub static {}: RecordType = RecordType {{ name: {name:?}, fields: &[{fields}], extra: {extra} }};\n",
        constant(name)
    ))
}

/// A parameter that is sent as a header field.
fn header(record: &str, field: &wit_parser::Field, doc: &Doc) -> Written {
    let name = doc.tag("header").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(format!("{record}.{}: @header NAME, in lower case", field.name).into());
    }
    Ok(format!("Join::Header({name:?})"))
}

fn open_enum(naming: Naming, name: &str, variant: &Variant) -> Written {
    let Some((last, known)) = variant.cases.split_last() else {
        return Err(format!("{name}: no cases").into());
    };
    if last.name != "other" || last.ty != Some(Type::String) {
        return Err(format!("{name}: the last case of an open enum is `other(string)`").into());
    }
    let mut cases = String::new();
    for case in known {
        let doc = Doc::parse(case.docs.contents.as_deref());
        if case.ty.is_some() || doc.unknown(&["wire"]).is_some() {
            return Err(
                format!("{name}.{}: a known case has no payload and no tag but @wire", case.name).into()
            );
        }
        let wire = doc.tag("wire").map_or_else(|| naming.case(&case.name), str::to_owned);
        write!(cases, "Case {{ name: {:?}, wire: {wire:?}, doc: {:?} }},", case.name, doc.text)?;
    }
    Ok(format!(
        "pub static {}: EnumType = EnumType {{ name: {name:?}, cases: &[{cases}] }};\n",
        constant(name)
    ))
}

fn operation(contract: &Contract, vendor: &str, module: &Module, operation: &Operation) -> Written {
    let function = &operation.function;
    let own = format!("{}.{}", module.name, function.name);
    let (name, alias) = match &operation.all {
        Some(all) => (format!("{}.{}", module.name, all.name), format!("Some({own:?})")),
        None => (own.clone(), "None".to_owned()),
    };
    let placeholders = operation.placeholders();
    let mut path = String::new();
    let (mut query, mut body) = ("None".to_owned(), "None".to_owned());
    for (index, parameter) in function.params.iter().enumerate() {
        match (parameter.name.as_str(), placeholders.get(index)) {
            (name, Some(wire)) if module.naming.field(name) == *wire || name.replace('-', "_") == *wire => {
                write!(path, "Placeholder {{ wire: {wire:?}, ty: {} }},", ty(contract, &parameter.ty)?)?;
            }
            (name, Some(wire)) => {
                return Err(format!("{own}: `{name}` stands where `{wire}` is in the path").into());
            }
            ("query", None) => query = format!("Some(&{})", record_name(contract, &parameter.ty)?),
            // A file is no value of the vendor's: it is streamed.
            ("body", None) if operation.upload.is_some() => {}
            ("body", None) => body = format!("Some({})", ty(contract, &parameter.ty)?),
            ("page" | "options", None) => {}
            (name, None) => return Err(format!("{own}: what is `{name}`?").into()),
        }
    }
    let answer = answer(contract, operation)?;
    let over = match &operation.over {
        None => "None".to_owned(),
        Some(base) => {
            let all = module.operations.iter().find(|other| other.function.name == *base);
            let all = all.and_then(|other| other.all.as_ref()).map_or(base, |all| &all.name);
            format!("Some(\"{}.{all}\")", module.name)
        }
    };
    let owner =
        operation.owner.as_deref().map(|owner| owner_of(contract, module, operation, owner)).transpose()?;
    let cache = match operation.cache.as_deref() {
        None => "None".to_owned(),
        Some("immutable") => "Some(Caching::Immutable)".to_owned(),
        Some(seconds) => format!("Some(Caching::Seconds({seconds}))"),
    };
    let needs = needs(contract, module, operation)?;
    Ok(format!(
        "Operation {{ vendor: {vendor:?}, name: {name:?}, alias: {alias}, over: {over}, method: Method::{}, path: {:?}, \
         effect: Effect::{}, paging: Paging::{}, cache: {cache}, owner: {owner:?}, composed: {}, max_page_size: {:?}, counted: {}, needs: &{needs:?}, adds: {}, file: {}, upload: {:?}, path_parameters: &[{path}], query: {query}, body: {body}, \
         answer: {answer}, doc: {:?} }},\n",
        pascal(&operation.method.to_lowercase()),
        operation.path,
        pascal(&operation.effect),
        pascal(&operation.paging),
        operation.composed,
        operation.max_page_size,
        operation.counted,
        operation.adds,
        operation.file,
        operation.upload,
        operation.doc.text,
    ))
}

/// The vendor's name of the parameter that says whose data it is: a placeholder, or a
/// field of the query.
fn owner_of(contract: &Contract, module: &Module, operation: &Operation, owner: &str) -> Written {
    let wire = module.naming.field(owner);
    let query = operation.function.params.iter().find(|parameter| parameter.name == "query");
    let asked = query.is_some_and(|query| match query.ty {
        Type::Id(id) => match &contract.resolve.types[contract.definition(id)].kind {
            TypeDefKind::Record(record) => record.fields.iter().any(|field| field.name == owner),
            _ => false,
        },
        _ => false,
    });
    if asked || operation.placeholders().contains(&wire.as_str()) {
        return Ok(wire);
    }
    Err(format!("{}: @owner names no parameter: {owner}", operation.function.name).into())
}

/// The vendor's names of the parameters of which one is needed. `@needs` names fields of
/// the query.
fn needs(contract: &Contract, module: &Module, operation: &Operation) -> Result<Vec<String>, Box<dyn Error>> {
    let query = operation.function.params.iter().find(|parameter| parameter.name == "query");
    let fields = match query.map(|query| query.ty) {
        Some(Type::Id(id)) => match &contract.resolve.types[contract.definition(id)].kind {
            TypeDefKind::Record(record) => record.fields.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    let wire = |name: &String| {
        let field = fields.iter().find(|field| field.name == *name);
        let field = field.ok_or_else(|| format!("{}: @needs {name}", operation.function.name))?;
        let doc = Doc::parse(field.docs.contents.as_deref());
        Ok(doc.tag("wire").map_or_else(|| module.naming.field(&field.name), str::to_owned))
    };
    operation.needs.iter().map(wire).collect()
}

/// The type of the answer; of one item if the operation answers with many.
fn answer(contract: &Contract, operation: &Operation) -> Written {
    let name = &operation.function.name;
    if operation.file {
        return Ok("None".to_owned());
    }
    let Some(ok) = Answer::of(contract, operation)?.value else { return Ok("None".to_owned()) };
    let item = match operation.paging.as_str() {
        "none" => ok,
        "envelope" => element(contract, &ok).ok_or_else(|| format!("{name}: an envelope holds a list"))?,
        _ => page_item(contract, &ok)
            .ok_or_else(|| format!("{name}: a page is a record of `items` and `info`"))?,
    };
    Ok(format!("Some({})", ty(contract, &item)?))
}

/// The type of the items of a page record.
pub(crate) fn page_item(contract: &Contract, page: &Type) -> Option<Type> {
    let Type::Id(id) = page else { return None };
    let TypeDefKind::Record(record) = &contract.resolve.types[contract.definition(*id)].kind else {
        return None;
    };
    let items = record.fields.iter().find(|field| field.name == "items")?;
    element(contract, &items.ty)
}

fn element(contract: &Contract, list: &Type) -> Option<Type> {
    let Type::Id(id) = list else { return None };
    match contract.resolve.types[contract.definition(*id)].kind {
        TypeDefKind::List(element) => Some(element),
        _ => None,
    }
}

enum Kind {
    Option,
    List,
    Other,
}

fn kind(contract: &Contract, ty: &Type) -> Kind {
    let Type::Id(id) = ty else { return Kind::Other };
    match contract.resolve.types[contract.definition(*id)].kind {
        TypeDefKind::Option(_) => Kind::Option,
        TypeDefKind::List(_) => Kind::List,
        _ => Kind::Other,
    }
}

/// The path of a record's table.
fn record_name(contract: &Contract, ty: &Type) -> Written {
    match self::ty(contract, ty)?.strip_prefix("Type::Record(&").and_then(|path| path.strip_suffix(')')) {
        Some(path) => Ok(path.to_owned()),
        None => Err("a query is a record".into()),
    }
}

/// A type as a Rust expression.
fn ty(contract: &Contract, ty: &Type) -> Written {
    Ok(match ty {
        Type::Bool => "Type::Bool".to_owned(),
        Type::S32 => "Type::S32".to_owned(),
        Type::S64 => "Type::S64".to_owned(),
        Type::U32 => "Type::U32".to_owned(),
        Type::U64 => "Type::U64".to_owned(),
        Type::F64 => "Type::F64".to_owned(),
        Type::String => "Type::Text".to_owned(),
        Type::Id(id) => return named(contract, *id),
        other => return Err(format!("a vendor's contract has no use for {other:?}").into()),
    })
}

fn named(contract: &Contract, id: TypeId) -> Written {
    match contract.shared_name(id) {
        Some("instant") => return Ok("Type::Instant".to_owned()),
        Some("date") => return Ok("Type::Date".to_owned()),
        Some("decimal") => return Ok("Type::Decimal".to_owned()),
        Some("json") => return Ok("Type::Json".to_owned()),
        Some(other) => return Err(format!("`{other}` has no place in a vendor's value").into()),
        None => {}
    }
    let definition = &contract.resolve.types[contract.definition(id)];
    let path = || {
        let wit_parser::TypeOwner::Interface(owner) = definition.owner else { return None };
        let interface = &contract.resolve.interfaces[owner];
        let vendor = &contract.resolve.packages[interface.package?].name.name;
        let module = interface.name.as_deref()?;
        let name = definition.name.as_deref()?;
        Some(format!(
            "crate::contract::catalogue::tables::{}::{}::{}",
            snake(vendor),
            snake(module),
            constant(name)
        ))
    };
    Ok(match &definition.kind {
        TypeDefKind::Option(inner) => format!("Type::Option(&{})", ty(contract, inner)?),
        TypeDefKind::List(inner) => format!("Type::List(&{})", ty(contract, inner)?),
        TypeDefKind::Record(_) => format!("Type::Record(&{})", path().ok_or("a record without a home")?),
        TypeDefKind::Variant(_) => format!("Type::Enum(&{})", path().ok_or("a variant without a home")?),
        other => return Err(format!("a vendor's contract has no use for {}", other.as_str()).into()),
    })
}
