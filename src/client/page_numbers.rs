//! Whether a page is the one that was asked for.

use crate::providers::api::{Envelope, PageSelector, Unreadable};
use std::cell::RefCell;

/// The lists whose pages are counted from 0 in the answers, though from 1 in the requests: that
/// is known as soon as the first page says that it is page 0.
#[derive(Default)]
pub(crate) struct PageNumbers {
    from_0: RefCell<Vec<&'static str>>,
}

/// What a page's number shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// It is the page that was asked for.
    Nothing,
    /// That this list counts from 0, which was not known.
    CountsFrom0,
}

impl PageNumbers {
    /// Whether a list is known to count from 0.
    pub(crate) fn counts_from_0(&self, operation: &str) -> bool {
        self.from_0.borrow().contains(&operation)
    }

    /// A read that goes on with a later page knows it from the read before.
    pub(crate) fn learn(&self, operation: &'static str) {
        let mut from_0 = self.from_0.borrow_mut();
        if !from_0.contains(&operation) {
            from_0.push(operation);
        }
    }

    /// Refuses the answer of another request, mixed up on the way. Asking again may bring the
    /// right one.
    ///
    /// # Errors
    /// The page has another number than was asked for.
    pub(crate) fn check(
        &self,
        operation: &'static str,
        envelope: &Envelope,
        asked: Option<&PageSelector>,
    ) -> Result<Shows, Unreadable> {
        let asked = asked.map_or(0, |asked| asked.number);
        let Some(number) = envelope.number.filter(|_| asked > 0) else { return Ok(Shows::Nothing) };
        let mut from_0 = self.from_0.borrow_mut();
        let known = from_0.contains(&operation);
        match (asked, number) {
            // The first page is certain, whatever was thought before.
            (1, 0) if !known => {
                from_0.push(operation);
                Ok(Shows::CountsFrom0)
            }
            (1, 1) if known => {
                from_0.retain(|name| *name != operation);
                Ok(Shows::Nothing)
            }
            _ if number == asked - u32::from(known) => Ok(Shows::Nothing),
            _ => Err(Unreadable {
                malformed: true,
                path: "$.page".to_owned(),
                message: format!("is {number}, and page {asked} was asked for"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "jpm.jobs-list";

    fn checked(
        numbers: &PageNumbers,
        operation: &'static str,
        asked: u32,
        says: Option<u32>,
    ) -> Option<Shows> {
        let envelope = Envelope {
            body: Default::default(),
            items: Vec::new(),
            ids: None,
            number: says,
            has_more: None,
            total: None,
            continue_from: None,
        };
        let asked = PageSelector { number: asked, ..PageSelector::default() };
        numbers.check(operation, &envelope, Some(&asked)).ok()
    }

    #[test]
    fn another_page_is_refused() {
        let numbers = PageNumbers::default();
        assert_eq!(checked(&numbers, LIST, 2, Some(2)), Some(Shows::Nothing));
        assert_eq!(checked(&numbers, LIST, 2, None), Some(Shows::Nothing));
        assert_eq!(checked(&numbers, LIST, 0, Some(7)), Some(Shows::Nothing), "a feed has no numbers");
        assert_eq!((checked(&numbers, LIST, 2, Some(1)), checked(&numbers, LIST, 1, Some(2))), (None, None));
    }

    #[test]
    fn a_list_that_counts_from_0_is_known_by_its_first_page() {
        let numbers = PageNumbers::default();
        assert_eq!(checked(&numbers, LIST, 1, Some(0)), Some(Shows::CountsFrom0));
        assert_eq!(checked(&numbers, LIST, 1, Some(0)), Some(Shows::Nothing), "once");
        assert_eq!(checked(&numbers, LIST, 2, Some(1)), Some(Shows::Nothing));
        assert_eq!((checked(&numbers, LIST, 2, Some(2)), checked(&numbers, LIST, 3, Some(0))), (None, None));
        assert_eq!(checked(&numbers, "jpm.job-types-list", 2, Some(1)), None);
        // It may be mended one day.
        assert_eq!(checked(&numbers, LIST, 1, Some(1)), Some(Shows::Nothing));
        assert_eq!(checked(&numbers, LIST, 2, Some(1)), None);
    }
}
