//! Penstock's core: policy, normalisation and the vendors' peculiarities.
//!
//! A library without exports. `plugin/` exports it as a component, `gateway/`
//! serves it over HTTP under Spin; both stand on the same driver. Everything here
//! but the WASI adapter compiles natively and is tested without a wasm runtime.
//! `docs/architecture.md` follows one call through it.

pub mod bindings;
pub mod catalogue;
pub mod normalize;
