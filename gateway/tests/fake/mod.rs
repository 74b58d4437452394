//! A host whose clock stands still, with a provider that answers at once.

#![allow(dead_code, reason = "each test program uses a part of it")]

use futures_util::future::LocalBoxFuture;
use penstock::{
    host::{Body, BodyError, Host, HostError, Request, Response, SendError, Source, State},
    policy::{
        classify::{Reason, Sent},
        secret::Secret,
        time::{Tick, WallTime},
    },
    state::{TurnRequest, Turns},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

/// A secret that must not turn up anywhere.
pub const CANARY: &str = "canary-7f3a";

type Vendor = Box<dyn Fn(&str) -> Response>;

pub struct FakeHost {
    pub settings: RefCell<BTreeMap<String, String>>,
    /// How many settings and secrets were read.
    pub reads: Cell<u32>,
    /// What the provider answers to a path and query.
    pub provider: Vendor,
    /// What the provider was asked, tokens aside.
    pub asked: RefCell<Vec<String>>,
    /// The bodies that were streamed to it.
    pub received: RefCell<Vec<String>>,
    pub log: RefCell<String>,
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
            reads: Cell::new(0),
            provider: Box::new(|_| answer(500, "")),
            asked: RefCell::default(),
            received: RefCell::default(),
            log: RefCell::default(),
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

    pub fn pass(&self, time: Duration) {
        self.looks.set(self.looks.get() + u64::try_from(time.as_millis()).unwrap());
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
        if request.path_and_query == "/connect/token" {
            return Ok(answer(200, &format!(r#"{{"access_token":"{CANARY}","expires_in":900}}"#)));
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
        Ok((self.provider)(&request.path_and_query))
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    fn now(&self) -> Tick {
        self.looks.set(self.looks.get() + 1);
        Tick::ZERO + Duration::from_millis(self.looks.get())
    }

    fn wall_now(&self) -> WallTime {
        WallTime::from_millis(1_763_596_800_000)
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get() + 1);
        self.random.get()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        Ok(self.read(name).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.read(name))
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push_str(line);
    }
}

/// A store that has nothing and takes nothing, or none at all.
impl State for FakeHost {
    async fn state_get(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(None)
    }

    async fn state_set(&self, _: &str, _: Vec<u8>, _: Option<Duration>) -> Result<(), HostError> {
        Err(no_store())
    }

    async fn state_delete(&self, _: &str) -> Result<(), HostError> {
        Err(no_store())
    }

    async fn state_claim(&self, _: &str, _: Vec<u8>, _: Duration) -> Result<Option<Vec<u8>>, HostError> {
        Err(no_store())
    }

    async fn state_swap(&self, _: &str, _: Vec<u8>, _: Vec<u8>, _: Duration) -> Result<bool, HostError> {
        Err(no_store())
    }

    async fn state_release(&self, _: &str, _: Vec<u8>) -> Result<(), HostError> {
        Err(no_store())
    }

    async fn state_keys(&self, _: &str, _: usize) -> Result<Vec<String>, HostError> {
        Err(no_store())
    }

    async fn state_turns(&self, _: &str, _: &TurnRequest) -> Result<Turns, HostError> {
        Err(no_store())
    }
}

fn no_store() -> HostError {
    HostError::Unavailable("there is no store".to_owned())
}
