//! What every request passes on its way in and out, whoever sends it: [`Visit`] puts it together.
//!
//! - without a key the address of the client counts ([`address`], [`AddressLimit`]);
//! - with one the key's restrictions and rates do ([`crate::keys`]);
//! - pages of the web are let in by [`cors`], and [`protection`] says what browsers may do with
//!   answers;
//! - one log line a request, and refusals at most one a second of a kind ([`log`]);
//! - one more for each write and each act of administration ([`audit`]);
//! - counters by key ([`metrics`]).

pub mod address;
mod address_limit;
mod asked;
pub mod audit;
pub mod cors;
pub mod family;
pub mod metrics;
pub mod network;
pub mod protection;
pub mod refusals;
pub mod settled;
mod visit;

pub use address_limit::AddressLimit;
pub use visit::Visit;

use crate::keys::Quotas;
use metrics::Metrics;
use refusals::Refusals;
use std::cell::RefCell;

/// The header fields that are read of every request here. Hosts need to hand over these as well as
/// [`HEADERS`](crate::request::HEADERS).
pub const HEADERS: [&str; 6] = [
    "access-control-request-headers",
    "access-control-request-method",
    "forwarded",
    "origin",
    "spin-client-addr",
    "x-forwarded-for",
];

/// What an instance counts from one request to the next.
#[derive(Debug, Default)]
pub struct Counts {
    /// The calls of keys.
    pub quotas: Quotas,
    /// Whoever has no key.
    pub addresses: RefCell<AddressLimit>,
    /// What was refused, for the log.
    pub refusals: RefCell<Refusals>,
    /// What was asked, for counters.
    pub metrics: RefCell<Metrics>,
}
