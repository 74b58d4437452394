//! A body of lines, whatever they tell.

use crate::{
    batch::Batch,
    listing::{Bytes, Ended, Listing},
    mcp::Underway,
    openapi::Document,
};
use penstock::host::Host;
use std::rc::Rc;

/// What is yet to be read, and written line by line.
pub enum Lines<H> {
    /// A whole list.
    List(Box<Listing<H>>),
    /// The results of a batch.
    Batch(Batch),
    /// The description of the gateway.
    Document(Rc<Document>),
    /// How far a read for an agent is, and its result.
    Events(Box<Underway<H>>),
}

impl<H: Host + 'static> Lines<H> {
    /// Writes all of it.
    pub async fn run(self, out: &mut impl Bytes) -> Ended {
        match self {
            Lines::List(listing) => listing.run(out).await,
            Lines::Batch(batch) => batch.run(out).await,
            Lines::Document(document) => document.run(out).await,
            Lines::Events(underway) => underway.run(out).await,
        }
    }
}
