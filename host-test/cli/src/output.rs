//! Lines of output: whole, and written at once.

mod descriptor;

use crate::{
    stopping::{Signal, Stopping},
    told::tell,
};
use descriptor::Descriptor;
use std::{
    fs::File,
    io,
    time::{Duration, Instant},
};

/// How long a line waits for others at most.
const PATIENCE: Duration = Duration::from_millis(200);

/// How many bytes wait for others at most.
const ENOUGH: usize = 64 * 1024;

/// How long a reader that takes nothing is waited for once the command is to end, unless set.
const GRACE: Duration = Duration::from_secs(2);

/// How a reader is waited for that takes nothing, once the command is to end.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// For how long, from the signal on.
    pub(crate) grace: Duration,
    /// Whether to say so.
    pub(crate) is_told: bool,
}

/// Where lines go: standard output, or a pipe or device by its name.
pub(crate) struct Output {
    to: Descriptor,
    stopping: Stopping,
    patience: Option<Patience>,
    /// Whole lines that are still to be written.
    waiting: Vec<u8>,
    since: Option<Instant>,
    /// Bytes that were written.
    written: u64,
}

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// Whoever read it has left.
    #[error("nobody reads the output any more")]
    Gone,
    /// It was full until the command had to end.
    #[error("the output took nothing until the end by {0}")]
    Stopped(Signal),
    /// Anything else.
    #[error("cannot write the output")]
    Failed(#[source] io::Error),
}

impl Output {
    pub(crate) fn stdout(stopping: &Stopping) -> Output {
        Output::to(Descriptor::stdout(), stopping)
    }

    /// A pipe or a device.
    pub(crate) fn opened(file: File, stopping: &Stopping) -> Output {
        Output::to(Descriptor::opened(file), stopping)
    }

    fn to(to: Descriptor, stopping: &Stopping) -> Output {
        let stopping = stopping.clone();
        Output { to, stopping, patience: None, waiting: Vec::new(), since: None, written: 0 }
    }

    /// The same, which waits so.
    pub(crate) fn patient(self, patience: Patience) -> Output {
        Output { patience: Some(patience), ..self }
    }

    /// Says that it is the reader who is waited for, and how to end that: nobody could tell it from a
    /// command that hangs. Once.
    pub(crate) fn tell_waits(&mut self, signal: Signal, what: &str) {
        let Some(patience) = self.patience.as_mut().filter(|patience| patience.is_told) else { return };
        patience.is_told = false;
        let grace = patience.grace.as_secs();
        tell!(
            "{signal}: waiting {grace} s at most for the reader to {what}; a second signal ends it at once"
        );
    }

    /// Adds a line, which is written soon.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Unwritten> {
        self.waiting.extend_from_slice(line.as_bytes());
        self.waiting.push(b'\n');
        self.since.get_or_insert_with(Instant::now);
        if self.waiting.len() < ENOUGH { Ok(()) } else { self.flush() }
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unwritten> {
        self.flush()?;
        self.write(bytes).map_err(|(_, error)| error)
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Unwritten> {
        self.since = None;
        let lines = std::mem::take(&mut self.waiting);
        self.write(&lines).map_err(|(count, error)| {
            let taken = lines.get(..count).unwrap_or_default();
            let whole = taken.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            // A full disk took a part of a line, and the next run would go on behind it.
            let part = (count - whole) as u64;
            if part > 0 {
                self.cut_back(self.written.saturating_sub(part));
            }
            error
        })
    }

    /// When what waits is to be written.
    pub(crate) async fn due(&self) {
        match self.since {
            Some(since) => tokio::time::sleep_until((since + PATIENCE).into()).await,
            None => std::future::pending().await,
        }
    }

    /// Where the next line begins, in bytes.
    pub(crate) fn place(&self) -> u64 {
        self.written + self.waiting.len() as u64
    }

    /// How much of it is where it was to go: read by the other end of a pipe, written otherwise.
    pub(crate) fn taken(&self) -> u64 {
        self.written.saturating_sub(self.to.unread())
    }

    /// Takes back what was written behind this place, in bytes; whether it could. It cannot where others
    /// have written behind it.
    pub(crate) fn cut_back(&mut self, place: u64) -> bool {
        let cut = self.written.checked_sub(place).is_some_and(|behind| self.to.take_back(behind));
        if cut {
            self.written = place;
        }
        cut
    }

    /// Whether what was written is in a file.
    pub(crate) fn is_file(&self) -> bool {
        self.to.is_file()
    }

    /// Whether the other end of a pipe is closed.
    pub(crate) fn is_gone(&self) -> bool {
        self.to.is_gone()
    }

    /// Lets go of standard output, so that its reader sees the end.
    pub(crate) fn close(&mut self) -> Result<(), Unwritten> {
        self.flush()?;
        self.to.close().map_err(Unwritten::Failed)
    }

    /// Makes sure that a file will be found as it was written, also after a power cut.
    pub(crate) fn sync(&self) {
        self.to.sync();
    }

    /// How much could be written, if not all.
    fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, Unwritten)> {
        let mut done = 0;
        let mut ends = None;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let wrote = match self.to.write_soon(rest) {
                Ok(wrote) => wrote,
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Err((done, Unwritten::Gone));
                }
                Err(error) => return Err((done, Unwritten::Failed(error))),
            };
            done += wrote;
            self.written += wrote as u64;
            if let Some(signal) = self.stopping.signal().filter(|_| wrote == 0) {
                if Instant::now() >= *ends.get_or_insert_with(|| self.ends()) {
                    return Err((done, Unwritten::Stopped(signal)));
                }
                let left = self.to.unread() + (bytes.len() - done) as u64;
                self.tell_waits(signal, &format!("take {left} bytes"));
            }
        }
        Ok(())
    }

    /// Until when a reader is waited for, now that the command is to end.
    fn ends(&self) -> Instant {
        let set = self.patience.and_then(|patience| self.stopping.after(patience.grace));
        set.map_or_else(|| Instant::now() + GRACE, tokio::time::Instant::into_std)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
