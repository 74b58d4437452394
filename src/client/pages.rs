//! Whole reads: calls strung together, pages fetched ahead and delivered in order.

mod ids;
mod open;
mod pager;
mod probe;
mod single;

pub use pager::Page;

use super::{CallContext, Client, transport::memory::PageOfRead};
use crate::{
    answer::{Answer, Misfits, Payload},
    call::CallOptions,
    contract::{
        Failure, FailureKind, FieldError, ListEnd, Misfit, OnMisfit,
        catalogue::{Operation, Paging},
    },
    failure::{self, internal},
    host::Host,
    policy::{
        limiter::queue::Caller,
        pager::{Guard, Progress},
        resume::Resume,
        time::Tick,
    },
    providers::api::{Envelope, PageSelector, ResolvedCall},
};
use futures_util::{
    future::LocalBoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use litemap::LiteMap;
use pager::{Fetch, Pager};
use probe::Probing;
use std::{cell::Cell, rc::Rc};

/// Reads a list from where it is told to the end.
///
/// [`Reader::next`] gives a page, [`Reader::delivered`] takes note of what the
/// consumer took of it, and [`Reader::read_ahead`] goes on fetching meanwhile.
pub struct Reader<H> {
    client: Rc<Client<H>>,
    /// What is asked for, page by page.
    call: Rc<ResolvedCall>,
    options: CallOptions,
    /// Who takes turns with others.
    caller: Option<Caller>,
    began: Tick,
    /// Whether all pages are wanted, and not one.
    whole: bool,
    /// When the whole read must be over, if its caller said so.
    deadline: Option<Tick>,
    /// When it asks for no further page, whatever its caller said.
    latest: Tick,
    /// What a `resume` text must have been made for.
    identity: u64,
    site: String,
    page_size: u32,
    /// Whether a page has come: the provider takes the parameters.
    schema_checked: bool,
    /// Whether to ask for the total.
    include_total: Total,
    probing: Probing,
    pager: Pager,
    /// The page to deliver next, for those under way.
    head: Rc<Cell<u32>>,
    /// The largest page so far, in bytes.
    largest: usize,
    in_flight: FuturesUnordered<LocalBoxFuture<'static, Completed>>,
    buffered: LiteMap<u32, Buffered>,
    failures: LiteMap<u32, Failure>,
    current: Option<u32>,
    misfits: Misfits,
    /// How many of the records that the pager counts as delivered were left out.
    left_out: u64,
    /// How many records there are, as the provider said last.
    total: Option<u64>,
}

/// Where a whole read stands, behind everything that was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPosition {
    /// Goes on from here.
    pub resume: String,
    /// Pages that the records came from.
    pub pages: u32,
    /// How many records there are in all, if the provider has said so.
    pub total: Option<u64>,
    /// Whether nothing is left behind it, as far as the provider has said.
    pub is_end: bool,
}

/// A page that is kept until it was delivered.
struct Buffered {
    envelope: Envelope,
    call_id: String,
    status: u16,
}

/// A fetch that ended: of a page, or of the probe that comes before them.
struct Completed {
    page: Option<u32>,
    result: Result<Answer, Failure>,
}

