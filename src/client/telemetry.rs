//! What is told of the client's work: log lines and counters.

pub(crate) mod counters;
pub(crate) mod exposition;
pub(crate) mod log;

use crate::{
    call::CallOptions,
    contract::Failure,
    host::Host,
    policy::{
        shown::visible_within,
        time::{Tick, millis},
    },
    settings::common::LogLevel,
};
use counters::Counters;
use log::LogLine;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// The longest of a host's own words that is logged, in characters.
const LONGEST_TOLD: usize = 300;

/// Counts and logs.
pub(crate) struct Telemetry<H> {
    host: Rc<H>,
    pub(crate) counters: RefCell<Counters>,
    /// None before it was read.
    level: Cell<Option<LogLevel>>,
}

impl<H: Host> Telemetry<H> {
    pub(crate) fn new(host: Rc<H>) -> Telemetry<H> {
        Telemetry { host, counters: RefCell::default(), level: Cell::default() }
    }

    /// The least important line that is written from now on.
    pub(crate) fn set_level(&self, level: LogLevel) {
        self.level.set(Some(level));
    }

    /// Whether the settings were read that say what is written.
    pub(crate) fn knows_level(&self) -> bool {
        self.level.get().is_some()
    }

    /// Writes a log line if it is important enough.
    pub(crate) fn log(&self, level: LogLevel, event: &str, fill: impl FnOnce(LogLine) -> LogLine) {
        if level <= self.level.get().unwrap_or(LogLevel::Info) {
            fill(LogLine::new(self.host.wall_now(), level, event)).write(&*self.host);
        }
    }

    /// Logs that the shared state does not work, and why, or that it works again.
    pub(crate) fn shared_state(&self, level: LogLevel, trouble: Option<&str>) {
        self.log(level, "shared-state", |line| {
            let why = trouble.map(|why| visible_within(why, LONGEST_TOLD));
            line.with("works", trouble.is_none()).with_some("error.message", why)
        });
    }

    /// Counts and logs a call that has ended: with a status, or with a failure. `bytes` are
    /// those of a file.
    pub(crate) fn call_ended(
        &self,
        operation: &'static str,
        options: &CallOptions,
        (id, began): (&str, Tick),
        result: Result<u16, &Failure>,
        bytes: Option<u64>,
    ) {
        let took = self.host.now().since(began);
        let label = result.map_or_else(|failure| failure.kind.name(), |_| "ok");
        self.counters.borrow_mut().call(operation, label, took);
        let level = if result.is_ok() { LogLevel::Info } else { LogLevel::Warn };
        self.log(level, "call", |line| {
            let line = line
                .with("call_id", id)
                .with("operation", operation)
                .with("account", options.account.as_str())
                .with_some("correlation_id", options.correlation_id.as_deref())
                .with("duration_ms", millis(took))
                .with_some("http.response.body.size", bytes);
            match result {
                Ok(status) => line.with("http.response.status_code", status),
                Err(failure) => line
                    .with_some("http.response.status_code", failure.status)
                    .with("attempts", failure.attempts.len())
                    .failure(failure),
            }
        });
    }
}
