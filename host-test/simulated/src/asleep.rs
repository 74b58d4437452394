//! A simulated Asleep on a loopback socket.
//!
//! It speaks real HTTP/1.1, holds users with sessions of every odd kind, refuses what the
//! provider's documents do not allow, and fails on request as the simulated ServiceTitan
//! does: faults, counters and the clock are the same.
//!
//! It knows nothing of Penstock's contract. What the provider's documents leave open (see
//! `docs/checklist.md`) is answered in the way that is harder for a client.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use penstock_simulated::asleep::{Config, SimulatedAsleep};
//!
//! let provider = SimulatedAsleep::start(Config::default()).await?;
//! println!("{provider}");
//! // ... point a client at provider.url() ...
//! provider.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod average;
mod checks;
mod config;
mod night;
mod report;
mod routes;
mod serve;
mod server;
mod world;

pub use config::{Config, Plan};
pub use night::{Oddity, State};
pub use server::SimulatedAsleep;
pub use world::World;
