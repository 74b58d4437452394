//! The shared state in Redis, over Spin's own asynchronous interface. spin-sdk would bind the
//! one of Spin 2.
//!
//! An instance has one connection. Spin sets no limit of time and opens nothing again, so both is
//! done here: each operation is raced against the clock, a connection that broke or was silent
//! is dropped, and a Redis that is away is left alone for a while that grows to half a second.

use crate::state_settings::Redis;
use bindings::spin::redis::redis::{Connection, Error, RedisParameter, RedisResult};
use futures_util::{
    future::{Either, select},
    lock::Mutex,
};
use penstock::{
    host::{HostError, wasi},
    policy::time::{Tick, millis},
    state::{
        redis::{self as commands, Command, Reply, Unexpected},
        reopening::Reopening,
    },
};
use std::{cell::RefCell, pin::pin, rc::Rc};

pub(super) mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        clippy::allow_attributes_without_reason,
        clippy::uninlined_format_args,
        reason = "generated code"
    )]

    wit_bindgen::generate!({
        inline: "
            package penstock:gateway;
            world redis {
                import spin:redis/redis@3.0.0;
            }
        ",
        path: "wit/redis",
        world: "penstock:gateway/redis",
        generate_all,
    });
}

/// How often an operation is sent, if the connection breaks under it. Each may be done twice.
const TRIES: u32 = 2;

/// The way to a Redis.
pub(super) struct Link {
    redis: Redis,
    /// Held while the connection is opened: all that need one wait for the same.
    opening: Mutex<()>,
    present: RefCell<Present>,
}

#[derive(Default)]
struct Present {
    connection: Option<Rc<Connection>>,
    reopening: Reopening,
}

impl Link {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, opening: Mutex::new(()), present: RefCell::default() }
    }

    /// Whether it is the way to this one.
    pub(super) fn is_to(&self, redis: &Redis) -> bool {
        self.redis.url.expose() == redis.url.expose() && self.redis.patience == redis.patience
    }

    /// Does one operation within the patience.
    pub(super) async fn ask(&self, command: Command) -> Result<Vec<Reply>, HostError> {
        let deadline = wasi::now() + self.redis.patience;
        let mut broken = String::new();
        for _ in 0..TRIES {
            let connection = self.connection(deadline).await?;
            let mut wait = Wait::new(self, Some(connection.clone()));
            let Some(answer) = within(deadline, run(&connection, &command)).await else {
                return Err(self.silent());
            };
            wait.is_over = true;
            match answer {
                Ok(replies) => {
                    self.present.borrow_mut().reopening.answered();
                    return Ok(replies.into_iter().map(reply).collect());
                }
                Err(Error::Other(why)) if is_refusal(&why) => {
                    self.present.borrow_mut().reopening.answered();
                    // It is no primary any more: behind the same name there may be another one.
                    if why.contains("READONLY") || why.contains("ReadOnly") {
                        self.lost(&connection, false);
                    }
                    return Err(refused(&why));
                }
                Err(error) => {
                    self.lost(&connection, false);
                    broken = text(error);
                }
            }
        }
        Err(HostError::Unavailable(format!("Redis: {broken}")))
    }

    /// The connection, which is opened if there is none.
    async fn connection(&self, deadline: Tick) -> Result<Rc<Connection>, HostError> {
        let present = || self.present.borrow().connection.clone();
        if let Some(connection) = present() {
            return Ok(connection);
        }
        let Some(_turn) = within(deadline, self.opening.lock()).await else { return Err(self.silent()) };
        if let Some(connection) = present() {
            return Ok(connection);
        }
        let pause = self.present.borrow().reopening.pause(now_ms());
        if pause > 0 {
            let why = format!("Redis did not answer, and is left alone for another {pause} ms");
            return Err(HostError::Unavailable(why));
        }
        let mut wait = Wait::new(self, None);
        let opened = within(deadline, Connection::open(self.redis.url.expose().to_owned())).await;
        let Some(opened) = opened else { return Err(self.silent()) };
        wait.is_over = true;
        let mut present = self.present.borrow_mut();
        match opened {
            Ok(connection) => Ok(present.connection.insert(Rc::new(connection)).clone()),
            Err(error) => {
                present.failed();
                Err(unopened(error))
            }
        }
    }

    /// A connection is of no use any more. Silence is a failure, and so is a break while nothing
    /// was answered since the last failure.
    fn lost(&self, connection: &Rc<Connection>, has_failed: bool) {
        let mut present = self.present.borrow_mut();
        if present.connection.take_if(|present| Rc::ptr_eq(present, connection)).is_none() {
            return;
        }
        if has_failed || !present.reopening.is_well() {
            present.failed();
        }
    }

    fn silent(&self) -> HostError {
        HostError::Unavailable(format!("Redis did not answer within {} ms", self.redis.patience.as_millis()))
    }
}

