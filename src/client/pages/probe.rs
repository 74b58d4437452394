//! Probes a list before it is read, page by page, in a fixed order.
//!
//! [`policy::pager::probe`](crate::policy::pager::probe) says what for. A short list is
//! read with that one request.

use super::{Buffered, Completed, Reader, Total, ids::ids, pager::Pager};
use crate::{
    contract::{
        Failure, FailureKind,
        catalogue::{Operation, Paging, Type},
    },
    host::Host,
    policy::pager::{NumberedConfig, NumberedPager, Probe, ReadProgress, probe},
    providers::api::{Order, PageSelector, ResolvedCall},
};
use std::rc::Rc;

/// Whether the probe is done.
pub(super) enum Probing {
    /// Not yet. What is needed afterwards.
    Due(Plan),
    /// It is under way.
    Underway(Plan),
    /// It is done, or there is none.
    Over,
}

/// How a read goes on after the probe.
pub(super) struct Plan {
    /// The list as its caller asked for it.
    pub(super) plain: Rc<ResolvedCall>,
    pub(super) order: Order,
    pub(super) config: NumberedConfig,
}

impl Plan {
    /// Records that the probe asks for. Who knows that the list is long has no use for
    /// more than it takes to see the order.
    fn size(&self) -> u32 {
        if self.config.eager { 2 } else { self.config.page_size.max(2) }
    }
}

/// The same call with the list in an order.
pub(super) fn ordered(call: &ResolvedCall, parameter: &'static str, value: &str) -> ResolvedCall {
    let mut call = call.clone();
    call.call.query.push((parameter, value.to_owned()));
    call
}

/// Whether a probe can show anything: it compares ids as numbers.
pub(super) fn worthwhile(operation: &Operation, id_member: &str) -> bool {
    let id = match operation.answer.as_ref().map(Type::inner) {
        Some(Type::Record(record)) => record.field(id_member, 0).map(|(_, field)| field.ty.inner()),
        _ => None,
    };
    operation.paging == Paging::Numbered && matches!(id, Some(Type::S64 | Type::S32 | Type::U32))
}

impl<H: Host + 'static> Reader<H> {
    /// Whether the probe has to come before any page. Sends it if it is due.
    pub(super) fn probes(&mut self) -> bool {
        match std::mem::replace(&mut self.probing, Probing::Over) {
            Probing::Over => return false,
            Probing::Underway(plan) => self.probing = Probing::Underway(plan),
            Probing::Due(plan) => {
                let call = ordered(&plan.plain, plan.order.parameter, plan.order.newest_first);
                let asked = PageSelector {
                    number: 1,
                    size: plan.size(),
                    include_total: true,
                    ..PageSelector::default()
                };
                let fetch = self.fetch(Rc::new(call), &asked, None);
                self.in_flight.push(Box::pin(async move { Completed { page: None, result: fetch.await } }));
                self.probing = Probing::Underway(plan);
            }
        }
        true
    }

    /// The probe is over.
    pub(super) fn probed(&mut self, result: Result<Buffered, Failure>) {
        let Probing::Underway(plan) = std::mem::replace(&mut self.probing, Probing::Over) else { return };
        let config = plan.config;
        let begin = |config, track| Pager::Numbered(NumberedPager::new(config, track));
        match result {
            Ok(mut probed) => {
                let ids = ids(&probed.envelope, self.call.provider.paging().id_member());
                match probe(&ids, config.page_size, probed.envelope.has_more, probed.envelope.total) {
                    Probe::Whole => {
                        probed.envelope.reverse();
                        self.pager.next_fetch();
                        self.arrive(config.start_page, probed);
                    }
                    // The list is long, so that there is nothing to be careful about.
                    Probe::More(track) => self.pager = begin(NumberedConfig { eager: true, ..config }, track),
                }
            }
            // It does not take the order: better in its own than not at all.
            // (A 400 of the token endpoint is another matter.)
            Err(failure) if failure.kind == FailureKind::Rejected && failure.status == Some(400) => {
                self.call = plan.plain;
                self.include_total = Total::Once;
                self.pager = begin(config, ReadProgress::new(false));
            }
            Err(failure) => {
                self.pager.next_fetch();
                self.fail(config.start_page, failure);
            }
        }
    }
}
