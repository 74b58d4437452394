//! What stands behind the handles of resources whose functions the build writes.

use std::{cell::RefCell, rc::Rc};

/// Values by number. 0 is no number.
pub(super) struct Slab<T>(RefCell<Vec<Option<Rc<T>>>>);

impl<T> Slab<T> {
    pub(super) const fn new() -> Slab<T> {
        Slab(RefCell::new(Vec::new()))
    }

    /// Keeps a value, under a number that nothing else has meanwhile.
    pub(super) fn insert(&self, value: T) -> u32 {
        let (mut values, value) = (self.0.borrow_mut(), Some(Rc::new(value)));
        let free = values.iter().position(Option::is_none);
        let index = free.unwrap_or(values.len());
        match values.get_mut(index) {
            Some(place) => *place = value,
            None => values.push(value),
        }
        u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
    }

    pub(super) fn get(&self, number: u32) -> Option<Rc<T>> {
        self.0.borrow().get(index(number)?)?.clone()
    }

    pub(super) fn remove(&self, number: u32) -> Option<Rc<T>> {
        self.0.borrow_mut().get_mut(index(number)?)?.take()
    }
}

fn index(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}
