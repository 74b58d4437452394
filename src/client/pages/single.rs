//! Reads one page of a list.

use super::{
    Completed, Page, Reader, Total,
    open::{Extent, Opening, by_cursor, largest_page},
};
use crate::{
    answer::{Answer, Payload},
    call::CallOptions,
    client::Client,
    contract::{
        Failure, PageInfo, PageRequest,
        catalogue::{Operation, Paging},
    },
    failure::{bad_field, internal},
    host::Host,
    policy::{
        limiter::queue::Caller,
        pager::{Guard, Progress},
    },
    providers::api::{PageSelector, ResolvedCall},
};
use std::rc::Rc;

/// ServiceTitan's default, which suits a person who looks at one page.
const DEFAULT_PAGE_SIZE: u32 = 50;

impl<H: Host + 'static> Reader<H> {
    /// Reads one page, and says where the next one is. `caller` is whose turn it takes, if it
    /// is part of something larger.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn single(
        client: &Rc<Client<H>>,
        call: ResolvedCall,
        request: &PageRequest,
        mut options: CallOptions,
        caller: Option<Caller>,
    ) -> Result<(Page, PageInfo), Failure> {
        let began = client.host.now();
        let operation = call.call.operation;
        let named = |failure: Failure| failure.of(operation.name, "", Vec::new());
        let page_size = options.page_size;
        options.resume = request.resume.clone().or(options.resume);
        check(operation, request, &options).map_err(named)?;
        let read = client.account(call.provider, &options.account);
        let (settings, account) = client.accounts.in_time(options.deadline, read).await.map_err(named)?;
        // The time that the settings took is a part of it. A report waits for its turn as well.
        if operation.paging != Paging::Report {
            options.deadline.get_or_insert(settings.deadline);
        }
        let usual = || DEFAULT_PAGE_SIZE.min(largest_page(call.provider, operation));
        let extent = Extent {
            start_page: request.page.unwrap_or(1),
            page_size: request.page_size.or(page_size).unwrap_or_else(usual),
            window: 1,
            max_pages: 1,
            include_total: if request.include_total { Total::Always } else { Total::No },
            whole: false,
        };
        let site = account.site();
        let opening = Opening { client, options, caller, settings: &settings, site, extent: &extent, began };
        Reader::new(opening, call).map_err(named)?.one_page().await
    }

    /// One page; and the one after it, if all of the first was delivered before.
    async fn one_page(&mut self) -> Result<(Page, PageInfo), Failure> {
        let mut last = None;
        while let Some(fetch) = self.pager.next_fetch() {
            let (number, asked) = self.asked(fetch);
            let answer = match self.fetch(self.call.clone(), &asked, None).await {
                Ok(answer) => answer,
                Err(failure) => return Err(self.resumable(failure)),
            };
            let info = self.info(number, &asked, &answer);
            let says = matches!(&answer.payload, Payload::Page(envelope) if envelope.has_more.is_some());
            let empty = Page { call_id: answer.call_id.clone(), status: answer.status, ..Page::default() };
            last = Some((info, says, empty));
            self.complete(Completed { page: Some(number), result: Ok(answer) });
        }
        let Some((mut info, says, empty)) = last else { return Err(internal("there is no page to fetch")) };
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
                    self.failures.remove(&page).unwrap_or_else(|| internal("a fetch failed silently"));
                return Err(self.resumable(failure));
            }
            // One page was asked for, so that more of them is no surprise.
            (None, Progress::Stopped(guard)) if guard != Guard::TooManyPages => {
                return Err(self.stopped(guard));
            }
            (None, _) => empty,
        };
        info.has_more = info.has_more || (self.pager.progress() != Progress::Ended && !says);
        info.resume = self.resume();
        info.drifted = self.pager.drifted();
        Ok((page, info))
    }

    /// What an answer says of its place; `has_more` only if the provider says it.
    fn info(&self, number: u32, asked: &PageSelector, answer: &Answer) -> PageInfo {
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
}

/// Refuses what does not select a page of this list.
fn check(operation: &Operation, request: &PageRequest, options: &CallOptions) -> Result<(), Failure> {
    let export = by_cursor(operation);
    if export && options.page_size.is_some() {
        return Err(bad_field("page-size", "is not for exports: the vendor decides"));
    }
    if export && (request.page.is_some() || request.page_size.is_some()) {
        return Err(bad_field("page", "is not for exports: go on with `resume` or `from`"));
    }
    if request.page.is_some() && options.resume.is_some() {
        return Err(bad_field("page", "cannot be given together with `resume`"));
    }
    if request.page == Some(0) {
        return Err(bad_field("page", "counts from 1"));
    }
    if request.include_total && !operation.counted {
        return Err(bad_field("includeTotal", "is not for this list: the vendor does not count it"));
    }
    Ok(())
}
