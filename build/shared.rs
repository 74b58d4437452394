//! Writes `shared.rs`: how the types of `penstock:connector/types` and `files` stand in
//! memory (`src/contract/abi` has what the code is made of).

use crate::{
    contract::Contract,
    names::{bindings, pascal, snake},
    tags::Doc,
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::error::Error;
use wit_parser::{Docs, Record, Resolve, SizeAlign, Type, TypeDef, TypeDefKind};

type Written = Result<TokenStream, Box<dyn Error>>;

/// The interfaces whose types providers' functions take and return.
const INTERFACES: [&str; 2] = ["types", "files"];

pub(crate) fn write(contract: &Contract) -> Written {
    let mut out = TokenStream::new();
    for interface in INTERFACES {
        for (name, id) in contract.connector_types(interface)? {
            let definition = &contract.resolve.types[id];
            if let TypeDefKind::Type(_) = definition.kind {
                continue;
            }
            let written = self::definition(contract, interface, definition);
            out.extend(written.map_err(|why| format!("{name}: {why}"))?);
        }
    }
    Ok(out)
}

/// The records of `files` that have other fields in WASI 0.2: they hold a handle, or no bytes.
pub(crate) fn write_p2(resolve: Resolve) -> Written {
    let contract = Contract { resolve, sizes: SizeAlign::default(), providers: Vec::new() };
    let mut out = TokenStream::new();
    for (name, id) in
        contract.connector_types("files")?.filter(|(name, _)| ["download", "upload"].contains(name))
    {
        let definition = &contract.resolve.types[id];
        let TypeDefKind::Record(of) = &definition.kind else { continue };
        let name = pascal(name);
        out.extend(twin(&contract, &name, definition)?);
        out.extend(record(&contract, &name, of)?);
    }
    Ok(out)
}

fn definition(contract: &Contract, interface: &str, definition: &TypeDef) -> Written {
    let name = pascal(definition.name.as_deref().unwrap_or_default());
    let ty = if holds_handles(contract, definition) {
        twin(contract, &name, definition)?
    } else {
        let module = bindings(interface);
        quote!(use #module::#name;)
    };
    let implementation = match &definition.kind {
        TypeDefKind::Record(record) => self::record(contract, &name, record)?,
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| (case.name.as_str(), case.ty));
            choice(contract, &name, &cases.collect::<Vec<_>>())?
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.cases.iter().map(|case| (case.name.as_str(), None));
            choice(contract, &name, &cases.collect::<Vec<_>>())?
        }
        other => return Err(format!("no use for {} yet", other.as_str()).into()),
    };
    Ok(quote!(#ty #implementation))
}

/// A record that holds streams or futures, with their handles as numbers: what they mean
/// is known to the component's exports alone.
fn twin(contract: &Contract, name: &Ident, definition: &TypeDef) -> Written {
    let TypeDefKind::Record(record) = &definition.kind else {
        return Err("only records hold streams and futures".into());
    };
    let doc = |docs: &Docs| Doc::parse(docs.contents.as_deref()).text;
    let fields = record.fields.iter().map(|field| {
        let (doc, name, ty) = (doc(&field.docs), snake(&field.name), rust(contract, &field.ty)?);
        Ok(quote!(#[doc = #doc] pub #name: #ty))
    });
    let fields = fields.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let doc = doc(&definition.docs);
    Ok(quote!(#[doc = #doc] #[derive(Debug)] pub struct #name { #(#fields),* }))
}

fn holds_handles(contract: &Contract, definition: &TypeDef) -> bool {
    let inner = |ty: &Type| match ty {
        Type::Id(id) => holds_handles(contract, &contract.resolve.types[*id]),
        _ => false,
    };
    match &definition.kind {
        TypeDefKind::Stream(_) | TypeDefKind::Future(_) | TypeDefKind::Handle(_) => true,
        TypeDefKind::Record(record) => record.fields.iter().any(|field| inner(&field.ty)),
        TypeDefKind::Variant(variant) => variant.cases.iter().any(|case| case.ty.as_ref().is_some_and(inner)),
        TypeDefKind::Option(ty) | TypeDefKind::List(ty) | TypeDefKind::Type(ty) => inner(ty),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().any(inner),
        _ => false,
    }
}

fn record(contract: &Contract, name: &Ident, record: &Record) -> Written {
    let fields: Vec<_> = record.fields.iter().map(|field| snake(&field.name)).collect();
    let types = record.fields.iter().map(|field| rust(contract, &field.ty));
    let types = types.collect::<Result<Vec<_>, _>>()?;
    Ok(implementation(
        name,
        &quote!(Layout::EMPTY #(.field(<#types as Abi>::LAYOUT))* .end()),
        &quote! {
            let mut places = Places::at(at);
            #(self.#fields.lower(arena, places.next(<#types as Abi>::LAYOUT));)*
        },
        &quote! {
            let mut places = Places::at(at);
            Ok(#name { #(#fields: <#types as Abi>::lift(memory, places.next(<#types as Abi>::LAYOUT))?),* })
        },
    ))
}

/// A variant or an enum.
fn choice(contract: &Contract, name: &Ident, cases: &[(&str, Option<Type>)]) -> Written {
    let count = Literal::usize_unsuffixed(cases.len());
    let mut payload = quote!(Layout::EMPTY);
    let (mut lower, mut lift) = (Vec::new(), Vec::new());
    for (index, (case, ty)) in cases.iter().enumerate() {
        let (case, index) = (pascal(case), Literal::usize_unsuffixed(index));
        let number = quote!(arena.put_discriminant(at, #count, #index));
        let Some(ty) = ty else {
            lower.push(quote!(#name::#case => #number,));
            lift.push(quote!(#index => #name::#case,));
            continue;
        };
        let ty = rust(contract, ty)?;
        payload.extend(quote!(.or(<#ty as Abi>::LAYOUT)));
        lower.push(quote!(#name::#case(value) => { #number; value.lower(arena, payload); }));
        lift.push(quote!(#index => #name::#case(<#ty as Abi>::lift(memory, payload)?),));
    }
    let place = cases
        .iter()
        .any(|(_, ty)| ty.is_some())
        .then(|| quote!(let payload = at + Layout::payload(#count, #payload);));
    Ok(implementation(
        name,
        &quote!(Layout::variant(#count, #payload)),
        &quote!(#place match self { #(#lower)* }),
        &quote! {
            #place
            Ok(match memory::discriminant(memory, at, #count)? { #(#lift)* _ => return Err(AbiError) })
        },
    ))
}

fn implementation(
    name: &Ident,
    layout: &TokenStream,
    lower: &TokenStream,
    lift: &TokenStream,
) -> TokenStream {
    quote! {
        impl Abi for #name {
            const LAYOUT: Layout = #layout;
            fn lower(&self, arena: &mut Arena, at: u32) { #lower }
            fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> { #lift }
        }
    }
}

/// A WIT type as wit-bindgen names it in Rust.
fn rust(contract: &Contract, ty: &Type) -> Written {
    Ok(match ty {
        Type::Bool => quote!(bool),
        Type::U8 => quote!(u8),
        Type::U16 => quote!(u16),
        Type::S32 => quote!(i32),
        Type::S64 => quote!(i64),
        Type::U32 => quote!(u32),
        Type::U64 => quote!(u64),
        Type::String => quote!(String),
        Type::Id(id) => return named(contract, &contract.resolve.types[*id]),
        other => return Err(format!("no use for {other:?} yet").into()),
    })
}

fn named(contract: &Contract, definition: &TypeDef) -> Written {
    match (&definition.name, &definition.kind) {
        (_, TypeDefKind::Type(inner)) => rust(contract, inner),
        (Some(name), _) => {
            let name = pascal(name);
            Ok(quote!(#name))
        }
        (None, TypeDefKind::Stream(_) | TypeDefKind::Future(_) | TypeDefKind::Handle(_)) => {
            Ok(quote!(Handle))
        }
        (None, TypeDefKind::Option(inner)) => {
            let inner = rust(contract, inner)?;
            Ok(quote!(Option<#inner>))
        }
        (None, TypeDefKind::List(inner)) => {
            let inner = rust(contract, inner)?;
            Ok(quote!(Vec<#inner>))
        }
        (None, other) => Err(format!("no use for {} yet", other.as_str()).into()),
    }
}
