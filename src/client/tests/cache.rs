//! The cache of one instance.

use crate::{
    answer::Payload,
    client::cache::{Cache, Cached, Fetched, Missed, Question, Wanted},
    contract::{AnswerSource as Source, Failure, FailureKind, Outcome, catalogue::find},
    failure::refused,
    host::{
        Host,
        simulated::{Simulated, Store},
    },
    seal::{SealKey, SealKeys},
};
use bytes::Bytes;
use futures_util::future::{join, join_all, select};
use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

/// What answers are sealed with.
pub fn keys(secret: &str) -> Rc<SealKeys> {
    Rc::new(SealKeys::new(vec![SealKey::derive("answer", [secret])]))
}

pub const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A cache and a provider whose answer changes with each request.
pub struct Kitchen {
    pub host: Simulated,
    pub cache: Rc<Cache>,
    pub fetched: Rc<Cell<u64>>,
    pub refusal: Rc<Cell<Option<(FailureKind, u16)>>>,
    pub latency: Cell<Duration>,
    /// Whether its refusals are for all.
    pub for_all: Cell<bool>,
}

impl Kitchen {
    pub fn on(host: Simulated) -> Kitchen {
        let cache = Rc::new(Cache::new(1 << 20, Rc::default()));
        let latency = Cell::new(SECOND / 10);
        let for_all = Cell::new(true);
        Kitchen { host, cache, fetched: Rc::default(), refusal: Rc::default(), latency, for_all }
    }

    pub fn new() -> Kitchen {
        Kitchen::on(Simulated::new(1))
    }

    /// Another instance that asks the same provider.
    pub fn sibling(&self, store: &Store) -> Kitchen {
        let host = self.host.sibling(2);
        host.share(store.clone());
        let (fetched, refusal) = (self.fetched.clone(), self.refusal.clone());
        Kitchen { fetched, refusal, ..Kitchen::on(host) }
    }

    /// Asks for the job types of a tenant.
    pub async fn ask(&self, question: &Question<'_>, wanted: Wanted) -> Result<Got, Failure> {
        let fetch = async || {
            self.fetched.set(self.fetched.get() + 1);
            let answer = self.fetched.get();
            self.host.wait(self.latency.get()).await;
            match self.refusal.get() {
                Some((kind, status)) => {
                    let failure = Failure { status: Some(status), ..refused(kind, "no", Vec::new()) };
                    Err(Missed { failure, for_all: self.for_all.get() })
                }
                None => Ok(Fetched {
                    status: 200,
                    keep: true,
                    payload: Payload::Value(format!("answer {answer}").into()),
                }),
            }
        };
        self.cache.answer(&self.host, question, wanted, fetch).await.map(Got::from)
    }

    /// Which answer of the provider it gets, and from where.
    pub async fn get(&self) -> (u64, Source) {
        number(self.ask(&types("1"), Wanted::default()).await)
    }

    pub async fn write(&self) {
        self.writes(&types("1"), Ok(())).await;
    }

    /// Writes, with this result.
    pub async fn writes(&self, question: &Question<'_>, result: Result<(), Failure>) {
        _ = self.cache.write(&self.host, question, None, async { result }).await;
    }

    fn refuses(&self, kind: FailureKind, status: u16) {
        self.refusal.set(Some((kind, status)));
    }
}

/// What was asked for, wherever it came from.
#[derive(Debug)]
pub struct Got {
    body: Bytes,
    pub source: Source,
    pub age: Duration,
    pub degraded: bool,
}

impl From<Cached> for Got {
    fn from(cached: Cached) -> Got {
        match cached {
            Cached::Fetched { payload, .. } => {
                Got { body: payload.body(), source: Source::Vendor, age: Duration::ZERO, degraded: false }
            }
            Cached::FromCache { body, age, degraded, .. } => {
                Got { body, source: Source::Cache, age, degraded }
            }
        }
    }
}

pub fn number(answer: Result<Got, Failure>) -> (u64, Source) {
    let answer = answer.unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    (text.strip_prefix("answer ").unwrap().parse().unwrap(), answer.source)
}

/// A list that is fresh for 300 seconds.
pub fn types(tenant: &str) -> Question<'_> {
    Question {
        keys: Some(keys("the deployment's")),
        owner: None,
        operation: find("servicetitan", "jpm.job-types-list").unwrap(),
        environment: "production",
        tenant,
        account: "default",
        segments: &[],
        query: vec![("page", "1")],
    }
}

const VENDOR: Source = Source::Vendor;
const CACHE: Source = Source::Cache;
const STALE: Wanted = Wanted { accept_stale: true, bypass: false, fresh: None, deadline: None };

