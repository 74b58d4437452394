//! Begins a read of all pages of a list.

use super::{
    Pager, Reader, Total,
    probe::{self, Plan, Probing},
};
use crate::{
    answer::Misfits,
    call::{Call, CallOptions},
    client::Client,
    contract::{
        Failure,
        catalogue::{Operation, Paging},
    },
    failure::bad_field,
    host::Host,
    policy::{
        limiter::queue::Caller,
        limits::Limits,
        pager::{
            CursorConfig, CursorPager, Delivered, NumberedConfig, NumberedPager, Position, ReadProgress,
            offset,
        },
        resume::{Resume, query_hash},
        time::Tick,
    },
    providers::api::{Provider, ResolvedCall},
    settings::CommonSettings,
};
use std::{cell::Cell, rc::Rc};

/// Rows on a page of a report that is read whole: each page costs a minute.
const REPORT_PAGE_SIZE: u32 = 5000;

/// How much of a list is read.
pub(super) struct Extent {
    pub(super) start_page: u32,
    pub(super) page_size: u32,
    pub(super) window: u32,
    pub(super) max_pages: u32,
    pub(super) include_total: Total,
    /// Whether all of it is wanted.
    pub(super) whole: bool,
}

impl Extent {
    /// A page that was begun, and is read again for the rest of it, does not count.
    fn max_pages(&self, begun: bool) -> u32 {
        self.max_pages.saturating_add(u32::from(begun))
    }
}

/// A read that is about to begin.
pub(super) struct Opening<'a, H> {
    pub(super) client: &'a Rc<Client<H>>,
    pub(super) options: CallOptions,
    pub(super) caller: Option<Caller>,
    pub(super) settings: &'a CommonSettings,
    /// What a position of the read belongs to.
    pub(super) site: String,
    pub(super) extent: &'a Extent,
    pub(super) began: Tick,
}

/// How a list is read: which pages, and by which call.
struct Start {
    pager: Pager,
    page_size: u32,
    call: Rc<ResolvedCall>,
    probing: Probing,
}

impl<H: Host + 'static> Reader<H> {
    /// A read of all pages, from the beginning or from `options.resume`. `caller` is whose
    /// turn it takes, if it is part of something larger.
    ///
    /// # Errors
    /// `bad-input` and `configuration`, before anything was sent.
    pub async fn open(
        client: &Rc<Client<H>>,
        call: ResolvedCall,
        mut options: CallOptions,
        caller: Option<Caller>,
    ) -> Result<Reader<H>, Failure> {
        let began = client.host.now();
        let operation = call.call.operation;
        let named = |failure: Failure| failure.of(operation.name, "", Vec::new());
        let read = client.account(call.provider, &options.account);
        let (settings, account) = client.accounts.in_time(options.deadline, read).await.map_err(named)?;
        let report = operation.paging == Paging::Report;
        let usual = if report { REPORT_PAGE_SIZE } else { settings.page_size };
        // The pages of a report wait for one another: none is fetched ahead.
        options.window = options.window.filter(|_| !report);
        let largest = largest_page(call.provider, operation);
        let extent = Extent {
            start_page: 1,
            page_size: options.page_size.unwrap_or_else(|| usual.min(largest)),
            window: if report { 1 } else { options.window.unwrap_or(settings.window) },
            max_pages: settings.max_pages,
            include_total: Total::Once,
            whole: true,
        };
        if options.page_size.is_some() && by_cursor(operation) {
            return Err(named(bad_field("page-size", "is not for exports: the vendor decides")));
        }
        if options.fallback.is_some() {
            return Err(named(bad_field("fallback", "is for operations with one answer, not for streams")));
        }
        let caller = caller.or_else(|| Some(client.caller()));
        let site = account.site();
        let opening = Opening { client, options, caller, settings: &settings, site, extent: &extent, began };
        Reader::new(opening, call).map_err(named)
    }
}

impl<H: Host> Reader<H> {
    pub(super) fn new(opening: Opening<'_, H>, mut call: ResolvedCall) -> Result<Reader<H>, Failure> {
        let Opening { client, options, caller, settings, site, extent, began } = opening;
        call.call.check_any_of()?;
        let from = take_from(&mut call.call);
        let identity = identity(&call.call, &options);
        state_defaults(&mut call.call);
        let operation = call.call.operation;
        let read = |text: &String| Resume::read(text, operation.name, identity, &site, &Limits::DEFAULT);
        let resume = options.resume.as_ref().map(read).transpose();
        let resume = resume.map_err(|error| bad_field("resume", error.to_string()))?;
        if resume.as_ref().is_some_and(|resume| resume.from_0) {
            client.page_numbers.learn(operation.name);
        }
        let start = match operation.paging {
            Paging::None | Paging::Envelope => return Err(bad_field("operation", "is no list")),
            Paging::Export | Paging::Cursor => by_continuation(call, resume, from, settings, extent)?,
            _ => by_number(call, resume, &options, settings, extent)?,
        };
        let include_total = match extent.include_total {
            // The answers have no place for it.
            Total::Once if !matches!(operation.paging, Paging::Numbered | Paging::Report) => Total::No,
            other => other,
        };
        Ok(Reader {
            client: client.clone(),
            call: start.call,
            deadline: options.deadline.map(|time| began + time),
            latest: began + settings.max_read_time,
            options,
            caller,
            began,
            whole: extent.whole,
            identity,
            site,
            page_size: start.page_size,
            schema_checked: false,
            include_total,
            probing: start.probing,
            head: Rc::new(Cell::new(start.pager.head())),
            largest: 0,
            pager: start.pager,
            in_flight: Default::default(),
            buffered: Default::default(),
            failures: Default::default(),
            current: None,
            misfits: Misfits::default(),
            left_out: 0,
            total: None,
        })
    }
}

