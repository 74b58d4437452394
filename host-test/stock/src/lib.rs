//! What tests on stock hosts need: the command line of a Wasmtime that knows nothing of Penstock and
//! has Wasmtime's own HTTP client, components with the adapter plugged in, and a server.
//!
//! `.ci/leg hosts` brings what is needed and says where it is:
//!
//! | variable | |
//! |---|---|
//! | `PENSTOCK_WASMTIME` | the command |
//! | `PENSTOCK_COMPONENTS` | the folder with `penstock_plugin.wasm` and `penstock_gateway.wasm` |
//! | `PENSTOCK_ADAPTER` | `penstock_adapter.wasm`, of `adapter/` |
//!
//! Without one of them the tests fail.

mod compose;
pub mod server;
pub mod wasmtime;
