//! What a manager said, and when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Version, Versions};
use crate::sources::{HostError, Secret, present};

/// How long it may take to fetch what nothing is known of.
const FIRST: Duration = Duration::from_secs(15);

/// How long whoever asks waits for something newer than what is known.
const NEWER: Duration = Duration::from_secs(2);

/// After a failure it is tried again no sooner.
const REST: Duration = Duration::from_secs(5);

/// What is known of a secret; nothing where the manager has none.
#[derive(Clone, Default)]
pub(super) struct Kept(Option<Arc<Pair>>);

struct Pair {
    current: Values,
    previous: Option<Values>,
}

/// A version, read once.
pub(super) struct Values {
    version: Version,
    /// The members of a document, in which a value may be a number too.
    members: Option<BTreeMap<String, Secret>>,
}

impl Kept {
    /// A document is an object in JSON, whatever its members are.
    fn of(found: Option<Versions>, is_document: bool) -> Result<Self, HostError> {
        let Some(found) = found else { return Ok(Self::default()) };
        let current = Values::of(found.current, is_document);
        let current =
            current.ok_or_else(|| HostError::Failed("the secret is no object in JSON".to_owned()))?;
        let previous = found.previous.and_then(|previous| Values::of(previous, is_document));
        Ok(Self(Some(Arc::new(Pair { current, previous }))))
    }

    pub(super) fn current(&self) -> Option<&Values> {
        self.0.as_deref().map(|pair| &pair.current)
    }

    pub(super) fn previous(&self) -> Option<&Values> {
        self.0.as_deref()?.previous.as_ref()
    }
}

impl Values {
    fn of(version: Version, is_document: bool) -> Option<Self> {
        if !is_document {
            return Some(Self { version, members: None });
        }
        let parsed: BTreeMap<String, Value> = serde_json::from_str(version.text.expose()).ok()?;
        let text = |value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(bool) => Some(bool.to_string()),
            _ => None,
        };
        let members = parsed.into_iter().filter_map(|(name, value)| Some((name, Secret::new(text(value)?))));
        Some(Self { version, members: Some(members.collect()) })
    }

    /// The value of a name: a member of the document, or the text itself.
    pub(super) fn value(&self, name: &str) -> Option<Secret> {
        match &self.members {
            Some(members) => members.get(name).filter(|value| !value.is_empty()).cloned(),
            None => present(Some(self.version.text.expose().to_owned())),
        }
    }

    pub(super) fn created(&self) -> Option<SystemTime> {
        self.version.created
    }
}

/// Secrets by their ids.
#[derive(Default)]
pub(super) struct Shelf {
    places: Mutex<BTreeMap<String, Arc<Place>>>,
}

#[derive(Default)]
struct Place {
    /// One fetches, and nobody beside it.
    fetching: tokio::sync::Mutex<()>,
    state: Mutex<Known>,
}

#[derive(Clone, Default)]
struct Known {
    kept: Option<(Kept, Instant)>,
    failed: Option<(HostError, Instant)>,
}

impl Place {
    fn known(&self) -> Known {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What serves without asking the manager.
    fn serves(&self, refresh: Duration) -> Option<Result<Kept, HostError>> {
        let known = self.known();
        let rests = known.failed.as_ref().filter(|(_, at)| at.elapsed() < REST);
        match (known.kept, rests) {
            (Some((kept, at)), rests) if at.elapsed() < refresh || rests.is_some() => Some(Ok(kept)),
            (None, Some((error, _))) => Some(Err(error.clone())),
            _ => None,
        }
    }

    fn note(&self, found: Result<Kept, HostError>) -> Result<Kept, HostError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(kept) => {
                state.kept = Some((kept, Instant::now()));
                state.failed = None;
            }
            Err(error) => state.failed = Some((error, Instant::now())),
        }
        match (&state.kept, &state.failed) {
            (Some((kept, _)), _) => Ok(kept.clone()),
            (None, Some((error, _))) => Err(error.clone()),
            (None, None) => Ok(Kept::default()),
        }
    }
}

impl Shelf {
    /// What is known, if it is new enough; else what `fetch` finds; else what is known.
    pub(super) async fn get<F>(
        &self,
        id: &str,
        refresh: Duration,
        is_document: bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<Kept, HostError>
    where
        F: Future<Output = Result<Option<Versions>, HostError>>,
    {
        let place = self.place(id);
        if let Some(served) = place.serves(refresh) {
            return served;
        }
        let known = place.known().kept;
        let _fetching = match (place.fetching.try_lock(), known.clone()) {
            (Ok(fetching), _) => fetching,
            // Somebody is at it, and this is good enough until then.
            (Err(_), Some((kept, at))) if at.elapsed() < 2 * refresh => return Ok(kept),
            (Err(_), known) => {
                let waiting = timeout(NEWER, place.fetching.lock());
                let fetching = match known {
                    // It may be from before a rotation.
                    Some((kept, _)) => match waiting.await {
                        Ok(fetching) => fetching,
                        Err(_) => return Ok(kept),
                    },
                    None => place.fetching.lock().await,
                };
                if let Some(served) = place.serves(refresh) {
                    return served;
                }
                fetching
            }
        };
        let patience = if known.is_some() { NEWER } else { FIRST };
        let found = timeout(patience, fetch()).await.unwrap_or_else(|_| {
            Err(HostError::Unavailable(format!("it did not answer within {} s", patience.as_secs())))
        });
        place.note(found.and_then(|found| Kept::of(found, is_document)))
    }

    fn place(&self, id: &str) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry(id.to_owned()).or_default().clone()
    }

    /// How old the oldest is of what is known, and what failed at last.
    pub(super) fn standing(&self) -> (Option<Duration>, Option<String>) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> = places.values().map(|place| place.known()).collect();
        let since = known.iter().filter_map(|known| Some(known.kept.as_ref()?.1.elapsed())).max();
        let failed = known.iter().filter_map(|known| known.failed.as_ref()).max_by_key(|(_, at)| *at);
        (since, failed.map(|(error, _)| error.to_string()))
    }
}
