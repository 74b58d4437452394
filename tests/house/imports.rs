//! Holds the imports of the core against the order that `docs/architecture.md` draws.

use crate::source::{Source, crate_of, root};
use std::{collections::BTreeSet, fs};
use syn::{ItemMod, UseTree, visit::Visit};

/// The folders and files from the bottom to the top, those of a line side by side.
fn layers() -> Vec<Vec<Vec<String>>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, from) = text.split_once("```layers\n").expect("the block `layers`");
    let (block, _) = from.split_once("```").expect("its end");
    let parts = |unit: &str| unit.trim().split('/').map(str::to_owned).collect();
    block.lines().map(|line| line.split('|').map(parts).collect()).collect()
}

/// The layer of a path, and the folder or file that it belongs to: the longest that is named.
fn place<'l>(layers: &'l [Vec<Vec<String>>], path: &[String]) -> Option<(usize, &'l [String])> {
    let units =
        layers.iter().enumerate().flat_map(|(layer, units)| units.iter().map(move |unit| (layer, unit)));
    units
        .filter(|(_, unit)| path.starts_with(unit))
        .max_by_key(|(_, unit)| unit.len())
        .map(|(layer, unit)| (layer, unit.as_slice()))
}

/// What a file names of its own crate.
struct Named {
    module: Vec<String>,
    paths: BTreeSet<Vec<String>>,
}

impl Named {
    fn of(source: &Source) -> BTreeSet<Vec<String>> {
        let mut named = Named { module: source.module.clone(), paths: BTreeSet::new() };
        source.items.iter().for_each(|item| named.visit_item(item));
        named.paths
    }

    /// Takes a path down, if it begins at the crate or at a module above.
    fn take(&mut self, segments: &[String]) {
        let above = segments.iter().take_while(|segment| *segment == "super").count();
        let rest = &segments[above..];
        let path = match segments.first().map(String::as_str) {
            Some("crate") => segments[1..].to_vec(),
            Some("super") => {
                let kept = self.module.len().saturating_sub(above);
                [&self.module[..kept], rest].concat()
            }
            _ => return,
        };
        self.paths.insert(path);
    }

    fn tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(path.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, before)),
            UseTree::Name(name) if name.ident == "self" => self.take(before),
            UseTree::Name(name) => self.take(&with(name.ident.to_string())),
            UseTree::Rename(rename) => self.take(&with(rename.ident.to_string())),
            UseTree::Glob(_) => self.take(before),
        }
    }
}

impl Visit<'_> for Named {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_item_mod(&mut self, module: &ItemMod) {
        let test = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if let Some((_, items)) = module.content.as_ref().filter(|_| !test) {
            self.module.push(module.ident.to_string());
            items.iter().for_each(|item| self.visit_item(item));
            self.module.pop();
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&segments);
        syn::visit::visit_path(self, path);
    }
}

/// The imports that do not run downwards.
fn wrong(sources: &[Source], layers: &[Vec<Vec<String>>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let Some((layer, unit)) = place(layers, &source.module) else {
            // The root, and folders that do nothing but declare what is in them.
            if Named::of(source).iter().any(|path| place(layers, path).is_some()) && !source.module.is_empty()
            {
                wrong.push(format!("{} has no place in the order", source.file.display()));
            }
            continue;
        };
        for path in Named::of(source) {
            let Some((below, other)) = place(layers, &path) else { continue };
            if other != unit && below >= layer {
                let (file, path) = (source.file.display(), path.join("::"));
                wrong.push(format!("{file}: crate::{path} is not below {}", unit.join("/")));
            }
        }
    }
    wrong
}

#[test]
fn imports_run_downwards() {
    let wrong = wrong(&crate_of(&root().join("src/lib.rs")), &layers());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_line_of_the_order_is_there() {
    for unit in layers().concat() {
        let path = root().join("src").join(unit.join("/"));
        assert!(path.is_dir() || path.with_extension("rs").is_file(), "{}", path.display());
    }
}

#[test]
fn an_import_that_runs_upwards_is_found() {
    let source = |module: &str, text: &str| Source {
        file: format!("{module}.rs").into(),
        module: module.split("::").map(str::to_owned).collect(),
        items: syn::parse_file(text).unwrap().items,
    };
    let layers = layers();
    let found = |module: &str, text: &str| wrong(&[source(module, text)], &layers).len();
    assert_eq!(found("client::pipeline", "use crate::providers::registry;"), 1);
    assert_eq!(found("client::pipeline", "use crate::{call::Call, providers::{api, registry::find}};"), 1);
    assert_eq!(found("client::cache", "use super::Client;"), 1);
    assert_eq!(found("client::cache::store", "fn f() { crate::entry::typed::g(); }"), 1);
    assert_eq!(found("providers::asleep", "use crate::client::Client;"), 1);
    assert_eq!(found("client::pipeline", "use super::cache::Cache; use crate::call::Call;"), 0);
    assert_eq!(found("entry::typed", "use crate::providers::registry;"), 0);
}
