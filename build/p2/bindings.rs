//! The call of wit-bindgen's macro for the interfaces that are the same for all providers.
//!
//! The types that the two flavours share stay one Rust type: those of `src/contract/bindings`.

use super::Derived;
use crate::{
    contract::{Contract, feature},
    names::{pascal, snake},
};
use proc_macro2::TokenStream;
use quote::quote;
use std::{error::Error, path::Path};
use wit_parser::{InterfaceId, Resolve, Type, TypeDefKind};

pub(crate) fn write(
    derived: &Derived,
    contract: &Contract,
    folder: &Path,
) -> Result<TokenStream, Box<dyn Error>> {
    let resolve = &derived.resolve;
    let (mut shared, mut imports, mut exports) = (TokenStream::new(), String::new(), String::new());
    for (id, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().unwrap_or_default();
        let package = interface.package.ok_or("an interface without a package")?;
        let package = resolve.packages[package].name.name.as_str();
        let key = resolve.id_of(id).ok_or("an interface without a name")?;
        match (package, name) {
            ("host", _) => imports += &format!("import {key};\n"),
            ("connector", "files" | "transfers") if !contract.moves_files() => continue,
            ("connector", "webhooks") if !feature("webhooks") => continue,
            ("connector", _) => exports += &format!("export {key};\n"),
            _ => continue,
        }
        let exported = (package == "connector").then(|| quote!(exports::));
        let module = snake(name);
        let package = snake(package);
        for name in shared_types(resolve, id) {
            let (key, name) = (format!("{key}/{name}"), pascal(name));
            shared.extend(
                quote!(#key: crate::contract::bindings::#exported penstock::#package::#module::#name,),
            );
        }
    }
    let version = super::FLAVOUR;
    let world = format!("package penstock:core@0.1.0-{version};\nworld core-p2 {{\n{imports}{exports}}}\n");
    let (connector, host) = (path(folder, "connector")?, path(folder, "host")?);
    Ok(quote! {
        wit_bindgen::generate!({
            path: [#connector, #host],
            inline: #world,
            world: "penstock:core/core-p2",
            with: { #shared },
            generate_all,
            generate_unused_types: true,
            pub_export_macro: true,
            export_macro_name: "export_p2",
            default_bindings_module: "penstock::contract::p2",
        });
    })
}

fn path(folder: &Path, name: &str) -> Result<String, Box<dyn Error>> {
    Ok(folder.join(name).to_str().ok_or("a path that is no UTF-8")?.to_owned())
}

/// The types of an interface that are the same in both flavours: all that hold no resource.
fn shared_types(resolve: &Resolve, id: InterfaceId) -> impl Iterator<Item = &str> {
    let types = resolve.interfaces[id].types.iter();
    types
        .filter(|(name, id)| is_shared(resolve, name, &resolve.types[**id].kind))
        .map(|(name, _)| name.as_str())
}

fn is_shared(resolve: &Resolve, name: &str, kind: &TypeDefKind) -> bool {
    match kind {
        // What was sent with its bytes, and is now without them.
        TypeDefKind::Record(_) if name == "upload" => false,
        TypeDefKind::Record(record) => record.fields.iter().all(|field| !holds_handle(resolve, &field.ty)),
        TypeDefKind::Variant(_) | TypeDefKind::Enum(_) => true,
        _ => false,
    }
}

fn holds_handle(resolve: &Resolve, ty: &Type) -> bool {
    let Type::Id(id) = ty else { return false };
    match &resolve.types[*id].kind {
        TypeDefKind::Handle(_) => true,
        TypeDefKind::Type(ty) | TypeDefKind::Option(ty) | TypeDefKind::List(ty) => holds_handle(resolve, ty),
        _ => false,
    }
}
