//! The simulated vendor over real sockets: it has to be right before anything that
//! is proven with it can be.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "vendor/asleep.rs"]
mod asleep;
#[path = "vendor/client.rs"]
mod client;
#[path = "vendor/contract.rs"]
mod contract;
#[path = "vendor/doors.rs"]
mod doors;
#[path = "vendor/exports.rs"]
mod exports;
#[path = "vendor/faults.rs"]
mod faults;
#[path = "vendor/files.rs"]
mod files;
#[path = "vendor/fixture.rs"]
mod fixture;
#[path = "vendor/lists.rs"]
mod lists;
#[path = "vendor/modules.rs"]
mod modules;
#[path = "vendor/operations.rs"]
mod operations;
#[path = "vendor/reporting.rs"]
mod reporting;
#[path = "vendor/state.rs"]
mod state;
#[path = "vendor/writes.rs"]
mod writes;

/// The base of every path.
const JPM: &str = "/jpm/v2/tenant/1000001";
