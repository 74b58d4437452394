//! Binds the exports of the world `plugin` of WASI 0.2 to the core: what the modules beside this one do for 0.3, with
//! plain functions, and resources in the place of streams.
//!
//! A call runs on a reactor of the instance's own (`host::wasi::p2`) until it is done. One client serves all calls.

mod admin;
#[cfg(feature = "files")]
mod files;
mod operations;
pub mod provider;
mod reader;
mod slab;
#[cfg(feature = "files")]
mod transfers;
#[cfg(feature = "webhooks")]
mod webhooks;
#[cfg(feature = "files")]
mod writer;

use crate::{client::Client, host::wasi::p2::WasiHost};
use std::rc::Rc;

/// What `penstock_plugin_p2.wasm` exports.
pub struct Component;

thread_local! {
    static CLIENT: Rc<Client<WasiHost>> = Client::new(WasiHost);
}

/// The client of this instance.
fn client() -> Rc<Client<WasiHost>> {
    CLIENT.with(Rc::clone)
}
