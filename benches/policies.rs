//! What the policies cost a call that nothing holds up: `cargo bench --bench policies`.
//!
//! First the engine alone, in the driver's order (`src/driver/run.rs`): cache, budget,
//! breaker, token, limiter, retry. Then whole calls, against a host that answers at once. All policies
//! are on, with their defaults; only the rate limit is high. Fails when the engine takes more
//! than [`MOST`] of a call.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench whose calls fail has failed")]
#![allow(missing_docs, reason = "a program, not a library")]

use bytes::Bytes;
use penstock::{
    catalogue::Operation,
    driver::{Call, Connector, Options},
    dynamic,
    engine::{
        breaker::{Breaker, BreakerPolicy, Outcome},
        budget::{Budget, BudgetPolicy, Spent},
        cache::{Entry, Key, KeyParts, Lookup, Memory, Policy, lookup},
        limiter::{
            gcra::RateLimit,
            group::{Group, Setup},
            inflight::{GroupId, Inflight},
        },
        retry::{Repeat, Retry, RetryPolicy},
        secret::Secret,
        time::{Tick, WallTime},
        token::{Need, TokenCell},
    },
    host::{Host, HostError, Request, Response, SendError, State},
    typed,
};
use std::{
    cell::Cell,
    hint::black_box,
    pin::pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// The most that the engine may take of a call, at the median.
const MOST: Duration = Duration::from_micros(5);

/// Virtual time between two calls: enough for a slot of the rate limit.
const BETWEEN: Duration = Duration::from_millis(1);

const RATE: u32 = 10_000;

const TOKEN: &str =
    r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl","expires_in":900,"token_type":"Bearer"}"#;

const JOB: &str = r#"{"id":104729583,"jobNumber":"104729583","customerId":88213374,"locationId":88213375,"jobStatus":"InProgress","businessUnitId":1183,"jobTypeId":4410,"priority":"Normal","createdOn":"2025-10-13T14:22:51.8431734Z","total":1284.50,"summary":"No heat upstairs.","tagTypeIds":[311,312]}"#;

fn main() -> ExitCode {
    let mut engine = Engine::new();
    let mut kept = Kept::new();
    let alone = measure("engine", 500_000, || engine.call());
    measure("engine: an answer from the cache", 500_000, || kept.look_up());

    let rig = Rig::new("jpm.jobs-get");
    measure("Connector::call", 100_000, || rig.call());
    measure("dynamic::invoke", 100_000, || rig.invoke());
    if alone > MOST {
        println!("the engine takes more than {MOST:?} of a call");
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

/// The policies of one limit group, and the cache.
struct Engine {
    now: Tick,
    breaker: Breaker,
    budget: Budget,
    cell: TokenCell,
    group: Group,
    inflight: Inflight,
    memory: Memory,
    asked: u64,
}

impl Engine {
    fn new() -> Engine {
        let limit = RateLimit::new(RATE, Duration::from_secs(1));
        let setup = Setup { limit, instances: 1, shared: false, adaptive: false };
        Engine {
            now: Tick::ZERO,
            breaker: Breaker::new(BreakerPolicy::DEFAULT),
            budget: Budget::new(BudgetPolicy::DEFAULT),
            cell: TokenCell::new(),
            group: Group::new(GroupId(1), &setup, Tick::ZERO, 0),
            inflight: Inflight::new(10),
            memory: Memory::new(16 << 20),
            asked: 0,
        }
    }

    /// One call that is not in the cache and succeeds at once. Each asks for another record,
    /// so that the memory is full before long and old ones make room.
    fn call(&mut self) {
        self.now += BETWEEN;
        self.asked += 1;
        let now = self.now;
        let key = key(self.asked);
        assert!(self.memory.get(&key).is_none());

        let mut retry = Retry::new(RetryPolicy::DEFAULT, now, Repeat::Harmless);
        self.budget.called(now);
        assert!(self.breaker.check(now, true).is_ok());
        assert!(retry.begin(now).is_some());
        if self.cell.need(now) == Need::Fetch {
            self.cell.stored(Secret::new("token".to_owned()), now, None, 0.5);
        }
        assert!(self.group.at_once(now, &mut self.inflight));
        let (Need::Use(generation) | Need::Refresh(generation)) = self.cell.need(now) else {
            panic!("a token is there")
        };
        if matches!(self.cell.need(now), Need::Refresh(_)) {
            self.cell.stored(Secret::new("token".to_owned()), now, None, 0.5);
        }
        black_box(self.cell.secret(generation));
        let permit = self.breaker.permit(now, true).expect("the vendor is well");
        black_box(retry.begin(now));

        self.group.succeeded(now, now);
        self.group.landed(&mut self.inflight);
        black_box(self.breaker.record(permit, now, Outcome::Success, Duration::ZERO, None, 0.5));
        self.cell.accepted(generation);
        self.budget.refund(now, Spent::default());
        self.memory.insert(key, entry());
    }
}

/// A cache with answers in it.
struct Kept(Memory);

impl Kept {
    fn new() -> Kept {
        let mut memory = Memory::new(16 << 20);
        (0..1_000).for_each(|id| memory.insert(key(id), entry()));
        Kept(memory)
    }

    /// An answer that is there and fresh.
    fn look_up(&mut self) {
        let entry = self.0.get(&key(black_box(500))).expect("it was kept");
        let policy = Policy::fresh_for(Duration::from_secs(300));
        assert_eq!(lookup(&entry, &policy, WallTime::from_millis(1)), Lookup::Fresh);
    }
}

fn key(id: u64) -> Key {
    Key::new(&KeyParts {
        vendor: "servicetitan",
        environment: "production",
        tenant: "1234",
        account: "default",
        operation: "jpm.jobs-get",
        segments: &[id.to_string()],
        query: &[],
        epoch: 1,
    })
}

fn entry() -> Entry {
    let (stored_at, fresh) = (WallTime::from_millis(0), Duration::from_secs(300));
    Entry { status: 200, body: Bytes::from_static(JOB.as_bytes()), stored_at, fresh }
}

/// A connector, and a call that it makes.
struct Rig {
    connector: Rc<Connector<Ready>>,
    operation: &'static Operation,
    call: Call,
    options: Options,
}

impl Rig {
    fn new(name: &str) -> Rig {
        let operation = dynamic::operation("servicetitan", name).expect("it is in the catalogue");
        Rig {
            connector: Connector::new(Ready::default()),
            operation,
            call: typed::Request::new(operation).path(&1).call().expect("the parameters fit"),
            options: Options::check(None).expect("nothing is wrong with nothing"),
        }
    }

    fn call(&self) {
        self.connector.host().pass();
        let answer = at_once(self.connector.call(&self.call, None, &self.options));
        assert_eq!(answer.expect("the call succeeds").status, 200);
    }

    fn invoke(&self) {
        self.connector.host().pass();
        let parameters = [("id".to_owned(), "1".to_owned())];
        let answer = at_once(dynamic::invoke(&self.connector, self.operation, &parameters, None, None));
        assert!(answer.expect("the call succeeds").body.is_some());
    }
}

/// Runs a future that has nothing to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a call waits for something"),
    }
}

/// A host that does everything at once, on a clock that the bench moves. It has no store.
#[derive(Default)]
struct Ready {
    now: Cell<Tick>,
    random: Cell<u64>,
}

impl Ready {
    fn pass(&self) {
        self.now.set(self.now.get() + BETWEEN);
    }
}

impl Host for Ready {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let body = if request.path_and_query.ends_with("/token") { TOKEN } else { JOB };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Response { status: 200, headers, body: Ok(Bytes::from_static(body.as_bytes())) })
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }

    fn now(&self) -> Tick {
        self.now.get()
    }

    fn wall_now(&self) -> WallTime {
        let since = self.now.get().since(Tick::ZERO).as_millis();
        WallTime::from_millis(i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.random.get()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let known = ["SERVICETITAN_CLIENT_ID", "SERVICETITAN_CLIENT_SECRET", "SERVICETITAN_APP_KEY"];
        Ok(known.contains(&name).then(|| Secret::new("a-secret-of-the-bench".to_owned())))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(match name {
            "SERVICETITAN_TENANT_ID" => Some("1234".to_owned()),
            "SERVICETITAN_RATE_LIMIT" => Some(RATE.to_string()),
            "LOG_LEVEL" => Some("error".to_owned()),
            _ => None,
        })
    }

    fn log(&self, line: &str) {
        panic!("nothing goes wrong here: {line}");
    }
}

impl State for Ready {
    async fn state_get(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
        none()
    }

    async fn state_set(&self, _: &str, _: Vec<u8>, _: Option<Duration>) -> Result<(), HostError> {
        none()
    }

    async fn state_delete(&self, _: &str) -> Result<(), HostError> {
        none()
    }

    async fn state_increment(&self, _: &str, _: i64, _: Option<Duration>) -> Result<i64, HostError> {
        none()
    }

    async fn state_swap(
        &self,
        _: &str,
        _: Vec<u8>,
        _: Vec<u8>,
        _: Option<Duration>,
    ) -> Result<bool, HostError> {
        none()
    }
}

fn none<T>() -> Result<T, HostError> {
    Err(HostError::Unavailable("the bench has no store".to_owned()))
}
