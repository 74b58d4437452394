//! The world of the component for WASI 0.2, for the linker: without the modules that are left out.

use super::Derived;
use crate::{
    contract::{Contract, feature},
    world::complete,
};
use std::error::Error;
use wit_component::{StringEncoding, metadata};

/// The world's bytes, as a `component-type` section holds them.
pub(crate) fn write(derived: &Derived, contract: &Contract) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut resolve = derived.resolve.clone();
    let world = resolve.select_world(&[derived.plugin], Some("plugin"))?;
    let exports = resolve.worlds[world].exports.clone();
    for key in exports.into_keys() {
        let name = resolve.name_world_key(&key);
        if !exported(contract, &name) {
            resolve.worlds[world].exports.shift_remove(&key);
        }
    }
    complete(&resolve, world)?;
    Ok(metadata::encode(&resolve, world, StringEncoding::UTF8, None, false)?)
}

/// Whether an interface of the world, `penstock:connector/types@...`, is part of this build.
fn exported(contract: &Contract, interface: &str) -> bool {
    let name = interface.split('@').next().unwrap_or_default();
    match name.strip_prefix("penstock:connector/") {
        Some("files" | "transfers") => contract.moves_files(),
        Some("webhooks") => feature("webhooks"),
        Some(_) => true,
        None if !feature("p2-typed") => false,
        None => contract.providers.iter().any(|provider| {
            provider
                .modules
                .iter()
                .any(|module| module.enabled && name == format!("penstock:{}/{}", provider.name, module.name))
        }),
    }
}
