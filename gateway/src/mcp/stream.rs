//! A request that is answered with a stream of events: how far it is, and its result at the end.

use super::{
    counting::Counting,
    output::Output,
    progress::{Events, Told},
    reading::Reading,
    revision::Revision,
    rpc,
};
use crate::listing::{Bytes, Ended};
use penstock::host::Host;

/// A read that takes its time.
pub(super) enum Job<H> {
    /// Of a list or a report.
    Reading(Box<Reading<H>>),
    /// A count.
    Counting(Box<Counting<H>>),
}

impl<H: Host + 'static> Job<H> {
    /// Does it; none if nobody waits any more.
    pub(super) async fn run(self, told: &mut impl Told) -> Option<Output> {
        match self {
            Job::Reading(reading) => reading.run(told).await,
            Job::Counting(counting) => counting.run(told).await,
        }
    }
}

/// A request whose answer is yet to come.
pub struct Underway<H> {
    pub(super) job: Job<H>,
    pub(super) revision: Revision,
    /// The id of the request, JSON.
    pub(super) id: String,
    /// What ties notifications to it, JSON.
    pub(super) token: String,
}

impl<H: Host + 'static> Underway<H> {
    /// Writes events until the result. A client that is gone has cancelled.
    pub async fn run(self, out: &mut impl Bytes) -> Ended {
        let Underway { job, revision, id, token } = self;
        let mut events = Events { out, token, last: 0 };
        let Some(output) = job.run(&mut events).await else { return Ended::Abandoned };
        match events.send(&rpc::result(&id, &output.result(revision))).await {
            true => Ended::Complete,
            false => Ended::Abandoned,
        }
    }
}
