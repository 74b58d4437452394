//! A vendor's records in a database, exactly once.
//!
//! - [`plan`] says which operations of the contract are copied, and into which tables;
//! - [`schema`] what such a table looks like, from the contract;
//! - [`record`] makes a row of a record, whatever the vendor sent;
//! - [`destination`] is where rows go: a file of SQLite, PostgreSQL, a folder of NDJSON. Rows and
//!   the position behind them become durable together;
//! - [`state`] is what a destination keeps of a table besides its rows;
//! - [`reader`] reads one table, [`run`] several at once;
//! - [`check`] holds a destination against the vendor;
//! - [`singer`] is the same as a Singer tap.
//!
//! `docs/sync.md` says what may be relied on.

pub mod batch;
pub mod check;
mod clock;
pub mod destination;
mod error;
pub mod plan;
pub mod reader;
pub mod record;
pub mod run;
pub mod schema;
pub mod singer;
pub mod state;

pub use error::Error;
