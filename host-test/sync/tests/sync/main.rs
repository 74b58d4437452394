//! Copies into a real file of SQLite: what a destination does with what it gets, and whole reads of a simulated
//! vendor through the real component.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod destination;
mod foreign;
mod plan;
mod reads;
mod support;