#[test]
fn an_answer_serves_while_it_is_fresh_and_says_how_old_it_is() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        assert_eq!(kitchen.get().await, (1, VENDOR));
        kitchen.host.wait(4 * MINUTE).await;
        let answer = kitchen.ask(&types("1"), Wanted::default()).await.unwrap();
        assert_eq!((answer.source, answer.degraded, answer.age.as_secs()), (CACHE, false, 240));
        // A tenth less or more than five minutes.
        kitchen.host.wait(2 * MINUTE).await;
        assert_eq!(kitchen.get().await, (2, VENDOR));
    });
    let counters = kitchen.cache.counters();
    assert_eq!((counters.hits, counters.fetches, counters.stale, counters.joined), (1, 2, 0, 0));
}

#[test]
fn whoever_wants_it_fresh_gets_it_fresh_and_leaves_it_for_the_others() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        kitchen.get().await;
        let fresh = Wanted { bypass: true, ..Wanted::default() };
        assert_eq!(number(kitchen.ask(&types("1"), fresh).await), (2, VENDOR));
        assert_eq!(kitchen.get().await, (2, CACHE));
    });
}

#[test]
fn an_operation_that_is_not_cached_is_fetched() {
    let kitchen = Kitchen::new();
    let jobs = Question { operation: find("servicetitan", "jpm.jobs-list").unwrap(), ..types("1") };
    kitchen.host.run(async {
        for number in 1..=3 {
            assert_eq!(self::number(kitchen.ask(&jobs, Wanted::default()).await), (number, VENDOR));
        }
    });
    assert_eq!(kitchen.cache.size(), (0, 0, 0));
}

#[test]
fn a_thousand_who_ask_at_once_are_one_fetch() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        let answers = join_all((0..1000).map(|_| kitchen.get())).await;
        assert!(answers.iter().all(|answer| *answer == (1, VENDOR)));
    });
    assert_eq!(kitchen.fetched.get(), 1);
    assert_eq!(kitchen.cache.counters().joined, 999);
}

#[test]
fn a_failure_is_shared_and_not_kept() {
    for (kind, status) in [
        (FailureKind::Vendor, 503),
        (FailureKind::RateLimited, 429),
        (FailureKind::Permission, 403),
        (FailureKind::Authentication, 401),
        (FailureKind::Rejected, 400),
    ] {
        let kitchen = Kitchen::new();
        kitchen.refuses(kind, status);
        kitchen.host.run(async {
            let question = types("1");
            let ask = || kitchen.ask(&question, Wanted::default());
            for failure in join_all((0..10).map(|_| ask())).await {
                assert_eq!(failure.unwrap_err().kind, kind);
            }
            assert_eq!(kitchen.fetched.get(), 1);
            kitchen.refusal.set(None);
            assert_eq!(kitchen.get().await, (2, VENDOR));
        });
    }
}

#[test]
fn when_the_one_who_fetches_is_cancelled_the_next_one_does() {
    let kitchen = Kitchen::new();
    kitchen.latency.set(10 * SECOND);
    kitchen.host.run(async {
        let leader = async {
            select(pin!(kitchen.get()), pin!(kitchen.host.wait(SECOND))).await;
        };
        let (_, others) = join(leader, join_all((0..5).map(|_| kitchen.get()))).await;
        assert!(others.iter().all(|answer| *answer == (2, VENDOR)));
        assert_eq!(kitchen.host.elapsed(), 11 * SECOND);
        // All of them cancelled: nobody is waited for.
        kitchen.write().await;
        select(pin!(kitchen.get()), pin!(kitchen.host.wait(SECOND))).await;
        assert_eq!(kitchen.get().await, (4, VENDOR));
    });
}

#[test]
fn nobody_waits_past_a_deadline_and_nobody_fails_by_that_of_another() {
    let kitchen = Kitchen::new();
    kitchen.latency.set(10 * SECOND);
    kitchen.host.run(async {
        let within = |time| Wanted { deadline: Some(kitchen.host.now() + time), ..Wanted::default() };
        let (question, soon) = (types("1"), within(2 * SECOND));
        let impatient = async {
            kitchen.host.wait(SECOND / 2).await;
            let failure = kitchen.ask(&question, soon).await.unwrap_err();
            (failure.kind, kitchen.host.elapsed())
        };
        let (patient, (kind, at)) = join(kitchen.get(), impatient).await;
        assert_eq!((patient, kind, at), ((1, VENDOR), FailureKind::Timeout, 2 * SECOND));

        kitchen.write().await;
        // Whatever it is that leaves this one no time.
        kitchen.refuses(FailureKind::RateLimited, 429);
        kitchen.for_all.set(false);
        let other = async {
            kitchen.host.wait(SECOND).await;
            let waiting = kitchen.get();
            let mend = async {
                kitchen.host.wait(10 * SECOND).await;
                kitchen.refusal.set(None);
            };
            join(waiting, mend).await.0
        };
        let (first, second) = join(kitchen.ask(&question, Wanted::default()), other).await;
        assert_eq!((first.unwrap_err().kind, second), (FailureKind::RateLimited, (3, VENDOR)));
    });
}

