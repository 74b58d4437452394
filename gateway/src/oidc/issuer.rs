//! The issuer's keys, kept from one request to the next.

use super::{
    IssuerState, Settings, fetch,
    jwks::KeySet,
    public_key::{Algorithm, PublicKey},
    refused::Refused,
};
use futures_util::lock::Mutex;
use penstock::{client::LogLine, host::Host, policy::time::Tick, settings::common::LogLevel};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long nobody asks after an attempt that failed.
const REST: Duration = Duration::from_secs(5);

/// How long nobody asks for the sake of a key that is unknown, after somebody did.
const UNKNOWN_REST: Duration = Duration::from_secs(30);

/// How long nobody asks after somebody began: the request that did may be gone before the answer, and
/// strangers can begin as many as they like.
const BEGUN: Duration = Duration::from_secs(1);

/// The keys of an issuer, and when to ask for them.
#[derive(Default)]
pub(crate) struct Issuer {
    kept: RefCell<Kept>,
    /// Held by whoever asks the issuer.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    /// Of which settings all this is.
    of: Option<Rc<Settings>>,
    keys: Option<(Rc<KeySet>, Tick)>,
    /// Until when nobody asks, for want of current keys or of one that is unknown.
    rests_until: Tick,
    unknown_rests_until: Tick,
    /// Why the last attempt failed.
    trouble: Option<String>,
}

/// What somebody asks the issuer for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// Keys that are current.
    Current,
    /// One that is not known.
    Unknown,
}

impl Issuer {
    /// The keys by which a token may be signed that names this one.
    ///
    /// # Errors
    /// There is none, or it cannot be told.
    pub(super) async fn find<H: Host>(
        &self,
        host: &H,
        settings: &Rc<Settings>,
        (kid, algorithm): (Option<&str>, Algorithm),
    ) -> Result<Vec<PublicKey>, Refused> {
        self.begin(settings);
        let began = host.now();
        let known = || self.known(host.now(), kid, algorithm);
        if !self.is_current(host.now()) {
            // Whoever has keys that still serve does not wait for another's question.
            let serves = self.serves(host.now()).is_some();
            if !serves || self.asking.try_lock().is_some() {
                self.ask(host, settings, Want::Current, || self.is_current(host.now())).await;
            }
        }
        if let Some(found) = known() {
            return Ok(found);
        }
        // What came since then is as new as it can be.
        let is_answered = || known().is_some() || self.is_newer_than(began);
        self.ask(host, settings, Want::Unknown, is_answered).await;
        known().ok_or_else(|| self.missing(host.now()))
    }

    /// How it stands with these settings' keys.
    pub(crate) fn state(&self, now: Tick, settings: &Rc<Settings>) -> IssuerState {
        self.begin(settings);
        let kept = self.kept.borrow();
        let keys = kept.keys.as_ref();
        IssuerState {
            issuer: settings.issuer.clone(),
            age: keys.map(|(_, at)| at.until(now)),
            keys: keys.map_or(0, |(keys, _)| keys.len()),
            trouble: kept.trouble.clone(),
            serve: kept.serves_until().filter(|until| now < *until).map(|until| now.until(until)),
        }
    }

    /// Forgets what is of other settings.
    fn begin(&self, settings: &Rc<Settings>) {
        let mut kept = self.kept.borrow_mut();
        let is_same = kept.of.as_ref().is_some_and(|of| of.has_same_keys(settings));
        if !is_same {
            *kept = Kept::default();
        }
        // Those of age may be others.
        kept.of = Some(Rc::clone(settings));
    }

    fn is_current(&self, now: Tick) -> bool {
        self.kept.borrow().is_current(now)
    }

    fn is_newer_than(&self, began: Tick) -> bool {
        self.kept.borrow().keys.as_ref().is_some_and(|(_, at)| began <= *at)
    }

    /// The keys, unless they are too old.
    fn serves(&self, now: Tick) -> Option<Rc<KeySet>> {
        let kept = self.kept.borrow();
        kept.serves_until().filter(|until| now < *until)?;
        kept.keys.as_ref().map(|(keys, _)| Rc::clone(keys))
    }

    fn known(&self, now: Tick, kid: Option<&str>, algorithm: Algorithm) -> Option<Vec<PublicKey>> {
        let keys = self.serves(now)?;
        let found: Vec<_> = keys.find(kid, algorithm).into_iter().cloned().collect();
        (!found.is_empty()).then_some(found)
    }

    /// Why there is no key: while the issuer does not answer it may be a new one.
    fn missing(&self, now: Tick) -> Refused {
        let serves = self.serves(now).is_some();
        let kept = self.kept.borrow();
        if serves && kept.trouble.is_none() {
            return Refused::Invalid("is signed by a key that is not known");
        }
        let until = kept.rests_until.max(kept.unknown_rests_until);
        Refused::NoKeys(now.until(until).clamp(BEGUN, UNKNOWN_REST))
    }

    /// Asks the issuer, unless it is too early, or another's question had the answer that is wanted.
    async fn ask<H: Host>(
        &self,
        host: &H,
        settings: &Rc<Settings>,
        want: Want,
        is_answered: impl Fn() -> bool,
    ) {
        let _asking = self.asking.lock().await;
        if is_answered() || !self.kept.borrow_mut().may_begin(want, host.now()) {
            return;
        }
        let answer = fetch::key_set(host, settings).await;
        let told = self.kept.borrow_mut().ended(settings, want, answer, host.now());
        if let Some(line) = told.filter(|(level, _)| *level <= settings.log_level) {
            write(host, settings, line);
        }
    }
}

fn write<H: Host>(host: &H, settings: &Settings, (level, why): (LogLevel, Option<String>)) {
    LogLine::new(host.wall_now(), level, "issuer")
        .with("issuer", settings.issuer.as_str())
        .with("keys", if why.is_some() { "unavailable" } else { "changed" })
        .with_some("error.message", why)
        .write(host);
}

impl Kept {
    fn is_current(&self, now: Tick) -> bool {
        let Some(of) = &self.of else { return false };
        self.keys.as_ref().is_some_and(|(_, at)| at.until(now) < of.age)
    }

    fn serves_until(&self) -> Option<Tick> {
        let of = self.of.as_ref()?;
        self.keys.as_ref().map(|(_, at)| *at + of.age + of.stale)
    }

    /// Whether somebody may ask now, who then does.
    fn may_begin(&mut self, want: Want, now: Tick) -> bool {
        let mut until = self.rests_until;
        if want == Want::Unknown {
            until = until.max(self.unknown_rests_until);
        }
        if now < until {
            return false;
        }
        self.rests_until = now + BEGUN;
        true
    }

    /// Takes an answer over. What is to be told of it: that it failed, or that the keys are others.
    fn ended(
        &mut self,
        settings: &Rc<Settings>,
        want: Want,
        answer: Result<KeySet, String>,
        now: Tick,
    ) -> Option<(LogLevel, Option<String>)> {
        if !self.of.as_ref().is_some_and(|of| of.has_same_keys(settings)) {
            // They changed meanwhile.
            return None;
        }
        if want == Want::Unknown {
            self.unknown_rests_until = now + UNKNOWN_REST;
        }
        match answer {
            Ok(keys) => {
                let is_new = self.keys.as_ref().is_none_or(|(known, _)| **known != keys);
                self.rests_until = now;
                self.trouble = None;
                self.keys = Some((Rc::new(keys), now));
                is_new.then_some((LogLevel::Info, None))
            }
            Err(why) => {
                self.rests_until = now + REST;
                self.trouble = Some(why.clone());
                Some((LogLevel::Warn, Some(why)))
            }
        }
    }
}
