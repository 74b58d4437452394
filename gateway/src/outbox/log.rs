//! Log lines of the outbox, in the form of the core's.

use super::own_setting;
use penstock::{codec::rfc3339, host::Host};
use serde_json::{Value, json};

/// From the most important to the least.
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// Where lines go, if they are important enough.
pub(crate) struct Log<'h, H> {
    host: &'h H,
    /// How many of [`LEVELS`] are written.
    written: usize,
}

impl<'h, H: Host> Log<'h, H> {
    /// One that writes what `LOG_LEVEL` says.
    pub(super) async fn read(host: &'h H) -> Self {
        let level = own_setting(host, "LOG_LEVEL").await.unwrap_or_default();
        let at = LEVELS.iter().position(|known| *known == level);
        Self { host, written: at.map_or(LEVELS.len(), |at| at + 1) }
    }

    /// Writes a line of the event `outbox`.
    pub(super) fn line(&self, level: &str, fields: &[(&str, Value)]) {
        if !LEVELS.iter().take(self.written).any(|written| *written == level) {
            return;
        }
        let mut line = json!({"ts": rfc3339(self.host.wall_now()), "level": level, "event": "outbox"});
        if let Some(members) = line.as_object_mut() {
            members.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        self.host.log(&line.to_string());
    }
}