/// When a page's request asks for the number of records in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    /// Never.
    No,
    /// Once, as long as it is not known: it costs the provider time.
    Once,
    /// The caller wants it.
    Always,
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
            match self.in_flight.next().await {
                Some(completed) => self.complete(completed),
                None => return Err(self.resumable(internal("the read stands still"))),
            }
        }
    }

    /// Fetches ahead as far as the bounds allow. Ends when nothing is under way.
    pub async fn read_ahead(&mut self) {
        loop {
            self.launch();
            match self.in_flight.next().await {
                Some(completed) => self.complete(completed),
                None => return,
            }
        }
    }

    /// The consumer took this many records of the page that came last.
    pub fn delivered(&mut self, records: usize) {
        let Some(page) = self.current else { return };
        self.pager.delivered(page, records);
        self.head.set(self.pager.head());
        let pager = &self.pager;
        self.buffered.retain(|page, _| pager.keeps(*page));
        self.client.telemetry.counters.borrow_mut().records(records);
    }

    /// One of the records that the consumer took, or was spared because it was `left_out`,
    /// does not fit the contract.
    pub fn misfit(&mut self, misfit: Misfit, left_out: bool) {
        let misfit = self.placed(misfit);
        let misfit = if self.misfits.names_more() { self.client.clean_misfit(misfit) } else { misfit };
        self.misfits.add(misfit);
        self.left_out += u64::from(left_out);
    }

    /// The same without secrets; see [`Client::clean_misfit`].
    pub(crate) fn clean(&self, misfit: Misfit) -> Misfit {
        self.client.clean_misfit(self.placed(misfit))
    }

    /// With the page that it is on, if that is all there is to find it by.
    fn placed(&self, misfit: Misfit) -> Misfit {
        let Some(page) = self.current.filter(|_| misfit.id.is_none()) else { return misfit };
        let place = match self.operation().paging {
            // Their pages have no numbers of the vendor's; ours begin with 0.
            Paging::Export | Paging::Cursor => format!("page {} of this read", page.saturating_add(1)),
            _ => format!("page {page}"),
        };
        Misfit { reason: format!("{} ({place})", misfit.reason), ..misfit }
    }

    /// What becomes of a record that does not fit the contract.
    #[must_use]
    pub fn on_misfit(&self) -> OnMisfit {
        self.options.on_misfit()
    }

    /// The member of a record that holds its id, if they have one.
    #[must_use]
    pub fn id_member(&self) -> Option<&'static str> {
        id_member(&self.call)
    }

    /// How the read ended, or stands.
    #[must_use]
    pub fn end(&self, complete: bool) -> ListEnd {
        ListEnd {
            items: self.pager.items().saturating_sub(self.left_out),
            pages: self.pager.pages(),
            suppressed: self.pager.suppressed(),
            drifted: self.pager.drifted(),
            complete,
            misfits: self.misfits.count(),
            first_misfits: self.misfits.first().to_vec(),
            resume: self.resume(),
        }
    }

    /// Where the read stands.
    #[must_use]
    pub fn position(&self) -> ListPosition {
        ListPosition {
            resume: self.resume(),
            pages: self.pager.pages(),
            total: self.total,
            is_end: matches!(self.pager.progress(), Progress::Ended),
        }
    }

    /// The failure, with where to go on, and with the records behind that place that did not
    /// fit the contract: nobody tells of them again.
    #[must_use]
    pub fn resumable(&self, failure: Failure) -> Failure {
        let mut failure = failure.of(self.call.call.operation.name, "", Vec::new());
        failure.fields.extend(self.misfits.first().iter().map(|Misfit { id, path, reason }| {
            let id = id.as_ref().map(|id| format!(" with id {id}")).unwrap_or_default();
            FieldError::new(path.clone(), format!("the record{id} did not fit: {reason}"))
        }));
        Failure { resume: Some(self.resume()), ..failure }
    }

    /// The operation that is read.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.call.call.operation
    }

    /// Goes on after the last record that was delivered.
    fn resume(&self) -> String {
        Resume {
            operation: self.call.call.operation.name.to_owned(),
            query: self.identity,
            site: self.site.clone(),
            position: self.pager.position(),
            done: self.pager.progress() == Progress::Ended,
            from_0: self.client.page_numbers.counts_from_0(self.call.call.operation.name),
        }
        .encode()
    }

    fn ready(&mut self) -> Option<Page> {
        let ready = self.pager.ready()?;
        let buffered = self.buffered.get(&ready.page)?;
        self.current = Some(ready.page);
        let last = ready.first.saturating_add(ready.count);
        let ranges = buffered.envelope.items.get(ready.first..last)?;
        Some(Page {
            again: None,
            body: buffered.envelope.body.clone(),
            records: (ready.first..).zip(ranges.iter().cloned()).collect(),
            call_id: buffered.call_id.clone(),
            status: buffered.status,
        })
    }

    fn launch(&mut self) {
        if self.probes() {
            return;
        }
        self.head.set(self.pager.head());
        while self.may_fetch()
            && let Some(fetch) = self.pager.next_fetch()
        {
            let (page, asked) = self.asked(fetch);
            let place = PageOfRead { head: self.head.clone(), page };
            let fetch = self.fetch(self.call.clone(), &asked, Some(place));
            self.in_flight.push(Box::pin(async move { Completed { page: Some(page), result: fetch.await } }));
        }
    }

    /// Whether there is memory for a page more; for the one that comes next there must be.
    fn may_fetch(&self) -> bool {
        let ahead = !self.in_flight.is_empty() || !self.buffered.is_empty();
        let pages = self.in_flight.len().saturating_add(1);
        !ahead || self.client.transport.memory.has_room_ahead(self.largest.saturating_mul(pages))
    }

    /// Fetches a page within what is left of the whole read's deadline.
    fn fetch(
        &self,
        call: Rc<ResolvedCall>,
        asked: &PageSelector,
        page: Option<PageOfRead>,
    ) -> impl Future<Output = Result<Answer, Failure>> + 'static {
        let (client, asked) = (self.client.clone(), asked.clone());
        let (caller, whole, schema_checked) = (self.caller, self.whole, self.schema_checked);
        // Once it had a turn, its place is behind those who had none.
        let queued_since = (!schema_checked).then_some(self.began);
        let deadline = self.deadline.map(|deadline| client.host.now().until(deadline));
        let options = CallOptions { deadline: deadline.or(self.options.deadline), ..self.options.clone() };
        let too_long = client.host.now() >= self.latest;
        async move {
            if too_long {
                return Err(failure::late("the read takes longer than PENSTOCK_MAX_READ_TIME allows"));
            }
            if options.deadline.is_some_and(|left| left.is_zero()) {
                return Err(failure::late("the deadline of the read passed"));
            }
            let context = CallContext {
                caller,
                queued_since,
                schema_checked,
                patient: whole,
                uncached: whole,
                page,
                ..CallContext::begin(&client)
            };
            client.call_in(&call, Some(&asked), &options, &context).await
        }
    }

    fn asked(&self, fetch: Fetch) -> (u32, PageSelector) {
        match fetch {
            Fetch::Numbered(number) => {
                let size = self.page_size;
                let include_total = match self.include_total {
                    Total::No => false,
                    Total::Once => self.pager.wants_total(number),
                    Total::Always => true,
                };
                let offset = self.pager.offset(number);
                (number, PageSelector { number, size, offset, include_total, from: None })
            }
            Fetch::Cursor { page, from } => (page, PageSelector { from, ..PageSelector::default() }),
        }
    }

    fn complete(&mut self, Completed { page, result }: Completed) {
        let result = result.and_then(|answer| match answer.payload {
            Payload::Page(envelope) => {
                Ok(Buffered { envelope, call_id: answer.call_id, status: answer.status })
            }
            _ => Err(internal("a list answered without a page")),
        });
        if let Ok(Buffered { envelope: Envelope { total: Some(total), .. }, .. }) = &result {
            self.total = Some(*total);
        }
        match (page, result) {
            (None, result) => self.probed(result),
            (Some(page), Ok(arrived)) => self.arrive(page, arrived),
            (Some(page), Err(failure)) => self.fail(page, failure),
        }
    }

    fn arrive(&mut self, page: u32, arrived: Buffered) {
        self.client.telemetry.counters.borrow_mut().page();
        self.schema_checked = true;
        self.largest = self.largest.max(arrived.envelope.body.len());
        if self.pager.arrived(page, &arrived.envelope, self.id_member()) {
            self.buffered.insert(page, arrived);
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

/// The member of an operation's records that holds their id. What a report calls `id` need not
/// be one: rows may share it.
pub(crate) fn id_member(call: &ResolvedCall) -> Option<&'static str> {
    (call.call.operation.paging != Paging::Report).then(|| call.provider.paging().id_member())
}
