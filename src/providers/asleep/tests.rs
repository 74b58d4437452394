//! Asleep against a small model of it, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod cache;
mod composed;
mod lists;
mod model;
mod outdates;
mod refusals;
mod weaknesses;
