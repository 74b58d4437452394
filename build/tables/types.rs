//! The tables of types.

use super::{Written, option};
use crate::{
    contract::Contract,
    names::{Naming, constant, snake},
    tags::Doc,
};
use proc_macro2::TokenStream;
use quote::quote;
use wit_parser::{Case, Field, Record, Type, TypeDefKind, TypeId, Variant};

/// The table of a named type; nothing for what needs none.
pub(super) fn definition(contract: &Contract, naming: Naming, id: TypeId) -> Written {
    let definition = &contract.resolve.types[id];
    let name = definition.name.as_deref().unwrap_or_default();
    match &definition.kind {
        // A page is the client's, not the provider's.
        TypeDefKind::Record(record) if is_page(contract, record) => Ok(TokenStream::new()),
        TypeDefKind::Record(record) => self::record(contract, naming, name, record),
        TypeDefKind::Variant(variant) => open_enum(naming, name, variant),
        TypeDefKind::Type(_) => Ok(TokenStream::new()),
        other => {
            let other = other.as_str();
            Err(format!("{name}: a provider's types are records and open enums, not {other}").into())
        }
    }
}

fn is_page(contract: &Contract, record: &Record) -> bool {
    let is_info = |ty| matches!(ty, Type::Id(id) if contract.shared_name(id) == Some("page-info"));
    record.fields.iter().any(|field| is_info(field.ty))
}

