//! The signals that end a command: the first in good order, the second at once.

mod signals;
mod writes;

use crate::report::stopped_at_once;
use penstock_host::bindings::types::Outcome;
use signals::Signals;
use std::{fmt, io, process, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
pub(crate) use writes::Write;
use writes::Writes;

/// What a command was asked to end by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` sends, and whatever runs containers.
    Terminate,
    /// That the terminal is closed.
    HangUp,
}

impl Signal {
    /// The exit code of a command that it ended, as shells have it: 128 and its number.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::HangUp => 129,
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
            Signal::HangUp => "SIGHUP",
        })
    }
}

/// A command that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("stopped by {signal}{rest}")]
pub(crate) struct Stopped {
    pub(crate) signal: Signal,
    /// What else there is to say: empty, or with what goes before it.
    pub(crate) rest: String,
    /// Where a list goes on, if no file keeps it.
    pub(crate) resume: Option<String>,
    /// Whether a write took effect, if it was one.
    pub(crate) outcome: Option<Outcome>,
}

/// Signals within this time are one: `timeout(1)` of GNU sends one to the process and one to its group.
const ONE: Duration = Duration::from_millis(50);

/// Whether a command was asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Stopping {
    told: watch::Receiver<Option<Asked>>,
    /// What a second signal would cut off.
    writes: Writes,
}

/// What it was asked by, and when.
pub(crate) type Asked = (Signal, Instant);

impl Stopping {
    /// Listens from now on. Process 1 of a container has no defaults for signals, so that this is
    /// what ends it.
    pub(crate) fn listen() -> io::Result<Stopping> {
        full_files_are_errors()?;
        let mut signals = Signals::new()?;
        let (tell, told) = watch::channel(None);
        let writes = Writes::default();
        let under_way = writes.clone();
        tokio::spawn(async move {
            let first = signals.next().await;
            let when = Instant::now();
            tell.send_replace(Some((first, when)));
            let mut second = signals.next_of_somebody().await;
            while when.elapsed() < ONE {
                second = signals.next_of_somebody().await;
            }
            stopped_at_once(second, under_way.count());
            process::exit(i32::from(second.exit_code()));
        });
        Ok(Stopping { told, writes })
    }

    /// Takes note of a write that is begun, for as long as nobody was told what became of it.
    pub(crate) fn begin_write(&self) -> Write {
        self.writes.begin()
    }

    /// One that a test asks.
    #[cfg(test)]
    pub(crate) fn told(asked: watch::Receiver<Option<Asked>>) -> Stopping {
        Stopping { told: asked, writes: Writes::default() }
    }

    /// What it was asked to end by, if it was.
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.told.borrow().map(|(signal, _)| signal)
    }

    /// When this much time has passed since it was asked to end, if it was.
    pub(crate) fn after(&self, grace: Duration) -> Option<Instant> {
        self.told.borrow().map(|(_, when)| when + grace)
    }

    /// Waits until it is asked to end.
    pub(crate) async fn asked(&self) -> Signal {
        self.asked_when().await.0
    }

    /// Waits until this much time has passed since it was asked to end.
    pub(crate) async fn passed(&self, grace: Duration) {
        let (_, when) = self.asked_when().await;
        sleep_until(when + grace).await;
    }

    async fn asked_when(&self) -> Asked {
        let mut told = self.told.clone();
        loop {
            if let Some(asked) = *told.borrow_and_update() {
                return asked;
            }
            if told.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Does this, unless the command is asked to end before it is done: what is dropped then is
    /// cancelled, and removes the files that it has not finished.
    pub(crate) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::select! {
            done = work => Ok(done),
            _ = self.asked() => Err(self.stopped("")),
        }
    }

    /// The error of a command that ends because it was asked to.
    pub(crate) fn stopped(&self, rest: impl Into<String>) -> Stopped {
        let signal = self.signal().unwrap_or(Signal::Terminate);
        Stopped { signal, rest: rest.into(), resume: None, outcome: None }
    }
}

/// A file that would grow beyond what it may (`ulimit -f`) is an error of the write, and not the end of
/// the process, which would leave its part files behind. To listen to the signal takes its default away.
#[cfg(unix)]
fn full_files_are_errors() -> io::Result<()> {
    let exceeded = tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    tokio::signal::unix::signal(exceeded).map(drop)
}

#[cfg(not(unix))]
fn full_files_are_errors() -> io::Result<()> {
    Ok(())
}
