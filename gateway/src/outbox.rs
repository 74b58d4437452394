//! Events of webhooks on their way to destinations: kept until each destination has them.
//!
//! An event is one [record](Record) in the store, written once, for all its destinations: that write is what its
//! provider's 2xx stands for. How far a destination is with it is a second, small value ([`progress`]); none means that
//! it was not tried yet. Whoever hands events on takes the [lane](lane) of an entity and a destination, a lease in
//! the store, so that what happens to one thing arrives in order, and things do not wait for one another. When all
//! destinations have it, the record goes.
//!
//! | Key, below `penstock/` | Used with | Value | Kept |
//! |---|---|---|---|
//! | `outbox/{tenant}/<entity>/<sequence>-<bytes>-<tags>` | get, set, delete | the event, sealed | 30 days |
//! | `outbox/{tenant}/<entity>/<sequence>/<tag>` | get, set, delete | how far a destination is, sealed | 31 days |
//! | `outbox/{tenant}/<entity>/<sequence>/<tag>.done` | get, set, delete | that it has it, sealed | 31 days |
//! | `outbox/{tenant}/<entity>/<sequence>/<tag>.rest` | set, delete | that there is nothing to do, sealed | an hour |
//! | `outbox-turn/{tenant}/lease/<entity>/<tag>` | claim, swap, release | who hands on just now | 15 s, renewed |
//! | `outbox-turn/{tenant}/order/<entity>` | get, claim, swap | the last sequence number, and what waits | 31 days, or a day if nothing does |
//! | `outbox-turn/{tenant}/event/<event>` | claim | where an event was put | a week |
//! | `outbox-turn/{-}/pass`, `…/size` | claim; get, set | that somebody looked; how much there was | seconds |
//!
//! A pass lists the keys, and plans by them alone: what a destination has, and what is dead, costs it nothing more. One is
//! made every five seconds, by whichever instance comes first. To list is to go through all keys of the store, so
//! that an instance hands on what it took in itself by what the entity's [line](line) says, which is one value.
//!
//! Whatever dies between two of these operations has lost nothing: before the record there was no 2xx; after it the
//! next pass finds it, and ends the claim of the event if the one who took it in did not; a lease runs out; what was
//! sent and not noted is sent again under the same `webhook-id`, which is the one case of a second delivery. No late or
//! repeated operation brings an event back that all destinations had: only the one who takes it in, and a replay, write the record.
//!
//! Nothing is written without a `PENSTOCK_STATE_SECRET`, under which records are sealed: accounts' credentials
//! change while events wait, and an event that no longer opens is lost.

pub mod admin;
mod arq;
pub mod broker;
mod celery;
mod destination;
mod destinations;
mod drain;
mod figures;
mod http_delivery;
mod instance;
mod intake;
mod key;
mod lane;
mod log;
pub mod progress;
mod queue;
mod record;
mod schedule;
mod setting;
mod shelf;
mod size;
mod unready;

pub use self::{
    destination::Destination,
    destinations::Destinations,
    drain::{Counts, after},
    figures::Figures,
    instance::Outbox,
    key::EventKey,
    record::Record,
    shelf::Shelf,
    unready::Unready,
};
pub(crate) use self::{destinations::read, intake::put, setting::own_setting};
