//! How many share a limit while the store is away: a process has several instances of the component, which
//! then know nothing of each other.

use futures_util::future::BoxFuture;

use crate::sources::{HostError, Secret, Source};

/// What is configured for processes.
const INSTANCES: &str = "PENSTOCK_INSTANCES";

/// The most that the setting takes.
const MOST: usize = 1000;

/// Settings in which [`INSTANCES`] counts the instances of the component and not the processes.
pub(super) struct Divided<S> {
    settings: S,
    /// Instances of one process.
    by: usize,
}

impl<S> Divided<S> {
    pub(super) fn new(settings: S, by: usize) -> Self {
        Self { settings, by: by.max(1) }
    }
}

impl<S: Source> Source for Divided<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            let found = self.settings.get(name).await?;
            if name != INSTANCES {
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
            let found = Divided::new(settings, 8).get(INSTANCES).await.unwrap();
            assert_eq!(found.as_ref().map(Secret::expose), seen);
        }
        let other = Divided::new(Map::new([("OTHER", "4")]), 8).get("OTHER").await.unwrap();
        assert_eq!(other.as_ref().map(Secret::expose), Some("4"));
    }
}
