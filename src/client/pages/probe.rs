//! Looks at a list before it is read, page by page, in a fixed order.
//!
//! [`policy::pager::look`](crate::policy::pager::look) says what for. A short list is
//! read with that one request.

use super::{Call, Failure, Held, Landed, Reader, Total, ids::ids, pager::Pager};
use crate::{
    contract::{
        FailureKind,
        catalogue::{Operation, Paging, Type},
    },
    host::Host,
    policy::pager::{Look, NumberedConfig, NumberedPager, Track, look},
    providers::api::{Order, PageAsked, Vendor},
};
use std::rc::Rc;

/// Whether the look is done.
pub(crate) enum Looking {
    /// Not yet. What is needed afterwards.
    Due(Plan),
    /// It is under way.
    Underway(Plan),
    /// It is done, or there is none.
    Over,
}

/// How a read goes on after the look.
pub(crate) struct Plan {
    /// The list as its caller asked for it.
    pub(crate) plain: Rc<Call>,
    pub(crate) order: Order,
    pub(crate) config: NumberedConfig,
}

impl Plan {
    /// Records that the look asks for. Who knows that the list is long has no use for
    /// more than it takes to see the order.
    fn size(&self) -> u32 {
        if self.config.eager { 2 } else { self.config.page_size.max(2) }
    }
}

/// The same call with the list in an order.
pub(crate) fn ordered(call: &Call, parameter: &'static str, value: &str) -> Call {
    let mut call = call.clone();
    call.query.push((parameter, value.to_owned()));
    call
}

/// Whether a look can show anything: it compares ids as numbers.
pub(crate) fn worthwhile(operation: &Operation, vendor: &dyn Vendor) -> bool {
    let id = match operation.answer.as_ref().map(Type::inner) {
        Some(Type::Record(record)) => record.field(vendor.id_member(), 0).map(|(_, field)| field.ty.inner()),
        _ => None,
    };
    operation.paging == Paging::Numbered && matches!(id, Some(Type::S64 | Type::S32 | Type::U32))
}

impl<H: Host + 'static> Reader<H> {
    /// Whether the look has to come before any page. Sends it if it is due.
    pub(crate) fn looks(&mut self) -> bool {
        match std::mem::replace(&mut self.looking, Looking::Over) {
            Looking::Over => return false,
            Looking::Underway(plan) => self.looking = Looking::Underway(plan),
            Looking::Due(plan) => {
                let call = ordered(&plan.plain, plan.order.parameter, plan.order.newest_first);
                let asked =
                    PageAsked { number: 1, size: plan.size(), include_total: true, ..PageAsked::default() };
                let fetch = self.fetch(Rc::new(call), &asked);
                self.flights.push(Box::pin(async move { Landed { page: None, result: fetch.await } }));
                self.looking = Looking::Underway(plan);
            }
        }
        true
    }

    /// The look is over.
    pub(super) fn looked(&mut self, result: Result<Held, Failure>) {
        let Looking::Underway(plan) = std::mem::replace(&mut self.looking, Looking::Over) else { return };
        let config = plan.config;
        let begin = |config, track| Pager::Numbered(NumberedPager::new(config, track));
        match result {
            Ok(mut held) => {
                let ids = ids(&held.envelope, self.vendor.id_member());
                match look(&ids, config.page_size, held.envelope.has_more, held.envelope.total) {
                    Look::Whole => {
                        held.envelope.items.reverse();
                        self.pager.next_fetch();
                        self.arrive(config.start_page, held);
                    }
                    // The list is long, so that there is nothing to be careful about.
                    Look::More(track) => self.pager = begin(NumberedConfig { eager: true, ..config }, track),
                }
            }
            // It does not take the order: better in its own than not at all.
            // (A 400 of the token endpoint is another matter.)
            Err(failure) if failure.kind == FailureKind::Rejected && failure.status == Some(400) => {
                self.call = plan.plain;
                self.include_total = Total::Once;
                self.pager = begin(config, Track::new(false));
            }
            Err(failure) => {
                self.pager.next_fetch();
                self.fail(config.start_page, failure);
            }
        }
    }
}
