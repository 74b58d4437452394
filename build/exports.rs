//! Writes `exports.rs`: the core functions that the component exports for its
//! vendors, in a macro that `plugin/` calls.
//!
//! They are what wit-bindgen would write for asynchronous functions, less everything
//! that depends on a type: each hands a pointer to its parameters to one routine
//! (`src/exports/vendor`), with the operation's table and the few intrinsics of the
//! canonical ABI that are made for one function or one type alone.

use crate::{
    contract::{Contract, Module, Operation, Vendor},
    names::snake,
    tables::page_item,
};
use std::{collections::BTreeMap, error::Error, fmt::Write};
use wit_parser::{
    Function, Mangling, Type, TypeDefKind, TypeId, WorldKey,
    abi::{AbiVariant, WasmType},
};

type Done = Result<(), Box<dyn Error>>;

/// The whole file. `world` is the encoded world's length in bytes.
pub(crate) fn write(contract: &Contract, world: usize) -> Result<String, Box<dyn Error>> {
    let mut writer = Writer { contract, functions: 0, streams: BTreeMap::new(), out: String::new() };
    for vendor in &contract.vendors {
        let mut index = 0;
        for module in vendor.modules.iter().filter(|module| module.enabled) {
            writer.module(vendor, module, &mut index)?;
        }
    }
    let files = if contract.moves_files() { ", download, upload" } else { "" };
    Ok(format!(
        "/// Exports the functions of all vendors.\n\
         #[macro_export]\n\
         macro_rules! export_vendors {{ () => {{ const _: () = {{\n\
         use $crate::exports::vendor::{{Stream, call, callback, list{files}}};\n\
         #[cfg(target_arch = \"wasm32\")]\n\
         #[unsafe(link_section = \"component-type:penstock:vendors\")]\n\
         pub static WORLD: [u8; {world}] = *$crate::exports::vendor::WORLD;\n\
         {}}}; }}; }}\n",
        writer.out
    ))
}

struct Writer<'a> {
    contract: &'a Contract,
    /// How many functions there are so far; their numbers make names.
    functions: usize,
    /// The type of a stream's elements, and the number of the first function that returns
    /// such a stream. All others use its intrinsics: they depend on the type alone.
    streams: BTreeMap<String, usize>,
    out: String,
}

