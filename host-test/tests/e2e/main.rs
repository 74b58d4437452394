//! End-to-end tests: the real component in real Wasmtime, over real sockets.
//!
//! One binary, so that all tests share one engine and one compiled component.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod asleep;
#[path = "../bad/mod.rs"]
mod bad;
mod bad_hosts;
mod echoes;
mod embed;
mod every_operation;
mod files;
mod gateway;
mod imports;
mod jpm;
mod readme;
mod reports;
mod support;
mod unsent;
mod webhooks;
