//! The vendors' part of the WIT, read and checked.

use crate::{names::Naming, tags::Doc};
use std::{env, error::Error, path::Path};
use wit_parser::{
    Function, FunctionKind, Interface, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner,
};

/// Everything under `wit/` that belongs to vendors.
pub(crate) struct Contract {
    pub(crate) resolve: Resolve,
    pub(crate) vendors: Vec<Vendor>,
}

/// A WIT package of a vendor.
pub(crate) struct Vendor {
    pub(crate) name: String,
    pub(crate) modules: Vec<Module>,
}

/// A WIT interface of a vendor: one module of its API.
pub(crate) struct Module {
    pub(crate) id: InterfaceId,
    pub(crate) name: String,
    /// How its vendor spells names.
    pub(crate) naming: Naming,
    /// Whether its operations are part of this build: a cargo feature for each vendor, and
    /// for each module.
    pub(crate) enabled: bool,
    pub(crate) types: Vec<TypeId>,
    pub(crate) operations: Vec<Operation>,
}

/// One `@http`, `@over` or `@composed` line.
pub(crate) struct Operation {
    pub(crate) function: Function,
    /// The function that streams all pages, if there is one.
    pub(crate) all: Option<Function>,
    /// The function whose endpoint this one asks in another form (`@over`); none for
    /// an operation of its own.
    pub(crate) over: Option<String>,
    pub(crate) doc: Doc,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) effect: String,
    pub(crate) paging: String,
    /// `immutable`, or a number of seconds.
    pub(crate) cache: Option<String>,
    /// The parameter that says whose data it is about.
    pub(crate) owner: Option<String>,
    /// Whether it is put together from other operations.
    pub(crate) composed: bool,
    /// The most records that a page may have, where that is not the vendor's usual.
    pub(crate) max_page_size: Option<u32>,
    /// Whether the vendor counts the records of its pages on request.
    pub(crate) counted: bool,
    /// The query parameters of which at least one is needed.
    pub(crate) needs: Vec<String>,
    /// Whether doing it twice adds twice, whatever its method promises.
    pub(crate) adds: bool,
    /// Whether the answer is a file.
    pub(crate) file: bool,
    /// The field of the form that a file is sent in.
    pub(crate) upload: Option<String>,
}

/// The kinds of page that are no single answer, and those that are.
const PAGES: [&str; 7] = ["numbered", "data-only", "bare", "report", "export", "cursor", "offset"];
const SINGLE: [&str; 2] = ["none", "envelope"];

const TAGS: [&str; 14] = [
    "http",
    "composed",
    "page",
    "effect",
    "cache",
    "owner",
    "all",
    "over",
    "max-page-size",
    "uncounted",
    "needs",
    "adds",
    "file",
    "upload",
];

impl Contract {
    /// Reads the folders in the order given, and checks every tag.
    pub(crate) fn read(root: &Path, shared: &[&str], vendors: &[&str]) -> Result<Contract, Box<dyn Error>> {
        let mut resolve = Resolve::default();
        for folder in shared {
            resolve.push_dir(root.join(folder))?;
        }
        let mut read = Vec::new();
        for folder in vendors {
            let (package, _) = resolve.push_dir(root.join(folder))?;
            let package = &resolve.packages[package];
            let vendor = &package.name.name;
            let modules =
                package.interfaces.values().map(|&id| Module::read(vendor, id, &resolve.interfaces[id]));
            read.push(Vendor {
                name: package.name.name.clone(),
                modules: modules.collect::<Result<_, _>>()?,
            });
        }
        Ok(Contract { resolve, vendors: read })
    }