impl Writer<'_> {
    fn module(&mut self, vendor: &Vendor, module: &Module, index: &mut usize) -> Done {
        let key = WorldKey::Interface(module.id);
        let interface = self.contract.resolve.name_world_key(&key);
        let table = format!("$crate::contract::catalogue::tables::{}::OPERATIONS", snake(&vendor.name));
        let mut imports = String::new();
        for operation in &module.operations {
            let this = format!("&{table}[{index}]");
            let routine = match operation {
                Operation { file: true, .. } => "download",
                Operation { upload: Some(_), .. } => "upload",
                _ => "call",
            };
            self.function(&interface, &operation.function, routine, &this, &mut imports)?;
            if let Some(all) = &operation.all {
                self.list(&interface, operation, all, &this, &mut imports)?;
            }
            *index += 1;
        }
        write!(
            self.out,
            "#[link(wasm_import_module = \"[export]{interface}\")]\nunsafe extern \"C\" {{\n{imports}}}\n"
        )?;
        Ok(())
    }

    /// A function that answers with a `result`.
    fn function(
        &mut self,
        interface: &str,
        function: &Function,
        routine: &str,
        this: &str,
        imports: &mut String,
    ) -> Done {
        let number = self
            .export(interface, function, |number| format!("{routine}({this}, arguments, return_{number})"))?;
        let (_, name, signature) = self.task_return(function);
        if signature != [WasmType::Pointer] {
            return Err(format!("{}: its result is expected behind a pointer", function.name).into());
        }
        writeln!(imports, "#[link_name = \"{name}\"] fn return_{number}(result: *const u8);")?;
        Ok(())
    }

    /// A function that answers with a stream of records and its end.
    fn list(
        &mut self,
        interface: &str,
        operation: &Operation,
        all: &Function,
        this: &str,
        imports: &mut String,
    ) -> Done {
        let handles = all.find_futures_and_streams(&self.contract.resolve);
        let kinds: Vec<_> = handles.iter().map(|id| &self.contract.resolve.types[*id].kind).collect();
        let [TypeDefKind::Stream(Some(item)), TypeDefKind::Future(Some(_))] = kinds.as_slice() else {
            return Err(format!("{}: a list returns tuple<stream<...>, future<...>>", all.name).into());
        };
        let page = crate::answer::Answer::of(self.contract, operation)?.value;
        if page.and_then(|page| page_item(self.contract, &page)).map(|item| self.key(&item))
            != Some(self.key(item))
        {
            return Err(format!("{}: streams other records than its page holds", all.name).into());
        }
        let key = self.key(item);
        let next = self.functions;
        let stream = *self.streams.entry(key).or_insert(next);
        let number = self.export(interface, all, |number| {
            format!("list({this}, arguments, &STREAM_{stream}, return_{number})")
        })?;
        let (_, name, signature) = self.task_return(all);
        if signature != [WasmType::I32, WasmType::I32] {
            return Err(format!("{}: its result is expected as two handles", all.name).into());
        }
        writeln!(imports, "#[link_name = \"{name}\"] fn return_{number}(stream: u32, end: u32);")?;
        if stream == number {
            let name = &all.name;
            write!(
                imports,
                "#[link_name = \"[stream-new-0]{name}\"] fn new_{number}() -> u64;\n\
                 #[link_name = \"[async-lower][stream-write-0]{name}\"] fn write_{number}(stream: u32, from: *const u8, count: usize) -> u32;\n\
                 #[link_name = \"[stream-cancel-write-0]{name}\"] fn cancel_{number}(stream: u32) -> u32;\n\
                 #[link_name = \"[stream-drop-writable-0]{name}\"] fn drop_{number}(stream: u32);\n"
            )?;
            writeln!(
                self.out,
                "static STREAM_{number}: Stream = Stream {{ new: new_{number}, write: write_{number}, \
                 cancel: cancel_{number}, drop: drop_{number} }};"
            )?;
        }
        Ok(())
    }

    /// The exported function and the one that goes on with it.
    fn export(
        &mut self,
        interface: &str,
        function: &Function,
        body: impl FnOnce(usize) -> String,
    ) -> Result<usize, Box<dyn Error>> {
        let number = self.functions;
        self.functions += 1;
        let signature = self.contract.resolve.wasm_signature(AbiVariant::GuestExportAsync, function);
        if !signature.indirect_params || signature.results != [WasmType::I32] {
            return Err(format!("{}: its parameters are expected behind a pointer", function.name).into());
        }
        let name = format!("[async-lift]{}", function.legacy_core_export_name(Some(interface)));
        writeln!(
            self.out,
            "#[unsafe(export_name = {name:?})]\n\
             unsafe extern \"C\" fn export_{number}(arguments: u32) -> i32 {{ unsafe {{ {} }} }}\n\
             #[unsafe(export_name = {:?})]\n\
             unsafe extern \"C\" fn callback_{number}(event: u32, first: u32, second: u32) -> u32 {{ \
             unsafe {{ callback(event, first, second) }} }}",
            body(number),
            format!("[callback]{name}"),
        )?;
        Ok(number)
    }

    fn task_return(&self, function: &Function) -> (String, String, Vec<WasmType>) {
        let (module, name, signature) =
            function.task_return_import(&self.contract.resolve, None, Mangling::Legacy);
        (module, name, signature.params)
    }

    /// A text that is the same for types that are the same.
    fn key(&self, ty: &Type) -> String {
        let definition = |id: TypeId| format!("{:?}", self.contract.definition(id));
        match ty {
            Type::Id(id) => match self.contract.resolve.types[self.contract.definition(*id)].kind {
                TypeDefKind::Type(primitive) => format!("{primitive:?}"),
                _ => definition(*id),
            },
            primitive => format!("{primitive:?}"),
        }
    }
}