fn record(contract: &Contract, naming: Naming, name: &str, record: &Record) -> Written {
    let extra = record.fields.last().is_some_and(|field| field.name == "extra");
    let known = record.fields.iter().take(record.fields.len() - usize::from(extra));
    let offsets = contract.sizes.field_offsets(record.fields.iter().map(|field| &field.ty));
    let fields = known.zip(offsets).map(|(field, (offset, _))| {
        self::field(contract, naming, field, offset.size_wasm32())
            .map_err(|why| format!("{name}.{}: {why}", field.name))
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let table = constant(name);
    let whole = contract.sizes.record(record.fields.iter().map(|field| &field.ty));
    let (size, align) = (whole.size.size_wasm32(), whole.align.align_wasm32());
    let (size, align) = (u32::try_from(size)?, u32::try_from(align)?);
    Ok(quote! {
        pub static #table: RecordType = RecordType {
            name: #name, fields: &[#(#fields),*], extra: #extra,
            layout: Layout { size: #size, align: #align },
        };
    })
}

fn field(contract: &Contract, naming: Naming, field: &Field, offset: usize) -> Written {
    let offset = u32::try_from(offset)?;
    let doc = Doc::parse(field.docs.contents.as_deref());
    if let Some(tag) = doc.unknown(&["wire", "comma", "required", "local-day", "header", "list-default"]) {
        return Err(format!("unknown tag @{tag}").into());
    }
    let wire = doc.tag("wire").map_or_else(|| naming.field(&field.name), str::to_owned);
    let may_be_empty =
        matches!(contract.kind(&field.ty), Some(TypeDefKind::Option(_) | TypeDefKind::List(_)));
    let required = doc.tag("required").is_some() || !may_be_empty;
    let join = join(&doc)?;
    let local_day = doc.tag("local-day").is_some();
    if local_day && !is_date(contract, &field.ty) {
        return Err("@local-day is for a `date`".into());
    }
    let list_default = option(doc.tag("list-default"));
    let (name, ty, doc) = (&field.name, ty(contract, &field.ty)?, &doc.text);
    Ok(quote! {
        Field {
            name: #name, wire: #wire, ty: #ty, required: #required, join: #join,
            local_day: #local_day, list_default: #list_default, offset: #offset, doc: #doc,
        }
    })
}

fn is_date(contract: &Contract, ty: &Type) -> bool {
    matches!(ty, Type::Id(id) if contract.shared_name(*id) == Some("date"))
}

/// How a parameter is written into a request.
fn join(doc: &Doc) -> Written {
    match (doc.tag("comma"), doc.tag("header")) {
        (None, None) => Ok(quote!(Join::Repeat)),
        (None, Some(name)) => {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || !name.bytes().all(fits) {
                return Err("@header NAME, in lower case".into());
            }
            Ok(quote!(Join::Header(#name)))
        }
        (Some(most), _) => {
            let most = if most.is_empty() { 0 } else { most.parse::<u32>()? };
            Ok(quote!(Join::Comma(#most)))
        }
    }
}

fn open_enum(naming: Naming, name: &str, variant: &Variant) -> Written {
    let Some((last, known)) = variant.cases.split_last() else {
        return Err(format!("{name}: no cases").into());
    };
    if last.name != "other" || last.ty != Some(Type::String) {
        return Err(format!("{name}: the last case of an open enum is `other(string)`").into());
    }
    let cases = known.iter().map(|case| self::case(naming, name, case)).collect::<Result<Vec<_>, _>>()?;
    let table = constant(name);
    Ok(quote!(pub static #table: EnumType = EnumType { name: #name, cases: &[#(#cases),*] };))
}

fn case(naming: Naming, of: &str, case: &Case) -> Written {
    let doc = Doc::parse(case.docs.contents.as_deref());
    let name = &case.name;
    if case.ty.is_some() || doc.unknown(&["wire"]).is_some() {
        return Err(format!("{of}.{name}: a known case has no payload and no tag but @wire").into());
    }
    let wire = doc.tag("wire").map_or_else(|| naming.case(name), str::to_owned);
    let doc = &doc.text;
    Ok(quote!(Case { name: #name, wire: #wire, doc: #doc }))
}

pub(super) fn record_path(contract: &Contract, ty: &Type) -> Written {
    match (contract.kind(ty), ty) {
        (Some(TypeDefKind::Record(_)), Type::Id(id)) if contract.shared_name(*id).is_none() => {
            path(contract, *id)
        }
        _ => Err("a query is a record".into()),
    }
}

/// A type as a Rust expression.
pub(super) fn ty(contract: &Contract, ty: &Type) -> Written {
    Ok(match ty {
        Type::Bool => quote!(Type::Bool),
        Type::S32 => quote!(Type::S32),
        Type::S64 => quote!(Type::S64),
        Type::U32 => quote!(Type::U32),
        Type::U64 => quote!(Type::U64),
        Type::F64 => quote!(Type::F64),
        Type::String => quote!(Type::Text),
        Type::Id(id) => return named(contract, *id),
        other => return Err(format!("a provider's contract has no use for {other:?}").into()),
    })
}

fn named(contract: &Contract, id: TypeId) -> Written {
    match contract.shared_name(id) {
        Some("instant") => return Ok(quote!(Type::Instant)),
        Some("date") => return Ok(quote!(Type::Date)),
        Some("decimal") => return Ok(quote!(Type::Decimal)),
        Some("json") => return Ok(quote!(Type::Json)),
        Some(other) => return Err(format!("`{other}` has no place in a provider's value").into()),
        None => {}
    }
    match &contract.resolve.types[contract.definition(id)].kind {
        TypeDefKind::Option(inner) => {
            let inner = ty(contract, inner)?;
            Ok(quote!(Type::Option(&#inner)))
        }
        TypeDefKind::List(inner) => {
            let inner = ty(contract, inner)?;
            Ok(quote!(Type::List(&#inner)))
        }
        TypeDefKind::Record(_) => {
            let path = path(contract, id)?;
            Ok(quote!(Type::Record(&#path)))
        }
        TypeDefKind::Variant(_) => {
            let path = path(contract, id)?;
            Ok(quote!(Type::Enum(&#path)))
        }
        other => Err(format!("a provider's contract has no use for {}", other.as_str()).into()),
    }
}

/// Where the table of a named type stands, from any module of the tables.
fn path(contract: &Contract, id: TypeId) -> Written {
    let definition = &contract.resolve.types[contract.definition(id)];
    let names = || {
        let interface = contract.home(definition)?;
        let provider = &contract.resolve.packages[interface.package?].name.name;
        Some((provider, interface.name.as_deref()?, definition.name.as_deref()?))
    };
    let (provider, module, name) = names().ok_or("a record or variant without a home")?;
    let (provider, module, table) = (snake(provider), snake(module), constant(name));
    Ok(quote!(#provider::#module::#table))
}
