//! A simulated ServiceTitan on a loopback socket.
//!
//! It plays both hosts, the one that gives out tokens (`POST /connect/token`) and the
//! one that answers the API. It has the provider's paging, filters, exports, errors,
//! limits and quirks, and state that writes change.
//!
//! What it knows of the provider's paths and shapes comes from fixtures of its own
//! (`fixture/`), never from Penstock's contract.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use penstock_simulated::{
//!     FaultKind, Faults,
//!     servicetitan::{Config, SimulatedServiceTitan},
//! };
//!
//! let provider = SimulatedServiceTitan::start(Config {
//!     jobs: 1_000,
//!     faults: Faults::mixed(0.1),
//!     ..Config::default()
//! })
//! .await?;
//! println!("{provider}");
//! // ... point a client at provider.url() ...
//! assert!(provider.stats().faults.contains_key(&FaultKind::BadGateway));
//! provider.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod auth;
mod body;
mod config;
mod data;
mod declared;
mod errors;
mod exports;
mod faults;
mod generic;
mod lists;
mod members;
mod operations;
mod query;
mod reads;
mod reporting;
mod router;
mod serve;
mod server;
mod storage;
mod time;
mod world;
mod writes;

pub use config::{Account, Config, RetryAfter};
pub use data::Resource;
pub use server::SimulatedServiceTitan;
pub use world::World;
