//! What the instances of a deployment share, for any store and without I/O.
//!
//! [`turns`] is the plan of a rate limit: which turns belong to somebody, and who asks gets
//! the next ones. A store that runs scripts computes it by itself ([`redis`]); in one that has
//! only compare-and-swap, whoever asks does ([`embedded`]).

pub mod cell;
pub mod embedded;
pub mod names;
pub mod redis;
pub mod reopening;
pub mod turns;

pub use turns::{TurnRequest, Turns};
