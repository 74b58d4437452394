//! `penstock sync` as a person runs it, into real files of SQLite and a real PostgreSQL.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod commands;
mod full;
mod kills;
#[cfg(target_os = "linux")]
mod memory;
#[path = "../support/python.rs"]
mod python;
mod servicepytan;
mod sessions;
#[path = "../support/steps.rs"]
mod steps;
mod support;
mod tap;
mod targets;
