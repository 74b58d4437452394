//! The world of the component: `wit/plugin/plugin.wit`, encoded for the linker without the
//! modules that are left out.

use crate::contract::{Contract, feature};
use std::{error::Error, path::Path};
use wit_component::{StringEncoding, metadata};
use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem, WorldKey};

/// The file alone: the folder's `deps`, which other tools read, are the packages that are known by now.
const FILE: &str = "wit/plugin/plugin.wit";
const NAME: &str = "plugin";

/// What moves the files of any operation, of no use where there are none; and what a build
/// may leave out.
const WEBHOOKS: &str = "penstock:connector/webhooks@0.1.0";
const TRANSFERS: &str = "penstock:connector/transfers@0.1.0";

/// The world's bytes, as a `component-type` section holds them.
pub(crate) fn write(root: &Path, contract: &Contract) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut resolve = contract.resolve.clone();
    let package = resolve.push_file(root.join(FILE))?;
    let world = resolve.select_world(&[package], Some(NAME))?;
    for module in contract.modules() {
        let key = WorldKey::Interface(module.id);
        if !resolve.worlds[world].exports.contains_key(&key) {
            return Err(format!("{FILE} does not export {}", resolve.name_world_key(&key)).into());
        }
        if !module.enabled {
            resolve.worlds[world].exports.shift_remove(&key);
        }
    }
    let optional = [(TRANSFERS, contract.moves_files()), (WEBHOOKS, feature("webhooks"))];
    for (interface, _) in optional.iter().filter(|(_, used)| !used) {
        let key = resolve.worlds[world].exports.keys().find(|key| resolve.name_world_key(key) == *interface);
        let key = key.cloned().ok_or_else(|| format!("{FILE} does not export {interface}"))?;
        resolve.worlds[world].exports.shift_remove(&key);
    }
    complete(&resolve, world)?;
    Ok(metadata::encode(&resolve, world, StringEncoding::UTF8, None, false)?)
}

/// What a module uses of another one must be exported as well: its types would come
/// from the host otherwise.
pub(crate) fn complete(resolve: &Resolve, world: WorldId) -> Result<(), Box<dyn Error>> {
    let exports = &resolve.worlds[world].exports;
    let exported = |id: InterfaceId| exports.contains_key(&WorldKey::Interface(id));
    for item in exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        if let Some(missing) = resolve.interface_direct_deps(*id).find(|used| !exported(*used)) {
            let name = |id| resolve.name_world_key(&WorldKey::Interface(id));
            return Err(format!("{} needs {}: build both or neither", name(*id), name(missing)).into());
        }
    }
    Ok(())
}
