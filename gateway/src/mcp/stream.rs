//! A request that is answered with a stream of events: how far it is, and its result at the end.

use super::{
    cancelling::{Cancellation, unless},
    counting::Counting,
    output::Output,
    progress::{Events, Progress, Told},
    reading::Reading,
    revision::Revision,
    rpc,
};
use crate::{
    entrance::audit::{Actor, Conclusion},
    listing::{Bytes, Ended},
};
use futures_util::future::{Either, select};
use penstock::{client::Client, host::Host};
use std::{pin::pin, rc::Rc, time::Duration};

/// How often whoever waits hears that somebody is there: proxies end what is silent for a minute, some for half of one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A read that takes its time.
pub(super) enum Job<H> {
    /// Of a list or a report.
    Reading(Box<Reading<H>>),
    /// A count.
    Counting(Box<Counting<H>>),
}

impl<H: Host + 'static> Job<H> {
    /// Does it; none if nobody takes what is told any more.
    pub(super) async fn run(self, told: &mut impl Told) -> Option<Output> {
        match self {
            Job::Reading(reading) => reading.run(told).await,
            Job::Counting(counting) => counting.run(told).await,
        }
    }
}

/// A call that the audit is yet to tell of. One that ends without a result is told of as well.
pub(super) struct Act(Option<Write>);

type Write = Box<dyn FnOnce(&Conclusion)>;

impl Act {
    /// What the audit is to be told with; nothing if nobody is known who acts.
    pub(super) fn new<H: Host + 'static>(client: &Rc<Client<H>>, act: Option<(Actor, &'static str)>) -> Act {
        let client = Rc::clone(client);
        Act(act.map(|(actor, operation)| -> Write {
            Box::new(move |conclusion| actor.write(client.host(), operation, conclusion))
        }))
    }

    fn conclude(&mut self, conclusion: &Conclusion) {
        if let Some(write) = self.0.take() {
            write(conclusion);
        }
    }
}

impl Drop for Act {
    fn drop(&mut self) {
        self.conclude(&Conclusion::default());
    }
}

/// A request whose answer is yet to come.
pub struct Underway<H> {
    pub(super) client: Rc<Client<H>>,
    pub(super) job: Job<H>,
    pub(super) revision: Revision,
    /// The id of the request, JSON.
    pub(super) id: String,
    /// What ties notifications to it, JSON.
    pub(super) token: String,
    pub(super) act: Act,
    pub(super) cancellation: Rc<Cancellation>,
}

impl<H: Host + 'static> Underway<H> {
    /// Writes events until the result. A client that is gone has cancelled.
    pub async fn run(self, out: &mut impl Bytes) -> Ended {
        let Underway { client, job, revision, id, token, mut act, cancellation } = self;
        let events = Events::new(out, token);
        let mut progress = Progress { events: &events, last: 0 };
        let job = pin!(job.run(&mut progress));
        let alive = pin!(keep_alive(&client, &events));
        let done = async {
            match select(job, alive).await {
                Either::Left((done, _)) => done,
                // Nobody takes it any more.
                Either::Right(((), _)) => None,
            }
        };
        match unless(&cancellation, done).await {
            Ok(Some(output)) => {
                act.conclude(&output.conclusion);
                match events.send(&rpc::result(&id, &output.result(revision))).await {
                    true => Ended::Complete,
                    false => Ended::Abandoned,
                }
            }
            // No answer comes to what was cancelled (2025-11-25, "Cancellation").
            Err(_) => Ended::Complete,
            Ok(None) => Ended::Abandoned,
        }
    }
}

/// Ends when nobody takes it any more.
async fn keep_alive<H: Host>(client: &Client<H>, events: &Events<'_, impl Bytes>) {
    loop {
        client.host().sleep(KEEP_ALIVE).await;
        if !events.keep_alive().await {
            return;
        }
    }
}
