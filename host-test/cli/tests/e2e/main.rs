//! The program itself, as a person runs it.
//!
//! One binary, so that all tests share one compiled component.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod batch;
mod commands;
mod doctor;
mod feed;
mod files;
mod full;
mod guide;
mod kills;
mod lists;
mod mcp;
mod misfits;
mod positions;
mod programs;
mod proxy;
mod secrets;
mod serve;
mod settings;
mod signals;
mod state;
#[path = "../support/steps.rs"]
mod steps;
mod support;
mod terminal;
