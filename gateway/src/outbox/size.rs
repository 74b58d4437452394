//! How much is in the outbox, as far as it is known.
//!
//! To count is to list the keys, which takes a while. Each pass does, and leaves the numbers in the store; whoever puts an event
//! in adds to them. Two that do so at the same moment count as one until the next pass, so that there may be some
//! events more than there is room for.

use super::{EventKey, key};
use penstock::host::{Host, HostError};
use std::time::Duration;

/// How long the numbers count.
const KEPT: Duration = Duration::from_secs(30);

/// So many events and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl Size {
    pub(super) fn of(keys: &[EventKey]) -> Size {
        Size { entries: keys.len() as u64, bytes: keys.iter().map(|key| key.bytes).sum() }
    }

    pub(super) fn plus(self, other: Size) -> Size {
        let Size { entries, bytes } = other;
        Size { entries: self.entries.saturating_add(entries), bytes: self.bytes.saturating_add(bytes) }
    }

    pub(super) fn minus(self, other: Size) -> Size {
        let Size { entries, bytes } = other;
        Size { entries: self.entries.saturating_sub(entries), bytes: self.bytes.saturating_sub(bytes) }
    }

    /// What some instance counted lately.
    pub(super) async fn noted<H: Host>(host: &H) -> Result<Option<Size>, HostError> {
        let noted = host.state_get(&key::of_all("size")).await?;
        Ok(noted.as_deref().and_then(|noted| {
            let (entries, bytes) = std::str::from_utf8(noted).ok()?.split_once(' ')?;
            Some(Size { entries: entries.parse().ok()?, bytes: bytes.parse().ok()? })
        }))
    }

    /// Leaves it for the others.
    pub(crate) async fn note<H: Host>(self, host: &H) -> Result<(), HostError> {
        let Size { entries, bytes } = self;
        host.state_set(&key::of_all("size"), format!("{entries} {bytes}").into_bytes(), Some(KEPT)).await
    }
}
