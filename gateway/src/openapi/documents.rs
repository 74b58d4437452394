//! The documents that an instance keeps.

use super::{Part, document};
use crate::validation;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

/// How many parts are kept beside the whole: as many as there are kinds of keys that ask often.
const MOST_PARTS: usize = 3;

/// A document, and what its copies are compared by.
pub struct Document {
    pub(super) json: Vec<u8>,
    pub(super) tag: String,
}

impl Document {
    fn of(part: &Part) -> Rc<Document> {
        let json = document::document(part);
        let tag = validation::tag(&json);
        Rc::new(Document { json, tag })
    }
}

/// Documents that were asked for.
#[derive(Default)]
pub struct Documents {
    whole: RefCell<Option<Rc<Document>>>,
    /// Those asked for last come first.
    parts: RefCell<VecDeque<(Part, Rc<Document>)>>,
}

impl Documents {
    /// The document of this part, made if nobody has asked for it lately.
    #[must_use]
    pub fn of(&self, part: &Part) -> Rc<Document> {
        if part.is_whole() {
            return Rc::clone(self.whole.borrow_mut().get_or_insert_with(|| Document::of(part)));
        }
        let mut parts = self.parts.borrow_mut();
        let place = parts.iter().position(|(known, _)| known == part);
        let kept = place.and_then(|place| parts.remove(place));
        let (_, document) = kept.unwrap_or_else(|| (part.clone(), Document::of(part)));
        parts.push_front((part.clone(), Rc::clone(&document)));
        parts.truncate(MOST_PARTS);
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Key;

    fn part(module: &str) -> Part {
        Part::of(&Key { modules: Some([module.to_owned()].into()), ..Key::named(String::new()) })
    }

    #[test]
    fn a_few_are_kept_those_that_are_asked_for_among_them() {
        let documents = Documents::default();
        let (whole, jpm) = (documents.of(&Part::default()), documents.of(&part("jpm")));
        assert!(jpm.json.len() < whole.json.len() && jpm.tag != whole.tag);
        for module in ["crm", "sales", "telecom", "forms"] {
            _ = documents.of(&part(module));
            assert!(Rc::ptr_eq(&jpm, &documents.of(&part("jpm"))), "{module}");
        }
        assert!(Rc::ptr_eq(&whole, &documents.of(&Part::default())));
        assert_eq!(documents.parts.borrow().len(), MOST_PARTS);
    }
}
