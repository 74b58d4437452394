//! Every state of a small model: three calls that share a breaker, an access token and a
//! limit group.
//!
//! The policies are the product's own, set up small. The calls go the way of the client
//! (`src/client/attempts.rs`, `acquire.rs`, `accounts/token.rs`), one step from one wait to the next.
//! What is not theirs to decide is tried both ways: what the provider answers and when,
//! whether a token is issued, who goes on first, when time passes, and whether a caller
//! loses patience. `stateright` visits each state that can come of that, once, and asks
//! each of the [`rules`].
//!
//! Bounds: a clock of whole quanta up to a horizon, one call for each caller, few attempts
//! for each call, one limit group in one instance (what instances agree on is tested with
//! the limiter), no randomness (waits are as long as they can be).
//!
//! `cargo test -p penstock-policy --test exhaustive -- --nocapture` prints the numbers. The
//! policies' own defects need their feature: `cargo test -p penstock-policy --features
//! failpoints --test exhaustive`.
#![allow(clippy::indexing_slicing, clippy::panic, reason = "a model that goes wrong has failed")]

mod calls;
mod checks;
mod defects;
mod events;
mod ledger;
mod model;
mod provider;
mod rules;
mod state;
mod token;
