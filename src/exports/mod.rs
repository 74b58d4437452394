//! Binds the exports of the world `plugin` to the core.
//!
//! The vendors' functions are generated (`build/glue.rs`); the interfaces of
//! `penstock:connector` are small enough to write. One connector serves all calls of
//! an instance.

mod admin;
mod operations;
mod stream;
mod webhooks;

use crate::{bindings::wit_stream, driver::Connector, host::wasi::WasiHost, typed::Request};
use std::rc::Rc;
use stream::stream;

/// What `penstock_plugin.wasm` exports.
pub struct Component;

thread_local! {
    static CONNECTOR: Rc<Connector<WasiHost>> = Connector::new(WasiHost);
}

/// The connector of this instance.
fn connector() -> Rc<Connector<WasiHost>> {
    CONNECTOR.with(Rc::clone)
}

include!(concat!(env!("OUT_DIR"), "/glue.rs"));
