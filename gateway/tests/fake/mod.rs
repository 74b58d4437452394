//! A host whose clock stands still, with a provider that answers at once.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod store;

use store::FakeStore;

use futures_util::future::LocalBoxFuture;
use penstock::{
    host::{Body, BodyError, Host, HostError, Request, Response, SendError, Source},
    policy::{
        classify::{Reason, Sent},
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};

/// A secret that must not turn up anywhere.
pub const CANARY: &str = "canary-7f3a";

type Vendor = Box<dyn Fn(&str) -> Response>;
type Tokens = Box<dyn Fn() -> Response>;

pub struct FakeHost {
    pub settings: RefCell<BTreeMap<String, String>>,
    /// The names that cannot be read.
    pub unreadable: RefCell<BTreeSet<String>>,
    /// How many settings and secrets were read.
    pub reads: Cell<u32>,
    /// What the provider answers to a path and query.
    pub provider: Vendor,
    /// What its token endpoint answers.
    pub token: Tokens,
    /// The names of the header fields that the provider got.
    pub fields: RefCell<BTreeSet<String>>,
    /// What the provider was asked, tokens aside.
    pub asked: RefCell<Vec<String>>,
    /// The bodies that were streamed to it.
    pub received: RefCell<Vec<String>>,
    pub log: RefCell<String>,
    /// What instances share; there is nothing if this is none.
    pub store: Option<FakeStore>,
    /// Whether waits are over at once. The clock moves on by them.
    pub waits: Cell<bool>,
    /// Whether the provider is silent for now, and who is to be woken when it is not.
    held: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    random: Cell<u64>,
    /// How often the clock was looked at: it moves a millisecond each time.
    looks: Cell<u64>,
}

impl FakeHost {
    /// A host with these settings and no provider.
    pub fn new(settings: &[(&str, &str)]) -> FakeHost {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FakeHost {
            settings: RefCell::new(settings.iter().map(own).collect()),
            unreadable: RefCell::default(),
            reads: Cell::new(0),
            provider: Box::new(|_| answer(500, "")),
            token: Box::new(|| answer(200, &format!(r#"{{"access_token":"{CANARY}","expires_in":900}}"#))),
            fields: RefCell::default(),
            asked: RefCell::default(),
            received: RefCell::default(),
            log: RefCell::default(),
            store: None,
            waits: Cell::new(false),
            held: Cell::new(false),
            waiting: RefCell::default(),
            random: Cell::new(0),
            looks: Cell::new(0),
        }
    }

    /// A host with all that the default account needs, whose secrets are canaries.
    pub fn configured(provider: impl Fn(&str) -> Response + 'static) -> FakeHost {
        let mut host = FakeHost::new(&[
            ("SERVICETITAN_CLIENT_ID", CANARY),
            ("SERVICETITAN_CLIENT_SECRET", CANARY),
            ("SERVICETITAN_APP_KEY", CANARY),
            ("SERVICETITAN_TENANT_ID", "77"),
            ("LOG_LEVEL", "debug"),
        ]);
        host.provider = Box::new(provider);
        // Nobody can wait here, and the store takes nothing.
        host.with("PENSTOCK_SHARE_LIMITS", "false").with("SERVICETITAN_RATE_LIMIT", "10000")
    }

    pub fn with(self, name: &str, value: &str) -> FakeHost {
        self.reset(name, value);
        self
    }

    /// A setting changes.
    pub fn reset(&self, name: &str, value: &str) {
        self.settings.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// A host that shares a store with others. Its chance is its own.
    pub fn sharing(self, store: &FakeStore) -> FakeHost {
        FakeHost { store: Some(store.clone()), random: Cell::new(store.joined() << 32), ..self }
    }

    pub fn pass(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.looks.set(self.looks.get() + millis);
        if let Some(store) = &self.store {
            store.pass(millis);
        }
    }

    /// From now on the provider gets requests and does not answer, or answers again.
    pub fn hold(&self, held: bool) {
        self.held.set(held);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    fn read(&self, name: &str) -> Option<String> {
        self.reads.set(self.reads.get() + 1);
        self.settings.borrow().get(name).cloned()
    }
}

pub fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: Ok(body.to_owned().into()) }
}

/// A request's body in pieces.
pub struct Pieces(pub Vec<&'static str>);

impl Source for Pieces {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        let next = (!self.0.is_empty()).then(|| self.0.remove(0).as_bytes().to_vec());
        Box::pin(std::future::ready(Ok(next)))
    }
}

impl Host for FakeHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let names = request.headers.iter().map(|(name, _)| (*name).to_owned());
        self.fields.borrow_mut().extend(names);
        if request.path_and_query == "/connect/token" {
            return Ok((self.token)());
        }
        self.asked.borrow_mut().push(request.path_and_query.clone());
        if let Some(Body::Stream(mut streamed)) = request.body {
            let mut body = Vec::new();
            loop {
                match streamed.source.next().await {
                    Ok(Some(piece)) => body.extend(piece),
                    Ok(None) => break,
                    Err(_) => {
                        let detail = "the request's body broke off".to_owned();
                        return Err(SendError { reason: Reason::Connection, sent: Sent::Maybe, detail });
                    }
                }
            }
            self.received.borrow_mut().push(String::from_utf8(body).unwrap());
        }
        poll_fn(|context| {
            if self.held.get() {
                self.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        Ok((self.provider)(&request.path_and_query))
    }

    async fn sleep(&self, time: Duration) {
        match self.waits.get() {
            true => self.pass(time),
            false => std::future::pending::<()>().await,
        }
    }

    fn now(&self) -> Tick {
        self.looks.set(self.looks.get() + 1);
        Tick::ZERO + Duration::from_millis(self.looks.get())
    }

    fn wall_now(&self) -> WallTime {
        let passed = self.store.as_ref().map_or(0, FakeStore::passed);
        WallTime::from_millis(1_763_596_800_000 + i64::try_from(passed).unwrap())
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get() + 1);
        self.random.get()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        if self.unreadable.borrow().contains(name) {
            return Err(HostError::Unavailable("it cannot be read".to_owned()));
        }
        Ok(self.read(name).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.read(name))
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push_str(line);
    }
}
