//! The providers: companies whose APIs are called.
//!
//! [`api`] is what the client asks of any of them, [`registry`] knows them all; each has a
//! folder of its own for what only it does. None of them uses the client.

pub mod api;
#[cfg(feature = "asleep")]
pub mod asleep;
pub mod registry;
#[cfg(feature = "servicetitan-base")]
pub mod servicetitan;
