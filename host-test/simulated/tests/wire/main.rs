//! The simulated provider over real sockets: it has to be right before anything that
//! is proven with it can be.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod asleep;
mod client;
mod contract;
mod doors;
mod exports;
mod faults;
mod files;
mod fixture;
mod lists;
mod modules;
mod operations;
mod reporting;
mod state;
mod writes;

/// The base of every path.
const JPM: &str = "/jpm/v2/tenant/1000001";
