//! The one connection, from one failure to the next.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use penstock_state::{
    redis::{self as commands, Command, Reply},
    reopening::Reopening,
};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    redis_client::{Address, Connection, Trouble},
    sources::HostError,
};

/// How often one operation is sent, if the connection breaks under it. Each may be done twice.
const TRIES: u32 = 2;

/// Opens the connection when it is needed, and only then.
pub(super) struct Link {
    address: Address,
    tls: Arc<ClientConfig>,
    patience: Duration,
    present: Arc<Mutex<Present>>,
}

struct Present {
    /// What is open or being opened.
    opening: Option<Opening>,
    /// Counts the attempts to open, so that what happened to one is not laid to the next.
    count: u64,
    reopening: Reopening,
    began: Instant,
}

/// All that wait for a connection wait for the same.
type Opening = Shared<BoxFuture<'static, Result<Arc<Connection>, HostError>>>;

impl Link {
    pub(super) fn new(address: Address, tls: Arc<ClientConfig>, patience: Duration) -> Self {
        let present =
            Present { opening: None, count: 0, reopening: Reopening::default(), began: Instant::now() };
        Self { address, tls, patience, present: Arc::new(Mutex::new(present)) }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Does one operation within the patience.
    pub(super) async fn ask(&self, command: Command) -> Result<Vec<Reply>, HostError> {
        let deadline = Instant::now() + self.patience;
        let mut broken = None;
        for _ in 0..TRIES {
            let (number, opening) = self.opening()?;
            let Ok(opened) = timeout_at(deadline, opening).await else { return Err(self.silent()) };
            let connection = opened?;
            let mut wait = Wait { link: self, number, since: Instant::now(), is_over: false };
            let Ok(answer) = timeout_at(deadline, run(&connection, &command)).await else {
                return Err(self.silent());
            };
            wait.is_over = true;
            if let Err(Trouble::Broken(why)) = answer {
                locked(&self.present).lost(number, false);
                broken = Some(why);
                continue;
            }
            let mut present = locked(&self.present);
            present.reopening.answered();
            // It is no primary any more: behind the same name there may be another one.
            if matches!(&answer, Err(Trouble::Refused { code, .. }) if code == "READONLY") {
                present.lost(number, false);
            }
            return answer.map_err(refusal);
        }
        Err(refusal(Trouble::Broken(broken.unwrap_or_default())))
    }

    /// The connection, or the attempt to open it that goes on, or a new one.
    fn opening(&self) -> Result<(u64, Opening), HostError> {
        let mut present = locked(&self.present);
        if let Some(opening) = &present.opening {
            return Ok((present.count, opening.clone()));
        }
        let pause = present.reopening.pause(present.now());
        if pause > 0 {
            let why = format!("Redis did not answer, and is left alone for another {pause} ms");
            return Err(HostError::Unavailable(why));
        }
        present.count += 1;
        let number = present.count;
        let attempt = Attempt { number, is_open: false, present: self.present.clone() };
        // Whoever asked first may go away; the others wait on.
        let attempt = tokio::spawn(attempt.run(self.address.clone(), self.tls.clone(), self.patience));
        let stopped = |_| Err(HostError::Unavailable("Redis: the runtime stops".to_owned()));
        let opening = attempt.map(move |ended| ended.unwrap_or_else(stopped)).boxed().shared();
        present.opening = Some(opening.clone());
        Ok((number, opening))
    }

    fn silent(&self) -> HostError {
        HostError::Unavailable(format!("Redis did not answer within {} ms", self.patience.as_millis()))
    }
}

impl Present {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A connection is of no use any more. Silence is a failure, and so is a break while nothing
    /// was answered since the last failure.
    fn lost(&mut self, number: u64, has_failed: bool) {
        if self.count != number || self.opening.take().is_none() {
            return;
        }
        if has_failed || !self.reopening.is_well() {
            // Seeded by the system; it keeps no secret.
            self.reopening.failed(self.now(), RandomState::new().hash_one(number));
        }
    }
}

/// Waiting for a reply. Whoever asked may lose patience before we do: what lasted half as long until
/// then counts as silence.
struct Wait<'l> {
    link: &'l Link,
    number: u64,
    since: Instant,
    is_over: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.since.elapsed() * 2 >= self.link.patience {
            locked(&self.link.present).lost(self.number, true);
        }
    }
}

/// An attempt to open the connection, which is lost if it ends in any other way than open: also
/// with the runtime.
struct Attempt {
    number: u64,
    is_open: bool,
    present: Arc<Mutex<Present>>,
}

impl Attempt {
    async fn run(
        mut self,
        address: Address,
        tls: Arc<ClientConfig>,
        patience: Duration,
    ) -> Result<Arc<Connection>, HostError> {
        let Ok(opened) = timeout(patience, Connection::open(&address, &tls)).await else {
            let why = format!("Redis: no connection within {} ms", patience.as_millis());
            return Err(HostError::Unavailable(why));
        };
        let connection = opened.map_err(refusal)?;
        self.is_open = true;
        Ok(Arc::new(connection))
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.is_open {
            locked(&self.present).lost(self.number, true);
        }
    }
}

async fn run(connection: &Connection, command: &Command) -> Result<Vec<Reply>, Trouble> {
    let answer = connection.run(command.name(), &command.arguments()).await;
    match (&answer, command.clone().with_source()) {
        (Err(Trouble::Refused { code, .. }), Some(whole)) if commands::is_unknown_script(code) => {
            connection.run(whole.name(), &whole.arguments()).await
        }
        _ => answer,
    }
}

fn refusal(trouble: Trouble) -> HostError {
    match trouble {
        Trouble::Broken(why) => HostError::Unavailable(format!("Redis: {why}")),
        Trouble::Refused { code, .. } if code == "MOVED" || code == "ASK" => {
            HostError::Failed("Redis: this is a cluster, which is not supported".to_owned())
        }
        Trouble::Refused { code, detail } => HostError::Failed(format!("Redis: {code} {detail}")),
        Trouble::Unexpected => HostError::Failed("Redis: that is no reply to this command".to_owned()),
    }
}

fn locked(present: &Mutex<Present>) -> MutexGuard<'_, Present> {
    present.lock().unwrap_or_else(PoisonError::into_inner)
}
