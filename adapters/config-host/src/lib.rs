//! Answers `penstock:host` from `wasi:config`. There is no store.
#![cfg(target_family = "wasm")]

#[path = "../../no_store.rs"]
mod no_store;

use bindings::{
    exports::penstock::host::{config, secrets, state, types::HostError},
    wasi::config::store,
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package penstock:config-host;
            world config-host {
                import wasi:config/store@0.2.0-rc.1;
                export penstock:host/types@0.1.0;
                export penstock:host/secrets@0.1.0;
                export penstock:host/config@0.1.0;
                export penstock:host/state@0.1.0;
            }
        ",
        path: ["../../wit/host", "../wit/config"],
        world: "penstock:config-host/config-host",
        generate_all,
    });
    use super::Adapter;
    export!(Adapter);
}

struct Adapter;

impl secrets::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name)
    }
}

impl config::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name)
    }
}

no_store::no_store!(async);

fn get(name: &str) -> Result<Option<String>, HostError> {
    store::get(name).map_err(|error| match error {
        store::Error::Upstream(why) | store::Error::Io(why) => HostError::Failed(why),
    })
}
