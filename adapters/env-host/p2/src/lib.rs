//! Answers the `penstock:host` of WASI 0.2 from environment variables, and from files that they name. There is no store.
#![cfg(target_family = "wasm")]

#[path = "../../../environment.rs"]
mod environment;
#[path = "../../../no_store.rs"]
mod no_store;

use bindings::exports::penstock::host::{config, secrets, state, types::HostError};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
    use super::Adapter;
    export!(Adapter);
}

struct Adapter;

impl secrets::Guest for Adapter {
    fn get(name: String) -> Result<Option<String>, HostError> {
        environment::get(&name).map_err(HostError::Failed)
    }
}

impl config::Guest for Adapter {
    fn get(name: String) -> Result<Option<String>, HostError> {
        environment::get(&name).map_err(HostError::Failed)
    }
}

no_store::no_store!();
