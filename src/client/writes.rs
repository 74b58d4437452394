//! Writes under way, and what they may have done by now: whoever ends the client in their midst wants to
//! know.

use crate::policy::classify::Effect;
use litemap::LiteMap;
use serde_json::{Value, json};
use std::cell::RefCell;

/// The writes under way, by the ids of their calls.
#[derive(Default)]
pub(crate) struct Writes(RefCell<LiteMap<String, Effect>>);

/// A write that is under way for as long as this lives.
pub(crate) struct UnderWay<'a> {
    writes: &'a Writes,
    id: &'a str,
}

impl Writes {
    /// Begins one, of which nothing was sent.
    pub(crate) fn begin<'a>(&'a self, id: &'a str) -> UnderWay<'a> {
        self.0.borrow_mut().insert(id.to_owned(), Effect::NotSent);
        UnderWay { writes: self, id }
    }

    /// Notes what a call may have done by now, if it is one of them.
    pub(crate) fn stands(&self, id: &str, effect: Effect) {
        if let Some(known) = self.0.borrow_mut().get_mut(id) {
            *known = effect;
        }
    }

    /// How many there are: of which nothing was sent, which were refused before they took effect and are
    /// to be sent again, and which may have taken effect.
    pub(crate) fn json(&self) -> Value {
        let writes = self.0.borrow();
        let count = |wanted: fn(Effect) -> bool| writes.values().filter(|effect| wanted(**effect)).count();
        json!({
            "notSent": count(|effect| effect == Effect::NotSent),
            "notApplied": count(|effect| effect == Effect::NotApplied),
            "inDoubt": count(|effect| effect > Effect::NotApplied),
        })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.writes.0.borrow_mut().remove(self.id);
    }
}
