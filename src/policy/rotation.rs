//! Which of two sets of credentials to use.
//!
//! A tenant's credentials stand in two slots, so that they can be changed without a call
//! that fails: the new secret is put into the secondary slot, the old one is revoked at
//! the provider's, and some time later the new one is moved to the primary slot.
//!
//! [`Rotation`] stays with the slot that worked last. When that one is refused it names
//! the other. It knows nothing of the secrets themselves.

/// One of the two places for a tenant's credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The one that everybody has.
    #[default]
    Primary,
    /// The one for the time of a change.
    Secondary,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }

    /// As it stands in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

/// Other credentials than before are in use, to be logged and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot in use until now.
    pub from: Slot,
    /// The slot in use from now on.
    pub to: Slot,
}

/// Which slot of one tenant to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// To be tried first.
    preferred: Slot,
    /// The one whose credentials gave the last token.
    working: Slot,
    /// Whether the secondary slot holds something else than the primary one.
    two: bool,
    /// Whether the slot was given up because of the API's refusals, since a token last
    /// served.
    gave_up: bool,
}

impl Rotation {
    /// A fetch begins, and so many slots differ: `two` is false when the secondary one is
    /// empty or repeats the primary one. Returns the slot to try first.
    pub fn begin(&mut self, two: bool) -> Slot {
        self.two = two;
        if !two {
            self.preferred = Slot::Primary;
        }
        self.preferred
    }

    /// The token endpoint refused this slot's credentials: the next try, in this fetch or
    /// in a later one, begins with the other slot, if there is one.
    pub fn refused(&mut self, slot: Slot) {
        if self.two {
            self.preferred = slot.other();
        }
    }

    /// Whether there were two slots that differ when a fetch last began.
    #[must_use]
    pub fn has_two(&self) -> bool {
        self.two
    }

    /// The token endpoint issued a token for this slot's credentials.
    pub fn worked(&mut self, slot: Slot) -> Option<SlotChange> {
        let from = std::mem::replace(&mut self.working, slot);
        self.preferred = slot;
        (from != slot).then_some(SlotChange { from, to: slot })
    }

    /// The slot whose credentials gave the last token.
    #[must_use]
    pub fn working(&self) -> Slot {
        self.working
    }

    /// The next fetch begins with this slot.
    pub fn prefer(&mut self, slot: Slot) {
        self.preferred = slot;
    }

    /// The API takes the token of the present slot.
    pub fn served(&mut self) {
        self.gave_up = false;
    }

    /// The API refuses one new token of the present slot after the other, though the token
    /// endpoint issues them: another secret of the slot may be at fault, such as an app
    /// key. The next fetch begins with the other slot.
    ///
    /// Returns whether that one may be asked at once. It may not when it was the first to
    /// be given up: then both are at fault, or neither.
    pub fn give_up(&mut self) -> bool {
        if !self.two {
            return false;
        }
        self.preferred = self.preferred.other();
        !std::mem::replace(&mut self.gave_up, true)
    }
}

#[cfg(test)]
mod tests;
