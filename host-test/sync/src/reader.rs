//! Reads one table to its end.

mod repeat;
mod since;
mod stream;

pub use since::since;

use crate::{
    Error, clock,
    destination::Destination,
    schema::Table,
    state::{State, Written},
};
use penstock::contract::catalogue::Paging;
use penstock_host::Plugin;
use penstock_json::Instant;
use std::sync::Arc;
use tokio::sync::watch;

/// How often a list that changed under its read is read again before it is left for the next run.
const DRIFTS: u32 = 3;

/// How old a read of a list may be that is gone on with, in milliseconds: a day. What it saw first may be
/// gone since.
const OLDEST: i64 = 24 * 60 * 60 * 1_000;

/// What is read, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The account whose credentials are used; the default one if none.
    pub account: Option<String>,
    /// Only what has changed since then: a date, or a point in time. Nothing is marked as deleted then.
    pub since: Option<String>,
    /// Read everything from the beginning, and take the vendor's word for it: also a version that is older
    /// than what is there.
    pub full: bool,
    /// Pages to fetch ahead; the component's own choice if none.
    pub window: Option<u32>,
}

/// Something that is worth knowing while a table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// So many more records have come.
    Records(u64),
    /// So many there are in all, as the vendor says.
    Total(u64),
    /// The list changed while it was read, and is read again.
    Drifted,
    /// It failed for a while, and goes on.
    Repeated,
}

/// Takes events.
pub type Told<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// What a read came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Records that were read.
    pub records: u64,
    /// What was written.
    pub written: Written,
    /// Rows that were marked as deleted since the vendor does not list them any more.
    pub gone: u64,
    /// Whether the list changed under each read, so that records may be missing until the next.
    pub drifted: bool,
}

/// A table that is read.
pub struct Reader<'a> {
    /// Who asks the vendor.
    pub plugin: &'a Plugin,
    /// Where rows go.
    pub destination: &'a Arc<dyn Destination>,
    /// How.
    pub options: &'a Options,
    /// The table.
    pub table: &'a Arc<Table>,
    /// Whose records, where they are read owner by owner; else empty.
    pub owner: &'a str,
    /// Becomes true when it is to end.
    pub stop: watch::Receiver<bool>,
    /// Who is told.
    pub told: Told<'a>,
}

impl Reader<'_> {
    /// Reads from where the last read stopped to the end.
    ///
    /// # Errors
    /// The vendor's and the destination's; what was written before stays, and the next read goes on there.
    pub async fn read(self) -> Result<Done, Error> {
        let mut done = Done::default();
        let found = self.destination.state(self.table, self.owner).await?.unwrap_or_default();
        let mut state = self.next(&found);
        for again in 0..DRIFTS {
            self.to_the_end(&mut state, &mut done).await?;
            done.drifted = state.drifted;
            if !state.drifted || again + 1 == DRIFTS {
                break;
            }
            (self.told)(Event::Drifted);
            state = self.anew(&state, state.since.clone());
        }
        let reconcile = state.whole && !state.drifted;
        let ended = State { reading: false, finished: clock::now_ms(), error: None, ..state };
        done.gone = self.destination.finish(self.table, self.owner, ended, reconcile).await?;
        Ok(done)
    }

    fn is_feed(&self) -> bool {
        self.table.source.paging == Paging::Export
    }

    /// The read to make: the one that was not ended, or the next.
    fn next(&self, found: &State) -> State {
        let age = clock::now_ms().saturating_sub(found.began);
        // A clock that went back says nothing of the age.
        let is_young = self.is_feed() || (0..OLDEST).contains(&age);
        let goes_on = !self.options.full && self.is_covered_by(found);
        if found.reading && goes_on && is_young {
            return State { error: None, ..found.clone() };
        }
        if self.is_feed() && goes_on && found.position.is_some() {
            let next = self.anew(found, found.since.clone());
            return State { position: found.position.clone(), whole: false, ..next };
        }
        self.anew(found, self.options.since.clone())
    }

    /// Whether what was read so far is all of what is asked for: it was asked for without a time, or for what has changed since
    /// the same or an earlier one.
    fn is_covered_by(&self, found: &State) -> bool {
        let Some(since) = found.since.as_deref() else { return true };
        let Some(wanted) = self.options.since.as_deref() else { return false };
        let time = |text| Instant::parse(text).map(|instant| (instant.seconds(), instant.nanoseconds()));
        wanted == since || time(wanted).zip(time(since)).is_some_and(|(wanted, since)| wanted >= since)
    }

    /// A read from the beginning.
    fn anew(&self, last: &State, since: Option<String>) -> State {
        let since = since.filter(|_| self.since_parameter().is_some());
        State {
            generation: last.generation.saturating_add(1),
            reading: true,
            whole: since.is_none(),
            trusted: self.options.full,
            since,
            began: clock::now_ms(),
            finished: last.finished,
            ..State::default()
        }
    }

    /// The parameter that asks for what has changed since.
    fn since_parameter(&self) -> Option<&'static str> {
        let wanted = if self.is_feed() { "from" } else { "modifiedOnOrAfter" };
        let field = self.table.source.query?.field(wanted, 0);
        // A feed's belongs to its pages, and need not be among its fields.
        field.map(|(_, field)| field.wire).or_else(|| self.is_feed().then_some(wanted))
    }

    fn parameters(&self, state: &State) -> Vec<(String, String)> {
        let since = state.since.clone().zip(self.since_parameter());
        let owner = self.table.owner.and_then(|at| self.table.columns.get(at));
        let since = since.map(|(since, name)| (name.to_owned(), since));
        since.into_iter().chain(owner.map(|owner| (owner.wire.to_string(), self.owner.to_owned()))).collect()
    }
}
