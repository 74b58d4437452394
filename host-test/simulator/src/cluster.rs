//! The instances of a deployment, and calls on them.

use crate::{
    calls::NewCall,
    digest::results::{self, Got},
    instance::Instance,
    invariant::Invariant,
    life::{Life, Living},
    trace::{Event, Who},
    vendor::{APP_KEY, TENANTS, Vendor},
    world::World,
};
use futures_util::future::{Either, select};
use penstock::{
    client::Client,
    contract::{CallOptions, Failure},
    host::simulated::Store,
};
use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

/// The accounts, in the order of [`TENANTS`].
pub(crate) const ACCOUNTS: [Option<&str>; 2] = [None, Some("north")];

/// The instances, and what they share.
pub(crate) struct Cluster {
    pub world: Rc<World>,
    pub instances: Vec<Instance>,
    connectors: RefCell<Vec<Option<Rc<Client<Instance>>>>>,
    /// The store that they share, if they do.
    pub store: Option<Store>,
}

/// How a call ended.
pub(crate) enum Ended<T> {
    /// With a result.
    Done(Result<T, Failure>),
    /// Its instance died.
    Killed,
    /// Its caller did not wait.
    Cancelled,
}

/// How often a call is throttled before it gives up (PENSTOCK_MAX_THROTTLED).
const MOST_THROTTLED: usize = 20;

impl Cluster {
    /// So many instances, with complete settings.
    pub(crate) fn new(world: Rc<World>, instances: usize, seed: u64, store: Option<Store>) -> Cluster {
        let many = instances.to_string();
        let instances: Vec<Instance> = (0..instances)
            .map(|index| Instance::new(&world, index, seed.wrapping_add(index as u64)))
            .collect();
        for instance in &instances {
            let host = instance.host();
            for (prefix, tenant) in ["SERVICETITAN", "PENSTOCK_ACCOUNT_NORTH"].into_iter().zip(TENANTS) {
                host.set_secret(&format!("{prefix}_CLIENT_ID"), &Vendor::client(tenant));
                host.set_secret(&format!("{prefix}_CLIENT_SECRET"), &Vendor::first_secret(tenant));
                host.set(&format!("{prefix}_TENANT_ID"), &tenant.to_string());
            }
            host.set_secret("SERVICETITAN_APP_KEY", APP_KEY);
            host.set("PENSTOCK_ROLE", "admin");
            host.set("PENSTOCK_INSTANCES", &many);
            if let Some(store) = &store {
                instance.share(store);
            }
        }
        let connectors = instances.iter().map(|instance| Some(Client::new(instance.clone()))).collect();
        Cluster { world, instances, connectors: RefCell::new(connectors), store }
    }

    /// Sets a setting everywhere.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.instances.iter().for_each(|instance| instance.host().set(name, value));
    }

    /// The client of an instance that is up.
    pub(crate) fn client(&self, index: usize) -> Option<Rc<Client<Instance>>> {
        let alive = self.instances.get(index).is_some_and(|instance| !instance.life().is_over());
        self.connectors.borrow().get(index).filter(|_| alive).cloned().flatten()
    }

    /// The present life of an instance.
    pub(crate) fn life(&self, index: usize) -> Rc<Life> {
        self.instances.get(index).map_or_else(Rc::default, Instance::life)
    }

    /// An instance that is up, beginning with this one; waits until there is one.
    pub(crate) async fn up(&self, preferred: usize) -> usize {
        loop {
            let many = self.instances.len().max(1);
            let mut order = (0..many).map(|step| (preferred + step) % many);
            if let Some(up) = order.find(|index| self.client(*index).is_some()) {
                return up;
            }
            self.world.wait(Duration::from_millis(500)).await;
        }
    }

    /// An instance that died starts again.
    pub(crate) fn restart(&self, index: usize) {
        let Some(instance) = self.instances.get(index).filter(|instance| instance.life().is_over()) else {
            return;
        };
        instance.revive();
        if let Some(client) = self.connectors.borrow_mut().get_mut(index) {
            self.world.tell(Some(index), "starts anew");
            *client = Some(Client::new(instance.clone()));
        }
    }

    /// Makes a call on an instance; after `patience` its caller waits no longer.
    pub(crate) async fn call<T: Got, F: Future<Output = Result<T, Failure>>>(
        &self,
        index: usize,
        new: NewCall,
        about: &str,
        patience: Option<Duration>,
        make: impl FnOnce(Rc<Client<Instance>>) -> F,
    ) -> Ended<T> {
        let (Some(client), Some(instance)) = (self.client(index), self.instances.get(index)) else {
            return Ended::Killed;
        };
        let world = &self.world;
        let number = world.begin(index, &new, instance.is_settled());
        let who = Who { instance: Some(index), call: Some(number) };
        world.note(who, &Event::Call { call: &new, about, patience });
        let living = Living::new(world, number, &instance.life(), make(client));
        let ended = match patience {
            None => living.await,
            Some(patience) => {
                let (living, timer) = (pin!(living), pin!(world.wait(patience)));
                match select(living, timer).await {
                    Either::Left((ended, _)) => ended,
                    Either::Right(((), _)) => {
                        world.note(who, &Event::Result { got: results::CANCELLED, words: "cancelled" });
                        world.end(number, false);
                        return Ended::Cancelled;
                    }
                }
            }
        };
        world.end(number, ended.is_some());
        match ended {
            None => {
                world.note(who, &Event::Result { got: results::KILLED, words: "killed" });
                Ended::Killed
            }
            Some(Ok(done)) => {
                world.count(|figures| figures.calls_ok += 1);
                world.note(who, &Event::Result { got: done.got(), words: "ok" });
                Ended::Done(Ok(done))
            }
            Some(Err(failure)) => {
                let told = format!("{failure:?}");
                world.scan("a failure", told.as_bytes());
                check_attempts(world, &failure);
                world.note(who, &Event::Result { got: failure.got(), words: &results::words(&failure) });
                Ended::Done(Err(failure))
            }
        }
    }

    /// Looks for secrets in what the instances tell of themselves, and in the store; takes down
    /// how often each asked for anything.
    pub(crate) fn inspect(&self) {
        for (index, instance) in self.instances.iter().enumerate() {
            let who = Who { instance: Some(index), call: None };
            self.world.note(who, &Event::Asked(instance.asked()));
            if let Some(client) = self.client(index) {
                self.world.scan("the metrics", client.metrics().as_bytes());
                self.world.scan("the snapshot", client.snapshot().as_bytes());
            }
        }
        for entry in self.store.iter().flat_map(Store::contents) {
            self.world.scan("the store", entry.as_bytes());
        }
    }
}

/// A call that ends for want of attempts must have made them.
fn check_attempts(world: &World, failure: &Failure) {
    let throttled = failure.attempts.iter().filter(|attempt| attempt.reason == "rate-limited").count();
    let others = failure.attempts.len() - throttled;
    let exhausted = failure.message.ends_with("no attempts are left");
    if exhausted && others < world.attempts.get() && throttled <= MOST_THROTTLED {
        let what = format!("{others} attempts and {throttled} times 429: {}", failure.message);
        world.violate(Invariant::ThrottledIsNoAttempt, what);
    }
}

/// Call options that say nothing but whose account.
pub(crate) fn options(account: Option<&str>) -> CallOptions {
    CallOptions { account: account.map(str::to_owned), ..CallOptions::default() }
}

/// As a deadline of call options.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
