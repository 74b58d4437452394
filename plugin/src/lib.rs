//! Penstock as a component: the exports of `penstock:plugin/plugin`.
//!
//! The core lives in the package `penstock`. A package of its own calls the export
//! macro, since exports of a library would leak into every component that links it.
#![cfg(target_family = "wasm")]

use penstock::exports::Component;

penstock::export!(Component with_types_in penstock::bindings);
