//! Who calls what, and how each call fares.

use crate::{
    invariant::Invariant,
    trace::Who,
    world::{USUAL_DEADLINE, World},
};
use std::{collections::BTreeSet, time::Duration};

/// How many callers who came later may be served first while one waits.
const MOST_OVERTAKERS: u32 = 32;

/// Who has waited for less is not starving.
const PATIENCE: Duration = Duration::from_secs(2);

/// A call ends this long after its deadline at the latest.
const GRACE: Duration = Duration::from_millis(50);

/// All calls of a schedule.
#[derive(Default)]
pub(crate) struct Calls {
    all: Vec<Call>,
    open: BTreeSet<usize>,
}

/// A call, or a whole read.
pub(crate) struct Call {
    /// The operation.
    pub operation: &'static str,
    /// On which instance.
    pub instance: usize,
    /// Of which tenant.
    pub tenant: u64,
    began: Duration,
    /// When it must be over.
    deadline: Option<Duration>,
    /// So much later its consumer may let go of it.
    lag: Duration,
    /// Whether a consumer takes records from it, at a pace of its own.
    pub streams: bool,
    /// Whether it may wait for the answer to another call.
    joins: bool,
    /// Since when it wants to send, as far as that is known.
    since: Option<Duration>,
    /// Those who wanted to send later than it, and did.
    overtakers: u32,
    /// Until when it waits of its own accord, before another try.
    rests_until: Duration,
    /// Faults until it wanted to send.
    faults_before: u64,
    /// The first page that was asked for.
    pub first_page: Option<u32>,
}

/// What is known of a call when it begins.
pub(crate) struct NewCall {
    /// The operation.
    pub operation: &'static str,
    /// Of which tenant.
    pub tenant: u64,
    /// The time that its caller gives it. Without one, that of the settings is meant, except
    /// for whole reads: they have it for each page.
    pub deadline: Option<Duration>,
    /// How long its consumer may hold it up.
    pub lag: Duration,
    /// Whether a consumer takes records from it, at a pace of its own.
    pub streams: bool,
    /// Whether it may wait for the answer to another call.
    pub joins: bool,
}

impl NewCall {
    /// A call with one answer, or for one page.
    pub(crate) fn single(operation: &'static str, tenant: u64, deadline: Option<Duration>) -> NewCall {
        NewCall { operation, tenant, deadline, lag: Duration::ZERO, streams: false, joins: false }
    }

    /// A whole read, whose consumer takes so long over a page.
    pub(crate) fn stream(
        operation: &'static str,
        tenant: u64,
        deadline: Option<Duration>,
        lag: Duration,
    ) -> NewCall {
        NewCall { lag, streams: true, ..NewCall::single(operation, tenant, deadline) }
    }
}

impl Calls {
    /// How many there were on an instance.
    pub(crate) fn on(&self, instance: usize) -> u64 {
        self.all.iter().filter(|call| call.instance == instance).count() as u64
    }

    /// A call waits for a while, of its own accord or for its turn. Then others are not
    /// before it in line.
    pub(crate) fn rests(&mut self, call: usize, until: Duration) {
        if let Some(call) = self.all.get_mut(call) {
            (call.overtakers, call.rests_until) = (0, until);
        }
    }

    /// It has waited so, and wants to send now.
    pub(crate) fn rested(&mut self, call: usize, faults: u64) {
        if let Some(call) = self.all.get_mut(call) {
            call.faults_before = faults;
        }
    }

    /// The call with this number.
    pub(crate) fn get(&mut self, call: usize) -> Option<&mut Call> {
        self.all.get_mut(call)
    }

    /// A call sends that wanted to since then: it goes before all who wanted to for longer,
    /// and have rested since. Who starves of it?
    fn overtaken(
        &mut self,
        number: usize,
        since: Duration,
        now: Duration,
        faults: u64,
    ) -> Vec<(Invariant, String)> {
        let Calls { all, open } = self;
        let Some(place) = all.get(number).map(|call| (call.instance, call.tenant)) else { return Vec::new() };
        let mut wrong = Vec::new();
        for waiting in open.iter() {
            let Some(other) = all.get_mut(*waiting) else { continue };
            let Some(wants) = other.since else { continue };
            let waits_since = wants.max(other.rests_until);
            let waits = waits_since < since
                && now > waits_since + PATIENCE
                && !other.joins
                && (other.instance, other.tenant) == place
                && other.faults_before == faults;
            if !waits {
                continue;
            }
            other.overtakers += 1;
            if other.overtakers == MOST_OVERTAKERS {
                let waits = (now - waits_since).as_secs_f64();
                let what = format!(
                    "call {waiting} {} waits for {waits:.3} s while {MOST_OVERTAKERS} that came later are served",
                    other.operation
                );
                wrong.push((Invariant::NobodyStarves, what));
            }
        }
        wrong
    }
}

