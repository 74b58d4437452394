//! The host of one instance: what the core asks for goes past here, is taken down, and
//! is held against the invariants.

mod counted;
mod defects;
mod flight;
mod shared;

use self::flight::Flight;
use crate::{
    breaker::Breakers,
    fault::Fault,
    fault_window::FaultWindow,
    invariant::Invariant,
    life::Life,
    trace::{Event, Who},
    vendor::Answer,
    world::World,
};
use penstock::{
    host::{
        BodyError, Host, HostError, Opened, Request, Response, SendError,
        simulated::{Simulated, Store},
    },
    policy::{
        classify::{Reason, Sent},
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

/// One instance's host. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Instance(Rc<Inner>);

struct Inner {
    world: Rc<World>,
    index: usize,
    host: Simulated,
    life: RefCell<Rc<Life>>,
    /// How often the core asked for something that it may have to wait for.
    asked: Cell<u64>,
    /// Dies instead of answering this one.
    dies_at: Cell<Option<u64>>,
    lookups: RefCell<Lookups>,
    /// Whether it has sent anything in this life: then it knows its settings.
    settled: Cell<bool>,
    /// What the shared store suffers from.
    store: Cell<Option<(Fault, FaultWindow)>>,
    /// When the shared store was last in trouble.
    store_back: Cell<Option<Duration>>,
    /// The limits for which the store has answered in this life.
    limits: RefCell<BTreeSet<String>>,
    /// Token fetches under way, by credential.
    fetching: RefCell<BTreeMap<String, u32>>,
    breakers: RefCell<Breakers>,
    /// The call that was throttled last.
    throttled: Cell<Option<usize>>,
    /// Whether the host itself ends a request whose answer does not begin in time.
    minds_timeouts: bool,
}

/// How the host finds settings and secrets.
#[derive(Default)]
struct Lookups {
    slow: FaultWindow,
    takes: Duration,
    failing: FaultWindow,
}

impl Instance {
    pub(crate) fn new(world: &Rc<World>, index: usize, seed: u64) -> Instance {
        Instance(Rc::new(Inner {
            world: world.clone(),
            index,
            host: world.host(seed),
            life: RefCell::default(),
            asked: Cell::new(0),
            dies_at: Cell::new(None),
            lookups: RefCell::default(),
            settled: Cell::new(false),
            store: Cell::default(),
            store_back: Cell::new(None),
            limits: RefCell::default(),
            fetching: RefCell::default(),
            breakers: RefCell::default(),
            throttled: Cell::new(None),
            minds_timeouts: seed & 1 == 0,
        }))
    }

    /// The simulated host behind it, for settings, secrets, the store and the wall clock.
    pub(crate) fn host(&self) -> &Simulated {
        &self.0.host
    }

    /// Its present life.
    pub(crate) fn life(&self) -> Rc<Life> {
        self.0.life.borrow().clone()
    }

    /// Whether it has read its settings in this life.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.settled.get()
    }

    /// It starts anew after it was killed.
    pub(crate) fn revive(&self) {
        *self.0.life.borrow_mut() = Rc::default();
        self.0.fetching.borrow_mut().clear();
        self.0.settled.set(false);
        self.0.limits.borrow_mut().clear();
        *self.0.breakers.borrow_mut() = Breakers::default();
    }

    /// How often the core asked for something that it may have to wait for.
    pub(crate) fn asked(&self) -> u64 {
        self.0.asked.get()
    }

    /// It dies with all that runs on it.
    pub(crate) fn die(&self) {
        self.0.dies_at.set(None);
        let life = self.life();
        if !life.is_over() {
            self.world().fault(self.who(), Fault::Killed);
            life.end();
        }
    }

    /// Dies instead of answering the core's question with this number, from 1.
    pub(crate) fn die_at(&self, question: Option<u64>) {
        self.0.dies_at.set(question);
    }

    /// For a while, lookups take so long.
    pub(crate) fn slow_lookups(&self, slow: FaultWindow, takes: Duration) {
        *self.0.lookups.borrow_mut() = Lookups { slow, takes, ..Lookups::default() };
    }

    /// For a while, lookups fail.
    pub(crate) fn fail_lookups(&self, failing: FaultWindow) {
        *self.0.lookups.borrow_mut() = Lookups { failing, ..Lookups::default() };
    }

    /// For a while, the store suffers from this.
    pub(crate) fn store_suffers(&self, fault: Fault, window: FaultWindow) {
        self.0.store.set(Some((fault, window)));
    }

    /// The store is well again.
    pub(crate) fn store_returns(&self) {
        self.0.store_back.set(Some(self.world().now()));
    }

    /// Joins a store.
    pub(crate) fn share(&self, store: &Store) {
        self.0.host.share(store.clone());
    }

    fn world(&self) -> &World {
        &self.0.world
    }

    fn who(&self) -> Who {
        self.0.world.who(self.0.index)
    }

    /// The core asks for something: this is where an instance can die.
    async fn asking(&self) {
        let asked = self.0.asked.get() + 1;
        self.0.asked.set(asked);
        if self.0.dies_at.get() == Some(asked) {
            self.die();
        }
        if self.life().is_over() {
            std::future::pending::<()>().await;
        }
    }

    async fn lookup(&self, name: &str) -> Result<(), HostError> {
        self.asking().await;
        let (world, who) = (self.world(), self.who());
        let (slow, fails) = {
            let mut lookups = self.0.lookups.borrow_mut();
            let slow = lookups.slow.hits(world, who, Fault::LookupSlow).then_some(lookups.takes);
            (slow, lookups.failing.hits(world, who, Fault::LookupFails))
        };
        if let Some(takes) = slow {
            world.wait(takes).await;
        }
        if fails {
            self.world().note(self.who(), &Event::Lookup { name, found: None });
            return Err(HostError::Unavailable("it is not there just now".to_owned()));
        }
        Ok(())
    }

    /// What must hold when a request leaves.
    fn check(&self, request: &Request) {
        let world = self.world();
        let body = match &request.body {
            Some(penstock::host::Body::Plain(bytes)) => &bytes[..],
            _ => &[],
        };
        self.0.settled.set(true);
        let target = &request.path_and_query;
        world.note(self.who(), &Event::Send(request));
        world.scan("a request's target", target.as_bytes());
        world.scan("a request's authority", request.authority.as_bytes());
        world.scan("a request's body", body);
        for (name, value) in &request.headers {
            world.scan(name, value.as_bytes());
        }
        world.sending(target, request.authority.starts_with("auth."));
        if !request.https {
            world.violate(Invariant::NoSecretSeen, format!("{target} goes without TLS"));
        }
    }

    fn token_fetch(&self, credential: &str) {
        let mut fetching = self.0.fetching.borrow_mut();
        let under_way = fetching.entry(credential.to_owned()).or_default();
        *under_way += 1;
        let many = *under_way;
        drop(fetching);
        if many > 1 {
            let what = format!("{many} token fetches at once on #{}", self.0.index);
            self.world().violate(Invariant::OneTokenFetch, what);
        }
    }
}

impl Host for Instance {
    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        let heavy = self.asks_for_heavy(&request);
        let response = self.send(request).await?;
        Ok(self.counted(heavy, Opened::from(response)))
    }

    async fn send(&self, request: Request) -> Result<Response, SendError> {
        self.asking().await;
        let world = self.world();
        self.check(&request);
        self.log_tokens(&request);
        let Answer { mut after, mut result, credential } =
            world.vendor.borrow_mut().answer(world, self.who(), &request);
        world.count(|figures| figures.requests += 1);
        let mut probe = None;
        if let Some(credential) = &credential {
            world.count(|figures| figures.token_requests += 1);
            self.token_fetch(credential);
        } else {
            let (method, target) = (request.method, &request.path_and_query);
            probe = self.0.breakers.borrow_mut().sent(world, self.0.index, method, target);
        }
        if self.0.minds_timeouts && after >= request.timeouts.first_byte {
            after = request.timeouts.first_byte;
            let detail = "ConnectionReadTimeout".to_owned();
            result = Err(SendError { reason: Reason::Timeout, sent: Sent::Maybe, detail });
        }
        let (instance, who, life) = (self.clone(), self.who(), self.life());
        let mut flight = Flight { instance, who, life, credential, probe, landed: false };
        world.wait(after).await;
        flight.landed = true;
        match &mut result {
            Ok(response) => {
                if response.body.as_ref().is_ok_and(|body| body.len() > request.max_body) {
                    response.body = Err(BodyError::TooLarge);
                }
                let body = response.body.as_ref().map_or(&[][..], |body| body);
                let body = if flight.credential.is_some() { &[] } else { body };
                world.note(flight.who, &Event::Answer { response, body });
                self.answered(flight.who, response);
            }
            Err(error) => {
                self.lies(error);
                world.note(flight.who, &Event::NoAnswer(error));
            }
        }
        result
    }

    async fn sleep(&self, time: Duration) {
        self.asking().await;
        let world = self.world();
        world.note(self.who(), &Event::Sleep(time));
        if self.waits_for_ever(self.who()) {
            std::future::pending::<()>().await;
        }
        // Longer ones are time-outs, which guard something else.
        let rests = self.who().call.filter(|_| time < REST);
        if let Some(call) = rests {
            world.calls.borrow_mut().rests(call, world.now() + time);
        }
        world.wait(time).await;
        if let Some(call) = rests {
            world.calls.borrow_mut().rested(call, world.faults());
        }
    }

    fn now(&self) -> Tick {
        defects::clock(self.0.host.now())
    }

    fn wall_now(&self) -> WallTime {
        self.0.host.wall_now()
    }

    fn random(&self) -> u64 {
        let number = defects::draw(self.0.host.random());
        self.world().note(self.who(), &Event::Draw(number));
        number
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        self.lookup(name).await?;
        let found = self.0.host.secret(name).await?;
        self.world().note(self.who(), &Event::Lookup { name, found: Some(found.is_some()) });
        Ok(found)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        self.lookup(name).await?;
        let found = self.0.host.setting(name).await?;
        self.world().note(self.who(), &Event::Lookup { name, found: Some(found.is_some()) });
        Ok(found)
    }

    fn log(&self, line: &str) {
        let world = self.world();
        world.note(self.who(), &Event::Log(line));
        world.scan("a log line", line.as_bytes());
        self.0.breakers.borrow_mut().hear(line, world.now());
    }
}

/// No wait between two tries is longer: a back-off of 20 s and what is added to it.
const REST: Duration = Duration::from_secs(22);
