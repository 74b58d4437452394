//! What log lines tell to others: StatsD daemons, Sentry, Rollbar.
//!
//! The component writes a line for each call and each failure, and no secret into any. What is here makes of these
//! lines what others understand: each is a place for lines, beside the usual one ([`Logs::and`](crate::Logs::and)). Lines below
//! `LOG_LEVEL` are not written: with `info`, which is usual, every call has one.

mod line;
mod report;
mod rollbar;
mod sentry;
mod statsd;

pub use rollbar::Rollbar;
pub use sentry::{InvalidDsn, Sentry};
pub use statsd::{StatsD, StatsDFlavour, StatsDNames};