impl World {
    /// A call begins; `settled` says whether its instance knows the settings, and so the
    /// deadline of those who name none.
    pub(crate) fn begin(&self, instance: usize, new: &NewCall, settled: bool) -> usize {
        let (began, faults_before) = (self.now(), self.faults());
        self.count(|figures| figures.calls += 1);
        let usual = if settled { self.usual_deadline.get() } else { USUAL_DEADLINE };
        let deadline = new.deadline.or_else(|| (!new.streams).then_some(usual));
        let mut calls = self.calls.borrow_mut();
        let number = calls.all.len();
        calls.all.push(Call {
            operation: new.operation,
            instance,
            tenant: new.tenant,
            began,
            deadline: deadline.map(|deadline| began.saturating_add(deadline)),
            lag: new.lag,
            streams: new.streams,
            joins: new.joins,
            since: Some(began),
            overtakers: 0,
            rests_until: Duration::ZERO,
            faults_before,
            first_page: None,
        });
        calls.open.insert(number);
        number
    }

    /// A call ended; `done` unless it was cancelled or killed.
    pub(crate) fn end(&self, number: usize, done: bool) {
        let now = self.now();
        self.read_over(number);
        let mut calls = self.calls.borrow_mut();
        calls.open.remove(&number);
        let Some(call) = calls.all.get(number) else { return };
        let late = call.deadline.filter(|deadline| now > deadline.saturating_add(GRACE + call.lag));
        if let Some(deadline) = late.filter(|_| done) {
            let late = (now - deadline).as_secs_f64();
            let what = format!("call {number} {} ends {late:.3} s after its deadline", call.operation);
            drop(calls);
            self.violate(Invariant::EveryCallEnds, what);
        }
    }

    /// Something is sent for the call that runs at this moment; a token is nobody's turn.
    pub(crate) fn sending(&self, target: &str, of_token: bool) {
        let now = self.now();
        let Some(number) = self.current.get() else { return };
        let faults = self.faults();
        let mut wrong = Vec::new();
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.all.get_mut(number) else { return };
        if let Some(deadline) = call.deadline.filter(|deadline| now > *deadline) {
            let late = (now - deadline).as_secs_f64();
            let what = format!("call {number} {} sends {target} {late:.3} s late", call.operation);
            wrong.push((Invariant::NothingLate, what));
        }
        let since = if of_token { None } else { call.since.take() };
        if let Some(since) = since {
            wrong.extend(calls.overtaken(number, since, now, faults));
        }
        drop(calls);
        for (invariant, what) in wrong {
            self.violate(invariant, what);
        }
    }

    /// A request of a call is over. If the call is not, it wants to send another, or rests
    /// before that. A whole read may be content with what it has: that cannot be told.
    pub(crate) fn landed(&self, who: Who) {
        let mut calls = self.calls.borrow_mut();
        let Some(number) = who.call.filter(|number| calls.open.contains(number)) else { return };
        if let Some(call) = calls.get(number).filter(|call| !call.streams) {
            (call.since, call.faults_before, call.overtakers) = (Some(self.now()), self.faults(), 0);
        }
    }

    /// The schedule has run for longer than anything in it may take.
    pub(crate) fn hanging(&self) {
        let calls = self.calls.borrow();
        let hanging: Vec<String> = calls
            .open
            .iter()
            .filter_map(|number| {
                let call = calls.all.get(*number)?;
                let began = call.began.as_secs_f64();
                Some(format!("call {number} {} on #{} since {began:.3} s", call.operation, call.instance))
            })
            .collect();
        drop(calls);
        let what = match hanging.is_empty() {
            true => "the schedule does not end although no call is open".to_owned(),
            false => format!("these hang: {}", hanging.join(", ")),
        };
        self.violate(Invariant::EveryCallEnds, what);
    }
}
