//! The way to message queues: any Redis that the manifest allows, over Spin's own interface.
//!
//! A connection for each command: they are few, and one that Spin opened long ago may be gone without a word.

use super::redis::{
    bindings::spin::redis::redis::{Connection, Error, RedisParameter},
    refused, text,
};
use crate::outbox::broker::{Broker, BrokerCommand, BrokerError};
use futures_util::future::LocalBoxFuture;
use penstock::{host::HostError, policy::secret::Secret};

/// Redis over `spin:redis`.
pub(crate) struct RedisBroker;

impl Broker for RedisBroker {
    fn run<'a>(
        &'a self,
        url: &'a Secret,
        command: BrokerCommand,
    ) -> LocalBoxFuture<'a, Result<(), BrokerError>> {
        Box::pin(async move {
            let connection = Connection::open(url.expose().to_owned()).await.map_err(unopened)?;
            let BrokerCommand { name, arguments } = command;
            let arguments = arguments.into_iter().map(RedisParameter::Binary).collect();
            connection.execute(name.to_owned(), arguments).await.map(drop).map_err(failed)
        })
    }
}

fn unopened(error: Error) -> BrokerError {
    BrokerError(match error {
        Error::InvalidAddress => "the host does not allow this Redis (allowed_outbound_hosts)".to_owned(),
        error => format!("Redis: {}", text(error)),
    })
}

/// What the server quotes of a command's arguments stays here.
fn failed(error: Error) -> BrokerError {
    match refused(&text(error)) {
        HostError::Unavailable(why) | HostError::Denied(why) | HostError::Failed(why) => BrokerError(why),
    }
}
