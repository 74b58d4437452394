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
        let leak = self.leak();
        assert!(leak.is_none(), "a secret can be seen: {}", leak.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host, simulated::Reply};
    use futures_util::future::{join, join_all, pending, poll_fn};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn time_jumps_from_timer_to_timer() {
        let host = Simulated::new(1);
        let order = host.run(async {
            let order = std::cell::RefCell::new(Vec::new());
            let wait = |seconds: u32| {
                let (host, order) = (&host, &order);
                async move {
                    host.wait(SECOND * seconds).await;
                    order.borrow_mut().push(seconds);
                }
            };
            join_all([3600, 5, 0, 7, 5].map(wait)).await;
            order.into_inner()
        });
        assert_eq!(order, [0, 5, 5, 7, 3600]);
        assert_eq!(host.elapsed(), 3600 * SECOND);
    }

    #[test]
    fn a_timer_that_is_dropped_does_not_move_the_time() {
        let host = Simulated::new(1);
        host.run(async {
            let both = futures_util::future::select(host.wait(SECOND), host.wait(9 * SECOND));
            both.await;
            host.wait(SECOND).await;
        });
        assert_eq!(host.elapsed(), 2 * SECOND);
    }

    #[test]
    fn the_same_seed_is_the_same_chance() {
        let draw = |seed| {
            let host = Simulated::new(seed);
            (0..5).map(|_| host.random()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    #[should_panic(expected = "deadlock at 5s")]
    fn a_deadlock_is_told() {
        let host = Simulated::new(1);
        host.run(join(host.wait(5 * SECOND), pending::<()>()));
    }

    #[test]
    #[should_panic(expected = "something spins")]
    fn spinning_is_told() {
        Simulated::new(1).run(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
    }

    #[test]
    #[should_panic(expected = "a secret can be seen")]
    fn a_secret_in_a_log_line_is_told() {
        let host = Simulated::new(1);
        host.set_secret("KEY", "se&cret");
        host.run(async { host.log("at ?key=se%26cret") });
    }

    #[test]
    fn a_request_that_is_dropped_is_an_abort() {
        let host = Simulated::new(1);
        host.answer_with(|_| Reply::ok("").after(5 * SECOND));
        let request = || crate::host::Request {
            method: "GET",
            https: true,
            authority: "a.example".to_owned(),
            path_and_query: "/".to_owned(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            body: None,
            timeouts: crate::host::Timeouts { connect: SECOND, first_byte: SECOND, between_bytes: SECOND },
            max_body: 10,
        };
        host.run(async {
            let send = std::pin::pin!(host.send(request()));
            futures_util::future::select(send, host.wait(SECOND)).await;
            assert_eq!(host.aborted(), 0);
        });
        assert_eq!((host.aborted(), host.requests().len()), (1, 1));
        assert!(host.run(host.send(request())).is_ok());
        assert_eq!(host.aborted(), 1);
    }
}
