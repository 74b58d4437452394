//! What an instance knows of the outbox.

use super::{
    Destinations, EventKey, Shelf, Unready,
    broker::{Broker, NoBroker},
    drain::Listing,
    key::Entity,
    size::Size,
};
use crate::recent::Recent;
use penstock::{
    client::Client,
    contract::FieldError,
    entry::webhooks::deployment_keys,
    host::{Host, HostError},
    policy::time::Tick,
    seal::SealKeys,
    settings::STATE_SECRET,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// The most lanes that are remembered to have to wait.
const MOST_LATER: usize = 4096;

/// How long they are at most, in milliseconds: another instance may have replayed what waits.
const LATER_MS: i64 = 60_000;

/// A destination's tag and an entity.
type LaneName = (String, String);

/// What an instance knows: its settings as of the last second, and what has to wait.
pub struct Outbox {
    pub(super) broker: Box<dyn Broker>,
    destinations: Recent<Result<Destinations, Unready>>,
    sealing: Recent<Result<SealKeys, Unready>>,
    /// Whether a pass is under way after some answer.
    pub(super) is_passing: Cell<bool>,
    /// Of what something was added since the last pass began.
    fresh: RefCell<BTreeSet<Entity>>,
    /// When this instance last asked whether it is time to look for all that is due.
    pub(super) last_look: Cell<Option<Tick>>,
    later: RefCell<BTreeMap<LaneName, i64>>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new(Box::new(NoBroker))
    }
}

impl Outbox {
    /// One that hands on to message queues over this.
    #[must_use]
    pub fn new(broker: Box<dyn Broker>) -> Self {
        Self {
            broker,
            destinations: Recent::default(),
            sealing: Recent::default(),
            is_passing: Cell::default(),
            fresh: RefCell::default(),
            last_look: Cell::default(),
            later: RefCell::default(),
        }
    }

    /// The destinations that the settings name.
    pub async fn destinations<H: Host>(&self, host: &H) -> Rc<Result<Destinations, Unready>> {
        self.destinations.get(host, super::read(host)).await
    }

    /// What records are sealed with.
    pub async fn sealing<H: Host>(&self, client: &Client<H>) -> Rc<Result<SealKeys, Unready>> {
        let read = async {
            deployment_keys(client, "outbox").await?.ok_or_else(|| {
                let why = "is not set, so that no webhook can be kept";
                Unready::Settings(vec![FieldError::new(STATE_SECRET, why)])
            })
        };
        self.sealing.get(client.host(), read).await
    }

    /// How much there will be with an event of so many bytes; none if there is no room for it.
    ///
    /// # Errors
    /// The store's trouble.
    pub(crate) async fn size_with<H: Host>(
        &self,
        shelf: &Shelf<'_, H>,
        destinations: &Destinations,
        bytes: usize,
    ) -> Result<Option<Size>, HostError> {
        let counted = match Size::noted(shelf.host).await? {
            Some(counted) => counted,
            None => Size::of(&Listing::read(shelf.host, destinations).await?.events),
        };
        let then = counted.plus(Size { entries: 1, bytes: bytes as u64 });
        let has_room = then.entries <= destinations.most_entries && then.bytes <= destinations.most_bytes;
        Ok(has_room.then_some(then))
    }

    /// An event about this was put in: a pass is due.
    pub(crate) fn nudge(&self, entity: Entity) {
        self.fresh.borrow_mut().insert(entity);
    }

    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.borrow().is_empty()
    }

    pub(super) fn take_fresh(&self) -> BTreeSet<Entity> {
        self.fresh.take()
    }

    /// Whether a lane has to wait, as far as this instance knows.
    pub(super) fn is_later(&self, event: &EventKey, tag: &str, now_ms: i64) -> bool {
        let name = (tag.to_owned(), event.entity.clone());
        self.later.borrow().get(&name).is_some_and(|due| now_ms < *due)
    }

    /// A lane has to wait until then.
    pub(super) fn wait(&self, event: &EventKey, tag: &str, due_ms: i64, now_ms: i64) {
        let mut later = self.later.borrow_mut();
        if later.len() >= MOST_LATER {
            later.retain(|_, due| now_ms < *due);
        }
        if later.len() < MOST_LATER {
            later.insert((tag.to_owned(), event.entity.clone()), due_ms.min(now_ms.saturating_add(LATER_MS)));
        }
    }

    /// A lane need not wait.
    pub(super) fn forget(&self, event: &EventKey, tag: &str) {
        self.later.borrow_mut().remove(&(tag.to_owned(), event.entity.clone()));
    }
}
