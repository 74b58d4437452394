//! Plugs components together.

use crate::component;
use anyhow::{Context, Result};
use wac_graph::{CompositionGraph, EncodeOptions, plug, types::Package};

/// The component with those of its imports answered that the other exports.
///
/// # Errors
/// It has none of them.
pub fn plugged(component: Vec<u8>, plug_in: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("plug", None, plug_in, graph.types_mut())?;
    let package = graph.register_package(package)?;
    let component = Package::from_bytes("component", None, component, graph.types_mut())?;
    let component = graph.register_package(component)?;
    plug(&mut graph, vec![package], component)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Components by their names, each plugged into the one before it: an application, the plugin, its adapter.
///
/// # Errors
/// One of them is not there, or does not fit into the one before it.
pub fn chain(names: &[&str]) -> Result<Vec<u8>> {
    let (last, before) = names.split_last().context("no components")?;
    before.iter().rev().try_fold(component(last)?, |plug_in, name| {
        plugged(component(name)?, plug_in).with_context(|| format!("{names:?}: {name}"))
    })
}

/// The names of what a component imports.
///
/// # Errors
/// It is no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("component", None, component, graph.types_mut())?;
    let world = package.ty();
    Ok(graph.types()[world].imports.keys().cloned().collect())
}
