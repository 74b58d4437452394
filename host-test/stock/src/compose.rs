//! Plugs the adapter into a component.

use wac_graph::{CompositionGraph, EncodeOptions, plug, types::Package};

/// The component with those of its imports answered that the adapter exports.
pub(crate) fn plugged(component: Vec<u8>, adapter: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let adapter = Package::from_bytes("adapter", None, adapter, graph.types_mut())?;
    let adapter = graph.register_package(adapter)?;
    let component = Package::from_bytes("component", None, component, graph.types_mut())?;
    let component = graph.register_package(component)?;
    plug(&mut graph, vec![adapter], component)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
