//! Makes the calls of a batch, several at once, and gives their results in order.

use crate::{grace::Grace, stopping::Stopping};
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
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
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

/// The results, in the order of the calls. A further call begins when one is taken.
pub(super) struct Results {
    results: BoxStream<'static, Made>,
    state: Arc<State>,
}

impl Results {
    pub(super) async fn next(&mut self) -> Option<Made> {
        self.results.next().await
    }

    /// Begins no further call.
    pub(super) fn stop(&self) {
        self.state.unprinted.store(true, Relaxed);
    }
}

#[derive(Default)]
struct State {
    failures: AtomicU32,
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
    async fn unfinished(&self, operation: &str) -> Made {
        if penstock_host::is_read(&self.provider, operation) {
            return Made::Unfinished(Outcome::NotApplied);
        }
        Made::Unfinished(self.plugin.stop_unsent().await.unwrap_or(Outcome::Unknown))
    }
}

async fn one(making: Arc<Making>, state: Arc<State>, until: Option<Instant>, call: BatchCall) -> Made {
    if let Some(why) = making.ends(&state, until) {
        return Made::NotAttempted(why);
    }
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let deadline_ms = left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
    let options = CallOptions { deadline_ms, ..making.options.clone() };
    let BatchCall { operation, parameters, body } = call;
    let made = making.plugin.invoke(&making.provider, &operation, parameters, body, Some(options));
    let made = tokio::select! {
        made = made => made,
        () = making.grace.passed(&making.stopping) => return making.unfinished(&operation).await,
    };
    match made {
        Ok(answer) => Made::Ok(Box::new(answer)),
        Err(error) => {
            state.failures.fetch_add(1, Relaxed);
            Made::Failed(error)
        }
    }
}
