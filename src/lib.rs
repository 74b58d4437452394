//! Penstock's core: a client of providers' REST APIs, with policies, codec and providers.
//!
//! A library without exports. `plugin/` exports it as a component, `gateway/`
//! serves it over HTTP under Spin; both stand on the same client. Everything here
//! but the WASI adapter compiles natively and is tested without a wasm runtime.
//! `docs/architecture.md` follows one call through it.

pub mod answer;
pub mod api_key;
pub mod call;
pub mod client;
pub mod codec;
pub mod contract;
pub mod entry;
#[cfg(target_family = "wasm")]
pub mod exports;
pub mod failure;
pub mod files;
pub mod host;
#[cfg(any(target_family = "wasm", test))]
mod linear;
pub use penstock_policy as policy;
pub use penstock_state as state;
pub mod providers;
pub mod seal;
pub mod settings;
pub mod webhooks;

#[cfg(target_family = "wasm")]
pub use crate::contract::bindings::export;
