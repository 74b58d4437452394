//! Names that the vendors' deployment guides use, beside ours, and what an environment sets.

use futures_util::future::BoxFuture;
use serde_json::json;

use super::{HostError, Secret, Source};

/// Ours, and the guides' name that holds where ours is not set.
const NAMES: [(&str, &str); 1] = [("PENSTOCK_STATE_URL", "REDIS_URL")];

/// Where webhooks go, and what makes one such place.
const DESTINATIONS: &str = "PENSTOCK_WEBHOOK_DESTINATIONS";
const BROKER: &str = "CELERY_BROKER_URL";
const TASK: &str = "PENSTOCK_CELERY_TASK";

/// What says which environment it is; the first that is set counts.
const ENVIRONMENTS: [&str; 2] = ["ENVIRONMENT", "APP_ENV"];

/// What is set by each environment, and holds where nothing else is: the log for people while somebody develops, a
/// vendor's own place for trials, and connections to a database as the guides have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    Development,
    Staging,
    Production,
}

impl Preset {
    fn parse(word: &str) -> Option<Self> {
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        match word {
            _ if is(&["development", "dev", "local", "test", "testing"]) => Some(Self::Development),
            _ if is(&["staging", "stage", "integration"]) => Some(Self::Staging),
            _ if is(&["production", "prod", "live"]) => Some(Self::Production),
            _ => None,
        }
    }

    fn value(self, name: &str) -> Option<&'static str> {
        match (self, name) {
            (Self::Development, "LOG_LEVEL") => Some("debug"),
            (Self::Development, "LOG_FORMAT") => Some("console"),
            (Self::Production, "DATABASE_POOL_SIZE") => Some("20"),
            (_, "DATABASE_POOL_SIZE") => Some("5"),
            (Self::Staging, "SERVICETITAN_API_ENVIRONMENT") => Some("integration"),
            (Self::Staging, "ASLEEP_API_ENVIRONMENT") => Some("test"),
            _ => None,
        }
    }
}

/// Settings by the names of the guides as well: `REDIS_URL` for `PENSTOCK_STATE_URL`, `DEBUG` for `LOG_LEVEL=debug`,
/// `CELERY_BROKER_URL` with `PENSTOCK_CELERY_TASK` for a destination of webhooks, and
/// what `ENVIRONMENT` or `APP_ENV` says: `development`, `staging` or `production`. What is set by its own name comes first.
/// In production `PENSTOCK_ALLOW_HTTP` is refused.
#[derive(Clone, Debug)]
pub struct Guides<S>(S);

impl<S: Source> Guides<S> {
    /// The settings of this source.
    #[must_use]
    pub fn of(source: S) -> Self {
        Self(source)
    }

    async fn find(&self, name: &str) -> Result<Option<Secret>, HostError> {
        if let Some(value) = self.0.get(name).await? {
            if name == "PENSTOCK_ALLOW_HTTP"
                && is_true(&value)
                && self.preset().await? == Some(Preset::Production)
            {
                let told =
                    format!("{name} is for development, and this is production, by ENVIRONMENT or APP_ENV");
                return Err(HostError::Denied(told));
            }
            return Ok(Some(value));
        }
        for (_, theirs) in NAMES.iter().filter(|(ours, _)| *ours == name) {
            if let Some(value) = self.0.get(theirs).await? {
                return Ok(Some(value));
            }
        }
        if name == DESTINATIONS {
            return self.celery().await;
        }
        if name == "LOG_LEVEL" && self.is_debug().await? {
            return Ok(Some(Secret::new("debug".to_owned())));
        }
        // Most names are nobody's preset.
        let all = [Preset::Development, Preset::Staging, Preset::Production];
        if all.into_iter().all(|preset| preset.value(name).is_none()) {
            return Ok(None);
        }
        let value = self.preset().await?.and_then(|preset| preset.value(name));
        Ok(value.map(|value| Secret::new(value.to_owned())))
    }

    /// A destination of webhooks, where the broker has its usual name and the task is named too: a broker alone may be
    /// another program's.
    async fn celery(&self) -> Result<Option<Secret>, HostError> {
        let (Some(url), Some(task)) = (self.0.get(BROKER).await?, self.0.get(TASK).await?) else {
            return Ok(None);
        };
        let celery = json!({ "url": url.expose().trim(), "task": task.expose().trim() });
        Ok(Some(Secret::new(json!([{ "name": "celery", "celery": celery }]).to_string())))
    }

    async fn is_debug(&self) -> Result<bool, HostError> {
        let Some(value) = self.0.get("DEBUG").await? else { return Ok(false) };
        let is_false = ["false", "0", "no", "off", ""]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(value.expose().trim()));
        if is_false || is_true(&value) {
            return Ok(!is_false);
        }
        Err(HostError::Failed("DEBUG must be true or false".to_owned()))
    }

    async fn preset(&self) -> Result<Option<Preset>, HostError> {
        for name in ENVIRONMENTS {
            let Some(word) = self.0.get(name).await? else { continue };
            let wrong = || HostError::Failed(format!("{name} must be development, staging or production"));
            return Preset::parse(word.expose().trim()).ok_or_else(wrong).map(Some);
        }
        Ok(None)
    }
}

