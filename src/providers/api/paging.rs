//! How lists come in pages.

use super::Unreadable;
use crate::contract::catalogue::{self, Operation};
use bytes::Bytes;
use std::ops::Range;

/// How a provider's lists come in pages.
pub trait Paging {
    /// The query that selects a page.
    fn query(&self, operation: &Operation, page: &PageSelector) -> Vec<(&'static str, String)>;

    /// Takes a page apart.
    ///
    /// # Errors
    /// What is wrong with it.
    fn envelope(&self, paging: catalogue::Paging, body: &Bytes) -> Result<Envelope, Unreadable>;

    /// The query that keeps a list in one order while it is read; none if the provider
    /// cannot be asked for that.
    fn order(&self, _operation: &Operation) -> Option<Order> {
        None
    }

    /// The member of a record that holds its id.
    fn id_member(&self) -> &'static str {
        "id"
    }

    /// How many records a page of this operation may have.
    fn sizes(&self, operation: &Operation) -> Range<u32>;
}

/// A parameter that orders a list by the records' ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Its name, `sort`.
    pub parameter: &'static str,
    /// Its value for rising ids, `+Id`.
    pub oldest_first: &'static str,
    /// Its value for falling ids, `-Id`.
    pub newest_first: &'static str,
}

/// Which page to ask for.
#[derive(Debug, Clone, Default)]
pub struct PageSelector {
    /// Its number, for numbered pages.
    pub number: u32,
    /// Records a page, for numbered pages and offsets.
    pub size: u32,
    /// Records before it, for offsets.
    pub offset: u64,
    /// Whether to ask for the total.
    pub include_total: bool,
    /// Where to go on, for feeds and cursors.
    pub from: Option<String>,
}

/// A page, taken apart but not decoded.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The whole body.
    pub body: Bytes,
    /// Where each record stands in it.
    pub items: Vec<Range<usize>>,
    /// Where the id of each stands, if they were found with the records; empty for one that has
    /// none.
    pub ids: Option<Vec<Range<usize>>>,
    /// The number that the provider gives the page, if it gives one.
    pub number: Option<u32>,
    /// Whether the provider says that more follow; none when it does not say.
    pub has_more: Option<bool>,
    /// Records in the whole list, if it says.
    pub total: Option<u64>,
    /// Where a feed or a cursor goes on.
    pub continue_from: Option<String>,
}

impl Envelope {
    /// Puts the records into the other order.
    pub fn reverse(&mut self) {
        self.items.reverse();
        if let Some(ids) = &mut self.ids {
            ids.reverse();
        }
    }

    /// The records as JSON text.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.items.iter().map(|range| self.body.get(range.clone()).unwrap_or_default())
    }
}