impl Present {
    fn failed(&mut self) {
        self.reopening.failed(now_ms(), wasi::random_bits());
    }
}

/// Waiting for Redis. Whoever asked may lose patience before we do: what lasted half as long
/// until then counts as silence.
struct Wait<'l> {
    link: &'l Link,
    /// None while one is opened.
    connection: Option<Rc<Connection>>,
    since: Tick,
    is_over: bool,
}

impl<'l> Wait<'l> {
    fn new(link: &'l Link, connection: Option<Rc<Connection>>) -> Self {
        Self { link, connection, since: wasi::now(), is_over: false }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.is_over || wasi::now().since(self.since) * 2 < self.link.redis.patience {
            return;
        }
        match &self.connection {
            Some(connection) => self.link.lost(connection, true),
            None => self.link.present.borrow_mut().failed(),
        }
    }
}

/// None if it takes longer.
async fn within<T>(deadline: Tick, work: impl Future<Output = T>) -> Option<T> {
    let left = deadline.since(wasi::now());
    match select(pin!(work), pin!(wasi::sleep(left))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

async fn run(connection: &Connection, command: &Command) -> Result<Vec<RedisResult>, Error> {
    let answer = execute(connection, command).await;
    match (&answer, command.clone().with_source()) {
        (Err(Error::Other(why)), Some(whole)) if commands::is_unknown_script(why) => {
            execute(connection, &whole).await
        }
        _ => answer,
    }
}

async fn execute(connection: &Connection, command: &Command) -> Result<Vec<RedisResult>, Error> {
    let arguments = command.arguments().into_iter().map(RedisParameter::Binary).collect();
    connection.execute(command.name().to_owned(), arguments).await
}

fn reply(result: RedisResult) -> Reply {
    match result {
        RedisResult::Nil => Reply::Nil,
        RedisResult::Status(text) => Reply::Status(text),
        RedisResult::Int64(number) => Reply::Integer(number),
        RedisResult::Binary(bytes) => Reply::Bytes(bytes),
    }
}

/// What a command returns, read from its reply.
pub(super) fn read<T>(understood: Result<T, Unexpected>) -> Result<T, HostError> {
    understood.map_err(|unexpected| HostError::Failed(format!("Redis: {unexpected}")))
}

/// Whether an error is the server's word, and not the connection's end. Spin gives both as text:
/// one word and what the server says of it (`WRONGTYPE: …`), or a sentence.
fn is_refusal(why: &str) -> bool {
    why.starts_with("An error was signalled by the server")
        || why.split_once(": ").is_some_and(|(code, _)| !code.contains(' '))
}

/// What the server quotes of a command's arguments stays here.
pub(super) fn refused(why: &str) -> HostError {
    let why = why.split(", with args").next().unwrap_or_default();
    if why.contains("MOVED") || why.contains("Moved") {
        return HostError::Failed("Redis: this is a cluster, which is not supported".to_owned());
    }
    HostError::Failed(format!("Redis: {why}"))
}

fn unopened(error: Error) -> HostError {
    match error {
        Error::InvalidAddress => HostError::Denied(
            "the manifest does not allow this Redis: PENSTOCK_STATE_HOST must be its scheme, host and port"
                .to_owned(),
        ),
        error => HostError::Unavailable(format!("Redis: {}", text(error))),
    }
}

pub(super) fn text(error: Error) -> String {
    match error {
        Error::InvalidAddress => "the address is not allowed".to_owned(),
        Error::TooManyConnections => "too many connections".to_owned(),
        Error::TypeError => "a value of another type".to_owned(),
        Error::Other(why) => why,
    }
}

/// The instance's clock, in milliseconds.
fn now_ms() -> u64 {
    millis(wasi::now().since(Tick::ZERO))
}
