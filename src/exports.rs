//! Binds the exports of the world `plugin` to the core.
//!
//! The providers' functions are generated and all go through `provider`; the interfaces of
//! `penstock:connector` are small enough to write. One client serves all calls of
//! an instance.

mod admin;
#[cfg(feature = "files")]
mod files;
mod operations;
#[cfg(feature = "p2")]
pub mod p2;
pub mod provider;
mod stream;
#[cfg(feature = "files")]
mod transfers;
#[cfg(feature = "webhooks")]
mod webhooks;

use crate::{client::Client, host::wasi::WasiHost};
use std::rc::Rc;

/// What `penstock_plugin.wasm` exports.
pub struct Component;

thread_local! {
    static CLIENT: Rc<Client<WasiHost>> = Client::new(WasiHost);
}

/// The client of this instance.
fn client() -> Rc<Client<WasiHost>> {
    CLIENT.with(Rc::clone)
}
