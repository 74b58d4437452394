//! What happened on the way, anywhere: a model in which nothing happens keeps every rule.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Something that the model must come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    Succeeded,
    Failed,
    Late,
    LateInQueue,
    Unavailable,
    GivenUpInQueue,
    GivenUpInFlight,
    GivenUpFetching,
    TwoUnderWay,
    WaitedForSlot,
    WaitedForPlace,
    WaitedBehindOthers,
    GateClosed,
    BreakerOpened,
    BreakerReopened,
    BreakerClosed,
    BreakerShutInQueue,
    Probed,
    WaitedForProbe,
    TokenFetched,
    TokenRefreshed,
    RefreshFailed,
    TokenAwaited,
    TokenLostInQueue,
    CoolingDown,
    FetchTimedOut,
    AttemptTimedOut,
    SentAgain,
}

impl Event {
    pub const ALL: [Event; 28] = {
        use Event::*;
        [
            Succeeded,
            Failed,
            Late,
            LateInQueue,
            Unavailable,
            GivenUpInQueue,
            GivenUpInFlight,
            GivenUpFetching,
            TwoUnderWay,
            WaitedForSlot,
            WaitedForPlace,
            WaitedBehindOthers,
            GateClosed,
            BreakerOpened,
            BreakerReopened,
            BreakerClosed,
            BreakerShutInQueue,
            Probed,
            WaitedForProbe,
            TokenFetched,
            TokenRefreshed,
            RefreshFailed,
            TokenAwaited,
            TokenLostInQueue,
            CoolingDown,
            FetchTimedOut,
            AttemptTimedOut,
            SentAgain,
        ]
    };
}

/// How many steps had which event. No part of a state.
#[derive(Clone, Debug, Default)]
pub struct Events(Arc<Mutex<BTreeMap<Event, u64>>>);

impl Events {
    pub fn note(&self, event: Event) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(event).or_default() += 1;
    }

    pub fn count(&self, event: Event) -> u64 {
        self.counts().get(&event).copied().unwrap_or_default()
    }

    pub fn counts(&self) -> BTreeMap<Event, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
