//! What tests on stock hosts need: the command line of a Wasmtime that knows nothing of Penstock and
//! has Wasmtime's own HTTP client, components with the adapter plugged in, programs in other languages that call
//! the component for WASI 0.2, and a server.
//!
//! `.ci/leg hosts` brings what is needed and says where it is:
//!
//! | variable | |
//! |---|---|
//! | `PENSTOCK_WASMTIME` | the command |
//! | `PENSTOCK_COMPONENTS` | the folder with `penstock_plugin.wasm` and `penstock_gateway.wasm` |
//! | `PENSTOCK_ADAPTER` | `penstock_adapter.wasm`, of `adapter/` |
//! | `PENSTOCK_P2` | `penstock_plugin_p2.wasm` |
//! | `PENSTOCK_PYTHON` | a Python that has what `python/requirements.txt` lists |
//! | `PENSTOCK_NODE` | a folder with what stands in `node/`, what that needs, and the component as JavaScript |
//!
//! Without one of them the tests fail.

mod compose;
pub mod program;
pub mod provider;
pub mod server;
pub mod wasmtime;

use anyhow::{Context, Result};
use std::{env, path::PathBuf};

fn needed(variable: &str) -> Result<PathBuf> {
    let value = env::var_os(variable);
    Ok(value.with_context(|| format!("{variable} is not set: run .ci/leg hosts"))?.into())
}
