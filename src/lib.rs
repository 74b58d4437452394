//! Penstock's core: policy, normalisation and the vendors' peculiarities.
//!
//! A library without exports. `plugin/` exports it as a component, `gateway/`
//! serves it over HTTP under Spin; both stand on the same driver. Everything here
//! but the WASI adapter compiles natively and is tested without a wasm runtime.
//! `docs/architecture.md` follows one call through it.

pub mod abi;
pub mod apikey;
#[cfg(feature = "asleep")]
pub mod asleep;
pub mod batch;
pub mod bindings;
pub mod catalogue;
pub mod contract;
pub mod driver;
pub mod dynamic;
pub use penstock_engine as engine;
#[cfg(target_family = "wasm")]
pub mod exports;
pub mod files;
pub mod host;
pub mod local_day;
pub mod normalize;
pub mod pump;
#[cfg(feature = "servicetitan-base")]
pub mod servicetitan;
pub mod settings;
pub mod transfer;
pub mod typed;
pub mod vendor;
pub mod webhooks;

#[cfg(target_family = "wasm")]
pub use bindings::export;
