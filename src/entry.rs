//! The ways in: typed calls, calls by name, many at once, and streams of records and files.

pub mod account;
pub mod batch;
pub mod dry_run;
pub mod dynamic;
pub mod form;
pub mod stream_file;
pub mod stream_records;
pub mod typed;
#[cfg(feature = "webhooks")]
pub mod webhooks;
