//! Writes `exports_p2.rs`: the core functions that the component for WASI 0.2 exports for its providers, in a macro
//! that `plugin/p2` calls.
//!
//! Each hands a pointer to its parameters to one routine (`src/exports/p2/provider`) with the operation's table, and
//! gives back the address of the result or the handle of a resource. The functions of all readers are the same, and
//! so are those of all writers: what one reads or writes is known to itself.

use super::Derived;
use crate::{
    contract::{Contract, feature},
    names::snake,
    operation::Operation,
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::error::Error;
use wit_parser::{
    Function, Handle, InterfaceId, Type, TypeDefKind,
    abi::{AbiVariant, WasmType},
};

type Written = Result<TokenStream, Box<dyn Error>>;

/// `world` is the encoded world's length in bytes.
pub(crate) fn write(derived: &Derived, contract: &Contract, world: usize) -> Written {
    let mut writer = Writer { derived, functions: 0 };
    let mut exports = TokenStream::new();
    let providers = if feature("p2-typed") { contract.providers.as_slice() } else { &[] };
    for provider in providers {
        let mut numbers = 0..;
        for module in provider.modules.iter().filter(|module| module.enabled) {
            let interface = writer.interface(&provider.name, &module.name)?;
            let name = snake(&provider.name);
            exports.extend(writer.module(interface, &name, &module.operations, &mut numbers)?);
        }
    }
    let files = contract.moves_files().then(|| quote!(download, drop_writer, upload, uploaded, write));
    let uses = (!exports.is_empty()).then(|| {
        quote! {
            use $crate::exports::p2::provider::{call, drop_reader, end, list, next, returned, #files};
        }
    });
    let world = Literal::usize_unsuffixed(world);
    Ok(quote! {
        /// Exports the functions of all providers, as plain functions and resources.
        #[macro_export]
        macro_rules! export_providers_p2 {
            () => {
                const _: () = {
                    #uses
                    #[cfg(target_arch = "wasm32")]
                    #[unsafe(link_section = "component-type:penstock:providers-p2")]
                    pub static WORLD: [u8; #world] = *$crate::exports::p2::provider::WORLD;
                    #exports
                };
            };
        }
    })
}

struct Writer<'a> {
    derived: &'a Derived,
    /// How many functions there are so far; their numbers make names.
    functions: usize,
}

impl<'a> Writer<'a> {
    fn interface(&self, provider: &str, module: &str) -> Result<InterfaceId, Box<dyn Error>> {
        let resolve = &self.derived.resolve;
        let package = resolve.packages.iter().find(|(_, package)| package.name.name == provider);
        let interface = package.and_then(|(_, package)| package.interfaces.get(module));
        Ok(*interface.ok_or_else(|| format!("there is no {provider}/{module}"))?)
    }

    /// The functions of a module, and what they import. `numbers` has the places of the provider's operations in
    /// their table.
    fn module(
        &mut self,
        id: InterfaceId,
        provider: &Ident,
        operations: &[Operation],
        numbers: &mut impl Iterator<Item = usize>,
    ) -> Written {
        let resolve = &self.derived.resolve;
        let key = resolve.id_of(id).ok_or("an interface without a name")?;
        let functions = &resolve.interfaces[id].functions;
        let find = |name: &str| functions.get(name).ok_or_else(|| format!("there is no function {name}"));
        let mut out = TokenStream::new();
        for (operation, number) in operations.iter().zip(numbers) {
            let number = Literal::usize_unsuffixed(number);
            let table = quote!(&$crate::contract::catalogue::tables::#provider::OPERATIONS[#number]);
            let routine = match operation {
                Operation { file: true, .. } => quote!(download),
                Operation { upload: Some(_), .. } => quote!(upload),
                _ => quote!(call),
            };
            let function = find(&operation.function.name)?;
            out.extend(self.function(&key, function, &quote!(#routine(#table, arguments)))?);
            if let Some(all) = &operation.all {
                out.extend(self.function(&key, find(&all.name)?, &quote!(list(#table, arguments)))?);
            }
        }
        let resources = resolve.interfaces[id].types.iter();
        let resources = resources.filter(|(_, id)| matches!(resolve.types[**id].kind, TypeDefKind::Resource));
        let mut imports = TokenStream::new();
        for (name, _) in resources {
            let (link_name, new) = (format!("[resource-new]{name}"), constructor(&key, name));
            imports.extend(quote!(#[link_name = #link_name] fn #new(this: u32) -> u32;));
            out.extend(self.resource(&key, name));
        }
        let exported = format!("[export]{key}");
        Ok(quote! {
            #[link(wasm_import_module = #exported)]
            unsafe extern "C" { #imports }
            #out
        })
    }

    /// A function of an operation.
    fn function(&mut self, key: &str, function: &Function, body: &TokenStream) -> Written {
        let signature = self.derived.resolve.wasm_signature(AbiVariant::GuestExport, function);
        if !signature.indirect_params {
            return Err(format!("{}: its parameters are expected behind a pointer", function.name).into());
        }
        let name = format!("{key}#{}", function.name);
        let parameters = quote!(arguments: u32);
        match (self.owned(function), signature.results.as_slice()) {
            (Some(resource), [WasmType::I32]) => {
                let new = constructor(key, resource);
                Ok(self.shim(&name, &parameters, &quote!(-> u32), &quote!(#new(#body))))
            }
            (None, [WasmType::Pointer]) if signature.retptr => Ok(self.returning(&name, &parameters, body)),
            (_, results) => Err(format!("{}: its results are {results:?}", function.name).into()),
        }
    }

    /// The resource that a function returns, if it returns one.
    fn owned(&self, function: &Function) -> Option<&'a str> {
        let types = &self.derived.resolve.types;
        let Some(Type::Id(id)) = function.result else { return None };
        let TypeDefKind::Handle(Handle::Own(resource)) = types[id].kind else { return None };
        types[resource].name.as_deref()
    }

    /// The functions of a resource: they are the same for all readers, and for all writers.
    fn resource(&mut self, key: &str, name: &str) -> TokenStream {
        let method = |of: &str| format!("{key}#[method]{name}.{of}");
        let (dtor, this) = (format!("{key}#[dtor]{name}"), quote!(this: u32));
        if name.ends_with("-writer") {
            let write = quote!(this: u32, bytes: u32, length: u32);
            let functions = [
                self.shim(&dtor, &this, &quote!(), &quote!(drop_writer(this))),
                self.shim(&method("write"), &write, &quote!(-> u32), &quote!(write(this, bytes, length))),
                self.returning(&method("end"), &this, &quote!(uploaded(this))),
            ];
            return functions.into_iter().collect();
        }
        let functions = [
            self.shim(&dtor, &this, &quote!(), &quote!(drop_reader(this))),
            self.returning(&method("next"), &quote!(this: u32, most: u32), &quote!(next(this, most))),
            self.returning(&method("end"), &this, &quote!(end(this))),
        ];
        functions.into_iter().collect()
    }

    /// An exported function whose result stands in memory until it was read.
    fn returning(&mut self, name: &str, parameters: &TokenStream, body: &TokenStream) -> TokenStream {
        let function = self.shim(name, parameters, &quote!(-> *const u8), body);
        let post = format!("cabi_post_{name}");
        let post = self.shim(&post, &quote!(_result: u32), &quote!(), &quote!(returned()));
        quote!(#function #post)
    }

    fn shim(
        &mut self,
        name: &str,
        parameters: &TokenStream,
        result: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let function = format_ident!("export_{}", self.functions);
        self.functions += 1;
        quote! {
            #[unsafe(export_name = #name)]
            unsafe extern "C" fn #function(#parameters) #result { unsafe { #body } }
        }
    }
}

/// The function that makes a handle of a resource.
fn constructor(key: &str, resource: &str) -> Ident {
    let interface = key.split('@').next().unwrap_or_default();
    let name: String =
        format!("new_{interface}_{resource}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    format_ident!("{name}")
}
