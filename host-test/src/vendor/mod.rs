//! A simulated ServiceTitan on a loopback socket.
//!
//! It speaks real HTTP/1.1 and plays both hosts, the one that gives out tokens
//! (`POST /connect/token`) and the one that answers the API. Tests, the demo and
//! anybody who points a client at it use it: it has the vendor's paging, filters,
//! exports, errors, limits and quirks, state that writes change, and it fails on
//! request in every way that a network and a vendor fail.
//!
//! What it knows of the vendor's paths and shapes comes from fixtures of its own
//! (`fixture/`), never from Penstock's contract.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use penstock_host::vendor::{Config, FaultKind, Faults, SimulatedVendor};
//!
//! let vendor = SimulatedVendor::start(Config {
//!     jobs: 1_000,
//!     faults: Faults::mixed(0.1),
//!     ..Config::default()
//! })
//! .await?;
//! println!("{vendor}");
//! // ... point a client at vendor.url() ...
//! assert!(vendor.stats().faults.contains_key(&FaultKind::BadGateway));
//! vendor.shutdown().await;
//! # Ok(())
//! # }
//! ```

pub(crate) mod answer;
mod auth;
mod body;
mod clock;
mod config;
pub(crate) mod data;
mod declared;
mod errors;
mod exports;
pub(crate) mod faults;
mod generic;
pub(crate) mod limiter;
pub(crate) mod listen;
mod lists;
mod members;
mod operations;
mod query;
mod reads;
mod reporting;
pub(crate) mod response;
mod router;
pub(crate) mod serve;
mod server;
mod socket;
pub(crate) mod stats;
mod storage;
mod time;
mod world;
mod writes;

pub use clock::Clock;
pub use config::{Account, Config, RateLimit, RetryAfter};
pub use data::Resource;
pub use faults::{FaultKind, Faults, Matcher};
pub use server::SimulatedVendor;
pub use stats::{Seen, Stats};
pub use world::World;
