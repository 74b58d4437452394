//! The port to message queues in a Redis.

use futures_util::future::LocalBoxFuture;
use penstock::policy::secret::Secret;
use std::fmt;

/// A command of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerCommand {
    /// Its name, `LPUSH`.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Vec<Vec<u8>>,
}

/// Why a command was not done, or perhaps was, in words without a URL or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerError(pub String);

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs commands.
pub trait Broker {
    /// Runs a command in the Redis of a URL, whatever it replies but an error. Whoever calls sees to it that it does not take
    /// too long.
    ///
    /// # Errors
    /// The connection's trouble and the server's refusal.
    fn run<'a>(
        &'a self,
        url: &'a Secret,
        command: BrokerCommand,
    ) -> LocalBoxFuture<'a, Result<(), BrokerError>>;
}

/// For hosts without a way to a Redis.
pub(super) struct NoBroker;

impl Broker for NoBroker {
    fn run<'a>(&'a self, _: &'a Secret, _: BrokerCommand) -> LocalBoxFuture<'a, Result<(), BrokerError>> {
        Box::pin(std::future::ready(Err(BrokerError("this host has no way to a Redis".to_owned()))))
    }
}
