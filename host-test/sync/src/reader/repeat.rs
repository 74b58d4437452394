//! What fails for a while is read on from where it was.

use super::{Done, Event, Reader};
use crate::{Error, state::State};
use penstock_host::bindings::types::{FailureKind, RetryAdvice};
use std::time::Duration;

/// How often in a row a read is gone on with that brought nothing: the component has repeated each request
/// by then.
const FRUITLESS: u32 = 5;

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(60);

impl Reader<'_> {
    /// Reads to the end, and goes on after what passes.
    pub(super) async fn to_the_end(&self, state: &mut State, done: &mut Done) -> Result<(), Error> {
        let mut fruitless = 0;
        loop {
            let before = done.records;
            let error = match self.stream(state, done).await {
                Ok(()) => return Ok(()),
                Err(Error::Vendor(error)) => error,
                Err(error) => return Err(error),
            };
            if is_of_position(&error) && state.position.is_some() {
                // Nobody can go on with it, as when the vendor is reached at another URL: nothing is lost but time.
                *state = self.anew(state, state.since.clone());
                continue;
            }
            fruitless = if done.records > before { 0 } else { fruitless + 1 };
            let Some(pause) = pause(&error, fruitless).filter(|_| fruitless <= FRUITLESS) else {
                return Err(Error::Vendor(error));
            };
            (self.told)(Event::Repeated);
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return Err(Error::Stopped),
            }
        }
    }
}

/// Whether it is the position that is refused.
fn is_of_position(error: &penstock_host::Error) -> bool {
    error.failure().is_some_and(|failure| {
        failure.kind == FailureKind::BadInput && failure.fields.iter().any(|field| field.field == "resume")
    })
}

/// How long to wait before it is worth another attempt; none if it never is.
fn pause(error: &penstock_host::Error, attempt: u32) -> Option<Duration> {
    let growing = || Duration::from_millis(250).saturating_mul(2_u32.saturating_pow(attempt.min(10)));
    let pause = match error {
        penstock_host::Error::Failure(failure) => match failure.retry {
            RetryAdvice::Never => return None,
            RetryAdvice::Now => Duration::ZERO,
            RetryAdvice::After(millis) => Duration::from_millis(millis),
            RetryAdvice::Later => growing(),
        },
        penstock_host::Error::Instance { .. } => growing(),
        _ => return None,
    };
    Some(pause.min(LONGEST))
}
