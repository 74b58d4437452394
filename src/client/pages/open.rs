//! Begins a read: of everything, or of one page.

use super::{
    Landed, Page, Pager, Reader, Total,
    probe::{self, Looking, Plan},
};
use crate::{
    client::{Answer, Call, Connector, Options, Payload},
    contract::{
        Failure, PageInfo, PageRequest,
        catalogue::{Operation, Paging},
    },
    failure::bad_field,
    host::Host,
    policy::{
        limits::Limits,
        pager::{
            CursorConfig, CursorPager, Delivered, Guard, NumberedConfig, NumberedPager, Position, Progress,
            Track, offset,
        },
        resume::{Resume, query_hash},
        time::Tick,
    },
    providers::api::PageAsked,
    settings::Policy,
};
use std::rc::Rc;

/// How much of a list is read.
struct Extent {
    start_page: u32,
    page_size: u32,
    window: u32,
    max_pages: u32,
    include_total: Total,
    /// Whether all of it is wanted.
    whole: bool,
}

impl Extent {
    /// A page that was begun, and is read again for the rest of it, does not count.
    fn max_pages(&self, begun: bool) -> u32 {
        self.max_pages.saturating_add(u32::from(begun))
    }
}

impl<H: Host + 'static> Reader<H> {
    /// A read of all pages, from the beginning or from `options.resume`.
    ///
    /// # Errors
    /// `bad-input` and `configuration`, before anything was sent.
    pub async fn open(
        connector: &Rc<Connector<H>>,
        call: Call,
        mut options: Options,
    ) -> Result<Reader<H>, Failure> {
        let began = connector.host.now();
        options.uncached = true;
        let named = |failure: Failure| failure.of(call.operation.name, "", Vec::new());
        let open = connector.policy(call.operation.vendor, &options.account);
        let policy = connector.opened(options.deadline, open).await.map_err(named)?;
        let report = call.operation.paging == Paging::Report;
        let usual = if report { REPORT_PAGE_SIZE } else { policy.page_size };
        // The pages of a report wait for one another: none is fetched ahead.
        options.window = options.window.filter(|_| !report);
        let extent = Extent {
            start_page: 1,
            page_size: options.page_size.unwrap_or_else(|| usual.min(largest_page(call.operation))),
            window: if report { 1 } else { options.window.unwrap_or(policy.window) },
            max_pages: policy.max_pages,
            include_total: Total::Once,
            whole: true,
        };
        if options.page_size.is_some() && by_cursor(call.operation) {
            return Err(named(bad_field("page-size", "is not for exports: the vendor decides")));
        }
        if options.fallback.is_some() {
            return Err(named(bad_field("fallback", "is for operations with one answer, not for streams")));
        }
        let operation = call.operation;
        let caller = options.caller.or_else(|| Some(connector.caller()));
        let options = Options { caller, since: Some(began), patient: true, ..options };
        Reader::new(connector, call, options, &policy, &extent, began)
            .map_err(|failure| failure.of(operation.name, "", Vec::new()))
    }
}

