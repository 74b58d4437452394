//! A bounded queue of lines with one writer: whoever logs never waits for the sink.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What may wait for a sink that is slow, in bytes of lines.
const MOST_WAITING: usize = 4 << 20;

/// Lines on their way to a writer. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<String>,
    bytes: usize,
    /// Lines that found no room since the last one was written.
    dropped: u64,
    writing: bool,
    closed: bool,
}

impl Queue {
    /// Starts a thread that writes to `sink`: each line with its end, in one write, and a line on
    /// how many were dropped, where some were.
    pub(super) fn start(mut sink: impl Write + Send + 'static) -> Self {
        let queue = Self(Arc::default());
        let shared = queue.0.clone();
        let writer = move || {
            while let Some((line, dropped)) = shared.next() {
                // Nobody is left to tell of a sink that takes nothing.
                let _ = sink.write_all(line.as_bytes());
                if dropped > 0 {
                    let message =
                        format!("{dropped} log lines were dropped: they came faster than they were taken");
                    let _ = sink.write_all(format!("{}\n", super::event("warn", &message)).as_bytes());
                }
                shared.lock().writing = false;
                shared.changed.notify_all();
            }
        };
        // Without a thread there are no log lines, and all else goes on.
        if std::thread::Builder::new().name("penstock-logs".to_owned()).spawn(writer).is_err() {
            queue.close();
        }
        queue
    }

    /// Takes a line, without its end, or drops it when too much is waiting.
    pub(super) fn push(&self, line: &str) {
        let mut state = self.0.lock();
        if state.closed {
            return;
        }
        if state.bytes.saturating_add(line.len()) > MOST_WAITING {
            state.dropped += 1;
            return;
        }
        state.bytes += line.len() + 1;
        state.lines.push_back(format!("{line}\n"));
        drop(state);
        self.0.changed.notify_all();
    }

    /// Waits until all is written, but no longer than this. Whether it is.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let mut state = self.0.lock();
        loop {
            if state.lines.is_empty() && !state.writing {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// No more lines come; the writer ends when it has written those that did.
    pub(super) fn close(&self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line, and how many were dropped since the one before; none at the end.
    fn next(&self) -> Option<(String, u64)> {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes = state.bytes.saturating_sub(line.len());
                state.writing = true;
                return Some((line, std::mem::take(&mut state.dropped)));
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};

    #[test]
    fn every_line_comes_whole_and_in_order() {
        let (reader, writer) = std::io::pipe().unwrap();
        let queue = Queue::start(writer);
        for number in 0..1_000 {
            queue.push(&format!("line {number}"));
        }
        queue.close();
        let lines: Vec<_> = BufReader::new(reader).lines().map(Result::unwrap).collect();
        assert_eq!(lines, (0..1_000).map(|number| format!("line {number}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_sink_that_takes_nothing_stops_nothing_and_what_it_missed_is_counted() {
        let (reader, writer) = std::io::pipe().unwrap();
        let queue = Queue::start(writer);
        let line = "x".repeat(1_000);
        let pushed = 50_000;
        // 50 MB, for a pipe of 64 KiB that nobody reads.
        for _ in 0..pushed {
            queue.push(&line);
        }
        assert!(!queue.flush(Duration::from_millis(10)), "it is said to be written");
        assert!(queue.0.lock().bytes <= MOST_WAITING);
        queue.close();
        let (mut whole, mut dropped) = (0, 0);
        for read in BufReader::new(reader).lines().map(Result::unwrap) {
            if read == line {
                whole += 1;
            } else {
                let event: serde_json::Value = serde_json::from_str(&read).unwrap();
                let told = event["message"].as_str().unwrap().split(' ').next().unwrap();
                dropped += told.parse::<u64>().unwrap();
            }
        }
        assert!(dropped > 0, "nothing was dropped");
        assert_eq!(whole + dropped, pushed);
        assert!(queue.flush(Duration::from_secs(10)));
    }
}
