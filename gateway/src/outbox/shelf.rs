//! The outbox's values in the store, sealed.

use super::{
    EventKey, Record,
    progress::{Progress, Standing},
};
use crate::answer::json;
use futures_util::future::{join, join_all};
use penstock::{
    host::{Host, HostError},
    seal::SealKeys,
};
use std::time::Duration;

/// How long an event is kept, from when it came or was last replayed: 30 days, ten times as long as it is tried.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long it is kept how far a destination is: longer than the event, lest it be tried anew.
const PROGRESS_KEPT: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How long one is left alone for which there is nothing to do. It is looked at again then: that costs little, and whatever
/// was noted wrongly does not stay.
const REST: Duration = Duration::from_secs(60 * 60);

/// The store, and what the values in it are sealed with.
#[derive(Debug)]
pub struct Shelf<'g, H> {
    /// The host whose store it is.
    pub host: &'g H,
    /// The deployment's keys for the outbox.
    pub keys: &'g SealKeys,
}

/// What is under a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// Nothing.
    Nothing,
    /// What was put there.
    It(T),
    /// Something that this deployment did not write there, or wrote under a secret that it has no more.
    Foreign,
}

impl<H: Host> Shelf<'_, H> {
    /// Keeps an event.
    pub(crate) async fn put(&self, key: &EventKey, record: &Record) -> Result<(), HostError> {
        self.write(&key.to_string(), &record.encode(), KEPT).await
    }

    /// An event.
    pub(super) async fn record(&self, key: &EventKey) -> Result<Found<Record>, HostError> {
        self.read(&key.to_string(), Record::decode).await
    }

    /// How far a destination is. One that cannot be read counts for none: it is tried again.
    pub(super) async fn progress(&self, key: &EventKey, tag: &str) -> Result<Option<Progress>, HostError> {
        let (done, noted) = (key.done(tag), key.progress(tag));
        let (done, noted) = join(self.noted(&done), self.noted(&noted)).await;
        Ok(done?.or(noted?))
    }

    async fn noted(&self, key: &str) -> Result<Option<Progress>, HostError> {
        Ok(match self.read(key, |bytes| serde_json::from_slice(bytes).ok()).await? {
            Found::It(progress) => Some(progress),
            Found::Nothing | Found::Foreign => None,
        })
    }

    /// Notes how far a destination is.
    pub(super) async fn note(&self, key: &EventKey, tag: &str, progress: &Progress) -> Result<(), HostError> {
        let at = if progress.state == Standing::Done { key.done(tag) } else { key.progress(tag) };
        self.write(&at, json(progress).as_bytes(), PROGRESS_KEPT).await
    }

    /// Has it left alone for a while, as there is nothing to do.
    pub(super) async fn rest(&self, key: &EventKey, tag: &str) -> Result<(), HostError> {
        self.write(&key.rest(tag), &[], REST).await
    }

    /// Forgets how far a destination is: it is tried anew.
    pub(super) async fn forget(&self, key: &EventKey, tag: &str) -> Result<(), HostError> {
        // In this order: what rests without a reason would be left alone.
        self.remove(&key.rest(tag)).await?;
        self.remove(&key.progress(tag)).await
    }

    /// Removes an event, and then what was noted of it.
    pub(super) async fn clear(&self, key: &EventKey) -> Result<(), HostError> {
        self.remove(&key.to_string()).await?;
        let noted = key.tags.iter().flat_map(|tag| [key.done(tag), key.progress(tag), key.rest(tag)]);
        let removed = join_all(noted.map(|key| async move { self.remove(&key).await })).await;
        removed.into_iter().collect()
    }

    /// Removes a key.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), HostError> {
        self.host.state_delete(key).await
    }

    async fn read<T>(&self, key: &str, read: impl Fn(&[u8]) -> Option<T>) -> Result<Found<T>, HostError> {
        let Some(sealed) = self.host.state_get(key).await? else { return Ok(Found::Nothing) };
        let opened = self.keys.open(key, &sealed);
        Ok(opened.and_then(|bytes| read(&bytes)).map_or(Found::Foreign, Found::It))
    }

    async fn write(&self, key: &str, bytes: &[u8], ttl: Duration) -> Result<(), HostError> {
        let random = [(); 3].map(|()| self.host.random());
        let sealed = self.keys.seal(key, bytes, random);
        let sealed = sealed.ok_or_else(|| HostError::Failed("it cannot be sealed".to_owned()))?;
        self.host.state_set(key, sealed, Some(ttl)).await
    }
}
