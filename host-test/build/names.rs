//! Names and types as Wasmtime's macro writes them.

use std::error::Error;

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use wit_parser::{Interface, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// A field, a function or a module.
pub(crate) fn ident(name: &str) -> Ident {
    let name = name.to_snake_case();
    syn::parse_str(&name).unwrap_or_else(|_| format_ident!("{name}_"))
}

/// The module of an interface within that of the exports, `penstock::servicetitan::jpm`; none
/// for one without a name.
pub(crate) fn module(resolve: &Resolve, interface: &Interface) -> Option<TokenStream> {
    let package = &resolve.packages[interface.package?].name;
    let path = [&package.namespace, &package.name, interface.name.as_ref()?].map(|name| ident(name));
    Some(quote!(#(#path)::*))
}

/// The Rust type of a value that is owned.
pub(crate) fn rust(resolve: &Resolve, ty: &Type) -> Result<TokenStream, Box<dyn Error>> {
    Ok(match ty {
        Type::Bool => quote!(bool),
        Type::U8 => quote!(u8),
        Type::U16 => quote!(u16),
        Type::U32 => quote!(u32),
        Type::U64 => quote!(u64),
        Type::S8 => quote!(i8),
        Type::S16 => quote!(i16),
        Type::S32 => quote!(i32),
        Type::S64 => quote!(i64),
        Type::F32 => quote!(f32),
        Type::F64 => quote!(f64),
        Type::Char => quote!(char),
        Type::String => quote!(String),
        Type::Id(id) => return defined(resolve, *id),
        Type::ErrorContext => return Err("no use for error contexts".into()),
    })
}

fn defined(resolve: &Resolve, id: TypeId) -> Result<TokenStream, Box<dyn Error>> {
    let definition = &resolve.types[id];
    if let (Some(name), TypeOwner::Interface(owner)) = (&definition.name, definition.owner) {
        let module = module(resolve, &resolve.interfaces[owner]).ok_or("a type without an interface")?;
        let name = format_ident!("{}", name.to_upper_camel_case());
        return Ok(quote!(crate::bindings::exports::#module::#name));
    }
    Ok(match &definition.kind {
        TypeDefKind::Option(inner) => {
            let inner = rust(resolve, inner)?;
            quote!(Option<#inner>)
        }
        TypeDefKind::List(inner) => {
            let inner = rust(resolve, inner)?;
            quote!(Vec<#inner>)
        }
        TypeDefKind::Type(inner) => rust(resolve, inner)?,
        TypeDefKind::Tuple(tuple) => {
            let types = tuple.types.iter().map(|ty| rust(resolve, ty)).collect::<Result<Vec<_>, _>>()?;
            quote!((#(#types,)*))
        }
        other => return Err(format!("no Rust type for {} yet", other.as_str()).into()),
    })
}
