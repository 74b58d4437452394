//! Deliberate defects, to prove that each rule can be broken and is seen to be.

#[cfg(feature = "failpoints")]
use penstock_policy::failpoint::{self, Failpoint};

/// A defect of the calls, or of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A call whose turn has come sends the last token that there was.
    SendOldToken,
    /// Nobody waits for another's fetch.
    FetchAtOnce,
    /// A call that is dropped keeps its place in flight.
    KeepPlace,
    /// A call that is dropped keeps its permit of the breaker.
    KeepProbe,
    /// A call that is dropped stays in the queue.
    KeepTurn,
    /// Nobody is told of a free place.
    ForgetToWake,
    /// A call takes another's ticket for its own.
    ShareTickets,
    /// A request gives its place back as soon as it is sent.
    LandEarly,
    /// A call that waits for a time asks again at once.
    Spin,
    /// A defect of the policies.
    #[cfg(feature = "failpoints")]
    Policy(Failpoint),
}

impl Defect {
    /// Switches a defect of the policies on or off in this thread.
    pub fn set(defect: Option<Defect>) {
        #[cfg(feature = "failpoints")]
        failpoint::set(match defect {
            Some(Defect::Policy(failpoint)) => Some(failpoint),
            _ => None,
        });
        let _ = defect;
    }
}
