//! What is told of the client's work: log lines, counters, and a snapshot of its policies.

pub(crate) mod counters;
pub(crate) mod log;
pub(crate) mod snapshot;
