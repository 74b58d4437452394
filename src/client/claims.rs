//! Claims of an account's in the host's store, for whoever calls the client: what one of them has
//! begun no other one begins, and all of them can read what came of it.
//!
//! What is claimed is sealed, as the account's answers are: whoever gets at the store can neither read it nor
//! make it. What does not open is there all the same, so that nobody takes the place.

use super::Client;
use crate::{
    call::account_name,
    contract::Failure,
    host::{Host, HostError, hash, timeout},
    providers::api::Provider,
    seal::SealKeys,
    settings::common::LogLevel,
};
use penstock_state::names;
use std::{rc::Rc, time::Duration};

/// How long one operation may take. Whoever asks waits for it, and cannot go on without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The pauses before an operation is tried again: before a call, somebody waits to begin; after it, what
/// came of it would be lost.
const BEFORE: &[Duration] = &[Duration::ZERO];
const AFTER: &[Duration] = &[Duration::from_millis(100), Duration::from_millis(400)];

/// A place for one claim.
pub struct ClaimPlace<H> {
    client: Rc<Client<H>>,
    key: String,
    keys: SealKeys,
    /// How long a call of this account may take, if its caller names no deadline.
    pub deadline: Duration,
    /// The same of one that moves a file.
    pub file_deadline: Duration,
}

/// A claim, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaim(Vec<u8>);

/// What came of an attempt to claim a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is the caller's.
    Ours(HeldClaim),
    /// It is somebody else's, and this is what that one wrote; none if that cannot be read: it was
    /// changed, or sealed with other secrets.
    Taken(Option<Vec<u8>>),
}

impl<H: Host> Client<H> {
    /// The place of a claim of an account's: `kind` is one of [`penstock_state::names::KINDS`], and the
    /// texts of `identity` together tell it from others of the account's. `time` is how long it may take
    /// to read the settings; as long as a call if that is none.
    ///
    /// # Errors
    /// A malformed account name, settings that are incomplete, and secrets that
    /// the host cannot read.
    pub async fn claim_place(
        self: &Rc<Self>,
        (provider, account): (&'static dyn Provider, Option<&str>),
        kind: &'static str,
        identity: &[&str],
        time: Option<Duration>,
    ) -> Result<ClaimPlace<H>, Failure> {
        let name = account_name(account)?;
        let read = async {
            let (settings, account) = self.account(provider, &name).await?;
            let keys = self.accounts.keys_for(kind, &account).await?;
            Ok((settings, account, keys))
        };
        let (settings, account, keys) = self.accounts.in_time(time, read).await?;
        let whose = [provider.name(), &account.site_name, &name];
        let rest = hash(whose.iter().chain(identity));
        Ok(ClaimPlace {
            client: self.clone(),
            key: names::key(kind, account.group.as_str(), &rest),
            keys,
            deadline: settings.deadline,
            file_deadline: settings.file_deadline,
        })
    }
}

impl<H: Host> ClaimPlace<H> {
    /// Claims the place with this content, for so long.
    ///
    /// # Errors
    /// The store's trouble. If it comes back only later, the place may stay taken.
    pub async fn claim(&self, content: &[u8], life: Duration) -> Result<Claimed, HostError> {
        let value = self.sealed(content)?;
        let claim = async |host: &H| host.state_claim(&self.key, value.clone(), life).await;
        match self.insist(BEFORE, claim).await {
            Ok(None) => Ok(Claimed::Ours(HeldClaim(value))),
            Ok(Some(present)) => Ok(Claimed::Taken(self.keys.open(&self.key, &present))),
            Err(error) => {
                self.warn("claim", &error);
                // It may have been done all the same, and nobody would ever settle it.
                _ = self
                    .insist(BEFORE, async |host| host.state_release(&self.key, value.clone()).await)
                    .await;
                Err(error)
            }
        }
    }

    /// Writes what came of it in the claim's place, for so long. False if that could not be done, or
    /// if the place is somebody else's by now; a log line says so.
    pub async fn settle(&self, held: &HeldClaim, content: &[u8], life: Duration) -> bool {
        let HeldClaim(expected) = held;
        let written = async {
            let value = self.sealed(content)?;
            let swap =
                async |host: &H| host.state_swap(&self.key, expected.clone(), value.clone(), life).await;
            if self.insist(AFTER, swap).await? {
                return Ok(());
            }
            // A store that has lost the claim takes what came of it.
            let claim = async |host: &H| host.state_claim(&self.key, value.clone(), life).await;
            match self.insist(AFTER, claim).await? {
                None => Ok(()),
                Some(_) => Err(HostError::Failed("it is somebody else's by now".to_owned())),
            }
        };
        written.await.inspect_err(|error| self.warn("settle", error)).is_ok()
    }

    /// Gives the place up, so that others may claim it. False if that could not be done; a log line
    /// says so.
    pub async fn release(&self, held: &HeldClaim) -> bool {
        let HeldClaim(expected) = held;
        let released = self.insist(AFTER, async |host| host.state_release(&self.key, expected.clone()).await);
        released.await.inspect_err(|error| self.warn("release", error)).is_ok()
    }

    fn sealed(&self, content: &[u8]) -> Result<Vec<u8>, HostError> {
        let host = self.client.host();
        let random = [host.random(), host.random(), host.random()];
        let sealed = self.keys.seal(&self.key, content, random);
        sealed.ok_or_else(|| HostError::Failed("it cannot be sealed".to_owned()))
    }

    /// Does an operation, and again if it fails: each of them may be done twice.
    async fn insist<T>(
        &self,
        pauses: &[Duration],
        operation: impl AsyncFn(&H) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let host = self.client.host();
        let once = async || {
            let done = timeout(host, PATIENCE, operation(host)).await;
            done.unwrap_or_else(|| Err(HostError::Unavailable("it is slow".to_owned())))
        };
        let mut done = once().await;
        for pause in pauses {
            if done.is_ok() {
                break;
            }
            if !pause.is_zero() {
                host.sleep(*pause).await;
            }
            done = once().await;
        }
        done
    }

    fn warn(&self, step: &str, error: &HostError) {
        self.client.telemetry.log(LogLevel::Warn, "claim", |line| {
            line.with("step", step).with("key", self.key.as_str()).with("error.message", error.to_string())
        });
    }
}
