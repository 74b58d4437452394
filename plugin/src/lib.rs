//! Penstock as a component: the exports of `penstock:plugin/plugin`.
//!
//! The core lives in the package `penstock`. A package of its own calls the export
//! macros, since exports of a library would leak into every component that links it.
#![cfg(target_family = "wasm")]

use penstock::exports::Component;

penstock::export!(Component with_types_in penstock::contract::bindings);

#[allow(unsafe_code, reason = "exported functions hand over raw memory by nature")]
#[allow(clippy::indexing_slicing, reason = "the indices are made together with the tables")]
mod providers {
    penstock::export_providers!();
}
