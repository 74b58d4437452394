//! What a pass is for, and what follows it.

use super::super::{EventKey, key::Entity};
use std::{collections::BTreeSet, time::Duration};

/// What a pass is for.
pub(crate) struct Scope {
    /// Entities of which events came just now.
    pub(crate) fresh: BTreeSet<Entity>,
    /// Whether it is for all others as well.
    pub(crate) all: bool,
}

impl Scope {
    pub(super) fn has(&self, event: &EventKey) -> bool {
        self.all || self.is_fresh(event)
    }

    pub(super) fn is_fresh(&self, event: &EventKey) -> bool {
        self.fresh.contains(&event.entity())
    }
}

/// What is to follow a pass.
#[derive(Debug, Default)]
pub(crate) struct Next {
    /// When there is more to do.
    pub(crate) wait: Option<Duration>,
    /// Entities that came just now, and of which somebody else hands events on.
    pub(crate) busy: BTreeSet<Entity>,
}
