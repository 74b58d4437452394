use futures_util::future::BoxFuture;

use super::{HostError, Secret, Source};

/// Several sources. The first that has a value wins; one that fails is not passed
/// over, since the value below it may be an old one.
#[derive(Default)]
pub struct Layered(Vec<Box<dyn Source>>);

impl Layered {
    /// No source yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, asked after those before it.
    #[must_use]
    pub fn then(mut self, source: impl Source + 'static) -> Self {
        self.0.push(Box::new(source));
        self
    }
}

impl Source for Layered {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            for source in &self.0 {
                if let Some(value) = source.get(name).await? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        })
    }
}

impl std::fmt::Debug for Layered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layered").field("sources", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Map, exposed};

    struct Down;

    impl Source for Down {
        fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
            Box::pin(async { Err(HostError::Unavailable("down".into())) })
        }
    }

    #[tokio::test]
    async fn the_first_value_wins() {
        let layers = Layered::new().then(Map::new([("A", "upper"), ("EMPTY", "")])).then(Map::new([
            ("A", "lower"),
            ("B", "lower"),
            ("EMPTY", "lower"),
        ]));
        assert_eq!(exposed(layers.get("A").await), Ok(Some("upper".into())));
        assert_eq!(exposed(layers.get("B").await), Ok(Some("lower".into())));
        assert_eq!(exposed(layers.get("EMPTY").await), Ok(Some("lower".into())));
        assert_eq!(exposed(layers.get("C").await), Ok(None));
    }

    #[tokio::test]
    async fn a_failing_layer_is_not_passed_over() {
        let layers = Layered::new().then(Down).then(Map::new([("A", "old")]));
        assert_eq!(exposed(layers.get("A").await), Err(HostError::Unavailable("down".into())));
    }
}
