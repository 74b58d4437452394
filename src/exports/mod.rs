//! Binds the exports of the world `plugin` to the core.
//!
//! The vendors' functions are generated and all go through `vendor`; the interfaces of
//! `penstock:connector` are small enough to write. One connector serves all calls of
//! an instance.

mod admin;
#[cfg(feature = "files")]
mod files;
mod operations;
mod stream;
#[cfg(feature = "files")]
mod transfers;
pub mod vendor;
#[cfg(feature = "webhooks")]
mod webhooks;

use crate::{client::Connector, host::wasi::WasiHost};
use std::rc::Rc;

/// What `penstock_plugin.wasm` exports.
pub struct Component;

thread_local! {
    static CONNECTOR: Rc<Connector<WasiHost>> = Connector::new(WasiHost);
}

/// The connector of this instance.
fn connector() -> Rc<Connector<WasiHost>> {
    CONNECTOR.with(Rc::clone)
}
