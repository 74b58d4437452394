//! A host with virtual time, for tests and the simulator.
//!
//! Time stands still while anything can run, and jumps to the next timer when
//! everything waits, so that hours pass in no time and every run with the same seed
//! is the same run. The provider is a function from a request to a [`Reply`]; settings
//! and secrets may change while calls are under way. Whatever leaves the core is
//! kept: requests, log lines, how often the host was asked.

mod clock;
mod executor;
mod store;
mod wire;

pub use clock::Sleep;
use penstock_spellings::spellings;
pub use store::{Conduct, Store};
pub use wire::{Pieces, Reply, SentRequest};

use super::{Host, HostError, Opened, Request, Response, SendError};
use crate::policy::{
    classify::{Reason, Sent},
    secret::Secret,
    time::{Tick, WallTime},
};
use clock::Clock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

/// Friday, 20 November 2026, 10:00:00 GMT: the wall clock at the start.
pub const START: WallTime = WallTime::from_millis(1_795_168_800_000);

/// How many texts are looked for before further secrets are looked for as they are only.
const MANY_SPELLINGS: usize = 200;

/// A host with virtual time. Clones are the same host.
#[derive(Clone)]
pub struct Simulated(Rc<World>);

type Vendor = Box<dyn FnMut(&SentRequest) -> Reply>;

struct World {
    clock: Clock,
    /// Added to the wall clock, in milliseconds.
    skew: Cell<i64>,
    random: Cell<u64>,
    settings: RefCell<BTreeMap<String, String>>,
    secrets: RefCell<BTreeMap<String, String>>,
    /// What must never be seen, former values included.
    never_seen: RefCell<Vec<String>>,
    /// What left the core towards its callers.
    told: RefCell<Vec<String>>,
    lines: RefCell<Vec<String>>,
    provider: RefCell<Vendor>,
    requests: RefCell<Vec<Rc<SentRequest>>>,
    /// How many of the next requests find no connection.
    unreachable: Cell<usize>,
    in_flight: Cell<usize>,
    most_in_flight: Cell<usize>,
    aborted: Cell<usize>,
    /// How often each setting and secret was read.
    reads: RefCell<BTreeMap<String, usize>>,
    lookup: Cell<Duration>,
    fault: RefCell<Option<HostError>>,
    denied: RefCell<BTreeSet<String>>,
    /// Shared by all hosts of a simulation; none when the host has no store.
    store: RefCell<Option<Store>>,
}

impl Simulated {
    /// A host without settings, whose provider refuses every connection.
    #[must_use]
    pub fn new(seed: u64) -> Simulated {
        Simulated::on(Clock::default(), seed)
    }

    /// Another host in the same time: another instance of a deployment. It has settings,
    /// chance and a provider's function of its own.
    #[must_use]
    pub fn sibling(&self, seed: u64) -> Simulated {
        Simulated::on(self.0.clock.clone(), seed)
    }

    /// From now on its wall clock is ahead by so many milliseconds.
    pub fn skew(&self, millis: i64) {
        self.0.skew.set(millis);
    }

    fn on(clock: Clock, seed: u64) -> Simulated {
        Simulated(Rc::new(World {
            clock,
            skew: Cell::new(0),
            random: Cell::new(seed),
            settings: RefCell::default(),
            secrets: RefCell::default(),
            never_seen: RefCell::default(),
            told: RefCell::default(),
            lines: RefCell::default(),
            provider: RefCell::new(Box::new(|_: &SentRequest| Reply::refused())),
            requests: RefCell::default(),
            unreachable: Cell::new(0),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
            aborted: Cell::new(0),
            reads: RefCell::default(),
            lookup: Cell::new(Duration::ZERO),
            fault: RefCell::new(None),
            denied: RefCell::default(),
            store: RefCell::default(),
        }))
    }

    /// From now on the provider answers with this function. It is called when a request
    /// is sent; a request that is dropped later has arrived all the same.
    pub fn answer_with(&self, provider: impl FnMut(&SentRequest) -> Reply + 'static) {
        *self.0.provider.borrow_mut() = Box::new(provider);
    }

    /// The next so many requests find no connection: nothing of them is sent, and their
    /// bodies are not read.
    pub fn refuse_connections(&self, requests: usize) {
        self.0.unreachable.set(requests);
    }

