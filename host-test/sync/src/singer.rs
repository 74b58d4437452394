//! The same reads as a Singer tap: what is written are messages on standard output, for a target.
//!
//! The specification is <https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md>. A stream is
//! a [`Table`](crate::schema::Table); its properties have the vendor's names.

mod catalog;
mod message;
mod schema;
mod state;

pub use catalog::{Catalog, Selected};
pub use message::Messages;
pub use state::Bookmarks;
