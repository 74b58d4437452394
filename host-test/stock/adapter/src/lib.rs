//! Answers what the components import besides WASI from environment variables, so that hosts
//! which know nothing of Penstock run them. Tests plug it into both (`host-test/stock`).
//! There is no store: each instance works alone.
#![cfg(target_family = "wasm")]

use bindings::exports::{
    penstock::host::{config, secrets, state, types::HostError},
    spin::{redis::redis, variables::variables},
    wasi::keyvalue::{atomics, store},
};
use std::env;

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package penstock:adapter;
            world adapter {
                export penstock:host/types@0.1.0;
                export penstock:host/secrets@0.1.0;
                export penstock:host/config@0.1.0;
                export penstock:host/state@0.1.0;
                export spin:redis/redis@3.0.0;
                export spin:variables/variables@3.0.0;
                export wasi:keyvalue/store@0.2.0-draft2;
                export wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        path: [
            "../../../wit/host", "../../wit/spin/deps/variables", "../../../gateway/wit/keyvalue",
            "../../../gateway/wit/redis",
        ],
        world: "penstock:adapter/adapter",
        generate_all,
    });
    export!(Adapter with_types_in self);
    use super::Adapter;
}

struct Adapter;

impl secrets::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        Ok(env::var(name).ok())
    }
}

impl config::Guest for Adapter {
    async fn get(name: String) -> Result<Option<String>, HostError> {
        Ok(env::var(name).ok())
    }
}

impl variables::Guest for Adapter {
    async fn get(name: String) -> Result<String, variables::Error> {
        env::var(name.to_uppercase()).map_err(|_| variables::Error::Undefined(name))
    }
}

fn no_store<T>() -> Result<T, HostError> {
    Err(HostError::Unavailable("this host has no store".to_owned()))
}

impl state::Guest for Adapter {
    async fn get(_: String) -> Result<Option<Vec<u8>>, HostError> {
        no_store()
    }

    async fn set(_: String, _: Vec<u8>, _: Option<u64>) -> Result<(), HostError> {
        no_store()
    }

    async fn delete(_: String) -> Result<(), HostError> {
        no_store()
    }

    async fn claim(_: String, _: Vec<u8>, _: u64) -> Result<Option<Vec<u8>>, HostError> {
        no_store()
    }

    async fn swap(_: String, _: Vec<u8>, _: Vec<u8>, _: u64) -> Result<bool, HostError> {
        no_store()
    }

    async fn release(_: String, _: Vec<u8>) -> Result<(), HostError> {
        no_store()
    }

    async fn list_keys(_: String, _: u32) -> Result<Vec<String>, HostError> {
        no_store()
    }

    async fn take_turns(_: String, _: state::TurnRequest) -> Result<state::Turns, HostError> {
        no_store()
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
