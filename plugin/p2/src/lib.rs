//! Penstock as a component for WASI 0.2: the exports of `penstock:plugin/plugin` as plain functions and resources.
//!
//! The core is the one that `plugin/` exports, and so are its tables; the build derives this contract from the
//! asynchronous one.
#![cfg(target_family = "wasm")]

use penstock::exports::p2::Component;

penstock::contract::p2::export_p2!(Component with_types_in penstock::contract::p2);

#[allow(unsafe_code, reason = "exported functions hand over raw memory by nature")]
#[allow(clippy::indexing_slicing, reason = "the indices are made together with the tables")]
mod providers {
    penstock::export_providers_p2!();
}
