//! The providers' part of the WIT, read and checked.

use crate::{names::Naming, operation::Operation, tags::Doc};
use std::{env, error::Error, path::Path};
use wit_parser::{
    FunctionKind, Interface, InterfaceId, Resolve, SizeAlign, Type, TypeDef, TypeDefKind, TypeId, TypeOwner,
};

/// Everything under `wit/` that belongs to providers.
pub(crate) struct Contract {
    pub(crate) resolve: Resolve,
    /// What each type takes of a memory.
    pub(crate) sizes: SizeAlign,
    pub(crate) providers: Vec<Provider>,
}

/// A WIT package of a provider.
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) modules: Vec<Module>,
}

/// A WIT interface of a provider: one module of its API.
pub(crate) struct Module {
    pub(crate) id: InterfaceId,
    pub(crate) name: String,
    /// How its provider spells names.
    pub(crate) naming: Naming,
    /// Whether its operations are part of this build: a cargo feature for each provider, and
    /// for each module.
    pub(crate) enabled: bool,
    pub(crate) types: Vec<TypeId>,
    pub(crate) operations: Vec<Operation>,
}

impl Contract {
    /// Reads the folders in the order given, and checks every tag.
    pub(crate) fn read(root: &Path, shared: &[&str], providers: &[&str]) -> Result<Contract, Box<dyn Error>> {
        let mut resolve = Resolve::default();
        for folder in shared {
            resolve.push_dir(root.join(folder))?;
        }
        let mut read = Vec::new();
        for folder in providers {
            let (package, _) = resolve.push_dir(root.join(folder))?;
            let package = &resolve.packages[package];
            let name = package.name.name.clone();
            let modules =
                package.interfaces.values().map(|&id| Module::read(&name, id, &resolve.interfaces[id]));
            let modules = modules.collect::<Result<_, _>>()?;
            read.push(Provider { name, modules });
        }
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve)?;
        Ok(Contract { resolve, sizes, providers: read })
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.providers.iter().flat_map(|provider| &provider.modules)
    }

    /// Whether operations of this build answer with files or take some.
    pub(crate) fn moves_files(&self) -> bool {
        let enabled = self.modules().filter(|module| module.enabled);
        enabled.flat_map(|module| &module.operations).any(Operation::moves_file)
    }

    /// The types of an interface of `penstock:connector`, by name.
    pub(crate) fn connector_types(
        &self,
        interface: &str,
    ) -> Result<impl Iterator<Item = (&str, TypeId)>, Box<dyn Error>> {
        let connector = self.resolve.packages.iter().find(|(_, package)| {
            (package.name.namespace.as_str(), package.name.name.as_str()) == ("penstock", "connector")
        });
        let types = connector.and_then(|(_, package)| package.interfaces.get(interface));
        let types = types.ok_or_else(|| format!("there is no penstock:connector/{interface}"))?;
        Ok(self.resolve.interfaces[*types].types.iter().map(|(name, id)| (name.as_str(), *id)))
    }

    /// Follows `use` and plain aliases to the definition that has a meaning: a
    /// named type of the provider, a named type of `connector/types`, or a shape.
    pub(crate) fn definition(&self, id: TypeId) -> TypeId {
        match self.resolve.types[id].kind {
            TypeDefKind::Type(Type::Id(next)) => self.definition(next),
            _ => id,
        }
    }

    /// What a type is, behind its aliases; none for a primitive one.
    pub(crate) fn kind(&self, ty: &Type) -> Option<&TypeDefKind> {
        match ty {
            Type::Id(id) => Some(&self.resolve.types[self.definition(*id)].kind),
            _ => None,
        }
    }

    pub(crate) fn element(&self, list: &Type) -> Option<Type> {
        match self.kind(list)? {
            TypeDefKind::List(element) => Some(*element),
            _ => None,
        }
    }

    /// The type of the items of a page record.
    pub(crate) fn page_item(&self, page: &Type) -> Option<Type> {
        let TypeDefKind::Record(record) = self.kind(page)? else { return None };
        let items = record.fields.iter().find(|field| field.name == "items")?;
        self.element(&items.ty)
    }

    /// The name of a type, if the connector defines it.
    pub(crate) fn shared_name(&self, id: TypeId) -> Option<&str> {
        let definition = &self.resolve.types[self.definition(id)];
        let package = &self.resolve.packages[self.home(definition)?.package?];
        (package.name.namespace == "penstock" && package.name.name == "connector")
            .then_some(definition.name.as_deref()?)
    }

    /// The interface that a type is defined in.
    pub(crate) fn home(&self, definition: &TypeDef) -> Option<&Interface> {
        let TypeOwner::Interface(owner) = definition.owner else { return None };
        Some(&self.resolve.interfaces[owner])
    }
}

impl Module {
    fn read(provider: &str, id: InterfaceId, interface: &Interface) -> Result<Module, Box<dyn Error>> {
        let name = interface.name.clone().unwrap_or_default();
        let doc = Doc::parse(interface.docs.contents.as_deref());
        if let Some(tag) = doc.unknown(&["fields", "cases"]) {
            return Err(format!("{name}: unknown tag @{tag}").into());
        }
        let naming =
            Naming::of(doc.tag("fields"), doc.tag("cases")).map_err(|why| format!("{name}: {why}"))?;
        let mut operations = Vec::new();
        for function in interface.functions.values() {
            let place = format!("{name}.{}", function.name);
            if function.kind != FunctionKind::AsyncFreestanding {
                return Err(format!("{place}: an operation is an `async func`").into());
            }
            operations.extend(Operation::of(interface, function).map_err(|why| format!("{place}: {why}"))?);
        }
        let types = interface.types.values().copied().collect();
        let enabled = feature(provider) || feature(&format!("{provider}-{name}"));
        if enabled && operations.iter().any(Operation::moves_file) && !feature("files") {
            return Err(format!("{name} moves files: its feature needs the feature `files`").into());
        }
        Ok(Module { id, name, naming, enabled, types, operations })
    }
}

pub(crate) fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.replace('-', "_").to_uppercase())).is_some()
}
