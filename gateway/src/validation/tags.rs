//! The tags of answers that went out not long ago.

use super::tag;
use std::{
    cell::RefCell,
    collections::VecDeque,
    hash::{BuildHasher as _, RandomState},
};

/// How many are remembered.
const MOST: usize = 64;

/// What an instance remembers: an answer that is kept goes out many times, and its digest took half of what the
/// component does for it. It is known by its length and a hash under a key of this instance, which takes a tenth of
/// that and says nothing of what was in the answer.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    known: RefCell<VecDeque<Tagged>>,
    key: RandomState,
}

#[derive(Debug)]
struct Tagged {
    length: usize,
    hash: u64,
    tag: String,
}

impl Tags {
    /// The strong tag of a body.
    pub(crate) fn of(&self, body: &str) -> String {
        let (length, hash) = (body.len(), self.key.hash_one(body.as_bytes()));
        let mut known = self.known.borrow_mut();
        let place = known.iter().position(|tagged| (tagged.length, tagged.hash) == (length, hash));
        let tagged = place.and_then(|place| known.remove(place));
        let tagged = tagged.unwrap_or_else(|| Tagged { length, hash, tag: tag(body.as_bytes()) });
        let tag = tagged.tag.clone();
        known.truncate(MOST - 1);
        known.push_front(tagged);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_is_remembered_is_that_of_the_body() {
        let tags = Tags::default();
        let bodies: Vec<String> = (0..MOST * 2).map(|number| format!("[{number}]")).collect();
        for body in bodies.iter().chain(&bodies).chain(bodies.iter().rev()) {
            assert_eq!(tags.of(body), tag(body.as_bytes()));
        }
        let known = tags.known.borrow();
        assert_eq!(known.len(), MOST);
        let last = bodies.first().map(|body| tag(body.as_bytes()));
        assert_eq!(
            known.front().map(|tagged| &tagged.tag),
            last.as_ref(),
            "that of the body that was asked for last"
        );
    }
}