    /// The modules of all vendors.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.vendors.iter().flat_map(|vendor| &vendor.modules)
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
    ) -> Result<impl Iterator<Item = (&String, &TypeId)>, Box<dyn Error>> {
        let connector = self.resolve.packages.iter().find(|(_, package)| {
            (package.name.namespace.as_str(), package.name.name.as_str()) == ("penstock", "connector")
        });
        let types = connector.and_then(|(_, package)| package.interfaces.get(interface));
        let types = types.ok_or_else(|| format!("there is no penstock:connector/{interface}"))?;
        Ok(self.resolve.interfaces[*types].types.iter())
    }

    /// Follows `use` and plain aliases to the definition that has a meaning: a
    /// named type of the vendor, a named type of `connector/types`, or a shape.
    pub(crate) fn definition(&self, id: TypeId) -> TypeId {
        match self.resolve.types[id].kind {
            TypeDefKind::Type(Type::Id(next)) => self.definition(next),
            _ => id,
        }
    }

    /// The name of a type, if the connector defines it.
    pub(crate) fn shared_name(&self, id: TypeId) -> Option<&str> {
        let definition = &self.resolve.types[self.definition(id)];
        let TypeOwner::Interface(owner) = definition.owner else { return None };
        let interface = &self.resolve.interfaces[owner];
        let package = &self.resolve.packages[interface.package?];
        (package.name.namespace == "penstock" && package.name.name == "connector")
            .then_some(definition.name.as_deref()?)
    }
}

impl Module {
    fn read(vendor: &str, id: InterfaceId, interface: &Interface) -> Result<Module, Box<dyn Error>> {
        let name = interface.name.clone().unwrap_or_default();
        let doc = Doc::parse(interface.docs.contents.as_deref());
        if let Some(tag) = doc.unknown(&["fields", "cases"]) {
            return Err(format!("{name}: unknown tag @{tag}").into());
        }
        let naming =
            Naming::of(doc.tag("fields"), doc.tag("cases")).map_err(|why| format!("{name}: {why}"))?;
        let mut operations = Vec::new();
        for function in interface.functions.values() {
            let doc = Doc::parse(function.docs.contents.as_deref());
            let place = format!("{name}.{}", function.name);
            if function.kind != FunctionKind::AsyncFreestanding {
                return Err(format!("{place}: an operation is an `async func`").into());
            }
            if let Some(tag) = doc.unknown(&TAGS) {
                return Err(format!("{place}: unknown tag @{tag}").into());
            }
            match (doc.tag("http").or(doc.tag("composed")), doc.tag("all"), doc.tag("over")) {
                (Some(_), None, None) => operations.push(Operation::read(interface, function, doc, &place)?),
                // What is composed of one endpoint only is a form of it.
                (Some(_), None, Some(base))
                    if doc.tag("composed").is_some() && interface.functions.contains_key(base) =>
                {
                    let over = Some(base.to_owned());
                    operations.push(Operation { over, ..Operation::read(interface, function, doc, &place)? });
                }
                (None, None, Some(base)) => {
                    let base =
                        interface.functions.get(base).ok_or_else(|| format!("{place}: @over {base}"))?;
                    operations.push(Operation::read_over(interface, function, doc, base, &place)?);
                }
                (None, Some(page), None) if interface.functions.contains_key(page) => {}
                (None, Some(page), None) => {
                    return Err(format!("{place}: @all names no function: {page}").into());
                }
                _ => return Err(format!("{place}: needs one of @http, @composed, @over and @all").into()),
            }
        }
        let types = interface.types.values().copied().collect();
        let enabled = feature(vendor) || feature(&format!("{vendor}-{name}"));
        if enabled && operations.iter().any(Operation::moves_file) && !feature("files") {
            return Err(format!("{name} moves files: its feature needs the feature `files`").into());
        }
        Ok(Module { id, name, naming, enabled, types, operations })
    }
}

/// Whether a cargo feature is on.
pub(crate) fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.replace('-', "_").to_uppercase())).is_some()
}

