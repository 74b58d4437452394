//! Writes `exports.rs`: the core functions that the component exports for its
//! providers, in a macro that `plugin/` calls.
//!
//! They are what wit-bindgen would write for asynchronous functions, less everything
//! that depends on a type: each hands a pointer to its parameters to one routine
//! (`src/exports/provider`), with the operation's table and the few intrinsics of the
//! canonical ABI that are made for one function or one type alone.

use crate::{
    answer::Answer,
    contract::{Contract, Module, Provider},
    names::snake,
    operation::Operation,
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::{collections::BTreeMap, error::Error};
use wit_parser::{
    Function, Mangling, Type, TypeDefKind, TypeId, WorldKey,
    abi::{AbiVariant, WasmType},
};

type Done = Result<(), Box<dyn Error>>;

/// `world` is the encoded world's length in bytes.
pub(crate) fn write(contract: &Contract, world: usize) -> Result<TokenStream, Box<dyn Error>> {
    let mut writer = Writer { contract, functions: 0, streams: BTreeMap::new(), out: TokenStream::new() };
    for provider in &contract.providers {
        let mut operations = 0..;
        for module in provider.modules.iter().filter(|module| module.enabled) {
            writer.module(provider, module, &mut operations)?;
        }
    }
    let files = contract.moves_files().then(|| quote!(download, upload));
    let (world, exports) = (Literal::usize_unsuffixed(world), writer.out);
    Ok(quote! {
        /// Exports the functions of all providers.
        #[macro_export]
        macro_rules! export_providers {
            () => {
                const _: () = {
                    use $crate::exports::provider::{Stream, call, callback, list, #files};
                    #[cfg(target_arch = "wasm32")]
                    #[unsafe(link_section = "component-type:penstock:providers")]
                    pub static WORLD: [u8; #world] = *$crate::exports::provider::WORLD;
                    #exports
                };
            };
        }
    })
}

struct Writer<'a> {
    contract: &'a Contract,
    /// How many functions there are so far; their numbers make names.
    functions: usize,
    /// The type of a stream's elements, and the number of the first function that returns
    /// such a stream. All others use its intrinsics: they depend on the type alone.
    streams: BTreeMap<String, usize>,
    out: TokenStream,
}

impl Writer<'_> {
    /// The functions of a module, and the intrinsics that they import. `numbers` has the
    /// places of the provider's operations in their table.
    fn module(
        &mut self,
        provider: &Provider,
        module: &Module,
        numbers: &mut impl Iterator<Item = usize>,
    ) -> Done {
        let interface = self.contract.resolve.name_world_key(&WorldKey::Interface(module.id));
        let provider = snake(&provider.name);
        let mut imports = TokenStream::new();
        for (operation, number) in module.operations.iter().zip(numbers) {
            let number = Literal::usize_unsuffixed(number);
            let table = quote!(&$crate::contract::catalogue::tables::#provider::OPERATIONS[#number]);
            imports.extend(self.function(&interface, operation, &table)?);
            if let Some(all) = &operation.all {
                imports.extend(self.list(&interface, operation, all, &table)?);
            }
        }
        let exported = format!("[export]{interface}");
        self.out.extend(quote! {
            #[link(wasm_import_module = #exported)]
            unsafe extern "C" { #imports }
        });
        Ok(())
    }

    /// A function that answers with a `result`; what it imports.
    fn function(
        &mut self,
        interface: &str,
        operation: &Operation,
        table: &TokenStream,
    ) -> Result<TokenStream, Box<dyn Error>> {
        let function = &operation.function;
        let routine = match operation {
            Operation { file: true, .. } => quote!(download),
            Operation { upload: Some(_), .. } => quote!(upload),
            _ => quote!(call),
        };
        let number = self.number();
        let task_return = format_ident!("return_{number}");
        let body = quote!(#routine(#table, arguments, #task_return));
        self.export(interface, function, number, &body)?;
        let link_name = self.task_return(function, &[WasmType::Pointer])?;
        Ok(quote!(#[link_name = #link_name] fn #task_return(result: *const u8);))
    }

    /// A function that answers with a stream of records and its end; what it imports.
    fn list(
        &mut self,
        interface: &str,
        operation: &Operation,
        all: &Function,
        table: &TokenStream,
    ) -> Result<TokenStream, Box<dyn Error>> {
        let key = self.element_key(operation, all)?;
        let number = self.number();
        let task_return = format_ident!("return_{number}");
        let first = *self.streams.entry(key).or_insert(number);
        let stream = format_ident!("STREAM_{first}");
        let body = quote!(list(#table, arguments, &#stream, #task_return));
        self.export(interface, all, number, &body)?;
        let link_name = self.task_return(all, &[WasmType::I32, WasmType::I32])?;
        let intrinsics = (first == number).then(|| self.stream(all, number, &stream));
        Ok(quote!(#[link_name = #link_name] fn #task_return(stream: u32, end: u32); #intrinsics))
    }

    fn stream(&mut self, all: &Function, number: usize, stream: &Ident) -> TokenStream {
        let link_name = |intrinsic: &str| format!("{intrinsic}{}", all.name);
        let name = |verb: &str| format_ident!("{verb}_{number}");
        let (new, write, cancel, drop) = (name("new"), name("write"), name("cancel"), name("drop"));
        self.out.extend(quote! {
            static #stream: Stream = Stream { new: #new, write: #write, cancel: #cancel, drop: #drop };
        });
        let new_name = link_name("[stream-new-0]");
        let write_name = link_name("[async-lower][stream-write-0]");
        let cancel_name = link_name("[stream-cancel-write-0]");
        let drop_name = link_name("[stream-drop-writable-0]");
        quote! {
            #[link_name = #new_name] fn #new() -> u64;
            #[link_name = #write_name] fn #write(stream: u32, from: *const u8, count: usize) -> u32;
            #[link_name = #cancel_name] fn #cancel(stream: u32) -> u32;
            #[link_name = #drop_name] fn #drop(stream: u32);
        }
    }

    fn number(&mut self) -> usize {
        let number = self.functions;
        self.functions += 1;
        number
    }

    /// The exported function and the one that goes on with it.
    fn export(&mut self, interface: &str, function: &Function, number: usize, body: &TokenStream) -> Done {
        let signature = self.contract.resolve.wasm_signature(AbiVariant::GuestExportAsync, function);
        if !signature.indirect_params || signature.results != [WasmType::I32] {
            return Err(format!("{}: its parameters are expected behind a pointer", function.name).into());
        }
        let lift_name = format!("[async-lift]{}", function.legacy_core_export_name(Some(interface)));
        let callback_name = format!("[callback]{lift_name}");
        let (lift, callback) = (format_ident!("export_{number}"), format_ident!("callback_{number}"));
        self.out.extend(quote! {
            #[unsafe(export_name = #lift_name)]
            unsafe extern "C" fn #lift(arguments: u32) -> i32 { unsafe { #body } }
            #[unsafe(export_name = #callback_name)]
            unsafe extern "C" fn #callback(event: u32, first: u32, second: u32) -> u32 {
                unsafe { callback(event, first, second) }
            }
        });
        Ok(())
    }

    /// The name of a function's `task.return`, whose parameters must be these.
    fn task_return(&self, function: &Function, expected: &[WasmType]) -> Result<String, Box<dyn Error>> {
        let (_, name, signature) =
            function.task_return_import(&self.contract.resolve, None, Mangling::Legacy);
        if signature.params != expected {
            return Err(format!("{}: its result is expected as {expected:?}", function.name).into());
        }
        Ok(name)
    }

    /// A text that is the same for lists that stream the same type.
    fn element_key(&self, operation: &Operation, all: &Function) -> Result<String, Box<dyn Error>> {
        let handles = all.find_futures_and_streams(&self.contract.resolve);
        let kinds: Vec<_> = handles.iter().map(|id| &self.contract.resolve.types[*id].kind).collect();
        let [TypeDefKind::Stream(Some(item)), TypeDefKind::Future(Some(_))] = kinds.as_slice() else {
            return Err(format!("{}: a list returns tuple<stream<...>, future<...>>", all.name).into());
        };
        let key = self.key(item);
        let page = Answer::of(self.contract, operation)?.value;
        match page.and_then(|page| self.contract.page_item(&page)) {
            Some(item) if self.key(&item) == key => Ok(key),
            _ => Err(format!("{}: streams other records than its page holds", all.name).into()),
        }
    }

    /// A text that is the same for types that are the same.
    fn key(&self, ty: &Type) -> String {
        let definition = |id: TypeId| format!("{:?}", self.contract.definition(id));
        match ty {
            Type::Id(id) => match self.contract.kind(ty) {
                Some(TypeDefKind::Type(primitive)) => format!("{primitive:?}"),
                _ => definition(*id),
            },
            primitive => format!("{primitive:?}"),
        }
    }
}
