//! Whole reads: calls strung together, pages fetched ahead and delivered in order.

mod open;
mod pages;

pub use pages::Page;

use super::{Answer, Call, Connector, Options, Payload, failure};
use crate::{
    catalogue::Operation,
    contract::{Failure, FailureKind, ListEnd},
    engine::{
        pager::{Guard, Progress},
        resume::Resume,
        time::Tick,
    },
    host::Host,
    vendor::{Envelope, PageAsked},
};
use futures_util::{
    future::LocalBoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use pages::{Fetch, Pager};
use std::{collections::BTreeMap, rc::Rc};

/// Reads a list from where it is told to the end.
///
/// [`Reader::next`] gives a page, [`Reader::delivered`] takes note of what the
/// consumer took of it, and [`Reader::read_ahead`] goes on fetching meanwhile.
pub struct Reader<H> {
    connector: Rc<Connector<H>>,
    call: Rc<Call>,
    options: Options,
    /// When the whole read must be over, if its caller said so.
    deadline: Option<Tick>,
    /// What a `resume` text must have been made for.
    identity: u64,
    page_size: u32,
    include_total: bool,
    pager: Pager,
    flights: FuturesUnordered<LocalBoxFuture<'static, Landed>>,
    held: BTreeMap<u32, Held>,
    failures: BTreeMap<u32, Failure>,
    current: Option<u32>,
}

/// A page that is kept until it was delivered.
struct Held {
    envelope: Envelope,
    call_id: String,
    status: u16,
}

/// A fetch that ended.
struct Landed {
    page: u32,
    result: Result<Answer, Failure>,
}

impl<H: Host + 'static> Reader<H> {
    /// The next records, or none at the end.
    ///
    /// # Errors
    /// Whatever ended the read; `resume` in it says where to go on.
    pub async fn next(&mut self) -> Result<Option<Page>, Failure> {
        loop {
            self.launch();
            if let Some(page) = self.ready() {
                return Ok(Some(page));
            }
            match self.pager.progress() {
                Progress::Ended => return Ok(None),
                Progress::Stopped(guard) => return Err(self.stopped(guard)),
                Progress::FetchFailed { page } => {
                    let failure =
                        self.failures.remove(&page).unwrap_or_else(|| internal("a fetch failed silently"));
                    return Err(self.resumable(failure));
                }
                Progress::Going => {}
            }
            match self.flights.next().await {
                Some(landed) => self.land(landed),
                None => return Err(self.resumable(internal("the read stands still"))),
            }
        }
    }

    /// Fetches ahead as far as the bounds allow. Ends when nothing is under way.
    pub async fn read_ahead(&mut self) {
        loop {
            self.launch();
            match self.flights.next().await {
                Some(landed) => self.land(landed),
                None => return,
            }
        }
    }

    /// The consumer took this many records of the page that came last.
    pub fn delivered(&mut self, records: usize) {
        let Some(page) = self.current else { return };
        self.pager.delivered(page, records);
        let pager = &self.pager;
        self.held.retain(|page, _| pager.keeps(*page));
        self.connector.stats.borrow_mut().records(records);
    }

    /// How the read ended, or stands.
    #[must_use]
    pub fn end(&self, complete: bool) -> ListEnd {
        ListEnd { items: self.pager.items(), pages: self.pager.pages(), complete, resume: self.resume() }
    }

    /// The failure, with where to go on.
    #[must_use]
    pub fn resumable(&self, failure: Failure) -> Failure {
        let failure = failure.of(self.call.operation.name, "", Vec::new());
        Failure { resume: Some(self.resume()), ..failure }
    }

    /// The operation that is read.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.call.operation
    }

    /// Goes on after the last record that was delivered.
    fn resume(&self) -> String {
        Resume {
            operation: self.call.operation.name.to_owned(),
            query: self.identity,
            position: self.pager.position(),
            done: self.pager.progress() == Progress::Ended,
        }
        .encode()
    }

    fn ready(&mut self) -> Option<Page> {
        let ready = self.pager.ready()?;
        let held = self.held.get(&ready.page)?;
        self.current = Some(ready.page);
        let last = ready.first.saturating_add(ready.count);
        Some(Page {
            body: held.envelope.body.clone(),
            records: held.envelope.items.get(ready.first..last)?.to_vec(),
            first: ready.first,
            call_id: held.call_id.clone(),
            status: held.status,
        })
    }

    fn launch(&mut self) {
        while let Some(fetch) = self.pager.next_fetch() {
            let (page, asked) = self.asked(fetch);
            let fetch = self.fetch(&asked);
            self.flights.push(Box::pin(async move { Landed { page, result: fetch.await } }));
        }
    }

    /// Fetches a page within what is left of the whole read's deadline.
    fn fetch(&self, asked: &PageAsked) -> impl Future<Output = Result<Answer, Failure>> + 'static {
        let (connector, call, asked) = (self.connector.clone(), self.call.clone(), asked.clone());
        let mut options = self.options.clone();
        options.deadline =
            self.deadline.map(|deadline| connector.host.now().until(deadline)).or(options.deadline);
        async move {
            match options.deadline {
                Some(left) if left.is_zero() => Err(failure::late("the deadline of the read passed")),
                _ => connector.call(&call, Some(&asked), &options).await,
            }
        }
    }

    fn asked(&self, fetch: Fetch) -> (u32, PageAsked) {
        match fetch {
            Fetch::Numbered(number) => {
                let (size, include_total) = (self.page_size, self.include_total);
                (number, PageAsked { number, size, include_total, from: None })
            }
            Fetch::Feed { page, from } => (page, PageAsked { from, ..PageAsked::default() }),
        }
    }

    fn land(&mut self, Landed { page, result }: Landed) {
        match result {
            Ok(Answer { status, payload: Payload::Page(envelope), call_id, .. }) => {
                self.connector.stats.borrow_mut().page();
                if self.pager.arrived(page, &envelope) {
                    self.held.insert(page, Held { envelope, call_id, status });
                }
            }
            Ok(_) => self.fail(page, internal("a list answered without a page")),
            Err(failure) => self.fail(page, failure),
        }
    }

    fn fail(&mut self, page: u32, failure: Failure) {
        if self.pager.failed(page) {
            self.failures.insert(page, failure);
        }
    }

    fn stopped(&self, guard: Guard) -> Failure {
        self.resumable(failure::refused(FailureKind::Paging, guard.to_string(), Vec::new()))
    }
}

fn internal(message: &str) -> Failure {
    failure::refused(FailureKind::Internal, message, Vec::new())
}
