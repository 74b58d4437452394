//! Between a provider's JSON and the types of the contract.
//!
//! The tables of the [`catalogue`](crate::contract::catalogue) describe them as data.
//! Everything here walks a table beside a value, so no code is written or generated
//! per record, and the dynamic interface, where a value is JSON on both sides, follows
//! the same rules:
//!
//! ```text
//! provider JSON     -- parse ------------+            +-- lower ----> memory (see abi)
//! a person's JSON -- body -------------+--> Value --+-- print ----> provider JSON
//! memory          -- lift, check ------+            +-- print ----> normal form
//! ```
//!
//! A provider's JSON that is plain, as nearly all of it is, takes a shorter way, in one pass and
//! without a [`Value`](value::Value) (`penstock-json`). `parse` has the last word on what is not.
//!
//! Vendors change their answers without notice. So reading is lenient where nothing
//! is lost (unknown fields and enum values are kept, nulls understood, half a surrogate pair
//! replaced), and exact everywhere else: a wrong type is an error with its JSON path, never a
//! guess, and what the caller gets of a record that has one is the caller's choice. What
//! a person writes is held to the names that the contract knows, since a person
//! makes typos; `extra` is the way around that.
//!
//! Before anything is read, [`check_limits`] bounds its size and depth.

mod body;
mod check;
pub(crate) mod coding;
mod decimal;
mod decode_error;
mod digits;
mod lift;
pub mod local_day;
mod lower;
mod mend;
mod misfit;
mod parse;
mod path;
mod print;
mod query;
mod query_text;
mod raw;
mod reread;
mod rfc3339;
mod scalar;
mod schema;
mod sum;
mod transcode;
mod typo;
pub(crate) mod url;
mod value;

#[cfg(test)]
mod tests;

pub use body::body_from_json;
pub use coding::{Coding, Decoder, Undecodable};
pub use decode_error::DecodeError;
pub use digits::whole_number;
pub use lift::{lift_body, lift_query, lift_text};
#[cfg(test)]
pub(crate) use lift::{lift_normal, lift_value};
pub use lower::{decode, decode_into, decode_misfit};
pub use mend::mend;
pub use misfit::{marked, shown_id};
pub use penstock_json::{
    Elements, Instant, LimitExceeded, MAX_DEPTH, PlainPage, Scratch, check_limits, is_closed, one_line,
    plain_array, plain_elements, plain_member, plain_page,
};
pub use query_text::{parameter_from_text, query_from_text};
pub use raw::last_member;
pub use rfc3339::rfc3339;
pub use schema::json_schema;
pub use sum::Sum;
pub use transcode::{text, transcode, transcode_into};
