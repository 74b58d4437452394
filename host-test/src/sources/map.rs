use std::{collections::BTreeMap, fmt};

use futures_util::future::BoxFuture;

use super::{HostError, Secret, Source};

/// Values that the embedder holds already.
#[derive(Clone, Default)]
pub struct Map(BTreeMap<String, Secret>);

impl Map {
    /// These names and values.
    #[must_use]
    pub fn new<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), Secret::new(value.into()))).collect())
    }
}

impl Source for Map {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move { Ok(self.0.get(name).filter(|value| !value.is_empty()).cloned()) })
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values may be secrets.
        f.debug_tuple("Map").field(&self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::exposed;

    #[tokio::test]
    async fn an_empty_text_is_none() {
        let map = Map::new([("A", "1"), ("B", "")]);
        assert_eq!(exposed(map.get("A").await), Ok(Some("1".into())));
        assert_eq!(exposed(map.get("B").await), Ok(None));
        assert_eq!(exposed(map.get("C").await), Ok(None));
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", Map::new([("TOKEN", "hunter2")]));
        assert!(shown.contains("TOKEN") && !shown.contains("hunter2"), "{shown}");
    }
}
