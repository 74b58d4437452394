//! Who calls what, and how each call fares.

use crate::{invariant::Invariant, world::World};
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
    pub deadline: Option<Duration>,
    /// Whether a consumer takes records from it, at a pace of its own.
    pub streams: bool,
    /// Whether anything was sent for it.
    sent: bool,
    overtakers: u32,
    /// Until when it waits of its own accord, before another try.
    rests_until: Duration,
    faults_before: u64,
    /// The first page that was asked for.
    pub first_page: Option<u32>,
}

/// What is known of a call when it begins.
pub(crate) struct NewCall {
    pub operation: &'static str,
    pub tenant: u64,
    pub deadline: Option<Duration>,
    pub streams: bool,
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

    /// The call with this number.
    pub(crate) fn get(&mut self, call: usize) -> Option<&mut Call> {
        self.all.get_mut(call)
    }
}

impl World {
    /// A call begins.
    pub(crate) fn begin(&self, instance: usize, new: &NewCall) -> usize {
        let (began, faults_before) = (self.now(), self.faults());
        self.count(|figures| figures.calls += 1);
        let mut calls = self.calls.borrow_mut();
        let number = calls.all.len();
        calls.all.push(Call {
            operation: new.operation,
            instance,
            tenant: new.tenant,
            began,
            deadline: new.deadline.map(|deadline| began.saturating_add(deadline)),
            streams: new.streams,
            sent: false,
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
        let mut calls = self.calls.borrow_mut();
        calls.open.remove(&number);
        let Some(call) = calls.all.get(number) else { return };
        let late = call.deadline.filter(|deadline| now > deadline.saturating_add(GRACE));
        if let Some(deadline) = late.filter(|_| done && !call.streams) {
            let late = (now - deadline).as_secs_f64();
            let what = format!("call {number} {} ends {late:.3} s after its deadline", call.operation);
            drop(calls);
            self.violate(Invariant::EveryCallEnds, what);
        }
    }

    /// Something is sent for the call that runs at this moment.
    pub(crate) fn sending(&self, target: &str) {
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
        if !call.sent {
            call.sent = true;
            let (began, instance, tenant) = (call.began, call.instance, call.tenant);
            let Calls { all, open } = &mut *calls;
            for waiting in open.range(..number) {
                let Some(other) = all.get_mut(*waiting) else { continue };
                let waits = !other.sent
                    && other.began < began
                    && (other.instance, other.tenant) == (instance, tenant)
                    && other.faults_before == faults
                    && now >= other.rests_until + PATIENCE
                    && now - other.began > PATIENCE;
                if !waits {
                    continue;
                }
                other.overtakers += 1;
                if other.overtakers == MOST_OVERTAKERS {
                    let waits = (now - other.began).as_secs_f64();
                    let what = format!(
                        "call {waiting} {} waits for {waits:.3} s while {MOST_OVERTAKERS} that came later are served",
                        other.operation
                    );
                    wrong.push((Invariant::NobodyStarves, what));
                }
            }
        }
        drop(calls);
        for (invariant, what) in wrong {
            self.violate(invariant, what);
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
