//! Answers the `penstock:host` of WASI 0.2 from the variables of a Spin application, which are read at each use. There is no store.
#![cfg(target_family = "wasm")]

#[path = "../../../no_store.rs"]
mod no_store;

use bindings::{
    exports::penstock::host::{config, secrets, state, types::HostError},
    fermyon::spin::variables,
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
    use super::Adapter;
    export!(Adapter);
}

struct Adapter;

impl secrets::Guest for Adapter {
    fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name)
    }
}

impl config::Guest for Adapter {
    fn get(name: String) -> Result<Option<String>, HostError> {
        get(&name)
    }
}

no_store::no_store!();

/// Names of variables are in lower case. One that the manifest does not declare is one that is not set.
fn get(name: &str) -> Result<Option<String>, HostError> {
    match variables::get(&name.to_lowercase()) {
        Ok(value) => Ok(Some(value)),
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => Ok(None),
        Err(variables::Error::Provider(why) | variables::Error::Other(why)) => Err(HostError::Failed(why)),
    }
}
