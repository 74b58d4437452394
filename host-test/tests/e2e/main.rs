//! End-to-end tests: the real component in real Wasmtime, over real sockets.
//!
//! One binary, so that all tests share one engine and one compiled component.

mod embed;
mod support;
