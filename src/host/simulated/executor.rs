//! Runs a future in virtual time, on one thread.

use super::Simulated;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Polls without time going on, after which something must be spinning.
const MOST_POLLS: usize = 1_000_000;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Simulated {
    /// Runs a future to its end, and looks for secrets in all that left the core
    /// until then.
    ///
    /// # Panics
    /// When everything waits for something that will never come, when something
    /// spins without waiting, and when a secret can be seen.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut future = pin!(future);
        let mut polls = 0;
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                polls += 1;
                assert!(polls < MOST_POLLS, "something spins at {:?}", self.elapsed());
                if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    self.assert_secrets_kept();
                    return done;
                }
            }
            polls = 0;
            assert!(
                self.0.clock.advance(),
                "deadlock at {:?}: everything waits, no timer is set, {} requests are unanswered",
                self.elapsed(),
                self.0.in_flight.get()
            );
            woken.0.store(true, Ordering::Relaxed);
        }
    }

    /// # Panics
    /// When a secret can be seen in a log line, in what callers were told, or in the
    /// parts of a request that may be logged.
    pub fn assert_secrets_kept(&self) {
        if let Some(leak) = self.leak() {
            panic!("a secret can be seen: {leak}");
        }
    }
}
