//! What Spin 4.1 makes of a manifest whose component has component dependencies.
//!
//! Spin is no part of these tests; this follows its crates `compose` and `capabilities`. A dependency answers the
//! imports of the application that its key names, in an instance of its own for each key. What a capability gives
//! that it does not inherit traps when it is called.

use crate::{
    component,
    compose::{imports, plugged},
};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use wac_graph::{CompositionGraph, EncodeOptions, types::Package};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldItem, WorldKey};

/// Interfaces by the capability that they belong to, without their versions.
const CAPABILITIES: [(&str, &[&str]); 7] = [
    ("ai_models", &["fermyon:spin/llm"]),
    (
        "allowed_outbound_hosts",
        &[
            "fermyon:spin/http",
            "fermyon:spin/mqtt",
            "fermyon:spin/mysql",
            "fermyon:spin/postgres",
            "fermyon:spin/redis",
            "spin:mqtt/mqtt",
            "spin:mysql/mysql",
            "spin:postgres/postgres",
            "spin:redis/redis",
            "wasi:http/client",
            "wasi:http/outgoing-handler",
            "wasi:sockets/ip-name-lookup",
            "wasi:sockets/tcp",
            "wasi:sockets/tcp-create-socket",
            "wasi:sockets/udp",
            "wasi:sockets/udp-create-socket",
        ],
    ),
    ("environment", &["wasi:cli/environment"]),
    ("files", &["wasi:filesystem/preopens"]),
    ("key_value_stores", &["fermyon:spin/key-value", "spin:key-value/key-value", "wasi:keyvalue/store"]),
    ("sqlite_databases", &["fermyon:spin/sqlite", "spin:sqlite/sqlite"]),
    ("variables", &["fermyon:spin/variables", "spin:variables/variables", "wasi:config/store"]),
];

/// Plugs the dependencies of the manifest's only component into it. `file` has the component of each path.
///
/// # Errors
/// The manifest is none that Spin takes, or a dependency does not fit.
pub fn composed(manifest: &str, app: &[u8], file: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut composed = app.to_vec();
    for (key, dependency) in dependencies(manifest)? {
        let path = dependency.get("path").and_then(toml::Value::as_str).context("no path")?;
        let inherits = inherits(&dependency);
        let inherits: Vec<&str> = inherits.iter().map(String::as_str).collect();
        composed = answered(composed, &key, without(file(path)?, &inherits)?).with_context(|| key.clone())?;
    }
    Ok(composed)
}

/// What each dependency of the manifest's only component inherits, by its key.
///
/// # Errors
/// The manifest is none that Spin takes.
pub fn inherited(manifest: &str) -> Result<BTreeMap<String, Vec<String>>> {
    Ok(dependencies(manifest)?.into_iter().map(|(key, dependency)| (key, inherits(&dependency))).collect())
}

fn dependencies(manifest: &str) -> Result<toml::Table> {
    let mut manifest: toml::Table = manifest.parse()?;
    let components =
        manifest.get_mut("component").and_then(toml::Value::as_table_mut).context("no component")?;
    let (_, of) = components.iter_mut().next().context("no component")?;
    let dependencies = of.get_mut("dependencies").and_then(toml::Value::as_table_mut);
    Ok(std::mem::take(dependencies.context("no dependencies")?))
}

fn inherits(dependency: &toml::Value) -> Vec<String> {
    let names = dependency.get("inherit_configuration").and_then(toml::Value::as_array).into_iter().flatten();
    names.filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

/// The dependency, in which what it does not inherit traps.
fn without(dependency: Vec<u8>, inherits: &[&str]) -> Result<Vec<u8>> {
    for name in inherits {
        ensure!(CAPABILITIES.iter().any(|(known, _)| known == name), "Spin knows no capability {name:?}");
    }
    let denied: Vec<String> = imports(&dependency)?
        .into_iter()
        .filter(|import| capability(import).is_some_and(|capability| !inherits.contains(&capability)))
        .collect();
    if denied.is_empty() {
        Ok(dependency)
    } else {
        plugged(dependency.clone(), trapping(&dependency, &denied)?)
    }
}

/// The capability that an interface belongs to.
fn capability(import: &str) -> Option<&'static str> {
    let interface = import.split('@').next().unwrap_or_default();
    CAPABILITIES
        .iter()
        .find(|(_, interfaces)| interfaces.contains(&interface))
        .map(|(capability, _)| *capability)
}

/// The capabilities that a component would use if it had them.
///
/// # Errors
/// It is no component.
pub fn capabilities(component: &[u8]) -> Result<BTreeSet<&'static str>> {
    Ok(imports(component)?.iter().filter_map(|import| capability(import)).collect())
}

/// A component that exports these interfaces as another imports them, each function of which traps.
fn trapping(importer: &[u8], interfaces: &[String]) -> Result<Vec<u8>> {
    let DecodedWasm::Component(mut resolve, world) = wit_component::decode(importer)? else {
        bail!("no component");
    };
    let wanted = |resolve: &Resolve, key: &WorldKey| interfaces.contains(&resolve.name_world_key(key));
    let items: Vec<(WorldKey, WorldItem)> =
        resolve.worlds[world].imports.clone().into_iter().filter(|(key, _)| wanted(&resolve, key)).collect();
    let mine = &mut resolve.worlds[world];
    mine.imports.clear();
    mine.exports = items.into_iter().collect();
    let mangling = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    ComponentEncoder::default().module(&module)?.encode()
}

/// The application with the imports answered that a key names: `ns:pkg` or `ns:pkg/interface@version`.
fn answered(app: Vec<u8>, key: &str, dependency: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let app = Package::from_bytes("app", None, app, graph.types_mut())?;
    let dependency = Package::from_bytes("dependency", None, dependency, graph.types_mut())?;
    let (app_type, dependency_type) = (app.ty(), dependency.ty());
    let (app, dependency) = (graph.register_package(app)?, graph.register_package(dependency)?);
    let named = |import: &str| import == key || import.starts_with(&format!("{key}/"));
    let wanted: Vec<String> =
        graph.types()[app_type].imports.keys().filter(|import| named(import)).cloned().collect();
    ensure!(!wanted.is_empty(), "the application imports nothing of that");
    let (app, dependency) = (graph.instantiate(app), graph.instantiate(dependency));
    for import in wanted {
        ensure!(graph.types()[dependency_type].exports.contains_key(&import), "{import} is not exported");
        let export = graph.alias_instance_export(dependency, &import)?;
        graph.set_instantiation_argument(app, &import, export)?;
    }
    let exports: Vec<String> = graph.types()[app_type].exports.keys().cloned().collect();
    for name in exports {
        let export = graph.alias_instance_export(app, &name)?;
        graph.export(export, &name)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

/// The component of this name as a dependency would be handed to Spin: with an adapter in it.
///
/// # Errors
/// One of them is not there.
pub fn dependency(plugin: &str, adapter: &str) -> Result<Vec<u8>> {
    plugged(component(plugin)?, component(adapter)?)
}
