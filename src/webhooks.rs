//! Webhooks: what a provider sends by itself, verified, parsed, and handed out once.
//!
//! [`scheme`] says how a delivery proves where it comes from; it is asked before anything
//! of the body is parsed. A provider's own folder reads the body ([`Webhooks`]). [`claims`] sees
//! to it that an event reaches the consumer once, however often it is delivered.
//! [`entry::webhooks`](crate::entry::webhooks) strings these together.

pub mod claims;
mod delivery;
mod event;
pub mod scheme;
pub mod settings;
mod signature;
pub mod standard;

#[cfg(test)]
mod tests;

pub use self::{
    delivery::Delivery,
    event::{Event, Kind, Outdated, Subject, Trust, Unreadable},
};
pub use signature::{Encoding, sign};

use crate::settings::Setting;
use scheme::Scheme;

/// What a provider says of its webhooks.
pub trait Webhooks {
    /// The settings of an account's webhooks, besides those of [`settings::COMMON`]. The
    /// schemes that the provider knows are the choices of the first one, `WEBHOOK_SCHEME`.
    fn settings(&self) -> &'static [Setting];

    /// The scheme that a choice of `WEBHOOK_SCHEME` stands for.
    fn scheme(&self, choice: &str, header: &str, encoding: Encoding) -> Option<Scheme>;

    /// The secret, among the account's credentials, that deliveries carry, if there is one.
    fn key_setting(&self) -> Option<&'static str> {
        None
    }

    /// Reads a body whose origin is proved.
    ///
    /// # Errors
    /// What does not fit.
    fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable>;

    /// The kept answers that an event makes useless.
    fn outdates(&self, event: &Event) -> Vec<Outdated>;

    /// The operation, and its parameters, that reads what an event is about; none if it
    /// cannot be read.
    fn reread(&self, _event: &Event) -> Option<(&'static str, Vec<(String, String)>)> {
        None
    }
}