impl<H: Host> Reader<H> {
    fn new(
        connector: &Rc<Connector<H>>,
        mut call: Call,
        options: Options,
        policy: &Policy,
        extent: &Extent,
        began: Tick,
    ) -> Result<Reader<H>, Failure> {
        call.check_needs()?;
        let from = take_from(&mut call);
        let identity = identity(&call, &options);
        state_defaults(&mut call);
        let limits = Limits::DEFAULT;
        let operation = call.operation;
        let Some(vendor) = crate::providers::registry::find(operation.vendor) else {
            return Err(bad_field("operation", "is of no known vendor"));
        };
        let read = |text: &String| Resume::read(text, operation.name, identity, &limits);
        let resume = options.resume.as_ref().map(read).transpose();
        let resume = resume.map_err(|error| bad_field("resume", error.to_string()))?;
        let done = resume.as_ref().is_some_and(|resume| resume.done);
        let mut looking = Looking::Over;
        let mut call = Rc::new(call);
        let (pager, page_size) = match (operation.paging, resume.map(|resume| resume.position)) {
            (Paging::Export | Paging::Cursor, position @ (None | Some(Position::Cursor { .. }))) => {
                let (from, delivered) = match position {
                    Some(Position::Cursor { from, delivered }) => (from, delivered),
                    _ => (from, Delivered::default()),
                };
                let pager = CursorPager::new(CursorConfig {
                    from,
                    window: extent.window,
                    max_pages: extent.max_pages(!delivered.is_empty()),
                    delivered,
                    max_items: limits.max_items,
                    max_bytes: policy.max_read_bytes,
                    max_held_bytes: policy.max_held_bytes,
                    token_only: operation.paging == Paging::Cursor,
                });
                (Pager::Cursor(pager), 0)
            }
            (
                Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report | Paging::Offset,
                position @ (None | Some(Position::Numbered { .. })),
            ) => {
                // Whoever asks for an order gets that one.
                let asked = |name: &str| call.query.iter().any(|(known, _)| *known == name);
                let order = vendor.order(operation).filter(|order| !asked(order.parameter));
                let (start_page, page_size, at, skip, track) = match position {
                    Some(Position::Numbered { page, page_size, at, skip, track }) => {
                        (page, page_size, at, skip, track)
                    }
                    _ => {
                        let track = Track::new(extent.whole && order.is_some());
                        (extent.start_page, extent.page_size, None, 0, track)
                    }
                };
                check_page_size(operation, page_size)?;
                let by_offset = operation.paging == Paging::Offset;
                let config = NumberedConfig {
                    start_page,
                    skip,
                    page_size,
                    window: extent.window,
                    // Who names a window knows that the list is long.
                    eager: options.window.is_some(),
                    max_pages: extent.max_pages(skip > 0),
                    max_items: limits.max_items,
                    max_bytes: policy.max_read_bytes,
                    max_held_bytes: policy.max_held_bytes,
                    data_only: !matches!(operation.paging, Paging::Numbered | Paging::Report),
                    at: by_offset.then(|| at.unwrap_or_else(|| offset(start_page, page_size))),
                };
                let track = if done { track.after_the_end() } else { track };
                if let Some(order) = order.filter(|_| track.ordered()) {
                    let fresh = start_page == 1 && skip == 0 && !track.expects();
                    if extent.whole && fresh && probe::worthwhile(operation, vendor) {
                        looking = Looking::Due(Plan { plain: call.clone(), order, config });
                    }
                    call = Rc::new(probe::ordered(&call, order.parameter, order.oldest_first));
                }
                (Pager::Numbered(NumberedPager::new(config, track)), page_size)
            }
            (Paging::None | Paging::Envelope, _) => return Err(bad_field("operation", "is no list")),
            _ => return Err(bad_field("resume", "belongs to another kind of list")),
        };
        let include_total = match extent.include_total {
            // The answers have no place for it.
            Total::Once if !matches!(operation.paging, Paging::Numbered | Paging::Report) => Total::No,
            other => other,
        };
        Ok(Reader {
            connector: connector.clone(),
            vendor,
            call,
            deadline: options.deadline.map(|time| began + time),
            latest: began + policy.max_read_time,
            options,
            identity,
            page_size,
            taken: false,
            include_total,
            looking,
            pager,
            flights: Default::default(),
            held: Default::default(),
            failures: Default::default(),
            current: None,
        })
    }
}