fn is_true(value: &Secret) -> bool {
    ["true", "1", "yes", "on"].iter().any(|known| known.eq_ignore_ascii_case(value.expose().trim()))
}

impl<S: Source> Source for Guides<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(self.find(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Map, exposed};

    async fn get(settings: &[(&str, &str)], name: &str) -> Result<Option<String>, HostError> {
        exposed(Guides::of(Map::new(settings.iter().copied())).get(name).await)
    }

    #[tokio::test]
    async fn the_guides_names_hold_where_ours_are_not_set() {
        let redis = ("REDIS_URL", "redis://r/0");
        assert_eq!(get(&[redis], "PENSTOCK_STATE_URL").await, Ok(Some("redis://r/0".into())));
        let ours = ("PENSTOCK_STATE_URL", "redis://ours/0");
        assert_eq!(get(&[redis, ours], "PENSTOCK_STATE_URL").await, Ok(Some("redis://ours/0".into())));
        for (debug, level) in [("true", Some("debug")), ("1", Some("debug")), ("false", None)] {
            assert_eq!(get(&[("DEBUG", debug)], "LOG_LEVEL").await, Ok(level.map(str::to_owned)), "{debug}");
        }
        assert!(get(&[("DEBUG", "maybe")], "LOG_LEVEL").await.is_err());
        let both = [("DEBUG", "true"), ("LOG_LEVEL", "warn")];
        assert_eq!(get(&both, "LOG_LEVEL").await, Ok(Some("warn".into())));
    }

    #[tokio::test]
    async fn a_broker_with_a_task_is_a_destination_of_webhooks() {
        let (broker, task) = ((BROKER, "redis://b/0"), (TASK, "hooks.event"));
        assert_eq!(get(&[broker], DESTINATIONS).await, Ok(None));
        let made = get(&[broker, task], DESTINATIONS).await.unwrap().unwrap();
        let expected =
            json!([{ "name": "celery", "celery": { "url": "redis://b/0", "task": "hooks.event" } }]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&made).unwrap(), expected);
        assert_eq!(get(&[broker, task, (DESTINATIONS, "[]")], DESTINATIONS).await, Ok(Some("[]".into())));
    }

    #[tokio::test]
    async fn an_environment_sets_what_nothing_else_does() {
        for (word, name, value) in [
            ("development", "LOG_LEVEL", Some("debug")),
            ("dev", "LOG_FORMAT", Some("console")),
            ("development", "DATABASE_POOL_SIZE", Some("5")),
            ("development", "SERVICETITAN_API_ENVIRONMENT", None),
            ("Staging", "SERVICETITAN_API_ENVIRONMENT", Some("integration")),
            ("staging", "ASLEEP_API_ENVIRONMENT", Some("test")),
            ("staging", "LOG_FORMAT", None),
            ("production", "DATABASE_POOL_SIZE", Some("20")),
            ("production", "LOG_LEVEL", None),
        ] {
            for variable in ["APP_ENV", "ENVIRONMENT"] {
                assert_eq!(
                    get(&[(variable, word)], name).await,
                    Ok(value.map(str::to_owned)),
                    "{word}, {name}"
                );
            }
        }
        let own = [("ENVIRONMENT", "staging"), ("SERVICETITAN_API_ENVIRONMENT", "production")];
        assert_eq!(get(&own, "SERVICETITAN_API_ENVIRONMENT").await, Ok(Some("production".into())));
        let both = [("ENVIRONMENT", "production"), ("APP_ENV", "staging")];
        assert_eq!(get(&both, "SERVICETITAN_API_ENVIRONMENT").await, Ok(None));
        let Err(HostError::Failed(told)) = get(&[("APP_ENV", "stagin")], "LOG_LEVEL").await else { panic!() };
        assert_eq!(told, "APP_ENV must be development, staging or production");
        assert_eq!(get(&[("APP_ENV", "stagin")], "PENSTOCK_ROLE").await, Ok(None));
    }

    #[tokio::test]
    async fn production_has_no_plain_http() {
        let allowed = ("PENSTOCK_ALLOW_HTTP", "true");
        assert_eq!(get(&[allowed, ("APP_ENV", "dev")], allowed.0).await, Ok(Some("true".into())));
        let refused = get(&[allowed, ("APP_ENV", "production")], allowed.0).await;
        assert!(matches!(&refused, Err(HostError::Denied(told)) if told.contains(allowed.0)), "{refused:?}");
        let off = [("PENSTOCK_ALLOW_HTTP", "false"), ("APP_ENV", "production")];
        assert_eq!(get(&off, allowed.0).await, Ok(Some("false".into())));
    }
}
