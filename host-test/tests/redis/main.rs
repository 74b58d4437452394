//! Tests on a real Redis: `redis-server` 7 on the PATH, one process for each test.
//!
//! `cargo test -p penstock-host --test redis -- --ignored`, or `.ci/leg gateway`, which
//! installs it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod between;
mod gateway;
mod operations;
mod outages;
mod server;
mod tls;
mod troubles;
mod turns;
