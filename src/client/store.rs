//! The host's shared store, as the client uses it: never longer than it is worth, and never a
//! reason to fail.

use crate::{
    host::{Host, HostError},
    policy::time::Tick,
};
use futures_util::future::{Either, select};
use std::{cell::Cell, pin::pin, time::Duration};

/// How long one operation may take. The provider answers in a few hundred milliseconds.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a store that does not answer is left alone at first; doubles up to [`MAX_REST`].
const REST: Duration = Duration::from_secs(1);
const MAX_REST: Duration = Duration::from_secs(30);

/// Where it is tried whether it takes what is written, and how long that is kept.
const READY: &str = "penstock/ready";
const READY_LIFE: Duration = Duration::from_secs(60);

/// The largest value that is put into it. Stores have bounds of their own; few are
/// below this.
const MOST: usize = 512 * 1024;

/// How often the same trouble is told, and for how long there must have been none before it is told to
/// be over.
const TOLD: Duration = Duration::from_secs(60);

/// Access to the store.
#[derive(Default)]
pub(crate) struct Store {
    rests_until: Cell<Tick>,
    rest: Cell<Duration>,
    /// When trouble was last told, unless it was told to be over.
    told: Cell<Option<Tick>>,
    /// When there was trouble last.
    troubled: Cell<Tick>,
    /// Whether it ever did anything.
    heard: Cell<bool>,
    /// Whom it is told.
    tell: Option<Box<dyn Fn(Told)>>,
}

/// What is told of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// There never was one; the host's own words.
    Absent(String),
    /// It does not do what it is asked; the host's own words.
    Trouble(String),
    /// It does again.
    Over,
}

/// The store did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble;

impl Store {
    /// One that tells of its trouble, now and then.
    pub(crate) fn telling(tell: impl Fn(Told) + 'static) -> Store {
        Store { tell: Some(Box::new(tell)), ..Store::default() }
    }

    /// Whether it can be used: it answers, and takes what is written. One that is left alone is not asked.
    pub(crate) async fn works<H: Host>(&self, host: &H) -> bool {
        self.set(host, READY, b"1".to_vec(), Some(READY_LIFE)).await.is_ok()
    }

    /// For how long it is left alone yet.
    pub(crate) fn rests(&self, now: Tick) -> Option<Duration> {
        Some(now.until(self.rests_until.get())).filter(|left| !left.is_zero())
    }

    pub(crate) async fn get<H: Host>(&self, host: &H, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let value = self.ask(host, host.state_get(name)).await?;
        // A value that this does not write: nobody takes it apart.
        Ok(value.filter(|value| value.len() <= MOST))
    }

    pub(crate) async fn set<H: Host>(
        &self,
        host: &H,
        name: &str,
        value: Vec<u8>,
        life: Option<Duration>,
    ) -> Result<(), Trouble> {
        if value.len() > MOST {
            return Err(Trouble);
        }
        self.ask(host, host.state_set(name, value, life)).await
    }

    /// Claims a name; the value that is there already, if it is another one.
    pub(crate) async fn claim<H: Host>(
        &self,
        host: &H,
        name: &str,
        value: Vec<u8>,
        life: Duration,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        self.ask(host, host.state_claim(name, value, life)).await
    }

    pub(crate) async fn release<H: Host>(&self, host: &H, name: &str, value: Vec<u8>) -> Result<(), Trouble> {
        self.ask(host, host.state_release(name, value)).await
    }

    async fn ask<H: Host, T>(
        &self,
        host: &H,
        asked: impl Future<Output = Result<T, HostError>>,
    ) -> Result<T, Trouble> {
        if host.now() < self.rests_until.get() {
            return Err(Trouble);
        }
        let answer = match select(pin!(asked), pin!(host.sleep(PATIENCE))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(HostError::Unavailable("it is slow".to_owned())),
        };
        match &answer {
            Ok(_) => self.rest.set(Duration::ZERO),
            Err(HostError::Failed(_)) => {}
            Err(_) => {
                let rest = (self.rest.get() * 2).clamp(REST, MAX_REST);
                self.rest.set(rest);
                self.rests_until.set(host.now() + rest);
            }
        }
        self.note(host.now(), answer.as_ref().err());
        answer.map_err(|_| Trouble)
    }

    fn note(&self, now: Tick, trouble: Option<&HostError>) {
        let Some(tell) = &self.tell else { return };
        let told = self.told.get();
        if trouble.is_none() {
            self.heard.set(true);
        }
        if let Some(HostError::Unavailable(why)) = trouble
            && !self.heard.get()
        {
            if self.told.replace(Some(now)).is_none() {
                tell(Told::Absent(why.clone()));
            }
            return;
        }
        match trouble {
            Some(why) => {
                self.troubled.set(now);
                if told.is_none_or(|told| now.since(told) >= TOLD) {
                    self.told.set(Some(now));
                    tell(Told::Trouble(why.to_string()));
                }
            }
            None if told.is_some() && now.since(self.troubled.get()) >= TOLD => {
                self.told.set(None);
                tell(Told::Over);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::simulated::{Conduct, Simulated, Store as Shelf};
    use std::{cell::RefCell, rc::Rc};

    #[test]
    fn a_store_that_is_away_is_left_alone_for_a_growing_while() {
        let host = Simulated::new(1);
        let shelf = Shelf::default();
        shelf.behave(Conduct { down: true, ..Conduct::default() });
        host.share(shelf.clone());
        host.clone().run(async {
            let store = Store::default();
            for seconds in [1, 2, 4, 8, 16, 30, 30] {
                assert_eq!(store.get(&host, "k").await, Err(Trouble));
                let until = store.rests_until.get();
                assert_eq!(until.since(host.now()), Duration::from_secs(seconds));
                host.wait(Duration::from_secs(seconds)).await;
            }
            shelf.behave(Conduct::default());
            assert_eq!(store.get(&host, "k").await, Ok(None));
            shelf.behave(Conduct { latency: Duration::from_secs(9), ..Conduct::default() });
            let began = host.now();
            assert_eq!(store.get(&host, "k").await, Err(Trouble));
            assert_eq!(host.now().since(began), PATIENCE);
            assert_eq!(store.rests_until.get().since(host.now()), REST, "from the start again");
        });
    }

    #[test]
    fn trouble_is_told_once_a_minute_and_when_it_is_over() {
        let host = Simulated::new(1);
        let shelf = Shelf::default();
        host.share(shelf.clone());
        let told = Rc::new(RefCell::new(Vec::new()));
        let store = Store::telling({
            let told = told.clone();
            move |what| told.borrow_mut().push(what)
        });
        let count = || told.borrow().len();
        host.clone().run(async {
            store.get(&host, "k").await.unwrap();
            shelf.behave(Conduct { down: true, ..Conduct::default() });
            for _ in 0..50 {
                assert_eq!(store.get(&host, "k").await, Err(Trouble));
                host.wait(Duration::from_secs(1)).await;
            }
            assert!(matches!(told.borrow().as_slice(), [Told::Trouble(_)]), "{told:?}");
            host.wait(TOLD).await;
            assert_eq!(store.get(&host, "k").await, Err(Trouble));
            assert_eq!(count(), 2);
            // One that works in between is not over it.
            shelf.behave(Conduct::default());
            host.wait(MAX_REST).await;
            store.get(&host, "k").await.unwrap();
            assert_eq!(count(), 2);
            host.wait(TOLD).await;
            store.get(&host, "k").await.unwrap();
            assert_eq!((count(), told.borrow().last()), (3, Some(&Told::Over)));
        });
    }
}
