//! Writes what Wasmtime's macro cannot derive, since it derives for all types or none:
//!
//! - `Default` for the records of the contract that may be left empty, so that an embedder
//!   names only the fields that matter: filters, options, changes;
//! - `PartialEq` for everything but what holds a stream;
//! - the names of the cases of `penstock:connector`'s types.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use wit_parser::{Interface, Resolve, Type, TypeDefKind};

use crate::{
    case_names,
    names::{self, ident},
    world::Harness,
};

/// Rust for the module of the bindings.
pub(crate) fn write(harness: &Harness) -> TokenStream {
    let of = |exported| {
        move |(package, found): (&str, &Interface)| interface(&harness.resolve, package, found, exported)
    };
    harness.imports().filter_map(of(false)).chain(harness.exports().filter_map(of(true))).collect()
}

/// The implementations for all types of an interface; none for one without a name.
fn interface(resolve: &Resolve, package: &str, interface: &Interface, exported: bool) -> Option<TokenStream> {
    let module = names::module(resolve, interface)?;
    let exports = exported.then(|| quote!(exports::));
    let connector = exported && package == "connector";
    let types = interface.types.iter().map(|(name, &ty)| {
        let (name, kind) = (format_ident!("{}", name.to_upper_camel_case()), &resolve.types[ty].kind);
        let path = quote!(#exports #module::#name);
        let equality = (!holds_stream(resolve, Type::Id(ty))).then(|| equality(&path, kind));
        let default = exported.then(|| default(resolve, &path, kind));
        let names = connector.then(|| case_names::write(&path, kind)).flatten();
        quote!(#equality #default #names)
    });
    Some(types.collect())
}

/// Of a record whose fields may all be left empty.
fn default(resolve: &Resolve, path: &TokenStream, kind: &TypeDefKind) -> Option<TokenStream> {
    let TypeDefKind::Record(record) = kind else { return None };
    if !record.fields.iter().all(|field| may_be_empty(resolve, field.ty)) {
        return None;
    }
    let fields = record.fields.iter().map(|field| ident(&field.name));
    Some(quote! {
        impl Default for #path {
            fn default() -> Self { Self { #(#fields: Default::default()),* } }
        }
    })
}

/// Of a record or a variant; enums have it anyway.
fn equality(path: &TokenStream, kind: &TypeDefKind) -> Option<TokenStream> {
    let equal = match kind {
        TypeDefKind::Record(record) if record.fields.is_empty() => quote!(true),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter().map(|field| ident(&field.name));
            let equal = fields.map(|field| quote!(self.#field == other.#field));
            quote!(#(#equal)&&*)
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| {
                let name = format_ident!("{}", case.name.to_upper_camel_case());
                match case.ty {
                    Some(_) => quote!((Self::#name(one), Self::#name(two)) => one == two),
                    None => quote!((Self::#name, Self::#name) => true),
                }
            });
            let rest = (variant.cases.len() > 1).then(|| quote!(_ => false));
            quote!(match (self, other) { #(#cases,)* #rest })
        }
        _ => return None,
    };
    Some(quote! {
        impl PartialEq for #path {
            fn eq(&self, other: &Self) -> bool { #equal }
        }
    })
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
