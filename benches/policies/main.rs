//! What the policies cost a call that nothing holds up: `cargo bench --bench policies`.
//!
//! First the policies alone, in the client's order (`src/client/attempts.rs`): cache, budget,
//! breaker, token, limiter, retry. Then whole calls, against a host that answers at once. All policies
//! are on, with their defaults; only the rate limit is high. Fails when the policies take more
//! than [`MOST`] of a call.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench whose calls fail has failed")]
#![allow(missing_docs, reason = "a program, not a library")]

#[path = "../common/host.rs"]
mod host;
mod policies;

use bytes::Bytes;
use host::Ready;
use penstock::{
    answer::Answer,
    call::CallOptions,
    client::Client,
    contract::{
        AnswerSource,
        abi::{Arena, Layout},
        catalogue::Operation,
    },
    entry::{dynamic, typed::Arguments},
    providers::{api::ResolvedCall, registry},
};
use policies::{Kept, Policies};
use std::{
    pin::pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// The most that the policies may take of a call, at the median.
const MOST: Duration = Duration::from_micros(5);

/// What the API answers, whatever it is asked: a job as the provider sends it, in short.
const JOB: &str = r#"{"id":104729583,"jobNumber":"104729583","customerId":88213374,"locationId":88213375,"jobStatus":"InProgress","businessUnitId":1183,"jobTypeId":4410,"priority":"Normal","createdOn":"2025-10-13T14:22:51.8431734Z","total":1284.50,"summary":"No heat upstairs.","tagTypeIds":[311,312]}"#;

fn main() -> ExitCode {
    let mut policies = Policies::new();
    let mut memory = Kept::new();
    let alone = measure("policies", 500_000, || policies.call());
    measure("policies: an answer from the cache", 500_000, || memory.look_up());

    let rig = Rig::new("jpm.jobs-get");
    measure("Client::call", 100_000, || drop(rig.call()));
    measure("dynamic::invoke", 100_000, || rig.invoke());
    let kept = Rig::new("jpm.project-statuses-get");
    measure("dynamic::invoke, from the cache", 100_000, || kept.invoke());
    assert_eq!((rig.source(), kept.source()), (AnswerSource::Vendor, AnswerSource::Cache));
    if alone > MOST {
        println!("the policies take more than {MOST:?} of a call");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Prints median and 99th percentile, and returns the median. Each time has the reading of
/// the clock in it.
fn measure(what: &str, times: usize, mut once: impl FnMut()) -> Duration {
    for _ in 0..times / 10 {
        once();
    }
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            once();
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!("{what:<36} median {:>8.2} us, p99 {:>8.2} us", micros(at(50)), micros(at(99)));
    at(50)
}

/// A client, and a call that it makes.
struct Rig {
    client: Rc<Client<Ready>>,
    operation: &'static Operation,
    call: ResolvedCall,
    options: CallOptions,
}

impl Rig {
    fn new(name: &str) -> Rig {
        let operation = dynamic::operation("servicetitan", name).expect("it is in the catalogue");
        // The parameters in memory: the id 1, and zeros for all that may be missing.
        let mut memory = Arena::with(Layout { size: 1024, align: 8 });
        memory.put(0, &1_i64.to_le_bytes());
        let arguments = Arguments::lift(operation, false, &memory, 0).expect("they are there");
        Rig {
            client: Client::new(Ready::new(|_| Bytes::from_static(JOB.as_bytes()))),
            operation,
            call: registry::resolve(arguments.call().expect("the parameters fit")).expect("it is known"),
            options: CallOptions::check(None).expect("nothing is wrong with nothing"),
        }
    }

    fn call(&self) -> Answer {
        self.client.host().pass();
        let answer = at_once(self.client.call(&self.call, None, &self.options));
        answer.expect("the call succeeds")
    }

    /// Where answers come from.
    fn source(&self) -> AnswerSource {
        self.call().source
    }

    fn invoke(&self) {
        self.client.host().pass();
        let parameters = [("id".to_owned(), "1".to_owned())];
        let answer = at_once(dynamic::invoke(&self.client, self.operation, &parameters, None, None));
        assert!(answer.expect("the call succeeds").body.is_some());
    }
}

/// Runs a future that waits for nothing but itself.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    for _ in 0..10 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("a call waits for something")
}
