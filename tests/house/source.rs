//! The modules of a crate, as the compiler would find them, tests left out.

use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::{Attribute, File, Item, ItemMod};

/// A file of a crate, and its place in the tree of modules.
pub struct Source {
    pub file: PathBuf,
    /// `["client", "pages"]`.
    pub module: Vec<String>,
    pub items: Vec<Item>,
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files of a crate, from its root file on.
pub fn crate_of(root_file: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let folder = root_file.parent().unwrap_or(Path::new("")).to_owned();
    read(root_file, &folder, Vec::new(), &mut sources);
    sources
}

fn read(file: &Path, folder: &Path, module: Vec<String>, sources: &mut Vec<Source>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let File { items, .. } =
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let items: Vec<Item> = items.into_iter().filter(|item| !is_test(attributes(item))).collect();
    for item in &items {
        let Item::Mod(ItemMod { ident, content: None, .. }) = item else { continue };
        let name = ident.to_string().trim_start_matches("r#").to_owned();
        let module = [module.clone(), vec![name.clone()]].concat();
        let (flat, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
        let next = if flat.is_file() { flat } else { nested };
        read(&next, &folder.join(&name), module, sources);
    }
    sources.push(Source { file: file.to_owned(), module, items });
}

/// Whether it is compiled for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        _ => &[],
    }
}
