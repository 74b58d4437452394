//! Answers `penstock:host` from the variables of a Spin application, which are read at each use. There is no store.
#![cfg(target_family = "wasm")]

#[path = "../../no_store.rs"]
mod no_store;

use bindings::{
    exports::penstock::host::{config, secrets, state, types::HostError},
    spin::variables::variables,
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package penstock:spin-host;
            world spin-host {
                import spin:variables/variables@3.0.0;
                export penstock:host/types@0.1.0;
                export penstock:host/secrets@0.1.0;
                export penstock:host/config@0.1.0;
                export penstock:host/state@0.1.0;
            }
        ",
        path: ["../../wit/host", "../../host-test/wit/spin/deps/variables"],
        world: "penstock:spin-host/spin-host",
        generate_all,
    });
    use super::Adapter;
    export!(Adapter);
}

struct Adapter;

impl secrets::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name).await
    }
}

impl config::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name).await
    }
}

no_store::no_store!(async);

/// Names of variables are in lower case. One that the manifest does not declare is one that is not set.
async fn get(name: &str) -> Result<Option<String>, HostError> {
    match variables::get(name.to_lowercase()).await {
        Ok(value) => Ok(Some(value)),
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => Ok(None),
        Err(variables::Error::Provider(why) | variables::Error::Other(why)) => Err(HostError::Failed(why)),
    }
}
