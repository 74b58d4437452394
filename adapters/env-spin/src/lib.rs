//! Answers what the gateway and the adapters for Spin ask of it: variables from environment variables, and from files
//! that they name; there is no store, and no Redis.
#![cfg(target_family = "wasm")]

#[path = "../../environment.rs"]
mod environment;

use bindings::exports::{
    fermyon::spin::variables as variables_p2,
    spin::{redis::redis, variables::variables},
    wasi::keyvalue::{atomics, store},
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package penstock:env-spin;
            world env-spin {
                export fermyon:spin/variables@2.0.0;
                export spin:redis/redis@3.0.0;
                export spin:variables/variables@3.0.0;
                export wasi:keyvalue/store@0.2.0-draft2;
                export wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        path: [
            "../../host-test/wit/spin/deps/variables", "../../gateway/wit/keyvalue", "../../gateway/wit/redis",
            "../wit/spin-p2",
        ],
        world: "penstock:env-spin/env-spin",
        generate_all,
    });
    export!(Adapter with_types_in self);
    use super::Adapter;
}

struct Adapter;

impl variables::Guest for Adapter {
    async fn get(name: String) -> Result<String, variables::Error> {
        let value = environment::get(&name.to_uppercase()).map_err(variables::Error::Provider)?;
        value.ok_or(variables::Error::Undefined(name))
    }
}

impl variables_p2::Guest for Adapter {
    fn get(name: String) -> Result<String, variables_p2::Error> {
        let value = environment::get(&name.to_uppercase()).map_err(variables_p2::Error::Provider)?;
        value.ok_or(variables_p2::Error::Undefined(name))
    }
}

/// What no store ever hands out.
enum Never {}

impl store::Guest for Adapter {
    type Bucket = Never;

    fn open(_: String) -> Result<store::Bucket, store::Error> {
        Err(store::Error::NoSuchStore)
    }
}

impl store::GuestBucket for Never {
    fn get(&self, _: String) -> Result<Option<Vec<u8>>, store::Error> {
        match *self {}
    }

    fn set(&self, _: String, _: Vec<u8>) -> Result<(), store::Error> {
        match *self {}
    }

    fn delete(&self, _: String) -> Result<(), store::Error> {
        match *self {}
    }

    fn exists(&self, _: String) -> Result<bool, store::Error> {
        match *self {}
    }

    fn list_keys(&self, _: Option<String>) -> Result<store::KeyResponse, store::Error> {
        match *self {}
    }
}

impl redis::Guest for Adapter {
    type Connection = Never;
}

impl redis::GuestConnection for Never {
    async fn open(_: String) -> Result<redis::Connection, redis::Error> {
        Err(redis::Error::InvalidAddress)
    }

    async fn execute(
        &self,
        _: String,
        _: Vec<redis::RedisParameter>,
    ) -> Result<Vec<redis::RedisResult>, redis::Error> {
        match *self {}
    }
}

impl atomics::Guest for Adapter {
    type Cas = Never;

    fn increment(_: store::BucketBorrow<'_>, _: String, _: i64) -> Result<i64, store::Error> {
        Err(store::Error::NoSuchStore)
    }

    fn swap(_: atomics::Cas, _: Vec<u8>) -> Result<(), atomics::CasError> {
        Err(atomics::CasError::StoreError(store::Error::NoSuchStore))
    }
}

impl atomics::GuestCas for Never {
    fn new(_: store::BucketBorrow<'_>, _: String) -> Result<atomics::Cas, store::Error> {
        Err(store::Error::NoSuchStore)
    }

    fn current(&self) -> Result<Option<Vec<u8>>, store::Error> {
        match *self {}
    }
}
