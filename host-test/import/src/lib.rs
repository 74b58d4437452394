//! Turns a provider's OpenAPI 3.0 document into a WIT interface of the contract, with the
//! tags that the build reads, and compares a newer document with a WIT that is there.
//!
//! The rules are those of `docs/import.md`. What a rule cannot know (a better name, an
//! effect that differs from its method's) stands in one overrides file, [`Overrides`].
#![allow(
    clippy::indexing_slicing,
    reason = "serde_json gives null for a member that is not there; what is written to was checked to be an object"
)]

mod check;
mod document;
mod names;
mod operations;
mod overrides;
mod paging;
pub mod run;
mod types;
mod words;
mod write;

pub use check::{Endpoint, check, endpoints};
pub use document::Document;
pub use overrides::{Module, Overrides};
pub use write::module;
