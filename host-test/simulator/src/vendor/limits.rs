//! The vendor's limit: 60 requests a second for an app and a tenant.

use crate::{invariant::Invariant, world::World};
use std::{collections::VecDeque, time::Duration};

/// Requests in any window.
pub(crate) const LIMIT: usize = 60;

/// The window's length. Two requests exactly this far apart are in no window together.
pub(crate) const LENGTH: Duration = Duration::from_secs(1);

/// The requests of the last window.
#[derive(Default)]
pub(super) struct Window {
    sent: VecDeque<Duration>,
    /// Those among them that were let through.
    passed: VecDeque<Duration>,
    /// Until when the limit may be passed: see [`Window::newcomer`].
    excused: Duration,
    /// All requests ever, if they are kept.
    pub(super) times: Option<Vec<Duration>>,
}

impl Window {
    /// An instance asks the store for the first time, within a second of its return: it
    /// goes by the plan at once, and the others have their shares for up to a second more.
    /// `docs/reliability.md` names it.
    pub(super) fn newcomer(&mut self, now: Duration) {
        self.excused = self.excused.max(now + 2 * LENGTH);
    }

    /// A request was sent; whether it is within the limit, the refused ones not counted.
    pub(super) fn sent(&mut self, world: &World, tenant: u64) -> bool {
        let now = world.now();
        for times in [&mut self.sent, &mut self.passed] {
            while times.front().is_some_and(|time| *time + LENGTH <= now) {
                times.pop_front();
            }
        }
        self.sent.push_back(now);
        if let Some(times) = &mut self.times {
            times.push(now);
        }
        if self.sent.len() > LIMIT && now >= self.excused {
            let what = format!("{} requests within a second for tenant {tenant}", self.sent.len());
            world.violate(Invariant::WithinLimit, what);
        }
        let within = self.passed.len() < LIMIT;
        if within {
            self.passed.push_back(now);
        }
        within
    }
}
