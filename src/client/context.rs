//! What the client says to itself about a call.

use super::{Client, transport::memory::PageOfRead};
use crate::{
    host::Host,
    policy::{limiter::queue::Caller, time::Tick},
};

/// What the client says to itself about a call. A caller's wishes are in
/// [`CallOptions`](crate::call::CallOptions); a request that is made on the way of a call gets
/// a context of its own, so that no flag reaches it by oversight.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Our id of the call: 16 hexadecimal digits.
    pub(crate) id: String,
    /// When it began.
    pub(crate) began: Tick,
    /// Who calls, if the call is part of something larger; a call alone is a caller of its
    /// own.
    pub(crate) caller: Option<Caller>,
    /// Since when it waits, if it is a part of something that began before it: its place in
    /// line is that of the whole.
    pub(crate) queued_since: Option<Tick>,
    /// Whether to wait for a provider that has been failing for as long as the deadline
    /// allows: for whole reads, which are long anyway. Others wait as often as they may try.
    pub(crate) patient: bool,
    /// Neither from the cache nor into it: a part of a whole read, whose pages must be of one
    /// age.
    pub(crate) uncached: bool,
    /// Whether the provider took the same parameters before, so that they need no check
    /// against its schema.
    pub(crate) schema_checked: bool,
    /// Which page of a whole read it asks for, if it does.
    pub(crate) page: Option<PageOfRead>,
    /// Whether it is the client's own part of a call whose role was checked.
    pub(crate) role_checked: bool,
}

impl CallContext {
    pub(crate) fn begin<H: Host>(client: &Client<H>) -> CallContext {
        let began = client.host.now();
        CallContext {
            id: format!("{:016x}", client.host.random()),
            began,
            caller: None,
            queued_since: None,
            patient: false,
            uncached: false,
            schema_checked: false,
            page: None,
            role_checked: false,
        }
    }

    /// The context of a further request of the same call, under its id.
    pub(crate) fn further(&self, began: Tick) -> CallContext {
        CallContext { began, ..self.clone() }
    }
}
