//! A request of an instance that is under way.

use super::{Inner, Instance};
use crate::{
    breaker::Probe,
    life::Life,
    trace::{Event, Who},
};
use std::rc::Rc;

/// A request under way. Dropping it is an abort.
pub(super) struct Flight {
    pub(super) instance: Instance,
    /// For this call.
    pub(super) who: Who,
    /// In which life of the instance.
    pub(super) life: Rc<Life>,
    /// For a token: of which credential.
    pub(super) credential: Option<String>,
    pub(super) probe: Option<Probe>,
    /// Whether its answer came.
    pub(super) landed: bool,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let world = self.instance.world();
        if !self.landed {
            world.note(self.who, &Event::Aborted);
        }
        // What a former life sent is not under way in this one.
        if self.life.is_over() {
            return;
        }
        let Inner { breakers, fetching, .. } = &*self.instance.0;
        if let Some(probe) = &self.probe {
            breakers.borrow_mut().ended(probe);
        }
        match &self.credential {
            Some(credential) => {
                if let Some(under_way) = fetching.borrow_mut().get_mut(credential) {
                    *under_way = under_way.saturating_sub(1);
                }
            }
            None => world.landed(self.who),
        }
    }
}
