//! A fault that lasts a while.

use crate::{fault::Fault, trace::Who, world::World};
use std::time::Duration;

/// Until when a fault lasts. It counts once, when it first hits something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultWindow {
    until: Duration,
    counted: bool,
}

impl FaultWindow {
    /// One that lasts until then.
    pub(crate) fn until(until: Duration) -> FaultWindow {
        FaultWindow { until, counted: false }
    }

    /// Whether it hits what happens now.
    pub(crate) fn hits(&mut self, world: &World, who: Who, fault: Fault) -> bool {
        if world.now() >= self.until {
            return false;
        }
        match std::mem::replace(&mut self.counted, true) {
            true => world.trouble(),
            false => world.fault(who, fault),
        }
        true
    }
}
