//! The order of the house: which folder may import which, and names that mean one thing.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot read the sources has failed"
)]

#[path = "imports.rs"]
mod imports;
#[path = "names.rs"]
mod names;
#[path = "source.rs"]
mod source;
