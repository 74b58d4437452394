//! Writes `glue.rs`: the exported functions of every vendor, each a line that
//! hands its arguments to the driver.

use crate::{
    answer::Answer,
    contract::{Contract, Module, Operation, Vendor},
    names::{pascal, snake},
    tables::page_item,
};
use std::{error::Error, fmt::Write};
use wit_parser::{Function, Type, TypeDefKind};

/// The whole file.
pub(crate) fn write(contract: &Contract) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for vendor in &contract.vendors {
        let mut index = 0_usize;
        for module in &vendor.modules {
            self::module(contract, vendor, module, &mut index, &mut out)?;
        }
    }
    Ok(out)
}

fn module(
    contract: &Contract,
    vendor: &Vendor,
    module: &Module,
    index: &mut usize,
    out: &mut String,
) -> Result<(), Box<dyn Error>> {
    let (package, interface) = (snake(&vendor.name), snake(&module.name));
    writeln!(
        out,
        "#[allow(clippy::indexing_slicing, reason = \"the index is made together with the table\")]\n\
         mod {package}_{interface} {{\n\
         use super::{{Component, Request, connector, stream, wit_stream}};\n\
         use crate::bindings::exports::penstock::{package}::{interface}::*;\n\
         use crate::catalogue::tables::{package}::OPERATIONS;\n\
         impl Guest for Component {{"
    )?;
    for operation in &module.operations {
        self::operation(contract, operation, *index, out)?;
        *index += 1;
    }
    out.push_str("}\n}\n");
    Ok(())
}

fn operation(
    contract: &Contract,
    operation: &Operation,
    index: usize,
    out: &mut String,
) -> Result<(), Box<dyn Error>> {
    let function = &operation.function;
    let request = request(operation, index);
    let answer = Answer::of(contract, operation)?;
    let value = answer.value.map(|value| rust(contract, &value)).transpose()?;
    let (returned, call) = match (operation.paging.as_str(), value) {
        ("none" | "envelope", None) => ("()".to_owned(), "nothing"),
        ("none", Some(value)) if answer.informed => (format!("({value}, AnswerInfo)"), "informed_value"),
        ("none", Some(value)) => (value, "value"),
        ("envelope", Some(items)) if answer.informed => (format!("({items}, AnswerInfo)"), "informed_items"),
        ("envelope", Some(_)) => {
            return Err(format!("{}: an envelope is read", function.name).into());
        }
        (_, page) => {
            let page = page.ok_or("a page without a type")?;
            let map = format!(
                "page(&connector(), page, &options).await.map(|(items, info)| {page} {{ items, info }})"
            );
            signature(contract, function, &format!("Result<{page}, Failure>"), out)?;
            writeln!(out, "{{ {request}.{map} }}")?;
            return stream(contract, operation, &request, out);
        }
    };
    signature(contract, function, &format!("Result<{returned}, Failure>"), out)?;
    writeln!(out, "{{ {request}.{call}(&connector(), &options).await }}")?;
    Ok(())
}

fn stream(
    contract: &Contract,
    operation: &Operation,
    request: &str,
    out: &mut String,
) -> Result<(), Box<dyn Error>> {
    let Some(all) = &operation.all else { return Ok(()) };
    let item = Answer::of(contract, operation)?.value;
    let item = item.and_then(|page| page_item(contract, &page)).ok_or("a page without items")?;
    let item = rust(contract, &item)?;
    let returned =
        format!("(wit_bindgen::StreamReader<{item}>, wit_bindgen::FutureReader<Result<ListEnd, Failure>>)");
    signature(contract, all, &returned, out)?;
    writeln!(out, "{{ stream({request}, options, wit_stream::new()) }}")?;
    Ok(())
}

/// `Request::new(&OPERATIONS[3]).path(&id).query(&query).body(&body)`
fn request(operation: &Operation, index: usize) -> String {
    let mut built = format!("Request::new(&OPERATIONS[{index}])");
    let placeholders = operation.placeholders().len();
    for (position, parameter) in operation.function.params.iter().enumerate() {
        let name = snake(&parameter.name);
        match parameter.name.as_str() {
            _ if position < placeholders => built += &format!(".path(&{name})"),
            "query" | "body" => built += &format!(".{name}(&{name})"),
            _ => {}
        }
    }
    built
}

fn signature(
    contract: &Contract,
    function: &Function,
    returned: &str,
    out: &mut String,
) -> Result<(), Box<dyn Error>> {
    write!(out, "async fn {}(", snake(&function.name))?;
    for parameter in &function.params {
        write!(out, "{}: {}, ", snake(&parameter.name), rust(contract, &parameter.ty)?)?;
    }
    write!(out, ") -> {returned} ")?;
    Ok(())
}

/// A WIT type as wit-bindgen names it in Rust.
fn rust(contract: &Contract, ty: &Type) -> Result<String, Box<dyn Error>> {
    Ok(match ty {
        Type::Bool => "bool".to_owned(),
        Type::S32 => "i32".to_owned(),
        Type::S64 => "i64".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::String => "String".to_owned(),
        Type::Id(id) => {
            let definition = &contract.resolve.types[*id];
            match (&definition.name, &definition.kind) {
                (Some(name), _) => pascal(name),
                (None, TypeDefKind::Option(inner)) => format!("Option<{}>", rust(contract, inner)?),
                (None, TypeDefKind::List(inner)) => format!("Vec<{}>", rust(contract, inner)?),
                (None, other) => return Err(format!("a parameter cannot be {}", other.as_str()).into()),
            }
        }
        other => return Err(format!("a parameter cannot be {other:?}").into()),
    })
}
