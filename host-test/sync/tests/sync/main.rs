//! Copies in a real file of SQLite and a real PostgreSQL: what a destination does with what it gets, and whole reads of a simulated
//! vendor through the real component.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod columns;
mod destination;
mod files;
mod foreign;
mod gone;
mod plan;
mod reads;
mod support;
mod tls;
mod types;