impl Operation {
    fn read(
        interface: &Interface,
        function: &Function,
        doc: Doc,
        place: &str,
    ) -> Result<Operation, Box<dyn Error>> {
        let composed = doc.tag("composed").is_some();
        let http = doc.tag("http").or(doc.tag("composed")).unwrap_or_default();
        if composed && doc.tag("http").is_some() {
            return Err(format!("{place}: either @http or @composed").into());
        }
        let (method, path) = http.split_once(' ').ok_or_else(|| format!("{place}: @http METHOD PATH"))?;
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) || !path.starts_with('/') {
            return Err(format!("{place}: @http {http}").into());
        }
        let effect = doc.tag("effect").ok_or_else(|| format!("{place}: @effect is missing"))?;
        if !["read", "create", "update", "delete", "action"].contains(&effect) {
            return Err(format!("{place}: @effect {effect}").into());
        }
        let paging = doc.tag("page").unwrap_or("none");
        if !PAGES.contains(&paging) && !SINGLE.contains(&paging) {
            return Err(format!("{place}: @page {paging}").into());
        }
        let all = interface.functions.values().find(|other| {
            Doc::parse(other.docs.contents.as_deref()).tag("all") == Some(function.name.as_str())
        });
        if all.is_none() && PAGES.contains(&paging) {
            return Err(format!("{place}: no function has @all {}", function.name).into());
        }
        let cache = doc.tag("cache");
        if cache.is_some_and(|cache| cache != "immutable" && !cache.parse::<u32>().is_ok_and(|life| life > 0))
        {
            return Err(format!("{place}: @cache SECONDS or @cache immutable").into());
        }
        if cache.is_some() && (effect != "read" || ["export", "cursor"].contains(&paging)) {
            return Err(format!("{place}: only reads are cached, and no feeds").into());
        }
        if composed && (effect != "read" || paging != "none" || cache.is_some()) {
            return Err(format!("{place}: what is composed is a read of one answer, and not cached").into());
        }
        let max_page_size = doc.tag("max-page-size").map(str::parse::<u32>).transpose();
        let max_page_size = max_page_size.map_err(|_| format!("{place}: @max-page-size NUMBER"))?;
        if max_page_size.is_some() && ["none", "envelope", "export", "cursor"].contains(&paging) {
            return Err(format!("{place}: @max-page-size is for numbered pages").into());
        }
        let counted = doc.tag("uncounted").is_none();
        if !counted && !["numbered", "data-only", "bare", "report"].contains(&paging) {
            return Err(format!("{place}: @uncounted is for numbered pages").into());
        }
        let adds = doc.tag("adds").is_some();
        if adds && effect == "read" {
            return Err(format!("{place}: a read adds nothing").into());
        }
        let (file, upload) = (doc.tag("file").is_some(), doc.tag("upload"));
        if upload == Some("") {
            return Err(format!("{place}: @upload FIELD").into());
        }
        if (file || upload.is_some()) && (paging != "none" || cache.is_some() || composed) {
            return Err(format!("{place}: a file comes or goes alone, and is not cached").into());
        }
        if file && (method != "GET" || effect != "read" || upload.is_some()) {
            return Err(format!("{place}: a file is read with GET").into());
        }
        let needs = doc.tag("needs").unwrap_or_default().split(',').map(str::trim);
        Ok(Operation {
            owner: doc.tag("owner").map(str::to_owned),
            composed,
            function: function.clone(),
            all: all.cloned(),
            over: None,
            max_page_size,
            counted,
            adds,
            file,
            upload: upload.map(str::to_owned),
            needs: needs.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            method: method.to_owned(),
            path: path.to_owned(),
            effect: effect.to_owned(),
            paging: paging.to_owned(),
            cache: cache.map(str::to_owned),
            doc,
        })
    }

    /// A form of another operation: the same endpoint, asked with a query of its own, or
    /// read page by page.
    fn read_over(
        interface: &Interface,
        function: &Function,
        doc: Doc,
        base: &Function,
        place: &str,
    ) -> Result<Operation, Box<dyn Error>> {
        if TAGS.iter().any(|tag| !["over", "page", "uncounted"].contains(tag) && doc.tag(tag).is_some()) {
            return Err(format!("{place}: @over brings the other tags with it").into());
        }
        let mut inherited = Doc::parse(base.docs.contents.as_deref());
        if inherited.tag("http").is_none() {
            return Err(format!("{place}: {} has no @http", base.name).into());
        }
        for tag in ["page", "uncounted"] {
            if let Some(value) = doc.tag(tag) {
                inherited.set(tag, value);
            }
        }
        let operation = Operation::read(interface, function, inherited, place)?;
        Ok(Operation { doc, over: Some(base.name.clone()), ..operation })
    }

    fn moves_file(&self) -> bool {
        self.file || self.upload.is_some()
    }

    /// The placeholders of the path that the caller fills, in the path's order.
    pub(crate) fn placeholders(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for part in self.path.split('/') {
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'))
                && name != "tenant"
            {
                found.push(name);
            }
        }
        found
    }
}
