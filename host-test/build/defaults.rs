//! Writes what Wasmtime's macro cannot derive, since it derives for all types or none:
//!
//! - `Default` for the records of the contract that may be left empty, so that an embedder
//!   names only the fields that matter: filters, options, changes;
//! - `PartialEq` for everything but what holds a stream;
//! - the names of the cases of `penstock:connector`'s types.
#![expect(clippy::indexing_slicing, reason = "ids of an arena are indices into it")]

use std::{error::Error, path::Path};

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use wit_parser::{Interface, Resolve, Type, TypeDefKind, WorldItem, WorldKey};

use crate::case_names;

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
    let world = &resolve.worlds[world];
    let mut rust = TokenStream::new();
    for (items, exported) in [(&world.imports, false), (&world.exports, true)] {
        for (key, item) in items {
            let (WorldKey::Interface(id), WorldItem::Interface { .. }) = (key, item) else { continue };
            rust.extend(interface(&resolve, &resolve.interfaces[*id], exported));
        }
    }
    Ok(prettyplease::unparse(&syn::parse2(rust)?))
}

/// The implementations for all types of an interface; none for one without a name.
fn interface(resolve: &Resolve, interface: &Interface, exported: bool) -> Option<TokenStream> {
    let package = &resolve.packages[interface.package?].name;
    let path = [&package.namespace, &package.name, interface.name.as_ref()?].map(|name| ident(name));
    let exports = exported.then(|| quote!(exports::));
    let connector =
        exported && (package.namespace.as_str(), package.name.as_str()) == ("penstock", "connector");
    let types = interface.types.iter().map(|(name, &ty)| {
        let (name, kind) = (format_ident!("{}", name.to_upper_camel_case()), &resolve.types[ty].kind);
        let path = quote!(#exports #(#path::)* #name);
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

/// As Wasmtime's macro names fields and modules.
fn ident(name: &str) -> Ident {
    let name = name.to_snake_case();
    syn::parse_str(&name).unwrap_or_else(|_| format_ident!("{name}_"))
}
