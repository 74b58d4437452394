//! Makes the calls of a batch, several at once, and gives their results in order.

use crate::{
    grace::Grace,
    stopping::{Stopping, Write},
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use penstock_host::{
    Error, Plugin,
    bindings::{
        operations::{Answer, BatchCall},
        types::{CallOptions, Outcome},
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How the calls are made.
pub(super) struct Making {
    pub(super) plugin: Plugin,
    pub(super) provider: String,
    pub(super) options: CallOptions,
    pub(super) concurrency: usize,
    pub(super) stop_after: Option<u32>,
    pub(super) grace: Grace,
    pub(super) stopping: Stopping,
}

/// What came of one call.
#[derive(Debug)]
pub(crate) enum Made {
    /// It went well.
    Ok(Box<Answer>),
    /// It failed.
    Failed(Error),
    /// It had not ended when the command had to; whether it took effect.
    Unfinished(Outcome),
    /// It was not begun, for this reason.
    NotAttempted(&'static str),
}

/// The result of one call, and that nobody was told of it yet, if it was a write.
pub(super) type Untold = (Made, Option<Write>);

/// The results, in the order of the calls. A further call begins when one is taken.
pub(super) struct Results {
    results: BoxStream<'static, Untold>,
    state: Arc<State>,
}

impl Results {
    pub(super) async fn next(&mut self) -> Option<Untold> {
        self.results.next().await
    }

    /// How many calls are under way.
    pub(super) fn under_way(&self) -> usize {
        self.state.under_way.load(Relaxed)
    }

    /// Begins no further call.
    pub(super) fn stop(&self) {
        self.state.unprinted.store(true, Relaxed);
    }
}

#[derive(Default)]
struct State {
    failures: AtomicU32,
    under_way: AtomicUsize,
    /// Results cannot be printed any more.
    unprinted: AtomicBool,
}

impl Making {
    pub(super) fn make(self, calls: Vec<BatchCall>) -> Results {
        let state = Arc::<State>::default();
        let concurrency = self.concurrency;
        let until = self.options.deadline_ms.map(Duration::from_millis);
        let until = until.and_then(|time| Instant::now().checked_add(time));
        let (making, shared) = (Arc::new(self), state.clone());
        let results = stream::iter(calls)
            .map(move |call| one(making.clone(), shared.clone(), until, call))
            .buffered(concurrency)
            .boxed();
        Results { results, state }
    }

    /// Why no further call is to begin.
    fn ends(&self, state: &State, until: Option<Instant>) -> Option<&'static str> {
        if self.stopping.signal().is_some() {
            Some("stopped")
        } else if state.unprinted.load(Relaxed) {
            Some("output")
        } else if self.stop_after.is_some_and(|most| state.failures.load(Relaxed) >= most) {
            Some("failures")
        } else if until.is_some_and(|until| until <= Instant::now()) {
            Some("deadline")
        } else {
            None
        }
    }
}

impl Making {
    /// A call that has not ended when the grace has passed. What waited until then is not sent any more.
    async fn unfinished(&self, is_read: bool) -> Made {
        if is_read {
            return Made::Unfinished(Outcome::NotApplied);
        }
        Made::Unfinished(self.plugin.stop_unsent().await.unwrap_or(Outcome::Unknown))
    }

    /// Makes a call, with so much time left.
    async fn make_one(&self, call: BatchCall, left: Option<Duration>, is_read: bool) -> Made {
        let deadline_ms = left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
        let options = CallOptions { deadline_ms, ..self.options.clone() };
        let BatchCall { operation, parameters, body } = call;
        let made = self.plugin.invoke(&self.provider, &operation, parameters, body, Some(options));
        tokio::select! {
            made = made => made.map_or_else(Made::Failed, |answer| Made::Ok(Box::new(answer))),
            () = self.grace.passed(&self.stopping) => self.unfinished(is_read).await,
        }
    }
}

async fn one(making: Arc<Making>, state: Arc<State>, until: Option<Instant>, call: BatchCall) -> Untold {
    if let Some(why) = making.ends(&state, until) {
        return (Made::NotAttempted(why), None);
    }
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let is_read = penstock_host::is_read(&making.provider, &call.operation);
    let write = (!is_read).then(|| making.stopping.begin_write());
    state.under_way.fetch_add(1, Relaxed);
    let made = making.make_one(call, left, is_read).await;
    state.under_way.fetch_sub(1, Relaxed);
    if let Made::Failed(_) = &made {
        state.failures.fetch_add(1, Relaxed);
    }
    (made, write)
}
