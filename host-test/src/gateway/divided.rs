//! How many share a limit while the store is away: a process has several instances of the component, which
//! then know nothing of each other.

use futures_util::future::BoxFuture;

use crate::sources::{HostError, Secret, Source};

/// What is configured for processes.
const INSTANCES: &str = "PENSTOCK_INSTANCES";

/// Where the store is, if it is a Redis.
const REDIS: &str = "PENSTOCK_STATE_URL";

/// The most that the setting takes.
const MOST: usize = 1000;

/// Settings in which [`INSTANCES`] counts the instances of the component and not the processes.
pub(super) struct Divided<S> {
    settings: S,
    /// Instances of one process.
    by: usize,
    /// Whether there is a store besides a Redis. Without any there is nothing that could be away.
    has_store: bool,
}

impl<S> Divided<S> {
    pub(super) fn new(settings: S, by: usize, has_store: bool) -> Self {
        Self { settings, by: by.max(1), has_store }
    }
}

impl<S: Source> Divided<S> {
    async fn shares(&self) -> Result<bool, HostError> {
        let is_set = |url: Secret| !url.expose().trim().is_empty();
        Ok(self.has_store || self.settings.get(REDIS).await?.is_some_and(is_set))
    }
}

impl<S: Source> Source for Divided<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            let found = self.settings.get(name).await?;
            if name != INSTANCES || !self.shares().await? {
                return Ok(found);
            }
            let processes = found.as_ref().map_or("1", |found| found.expose().trim());
            // What is no number is the component's to refuse.
            let Ok(processes) = processes.parse::<usize>() else { return Ok(found) };
            if processes > MOST {
                return Ok(found);
            }
            Ok(Some(Secret::new(processes.saturating_mul(self.by).min(MOST).to_string())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Map;

    #[tokio::test]
    async fn a_process_counts_as_often_as_it_has_instances() {
        for (given, seen) in [
            (None, Some("8")),
            (Some("4"), Some("32")),
            (Some("900"), Some("1000")),
            (Some("1001"), Some("1001")),
            (Some("some"), Some("some")),
        ] {
            let settings = Map::new(given.map(|given| (INSTANCES, given)));
            let found = Divided::new(settings, 8, true).get(INSTANCES).await.unwrap();
            assert_eq!(found.as_ref().map(Secret::expose), seen);
        }
        let other = Divided::new(Map::new([("OTHER", "4")]), 8, true).get("OTHER").await.unwrap();
        assert_eq!(other.as_ref().map(Secret::expose), Some("4"));
        for (url, seen) in [("", Some("2")), ("redis://host", Some("16"))] {
            let settings = Map::new([(INSTANCES, "2"), (REDIS, url)]);
            let found = Divided::new(settings, 8, false).get(INSTANCES).await.unwrap();
            assert_eq!(found.as_ref().map(Secret::expose), seen, "{url}");
        }
    }
}
