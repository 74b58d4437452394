//! Where the component's log lines go.

mod form;
mod queue;

use std::{
    fmt,
    fs::File,
    io::Write,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

pub use form::LogForm;

use bytes::Bytes;
use penstock_policy::shown::visible_json;
use queue::Queue;
use tokio::{io::AsyncWrite, sync::mpsc};
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// A line that never ends is cut here, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// Where log lines go: one JSON object a line, from the component's standard error
/// and from this crate. Cheap to clone.
#[derive(Clone)]
pub struct Logs(Arc<dyn Fn(&str) + Send + Sync>);

/// Lines that were kept for a test.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<String>>>);

impl Logs {
    /// Calls a function with every line, without its line break. It must not block.
    #[must_use]
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// A writer, to which a thread of its own writes whole lines, each in one write. Whoever logs
    /// never waits for it: what comes faster than it takes it waits, up to 4 MiB, and lines beyond
    /// that are dropped and counted in a line of their own. What a terminal would obey is written as JSON
    /// escapes it.
    #[must_use]
    pub fn writer(sink: impl Write + Send + 'static) -> Self {
        let queue = Closing(Queue::start(sink));
        Self::new(move |line| queue.0.push(&visible_json(line)))
    }

    /// Standard error of this process, as [`Logs::writer`]. All that write there share one queue;
    /// see [`flush_stderr`].
    #[must_use]
    pub fn stderr() -> Self {
        match stderr_queue() {
            Some(queue) => Self::new(|line| queue.push(&visible_json(line))),
            None => Self::discard(),
        }
    }

    /// Nowhere.
    #[must_use]
    pub fn discard() -> Self {
        Self::new(|_| {})
    }

    /// A channel of so many lines. One that finds no room in it is dropped.
    #[must_use]
    pub fn channel(lines: usize) -> (Self, mpsc::Receiver<String>) {
        let (sender, receiver) = mpsc::channel(lines.max(1));
        let sink = Self::new(move |line| {
            let _ = sender.try_send(line.to_owned());
        });
        (sink, receiver)
    }

    /// Memory, for tests.
    #[must_use]
    pub fn captured() -> (Self, Captured) {
        let captured = Captured::default();
        let lines = captured.clone();
        (Self::new(move |line| lines.lock().push(line.to_owned())), captured)
    }

    /// The same, and another place beside it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(move |line| {
            self.write(line);
            other.write(line);
        })
    }

    /// A line, without its line break.
    pub fn write(&self, line: &str) {
        (self.0)(line);
    }

    /// A line of this crate's own, in the shape of the component's.
    pub(crate) fn event(&self, level: &str, message: &str) {
        (self.0)(&event(level, message));
    }
}

/// A queue whose writer ends when nobody logs any more.
struct Closing(Queue);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn event(level: &str, message: &str) -> String {
    let line = serde_json::json!({
        "timestamp": jiff::Timestamp::now().to_string(),
        "level": level,
        "target": "penstock-host",
        "message": message,
    });
    line.to_string()
}

/// The queue to standard error; none if that is closed.
fn stderr_queue() -> Option<&'static Queue> {
    static QUEUE: OnceLock<Option<Queue>> = OnceLock::new();
    let start = || {
        // Not the handle of the standard library: its lock would be held as long as a write takes,
        // and whoever else prints there would wait.
        own_stderr().ok().map(Queue::start)
    };
    QUEUE.get_or_init(start).as_ref()
}

#[cfg(unix)]
fn own_stderr() -> std::io::Result<File> {
    use std::os::fd::AsFd as _;
    std::io::stderr().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn own_stderr() -> std::io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    std::io::stderr().as_handle().try_clone_to_owned().map(File::from)
}

/// Waits until the lines of [`Logs::stderr`] are written, but no longer than this; for a process
/// that is about to end. Whether they are.
#[must_use]
pub fn flush_stderr(within: Duration) -> bool {
    stderr_queue().is_none_or(|queue| queue.flush(within))
}

impl Captured {
    /// Every line so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Whether any line contains a text.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.contains(text))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").finish_non_exhaustive()
    }
}

/// One output of one instance. The streams that the guest opens on it share it.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Lines>>);

impl Output {
    pub(crate) fn new(logs: &Logs) -> Self {
        Self(Arc::new(Mutex::new(Lines { logs: logs.clone(), partial: Vec::new() })))
    }

    fn push(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

/// Cuts what a guest writes into lines.
struct Lines {
    logs: Logs,
    partial: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST_LINE {
                self.emit();
            }
        }
    }

    fn emit(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\n', '\r']);
        if !line.is_empty() {
            (self.logs.0)(line);
        }
    }
}

/// What an instance wrote last, when it ended in the middle of a line.
impl Drop for Lines {
    fn drop(&mut self) {
        self.emit();
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_become_whole_lines() {
        let (logs, captured) = Logs::captured();
        let lines = Output::new(&logs);
        lines.push(b"one\ntw");
        assert_eq!(captured.lines(), ["one"]);
        lines.push(b"o\r\n\nthree");
        drop(lines);
        assert_eq!(captured.lines(), ["one", "two", "three"]);
    }

    #[test]
    fn an_endless_line_is_cut() {
        let (logs, captured) = Logs::captured();
        let lines = Output::new(&logs);
        lines.push(&vec![b'x'; LONGEST_LINE]);
        assert_eq!(captured.lines().len(), 1);
    }
}
