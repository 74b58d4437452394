//! Answers `penstock:host` from environment variables, and from files that they name. There is no store.
#![cfg(target_family = "wasm")]

#[path = "../../environment.rs"]
mod environment;
#[path = "../../no_store.rs"]
mod no_store;

use bindings::exports::penstock::host::{config, secrets, state, types::HostError};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package penstock:env-host;
            world env-host {
                export penstock:host/types@0.1.0;
                export penstock:host/secrets@0.1.0;
                export penstock:host/config@0.1.0;
                export penstock:host/state@0.1.0;
            }
        ",
        path: "../../wit/host",
        world: "penstock:env-host/env-host",
        generate_all,
    });
    use super::Adapter;
    export!(Adapter);
}

struct Adapter;

impl secrets::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        environment::get(&name).map_err(HostError::Failed)
    }
}

impl config::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        environment::get(&name).map_err(HostError::Failed)
    }
}

no_store::no_store!(async);