/// A list whose pages name the next.
fn by_continuation(
    call: ResolvedCall,
    resume: Option<Resume>,
    from: Option<String>,
    settings: &CommonSettings,
    extent: &Extent,
) -> Result<Start, Failure> {
    let (from, delivered) = match resume.map(|resume| resume.position) {
        Some(Position::Cursor { from, delivered }) => (from, delivered),
        None => (from, Delivered::default()),
        Some(_) => return Err(another_kind()),
    };
    let pager = CursorPager::new(CursorConfig {
        from,
        window: extent.window,
        max_pages: extent.max_pages(!delivered.is_empty()),
        delivered,
        max_items: Limits::DEFAULT.max_items,
        max_bytes: settings.max_read_bytes,
        max_held_bytes: settings.max_held_bytes,
        token_only: call.call.operation.paging == Paging::Cursor,
    });
    Ok(Start { pager: Pager::Cursor(pager), page_size: 0, call: Rc::new(call), probing: Probing::Over })
}

/// A list whose pages have numbers or offsets.
fn by_number(
    call: ResolvedCall,
    resume: Option<Resume>,
    options: &CallOptions,
    settings: &CommonSettings,
    extent: &Extent,
) -> Result<Start, Failure> {
    let operation = call.call.operation;
    let paging = call.provider.paging();
    // Whoever asks for an order gets that one.
    let asked = |name: &str| call.call.query.iter().any(|(known, _)| *known == name);
    let order = paging.order(operation).filter(|order| !asked(order.parameter));
    let done = resume.as_ref().is_some_and(|resume| resume.done);
    let (start_page, page_size, at, skip, track) = match resume.map(|resume| resume.position) {
        Some(Position::Numbered { page, page_size, at, skip, track }) => (page, page_size, at, skip, track),
        None => {
            let track = ReadProgress::new(extent.whole && order.is_some());
            (extent.start_page, extent.page_size, None, 0, track)
        }
        Some(_) => return Err(another_kind()),
    };
    check_page_size(call.provider, operation, page_size)?;
    let by_offset = operation.paging == Paging::Offset;
    let config = NumberedConfig {
        start_page,
        skip,
        page_size,
        window: extent.window,
        // Who names a window knows that the list is long; but for one of 1, which is for who wants few.
        eager: options.window.is_some_and(|window| window > 1),
        max_pages: extent.max_pages(skip > 0),
        max_items: Limits::DEFAULT.max_items,
        max_bytes: settings.max_read_bytes,
        max_held_bytes: settings.max_held_bytes,
        data_only: !matches!(operation.paging, Paging::Numbered | Paging::Report),
        at: by_offset.then(|| at.unwrap_or_else(|| offset(start_page, page_size))),
    };
    let track = if done { track.after_the_end() } else { track };
    let mut probing = Probing::Over;
    let mut call = Rc::new(call);
    if let Some(order) = order.filter(|_| track.ordered()) {
        let fresh = start_page == 1 && skip == 0 && !track.expects();
        if extent.whole && fresh && probe::worthwhile(operation, paging.id_member()) {
            probing = Probing::Due(Plan { plain: call.clone(), order, config });
        }
        call = Rc::new(probe::ordered(&call, order.parameter, order.oldest_first));
    }
    let pager = Pager::Numbered(NumberedPager::new(config, track));
    Ok(Start { pager, page_size, call, probing })
}

fn another_kind() -> Failure {
    bad_field("resume", "belongs to another kind of list")
}

/// States what the provider would otherwise leave out, where the caller said nothing.
fn state_defaults(call: &mut Call) {
    for field in call.operation.query.map_or(&[][..], |record| record.fields) {
        if let Some(value) = field.list_default
            && !call.query.iter().any(|(name, _)| *name == field.wire)
        {
            call.query.push((field.wire, value.to_owned()));
        }
    }
}

/// Whether the provider decides what stands on a page.
pub(super) fn by_cursor(operation: &Operation) -> bool {
    matches!(operation.paging, Paging::Export | Paging::Cursor)
}

/// The most records that a page of this operation may have. The setting for all providers is
/// more than some of them give.
pub(super) fn largest_page(provider: &dyn Provider, operation: &Operation) -> u32 {
    provider.paging().sizes(operation).end.saturating_sub(1)
}

fn check_page_size(provider: &dyn Provider, operation: &Operation, size: u32) -> Result<(), Failure> {
    let range = provider.paging().sizes(operation);
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
fn identity(call: &Call, options: &CallOptions) -> u64 {
    let path = call.segments.iter().map(|segment| ("{}", segment.as_str()));
    let query = call.query.iter().map(|(name, value)| (*name, value.as_str()));
    let body = call.body.as_ref().and_then(|body| std::str::from_utf8(body).ok());
    query_hash(&options.account, path.chain(query).chain(body.map(|body| ("{body}", body))))
}
