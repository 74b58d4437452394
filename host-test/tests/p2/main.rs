//! The component for WASI 0.2 in real Wasmtime, with `wasi:http` as Wasmtime has it, over real sockets.
//!
//! The tests build it themselves, with few modules; `PENSTOCK_P2` names a file that is to be tested instead.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../bad/mod.rs"]
mod bad;
mod bad_hosts;
mod calls;
mod component;
mod files;
mod host;
mod hostile;
mod imports;
mod lists;
mod memory;
#[path = "../../build/nested.rs"]
mod nested;
mod penstock;
mod same;
mod speed;
mod webhooks;