    /// Sets a setting.
    pub fn set(&self, name: &str, value: &str) {
        self.0.settings.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Removes a setting or a secret.
    pub fn unset(&self, name: &str) {
        self.0.settings.borrow_mut().remove(name);
        self.0.secrets.borrow_mut().remove(name);
    }

    /// Sets a secret. Its value may from now on be seen nowhere but in a request.
    pub fn set_secret(&self, name: &str, value: &str) {
        self.never_show(value);
        // A test of a thousand rotations looks for each as it is, and for all spellings of the
        // first ones.
        if self.0.never_seen.borrow().len() < MANY_SPELLINGS {
            self.0.never_seen.borrow_mut().extend(spellings(value));
        }
        self.0.secrets.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Another text that may be seen nowhere but in a request: a token, for instance.
    pub fn never_show(&self, text: &str) {
        // Nothing can give an empty text away, and every line has it.
        if text.is_empty() {
            return;
        }
        let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        self.0.never_seen.borrow_mut().extend([text.to_owned(), encoded]);
    }

    /// Notes what the core told a caller, to look for secrets in it.
    pub fn told(&self, text: String) {
        self.0.told.borrow_mut().push(text);
    }

    /// Gives the host a store that it may share with others. Without one it answers that
    /// it has none.
    pub fn share(&self, store: Store) {
        *self.0.store.borrow_mut() = Some(store);
    }

    /// How long the host takes to find a setting or a secret.
    pub fn slow_lookups(&self, time: Duration) {
        self.0.lookup.set(time);
    }

    /// What the host answers when it is asked for a setting or a secret.
    pub fn fail_lookups(&self, fault: Option<HostError>) {
        *self.0.fault.borrow_mut() = fault;
    }

    /// From now on it denies this name of a setting or a secret.
    pub fn deny(&self, name: &str) {
        self.0.denied.borrow_mut().insert(name.to_owned());
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.clock.now().since(Tick::ZERO)
    }

    /// Waits.
    #[must_use]
    pub fn wait(&self, time: Duration) -> Sleep {
        self.0.clock.sleep(time)
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Rc<SentRequest>> {
        self.0.requests.borrow().clone()
    }

    /// The log lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lines.borrow().clone()
    }

    /// How many requests were dropped before they were answered.
    #[must_use]
    pub fn aborted(&self) -> usize {
        self.0.aborted.get()
    }

    /// How many requests were under way at once, at most.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.0.most_in_flight.get()
    }

    /// How often a setting or a secret was read.
    #[must_use]
    pub fn reads(&self, name: &str) -> usize {
        self.0.reads.borrow().get(name).copied().unwrap_or_default()
    }

    /// How often settings and secrets were read in all.
    #[must_use]
    pub fn all_reads(&self) -> usize {
        self.0.reads.borrow().values().sum()
    }

    /// The first place where a secret can be seen.
    #[must_use]
    pub fn leak(&self) -> Option<String> {
        let world = &self.0;
        let requests = world.requests.borrow();
        let shown: Vec<String> = requests.iter().map(|request| format!("{request:?}")).collect();
        let (lines, told, secrets) = (world.lines.borrow(), world.told.borrow(), world.never_seen.borrow());
        let mut texts = lines.iter().chain(told.iter()).chain(&shown);
        texts.find(|text| secrets.iter().any(|secret| text.contains(secret.as_str()))).cloned()
    }

    async fn look_up(
        &self,
        name: &str,
        map: &RefCell<BTreeMap<String, String>>,
    ) -> Result<Option<String>, HostError> {
        *self.0.reads.borrow_mut().entry(name.to_owned()).or_default() += 1;
        if !self.0.lookup.get().is_zero() {
            self.wait(self.0.lookup.get()).await;
        }
        if let Some(fault) = self.0.fault.borrow().clone() {
            return Err(fault);
        }
        if self.0.denied.borrow().contains(name) {
            return Err(HostError::Denied(name.to_owned()));
        }
        Ok(map.borrow().get(name).filter(|value| !value.trim().is_empty()).cloned())
    }
}

impl Simulated {
    async fn exchange(&self, request: Request) -> Result<Reply, SendError> {
        let world = &self.0;
        let flight = Flight::begin(world);
        if let Some(left) = world.unreachable.get().checked_sub(1) {
            world.unreachable.set(left);
            flight.landed();
            return Ok(Reply::refused());
        }
        let Some(sent) = SentRequest::new(request, self.elapsed()).await else {
            return Err(SendError {
                reason: Reason::Connection,
                sent: Sent::Maybe,
                detail: "InternalError".to_owned(),
            });
        };
        let sent = Rc::new(sent);
        world.requests.borrow_mut().push(sent.clone());
        let reply = (world.provider.borrow_mut())(&sent);
        self.wait(reply.after).await;
        flight.landed();
        Ok(reply)
    }
}

impl Host for Simulated {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let max_body = request.max_body;
        self.exchange(request).await?.within(max_body)
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        let max_body = request.max_body;
        self.exchange(request).await?.open(max_body)
    }

    async fn sleep(&self, time: Duration) {
        self.wait(time).await;
    }

    fn now(&self) -> Tick {
        self.0.clock.now()
    }

    fn wall_now(&self) -> WallTime {
        let since = i64::try_from(self.elapsed().as_millis()).unwrap_or(i64::MAX);
        WallTime::from_millis(START.as_millis().saturating_add(since).saturating_add(self.0.skew.get()))
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn random(&self) -> u64 {
        let state = self.0.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        Ok(self.look_up(name, &self.0.secrets).await?.map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        self.look_up(name, &self.0.settings).await
    }

    fn log(&self, line: &str) {
        self.0.lines.borrow_mut().push(line.to_owned());
    }
}

/// A request under way. Dropping it is an abort.
struct Flight<'w> {
    world: &'w World,
    landed: bool,
}

impl<'w> Flight<'w> {
    fn begin(world: &'w World) -> Flight<'w> {
        world.in_flight.set(world.in_flight.get() + 1);
        world.most_in_flight.set(world.most_in_flight.get().max(world.in_flight.get()));
        Flight { world, landed: false }
    }

    fn landed(mut self) {
        self.landed = true;
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.world.in_flight.set(self.world.in_flight.get() - 1);
        if !self.landed {
            self.world.aborted.set(self.world.aborted.get() + 1);
        }
    }
}
