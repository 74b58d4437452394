//! An access token that the instances of a deployment share.
//!
//! Whoever fetches one puts it into the host's store, sealed with the credentials that it was
//! issued for; whoever needs one looks there first. While one instance fetches, the others wait for
//! what comes of it, though not for long. So instances that come and go need one token in its life.

use super::{Accounts, account::Account};
use crate::{
    host::{Host, hash},
    policy::{
        secret::Secret,
        time::{Tick, WallTime, millis},
        token::DEFAULT_LIFE,
    },
    providers::api::Credentials,
    seal::SealKey,
};
use penstock_state::names;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long one instance may fetch before another one tries.
const FETCHING: Duration = Duration::from_secs(10);

/// How long to wait for what another instance fetches, and how often to look.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// How far ahead of us the clock of the instance may be that asked for one. What comes from further ahead, since a clock
/// was put back, is of no known age.
const MOST_AHEAD: Duration = Duration::from_secs(60);

/// One that ends sooner is not worth taking.
const LEAST_LIFE: Duration = Duration::from_secs(60);

/// A token as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<'t> {
    /// Tells it apart from others of the same credentials.
    id: u64,
    token: &'t str,
    /// When it was asked for, in milliseconds since the Unix epoch.
    requested: i64,
    /// How long it lives from then on, in milliseconds; none if the provider did not say.
    life: Option<u64>,
}

/// A token that another instance has fetched.
pub(crate) struct Shared {
    pub(crate) id: u64,
    pub(crate) token: Secret,
    pub(crate) requested: Tick,
    pub(crate) life: Option<Duration>,
}

/// The right to fetch, as long as nobody else does.
pub(crate) enum Turn {
    /// Ours, to be given back.
    Ours(Vec<u8>),
    /// Nobody keeps count.
    Unknown,
    /// Another instance has fetched this one meanwhile.
    Fetched(Shared),
}

/// Where the account's token is stored: for one place, one account, and these credentials.
fn name(account: &Account, key: &SealKey) -> String {
    let key = key.name();
    let whose = [account.provider.name(), &account.site.tenant, &account.site_name, &account.name, &key];
    names::key(names::TOKEN, account.group.as_str(), &hash(whose))
}

impl<H: Host> Accounts<H> {
    /// The token in the store, unless it is the one that this instance had.
    async fn shared_token(&self, account: &Account, key: &SealKey, name: &str) -> Option<Shared> {
        let sealed = self.store.get(&*self.host, name).await.ok()??;
        let content = Zeroizing::new(key.open(name, &sealed)?);
        let stored: Stored<'_> = serde_json::from_slice(&content).ok()?;
        let (requested, now) = (WallTime::from_millis(stored.requested), self.host.wall_now());
        if now.until(requested) > MOST_AHEAD {
            return None;
        }
        let age = requested.until(now);
        let life = stored.life.map(Duration::from_millis);
        let left = life.unwrap_or(DEFAULT_LIFE).saturating_sub(age);
        if account.token.shared.get() == Some(stored.id) || left < LEAST_LIFE {
            return None;
        }
        let (token, requested) = (Secret::new(stored.token.to_owned()), self.host.now() - age);
        Some(Shared { id: stored.id, token, requested, life })
    }

    /// Waits for the right to fetch a token for these credentials, or for the token itself.
    pub(crate) async fn turn_to_fetch(&self, account: &Account, credentials: &Credentials) -> Turn {
        let key = SealKey::derive("token", credentials.all());
        let name = name(account, &key);
        let me = account.token.turn.get_or_init(|| self.host.random().to_le_bytes()).to_vec();
        let until = self.host.now() + PATIENCE;
        loop {
            if let Some(shared) = self.shared_token(account, &key, &name).await {
                return Turn::Fetched(shared);
            }
            let fetching = format!("{name}/fetching");
            match self.store.claim(&*self.host, &fetching, me.clone(), FETCHING).await {
                Ok(None) => break,
                // Of a fetch whose call was over first: an instance makes one at a time.
                Ok(Some(holder)) if holder == me => break,
                Ok(Some(_)) if self.host.now() < until => self.host.sleep(LOOK).await,
                Ok(Some(_)) | Err(_) => return Turn::Unknown,
            }
        }
        // It may have been stored between the look and the claim.
        match self.shared_token(account, &key, &name).await {
            Some(shared) => {
                self.fetched(account, credentials, Some(me), None).await;
                Turn::Fetched(shared)
            }
            None => Turn::Ours(me),
        }
    }

    /// The fetch is over: stores what came of it, and lets others fetch.
    pub(crate) async fn fetched(
        &self,
        account: &Account,
        credentials: &Credentials,
        turn: Option<Vec<u8>>,
        token: Option<(&Secret, Tick, Option<Duration>)>,
    ) {
        let key = SealKey::derive("token", credentials.all());
        let name = name(account, &key);
        if let Some((token, requested, life)) = token {
            self.share_token(account, &key, &name, token, requested, life).await;
        }
        if let Some(turn) = turn {
            _ = self.store.release(&*self.host, &format!("{name}/fetching"), turn).await;
        }
    }

    async fn share_token(
        &self,
        account: &Account,
        key: &SealKey,
        name: &str,
        token: &Secret,
        requested: Tick,
        life: Option<Duration>,
    ) {
        let host = &*self.host;
        let age = requested.until(host.now());
        let id = host.random();
        let stored = Stored {
            id,
            token: token.expose(),
            requested: host.wall_now().as_millis().saturating_sub_unsigned(millis(age)),
            life: life.map(millis),
        };
        let content = serde_json::to_vec(&stored).map(Zeroizing::new);
        let random = [host.random(), host.random(), host.random()];
        let sealed = content.ok().and_then(|content| key.seal(name, &content, random));
        account.token.shared.set(Some(id));
        if let Some(sealed) = sealed {
            let left = life.unwrap_or(DEFAULT_LIFE).saturating_sub(age);
            _ = self.store.set(host, name, sealed, Some(left)).await;
        }
    }
}
