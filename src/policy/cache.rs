//! Answers that are kept for a while.
//!
//! What a cached answer is kept under ([`key`]), what it is ([`entry`]), for how long it
//! serves ([`policy`]), whether one serves now ([`lookup`]), and the memory that holds
//! them ([`memory`]). Nothing here does I/O.
//!
//! Only answers of success are kept, and for some seconds that something is not there
//! (404, 410). Never kept are 401, 403, 429 and 5xx: they say something about the
//! moment or about the caller, not about the data.
//!
//! A write makes what is kept about its resource useless. Nothing is searched and
//! deleted: the resource's epoch, a part of the key, changes.

pub mod entry;
pub mod key;
pub mod lookup;
pub mod memory;
pub mod policy;

pub use entry::Entry;
pub use key::{Key, KeyParts};
pub use lookup::{Lookup, lookup};
pub use memory::Memory;
pub use policy::{Policy, Storable, storable};
