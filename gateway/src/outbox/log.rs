//! Log lines of the outbox.

use super::own_setting;
use penstock::{client::LogLine, host::Host, settings::common::LogLevel};

/// Where lines go, if they are important enough.
pub(crate) struct Log<'h, H> {
    host: &'h H,
    /// The least important that is written.
    level: LogLevel,
}

impl<'h, H: Host> Log<'h, H> {
    /// One that writes what `LOG_LEVEL` says; all, if that cannot be read.
    pub(super) async fn read(host: &'h H) -> Self {
        let level = own_setting(host, "LOG_LEVEL").await.ok();
        Self { host, level: level.and_then(|level| LogLevel::parse(&level)).unwrap_or(LogLevel::Debug) }
    }

    /// Writes a line of the event `outbox`.
    pub(super) fn line(&self, level: LogLevel, fill: impl FnOnce(LogLine) -> LogLine) {
        if level <= self.level {
            fill(LogLine::new(self.host.wall_now(), level, "outbox")).write(self.host);
        }
    }
}
