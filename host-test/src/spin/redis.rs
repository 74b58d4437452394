//! `spin:redis`: one connection for each `open`, without a limit of time.

use std::sync::Arc;

use penstock_state::redis::Reply;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::{Accessor, Resource};

use super::{
    Spin, SpinView,
    bindings::spin::redis::redis::{
        Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
    },
};
use crate::{
    redis_client::{Address, Connection, Trouble},
    sources::Secret,
};

/// An open connection. It is not opened again when it breaks.
#[derive(Clone)]
pub struct Opened {
    connection: Arc<Connection>,
    _place: Arc<OwnedSemaphorePermit>,
}

/// The setting that stands in the manifest's `allowed_outbound_hosts`.
const ALLOWED: &str = "PENSTOCK_STATE_HOST";

/// What Spin keeps of a reply at most.
const LONGEST: usize = 128 << 20;

impl Host for SpinView<'_> {}

impl HostConnection for SpinView<'_> {
    async fn drop(&mut self, connection: Resource<Opened>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send + 'static> HostConnectionWithStore<T> for Spin {
    async fn open(
        caller: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Opened>, Error>> {
        let imports = caller.with(|mut access| access.get().imports.clone());
        let Ok(address) = Address::parse(&address) else { return Ok(Err(Error::InvalidAddress)) };
        match imports.variables.get(ALLOWED).await {
            Ok(allowed) if is_allowed(&address, allowed.as_ref().map(Secret::expose)) => {}
            Ok(_) => return Ok(Err(Error::InvalidAddress)),
            Err(error) => return Ok(Err(Error::Other(error.to_string()))),
        }
        let Ok(place) = imports.connections.try_acquire_owned() else {
            return Ok(Err(Error::TooManyConnections));
        };
        match Connection::open(&address, &imports.tls).await {
            Ok(connection) => {
                let opened = Opened { connection: Arc::new(connection), _place: Arc::new(place) };
                caller.with(|mut access| Ok(Ok(access.get().table.push(opened)?)))
            }
            Err(trouble) => Ok(Err(Error::Other(text(trouble)))),
        }
    }

    async fn execute(
        caller: &Accessor<T, Self>,
        connection: Resource<Opened>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> wasmtime::Result<Result<Vec<RedisResult>, Error>> {
        // Copied out, so that it is not borrowed across an await.
        let opened = caller.with(|mut access| access.get().table.get(&connection).cloned())?;
        let arguments: Vec<_> = arguments.into_iter().map(argument).collect();
        Ok(match opened.connection.run(&command, &arguments).await {
            Ok(replies) if replies.iter().map(length).sum::<usize>() > LONGEST => {
                Err(Error::Other(format!("query result exceeds limit of {LONGEST} bytes")))
            }
            Ok(replies) => Ok(replies.into_iter().map(result).collect()),
            Err(trouble) => Err(Error::Other(text(trouble))),
        })
    }
}

/// Whether the manifest's host is that of an address.
fn is_allowed(address: &Address, host: Option<&str>) -> bool {
    let host = host.and_then(|host| Address::parse(host.trim()).ok());
    host.is_some_and(|host| host.origin() == address.origin())
}

fn argument(argument: RedisParameter) -> Vec<u8> {
    match argument {
        RedisParameter::Int64(number) => number.to_string().into_bytes(),
        RedisParameter::Binary(bytes) => bytes,
    }
}

fn length(reply: &Reply) -> usize {
    size_of::<RedisResult>()
        + match reply {
            Reply::Nil | Reply::Integer(_) => 0,
            Reply::Status(text) => text.len(),
            Reply::Bytes(bytes) => bytes.len(),
        }
}

fn result(reply: Reply) -> RedisResult {
    match reply {
        Reply::Nil => RedisResult::Nil,
        Reply::Status(text) => RedisResult::Status(text),
        Reply::Integer(number) => RedisResult::Int64(number),
        Reply::Bytes(bytes) => RedisResult::Binary(bytes),
    }
}

/// In the words of the version of the crate that Spin has.
fn text(trouble: Trouble) -> String {
    let (code, detail) = match trouble {
        Trouble::Broken(why) => return why,
        Trouble::Unexpected => return "Could not convert Redis response - TypeError".to_owned(),
        Trouble::Refused { code, detail } => (code, detail),
    };
    let known = match code.as_str() {
        "ERR" => "ResponseError",
        "EXECABORT" => "ExecAbortError",
        "LOADING" => "BusyLoadingError",
        "NOSCRIPT" => "NoScriptError",
        "MOVED" => "Moved",
        "ASK" => "Ask",
        "TRYAGAIN" => "TryAgain",
        "CLUSTERDOWN" => "ClusterDown",
        "CROSSSLOT" => "CrossSlot",
        "MASTERDOWN" => "MasterDown",
        "READONLY" => "ReadOnly",
        "NOTBUSY" => "NotBusy",
        _ => return format!("{code}: {detail}"),
    };
    format!("An error was signalled by the server - {known}: {detail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_that_the_manifest_names_is_reached() {
        let address = Address::parse("redis://user:pass@redis.example:6379/1").unwrap();
        assert!(is_allowed(&address, Some("redis://redis.example")));
        assert!(is_allowed(&address, Some(" redis://redis.example:6379 ")));
        for host in
            ["", "redis.example:6379", "rediss://redis.example", "redis://redis.example:1", "redis://example"]
        {
            assert!(!is_allowed(&address, Some(host)), "{host}");
        }
        assert!(!is_allowed(&address, None));
    }

    #[test]
    fn errors_are_told_as_spin_tells_them() {
        let refused = |code: &str| Trouble::Refused { code: code.to_owned(), detail: "why".to_owned() };
        let known = text(refused("NOSCRIPT"));
        assert_eq!(known, "An error was signalled by the server - NoScriptError: why");
        assert!(penstock_state::redis::is_unknown_script(&known));
        assert_eq!(text(refused("WRONGTYPE")), "WRONGTYPE: why");
        assert_eq!(text(Trouble::Broken("broken pipe".to_owned())), "broken pipe");
    }
}
