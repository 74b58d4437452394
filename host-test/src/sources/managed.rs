//! Secrets out of a secret manager: kept for a while, fetched again, with both slots of a rotation.

mod kept;
mod layout;
mod manager;
mod standing;

use std::{
    fmt,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;

use super::{HostError, Secret, Source, present};
use kept::{Kept, Shelf};
pub use layout::Layout;
pub use manager::{Manager, Version, Versions};
pub use standing::{STANDING, Standing};

/// What ends the name of a second slot.
const SECONDARY: &str = "_SECONDARY";

/// What ends the name of the setting that says since when credentials are valid.
const ISSUED_AT: &str = "CREDENTIALS_ISSUED_AT";

/// How names end whose age is that of credentials.
const CREDENTIALS: [&str; 4] = ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "API_KEY"];

/// How long what is known is served before it is fetched again, unless set. The component asks for its settings
/// every minute.
const REFRESH: Duration = Duration::from_secs(60);

/// Answers from a [`Manager`], and keeps what it said.
///
/// - `NAME` is what the manager has now, and `NAME_SECONDARY`, unless the manager has that name itself, what it had
///   in the version before: a rotation at the manager is one of Penstock's two slots, and needs no other step.
/// - `..._CREDENTIALS_ISSUED_AT` is the time at which the manager says that the credentials were made, unless it has
///   that name itself. All that watches their age goes by it: `/health`, metrics, `penstock doctor`.
/// - What is known is served for [`Managed::refresh`], then asked for again. A manager that is down does not
///   matter to who asks, once it has answered: what was known goes on being served, and [`Managed::standing`] says
///   since when and why.
/// - [`STANDING`] answers with that, as JSON.
pub struct Managed {
    manager: Box<dyn Manager>,
    layout: Layout,
    refresh: Duration,
    shelf: Shelf,
    told: Mutex<Option<String>>,
    tell: Box<dyn Fn(&Standing) + Send + Sync>,
}

impl Managed {
    /// What this manager has, laid out in this way.
    #[must_use]
    pub fn new(manager: impl Manager + 'static, layout: Layout) -> Self {
        Self {
            manager: Box::new(manager),
            layout,
            refresh: REFRESH,
            shelf: Shelf::default(),
            told: Mutex::default(),
            tell: Box::new(|_| ()),
        }
    }

    /// For how long what is known is served before it is fetched again; a minute unless set. Credentials that were
    /// changed are to be withdrawn at the vendor no sooner than after twice this and the minute that the component keeps them.
    #[must_use]
    pub fn refresh(self, refresh: Duration) -> Self {
        Self { refresh, ..self }
    }

    /// Tells of each change between a manager that answers and one that does not, and of each other trouble.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&Standing) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), ..self }
    }

    /// How it stands with the manager. Nobody is asked for it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (since, trouble) = self.shelf.standing();
        Standing { manager: self.manager.name().to_owned(), since, trouble }
    }

    async fn find(&self, name: &str) -> Result<Option<Secret>, HostError> {
        if name == STANDING {
            return Ok(present(Some(self.standing().document())));
        }
        if let Some(found) = self.current(name).await? {
            return Ok(Some(found));
        }
        if let Some(primary) = name.strip_suffix(SECONDARY) {
            return self.previous(primary).await;
        }
        if let Some(prefix) = name.strip_suffix(ISSUED_AT) {
            return self.issued(prefix).await;
        }
        Ok(None)
    }

    async fn current(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let Some(id) = self.layout.id(name) else { return Ok(None) };
        let kept = self.kept(&id).await?;
        Ok(kept.current().and_then(|version| version.value(name)))
    }

    /// The value before the last change, if it was another one.
    async fn previous(&self, primary: &str) -> Result<Option<Secret>, HostError> {
        if !layout::is_secret(primary) {
            return Ok(None);
        }
        let Some(id) = self.layout.id(primary) else { return Ok(None) };
        let kept = self.kept(&id).await?;
        let current = kept.current().and_then(|version| version.value(primary));
        let previous = kept.previous().and_then(|version| version.value(primary));
        Ok(previous.filter(|previous| current.is_some_and(|current| current.expose() != previous.expose())))
    }

    /// When the oldest of the credentials with this prefix was made.
    async fn issued(&self, prefix: &str) -> Result<Option<Secret>, HostError> {
        let mut oldest: Option<SystemTime> = None;
        for end in CREDENTIALS {
            let name = format!("{prefix}{end}");
            let Some(id) = self.layout.id(&name) else { continue };
            let kept = self.kept(&id).await?;
            let Some(version) = kept.current().filter(|version| version.value(&name).is_some()) else {
                continue;
            };
            let Some(created) = version.created() else { continue };
            oldest = Some(oldest.map_or(created, |oldest| oldest.min(created)));
        }
        let instant = oldest.and_then(|oldest| jiff::Timestamp::try_from(oldest).ok());
        Ok(present(instant.map(|instant| instant.to_string())))
    }

    async fn kept(&self, id: &str) -> Result<Kept, HostError> {
        let is_document = matches!(self.layout, Layout::Document(_));
        let kept = self.shelf.get(id, self.refresh, is_document, || self.fetch(id)).await;
        let standing = self.standing();
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *told != standing.trouble {
            told.clone_from(&standing.trouble);
            (self.tell)(&standing);
        }
        kept
    }

    async fn fetch(&self, id: &str) -> Result<Option<Versions>, HostError> {
        let found = self.manager.fetch(id).await?;
        match (found, &self.layout) {
            (None, Layout::Document(_)) => Err(HostError::Failed(format!("there is no secret {id}"))),
            (found, _) => Ok(found),
        }
    }
}

impl Source for Managed {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            let named = |what: String| format!("{}: {what}", self.manager.name());
            self.find(name).await.map_err(|error| match error {
                HostError::Unavailable(what) => HostError::Unavailable(named(what)),
                HostError::Denied(what) => HostError::Denied(named(what)),
                HostError::Failed(what) => HostError::Failed(named(what)),
            })
        })
    }
}

impl fmt::Debug for Managed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Managed").field("layout", &self.layout).field("standing", &self.standing()).finish()
    }
}

#[cfg(test)]
mod tests;
