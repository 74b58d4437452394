//! The world that this host has Rust types for: the connector, and every interface of every
//! provider that a feature asks for. A component that exports more fits it as well.

use std::{env, error::Error, path::Path};

use proc_macro2::TokenStream;
use quote::quote;
use wit_parser::{Interface, Resolve, World, WorldId, WorldItem, WorldKey};

use crate::names::module;

/// The folders of the contract that are no provider's, in the order of their dependencies.
const SHARED: [&str; 2] = ["wit/connector", "wit/host"];

/// Each provider's folder, and its name as it writes it.
pub(crate) const PROVIDERS: [(&str, &str); 2] = [("servicetitan", "ServiceTitan"), ("asleep", "Asleep")];

const HEAD: &str = "package penstock:harness@0.1.0;

world harness {
    import penstock:host/types@0.1.0;
    import penstock:host/secrets@0.1.0;
    import penstock:host/config@0.1.0;
    import penstock:host/state@0.1.0;
    export penstock:connector/types@0.1.0;
    export penstock:connector/operations@0.1.0;
    export penstock:connector/admin@0.1.0;
    export penstock:connector/webhooks@0.1.0;
    export penstock:connector/files@0.1.0;
    export penstock:connector/transfers@0.1.0;
";

/// The contract with the world.
pub(crate) struct Harness {
    pub(crate) resolve: Resolve,
    world: WorldId,
    /// What Wasmtime's macro makes types of: its folders, and the text of the world.
    paths: Vec<String>,
    text: String,
}

impl Harness {
    pub(crate) fn read(workspace: &Path) -> Result<Self, Box<dyn Error>> {
        let mut resolve = Resolve::default();
        let mut paths = Vec::new();
        let mut text = HEAD.to_owned();
        let mut push = |resolve: &mut Resolve, folder: &str| -> Result<_, Box<dyn Error>> {
            let path = workspace.join(folder);
            paths.push(path.display().to_string());
            Ok(resolve.push_dir(&path)?.0)
        };
        for folder in SHARED {
            push(&mut resolve, folder)?;
        }
        for (provider, _) in PROVIDERS {
            let package = push(&mut resolve, &format!("wit/{provider}"))?;
            for (name, id) in &resolve.packages[package].interfaces {
                if feature(provider) || feature(&format!("{provider}-{name}")) {
                    let key = resolve.name_world_key(&WorldKey::Interface(*id));
                    text += &format!("    export {key};\n");
                }
            }
        }
        text += "}\n";
        let package = resolve.push_str("harness.wit", &text)?;
        let world = resolve.select_world(&[package], None)?;
        Ok(Self { resolve, world, paths, text })
    }

    fn world(&self) -> &World {
        &self.resolve.worlds[self.world]
    }

    /// The interfaces that the world exports, with their provider's or the connector's name.
    pub(crate) fn exports(&self) -> impl Iterator<Item = (&str, &Interface)> {
        interfaces(&self.resolve, self.world().exports.iter())
    }

    /// All interfaces of the providers, with their provider's name.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&str, &Interface)> {
        let all = self.resolve.interfaces.iter().filter_map(|(_, interface)| {
            Some((self.resolve.packages[interface.package?].name.name.as_str(), interface))
        });
        all.filter(|(of, _)| PROVIDERS.iter().any(|(provider, _)| provider == of))
    }

    /// Those that it imports.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (&str, &Interface)> {
        interfaces(&self.resolve, self.world().imports.iter())
    }

    /// The call of Wasmtime's macro, and a module with the interfaces of providers by their
    /// own names.
    pub(crate) fn bindings(&self) -> TokenStream {
        let Self { paths, text, .. } = self;
        let provided = self.exports().filter(|(of, _)| PROVIDERS.iter().any(|(provider, _)| provider == of));
        let provided = provided.filter_map(|(_, interface)| module(&self.resolve, interface));
        quote! {
            wasmtime::component::bindgen!({
                path: [#(#paths),*],
                inline: #text,
                world: "penstock:harness/harness@0.1.0",
                imports: { default: async | store },
                exports: { default: async | store },
            });

            pub mod of_providers {
                #(pub use super::exports::#provided;)*
            }
        }
    }
}

fn interfaces<'a>(
    resolve: &'a Resolve,
    items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> impl Iterator<Item = (&'a str, &'a Interface)> {
    items.filter_map(|(key, item)| {
        let (WorldKey::Interface(id), WorldItem::Interface { .. }) = (key, item) else { return None };
        let interface = &resolve.interfaces[*id];
        Some((resolve.packages[interface.package?].name.name.as_str(), interface))
    })
}

fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.replace('-', "_").to_uppercase())).is_some()
}