impl<H: Host + 'static> Reader<H> {
    /// Reads one page, and says where the next one is.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn single(
        connector: &Rc<Connector<H>>,
        call: Call,
        request: &PageRequest,
        mut options: Options,
    ) -> Result<(Page, PageInfo), Failure> {
        let began = connector.host.now();
        let operation = call.operation;
        let named = |failure: Failure| failure.of(operation.name, "", Vec::new());
        let export = by_cursor(operation);
        if export && options.page_size.is_some() {
            return Err(named(bad_field("page-size", "is not for exports: the vendor decides")));
        }
        if export && (request.page.is_some() || request.page_size.is_some()) {
            return Err(named(bad_field("page", "is not for exports: go on with `resume` or `from`")));
        }
        options.resume = request.resume.clone().or(options.resume);
        if request.page.is_some() && options.resume.is_some() {
            return Err(named(bad_field("page", "cannot be given together with `resume`")));
        }
        if request.page == Some(0) {
            return Err(named(bad_field("page", "counts from 1")));
        }
        if request.include_total && !operation.counted {
            return Err(named(bad_field(
                "includeTotal",
                "is not for this list: the vendor does not count it",
            )));
        }
        let open = connector.policy(call.operation.vendor, &options.account);
        let policy = connector.opened(options.deadline, open).await.map_err(named)?;
        // The time that the settings took is a part of it. A report waits for its turn as well.
        if call.operation.paging != Paging::Report {
            options.deadline.get_or_insert(policy.deadline);
        }
        let extent = Extent {
            start_page: request.page.unwrap_or(1),
            page_size: request
                .page_size
                .or(options.page_size)
                .unwrap_or_else(|| DEFAULT_PAGE_SIZE.min(largest_page(call.operation))),
            window: 1,
            max_pages: 1,
            include_total: if request.include_total { Total::Always } else { Total::No },
            whole: false,
        };
        let options = Options { since: Some(began), ..options };
        let mut reader = Reader::new(connector, call, options, &policy, &extent, began).map_err(named)?;
        reader.one_page().await
    }

    /// One page; and the one after it, if all of the first was delivered before.
    async fn one_page(&mut self) -> Result<(Page, PageInfo), Failure> {
        let mut last = None;
        while let Some(fetch) = self.pager.next_fetch() {
            let (number, asked) = self.asked(fetch);
            let answer = match self.fetch(self.call.clone(), &asked).await {
                Ok(answer) => answer,
                Err(failure) => return Err(self.resumable(failure)),
            };
            let info = self.info(number, &asked, &answer);
            let empty = Page { call_id: answer.call_id.clone(), status: answer.status, ..Page::default() };
            last = Some((info, empty));
            self.land(Landed { page: Some(number), result: Ok(answer) });
        }
        let Some((mut info, empty)) = last else { return Err(super::internal("there is no page to fetch")) };
        let again = Some(self.resume());
        let mut page: Option<Page> = None;
        // Records that were delivered before may stand between the others.
        while let Some(more) = self.ready() {
            self.delivered(more.len());
            match &mut page {
                Some(page) => page.records.extend(more.records),
                None => page = Some(more),
            }
        }
        let page = match (page, self.pager.progress()) {
            (Some(page), _) => Page { again, ..page },
            (None, Progress::FetchFailed { page }) => {
                let failure =
                    self.failures.remove(&page).unwrap_or_else(|| super::internal("a fetch failed silently"));
                return Err(self.resumable(failure));
            }
            // One page was asked for, so that more of them is no surprise.
            (None, Progress::Stopped(guard)) if guard != Guard::TooManyPages => {
                return Err(self.stopped(guard));
            }
            (None, _) => empty,
        };
        info.has_more =
            info.has_more || (self.pager.progress() != Progress::Ended && !self.says_whether_more());
        info.resume = self.resume();
        info.drifted = self.pager.drifted();
        Ok((page, info))
    }

    /// What an answer says of its place; `has_more` only if the vendor says it.
    fn info(&self, number: u32, asked: &PageAsked, answer: &Answer) -> PageInfo {
        let envelope = match &answer.payload {
            Payload::Page(envelope) => Some(envelope),
            _ => None,
        };
        PageInfo {
            page: if asked.size > 0 { number } else { 0 },
            page_size: self.page_size,
            has_more: envelope.and_then(|envelope| envelope.has_more).unwrap_or_default(),
            total_count: envelope.and_then(|envelope| envelope.total),
            continue_from: envelope.and_then(|envelope| envelope.continue_from.clone()),
            resume: String::new(),
            drifted: false,
            answer: answer.info(),
        }
    }

    fn says_whether_more(&self) -> bool {
        matches!(self.call.operation.paging, Paging::Numbered | Paging::Report | Paging::Export)
    }
}

/// ServiceTitan's default, which suits a person who looks at one page.
const DEFAULT_PAGE_SIZE: u32 = 50;

/// Rows on a page of a report that is read whole: each page costs a minute.
const REPORT_PAGE_SIZE: u32 = 5000;

/// States what the vendor would otherwise leave out, where the caller said nothing.
fn state_defaults(call: &mut Call) {
    for field in call.operation.query.map_or(&[][..], |record| record.fields) {
        if let Some(value) = field.whole_read
            && !call.query.iter().any(|(name, _)| *name == field.wire)
        {
            call.query.push((field.wire, value.to_owned()));
        }
    }
}

/// Whether the vendor decides what stands on a page.
fn by_cursor(operation: &Operation) -> bool {
    matches!(operation.paging, Paging::Export | Paging::Cursor)
}

/// The most records that a page of this operation may have. The setting for all vendors is
/// more than some of them give.
fn largest_page(operation: &Operation) -> u32 {
    let range =
        crate::providers::registry::find(operation.vendor).map(|vendor| vendor.page_size_range(operation));
    range.map_or(u32::MAX, |range| range.end.saturating_sub(1))
}

fn check_page_size(operation: &Operation, size: u32) -> Result<(), Failure> {
    let Some(vendor) = crate::providers::registry::find(operation.vendor) else { return Ok(()) };
    let range = vendor.page_size_range(operation);
    if range.contains(&size) {
        return Ok(());
    }
    Err(bad_field("pageSize", format!("must be from {} to {}", range.start, range.end.saturating_sub(1))))
}

/// Takes the start of a feed out of the query: from here on the pager knows it.
fn take_from(call: &mut Call) -> Option<String> {
    if call.operation.paging != Paging::Export {
        return None;
    }
    let at = call.query.iter().position(|(name, _)| *name == "from")?;
    Some(call.query.remove(at).1)
}

/// What makes two reads the same: account, path, filters and body, but not the page size.
fn identity(call: &Call, options: &Options) -> u64 {
    let path = call.segments.iter().map(|segment| ("{}", segment.as_str()));
    let query = call.query.iter().map(|(name, value)| (*name, value.as_str()));
    let body = call.body.as_ref().and_then(|body| std::str::from_utf8(body).ok());
    query_hash(&options.account, path.chain(query).chain(body.map(|body| ("{body}", body))))
}