#[test]
fn while_one_fetches_a_new_one_the_others_get_the_old_one() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        kitchen.get().await;
        kitchen.host.wait(6 * MINUTE).await;
        let answers = join_all((0..10).map(|_| kitchen.get())).await;
        assert_eq!(answers.iter().filter(|answer| **answer == (2, VENDOR)).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == (1, CACHE)).count(), 9);
        assert_eq!(kitchen.get().await, (2, CACHE));
        // Older than twice its life it serves nobody: they wait for the new one.
        kitchen.host.wait(20 * MINUTE).await;
        let answers = join_all((0..10).map(|_| kitchen.get())).await;
        assert!(answers.iter().all(|answer| *answer == (3, VENDOR)));
    });
    assert_eq!(kitchen.cache.counters().stale, 9);
}

#[test]
fn while_the_vendor_is_down_an_old_answer_is_for_those_who_accept_it() {
    for (kind, down) in [
        (FailureKind::Vendor, true),
        (FailureKind::Transport, true),
        (FailureKind::Timeout, true),
        (FailureKind::RateLimited, true),
        (FailureKind::Permission, false),
        (FailureKind::Decode, false),
    ] {
        let kitchen = Kitchen::new();
        kitchen.host.run(async {
            kitchen.get().await;
            kitchen.host.wait(20 * 60 * MINUTE).await;
            kitchen.refuses(kind, 500);
            assert_eq!(kitchen.ask(&types("1"), Wanted::default()).await.unwrap_err().kind, kind);
            let answer = kitchen.ask(&types("1"), STALE).await;
            assert_eq!(answer.as_ref().is_ok(), down);
            if let Ok(answer) = answer {
                assert_eq!((answer.degraded, answer.source, answer.age.as_secs() / 3600), (true, CACHE, 20));
            }
            // Not even those accept one of two days, or one that they did not want.
            let fresh = Wanted { bypass: true, ..STALE };
            assert!(kitchen.ask(&types("1"), fresh).await.is_err());
            kitchen.host.wait(5 * 60 * MINUTE).await;
            assert!(kitchen.ask(&types("1"), STALE).await.is_err());
        });
        assert_eq!(kitchen.cache.counters().degraded, u64::from(down));
    }
}

#[test]
fn that_something_is_not_there_is_known_for_some_seconds() {
    for status in [404, 410] {
        let kitchen = Kitchen::new();
        kitchen.refuses(FailureKind::NotFound, status);
        kitchen.host.run(async {
            let question = types("1");
            let ask = || kitchen.ask(&question, STALE);
            let first = ask().await.unwrap_err();
            kitchen.host.wait(9 * SECOND).await;
            let second = ask().await.unwrap_err();
            assert_eq!(
                (second.kind, second.status, &second.message),
                (first.kind, first.status, &first.message)
            );
            assert_eq!((second.outcome, kitchen.fetched.get()), (Outcome::NotApplied, 1));
            kitchen.host.wait(22 * SECOND).await;
            ask().await.unwrap_err();
            assert_eq!(kitchen.fetched.get(), 2);
            // Whoever makes it sees it.
            kitchen.refusal.set(None);
            kitchen.write().await;
            assert_eq!(kitchen.get().await, (3, VENDOR));
        });
    }
}

#[test]
fn tenants_accounts_environments_and_queries_do_not_share() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        let segments = ["7".to_owned()];
        let questions = [
            types("1"),
            types("2"),
            Question { account: "north", ..types("1") },
            Question { environment: "integration", ..types("1") },
            Question { query: vec![("page", "2")], ..types("1") },
            Question { segments: &segments, ..types("1") },
            Question { operation: find("servicetitan", "jpm.project-types-list").unwrap(), ..types("1") },
        ];
        for expected in [VENDOR, CACHE] {
            for (at, question) in (1..).zip(&questions) {
                assert_eq!(number(kitchen.ask(question, Wanted::default()).await), (at, expected));
            }
        }
    });
}

#[test]
fn what_is_kept_is_bounded() {
    let kitchen = Kitchen::new();
    kitchen.cache.resize(4_000);
    kitchen.host.run(async {
        for tenant in 0..100 {
            kitchen.ask(&types(&tenant.to_string()), Wanted::default()).await.unwrap();
            assert!(kitchen.cache.size().0 <= 4_000);
        }
    });
    let (_, entries, evicted) = kitchen.cache.size();
    assert!(entries > 1 && entries as u64 + evicted == 100);
    kitchen.cache.clear();
    assert_eq!(kitchen.cache.size().0, 0);
}

#[test]
fn a_clock_that_goes_back_makes_nothing_stale_and_nothing_eternal() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        kitchen.get().await;
        kitchen.host.skew(-60_000);
        let answer = kitchen.ask(&types("1"), Wanted::default()).await.unwrap();
        assert_eq!((answer.source, answer.age), (CACHE, Duration::ZERO));
        kitchen.host.skew(-3_600_000);
        assert_eq!(kitchen.get().await, (2, VENDOR));
    });
}
