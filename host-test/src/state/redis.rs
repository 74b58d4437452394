//! A [`State`] in Redis, for any number of processes and machines.

mod link;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use penstock_policy::time::millis;
use penstock_state::redis::{self as commands, Command, Reply, Unexpected};

use super::{State, TurnRequest, Turns};
use crate::{
    http::{self, InvalidAuthority, Trust},
    redis_client::Address,
    sources::HostError,
};
use link::Link;

/// How a Redis is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisOptions {
    /// How long an operation may take, opening a connection included; 300 ms unless set. The
    /// component goes on without the store then.
    pub patience: Duration,
    /// Whose certificates are trusted, with `rediss://`.
    pub trust: Trust,
    /// Further certificate authorities in DER, with `rediss://`.
    pub certificate_authorities: Vec<Vec<u8>>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(300),
            trust: Trust::default(),
            certificate_authorities: Vec::new(),
        }
    }
}

/// Why a [`RedisState`] cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableRedis {
    /// The URL, which is not shown since it may hold a password.
    #[error("it is no URL such as redis://user:password@host:6379/0, or rediss:// for TLS")]
    Url,
    /// The certificate authorities.
    #[error(transparent)]
    Authority(#[from] InvalidAuthority),
}

/// A [`State`] in Redis 7 (or what speaks like it), by one command or one script an operation.
///
/// There is one connection, which is opened when it is first needed, once for all that wait, and
/// opened again when it broke. A store that does not answer is left alone for a while that grows
/// to half a second; meanwhile everything is [`HostError::Unavailable`] at once.
///
/// Redis Cluster is not supported: its word about another node is [`HostError::Failed`].
pub struct RedisState {
    link: Link,
}

impl RedisState {
    /// Uses the Redis at `redis://[user:password@]host[:port][/number]`, or `rediss://` for TLS.
    /// Nothing is opened yet.
    ///
    /// # Errors
    ///
    /// [`UnusableRedis::Url`].
    pub fn new(url: &str) -> Result<Self, UnusableRedis> {
        Self::with_options(url, &RedisOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// [`UnusableRedis`].
    pub fn with_options(url: &str, options: &RedisOptions) -> Result<Self, UnusableRedis> {
        let address = Address::parse(url).map_err(|_| UnusableRedis::Url)?;
        let tls = Arc::new(http::tls(options.trust, &options.certificate_authorities)?);
        Ok(Self { link: Link::new(address, tls, options.patience) })
    }

    /// Scheme, host and port, as the setting `PENSTOCK_STATE_HOST` of the gateway wants them.
    #[must_use]
    pub fn origin(&self) -> String {
        self.link.address().origin()
    }

    async fn ask(&self, command: Command) -> Result<Vec<Reply>, HostError> {
        self.link.ask(command).await
    }
}

impl fmt::Debug for RedisState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisState").field("address", self.link.address()).finish_non_exhaustive()
    }
}

/// What a command returns, read from its reply.
fn read<T>(understood: Result<T, Unexpected>) -> Result<T, HostError> {
    understood.map_err(|unexpected| HostError::Failed(format!("Redis: {unexpected}")))
}

impl State for RedisState {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move { read(commands::value(self.ask(Command::get(key)).await?)) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move { self.ask(Command::set(key, value, ttl.map(millis))).await.map(drop) })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move { self.ask(Command::delete(key)).await.map(drop) })
    }

    fn claim<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move {
            let reply = self.ask(Command::claim(key, value, millis(ttl))).await?;
            read(commands::value(reply))
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        Box::pin(async move {
            let command = Command::swap(key, expected.to_vec(), value, millis(ttl));
            read(commands::swapped(&self.ask(command).await?))
        })
    }

    fn release<'a>(&'a self, key: &'a str, expected: &'a [u8]) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move { self.ask(Command::release(key, expected.to_vec())).await.map(drop) })
    }

    fn keys<'a>(&'a self, prefix: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move {
            let mut scan = commands::Scan::new(prefix, most);
            while let Some(command) = scan.command() {
                read(scan.take(&self.ask(command).await?))?;
            }
            Ok(scan.into_keys())
        })
    }

    fn turns<'a>(
        &'a self,
        key: &'a str,
        request: &'a TurnRequest,
    ) -> BoxFuture<'a, Result<Turns, HostError>> {
        Box::pin(async move { read(commands::turns(&self.ask(Command::turns(key, request)).await?)) })
    }
}
