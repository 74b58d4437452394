//! Environment variables and `.env`.

use std::{env, sync::Arc};

use futures_util::future::BoxFuture;

use super::{Allowed, DotEnv, Files, Guides, HostError, Layered, Managed, Process, Secret, Source};

/// What a service usually wants. The first that has a value wins:
///
/// 1. the process's environment variables,
/// 2. the file `.env` in the working directory.
///
/// In each of them `NAME_FILE` may name a file that holds the value of `NAME`
/// ([`Files`]), in `.env` one of its own folder. Names of the vendors' guides count beside ours ([`Guides`]). Only names that the component has use for are answered ([`Allowed`]).
///
/// A `.env` comes with a folder, perhaps from somebody else: it may not say where credentials
/// of the environment go to, nor what may be done with them. URLs of providers, the shared
/// state's (`PENSTOCK_STATE_URL`, `REDIS_URL`) and its secrets, `DATABASE_URL`, `PENSTOCK_ROLE` and
/// `PENSTOCK_ALLOW_HTTP` in it are refused while the environment holds credentials that they would apply to.
#[must_use]
pub fn standard() -> Arc<dyn Source> {
    standard_with(DotEnv::new(".env"))
}

/// The same with another file in the place of `.env`.
#[must_use]
pub fn standard_with(file: DotEnv) -> Arc<dyn Source> {
    standard_and(file, &[], None)
}

/// The same that answers for `more` names, too: those of an embedding, which no component ought to see. What a secret
/// manager has comes after the environment and before the file, which then says nothing of where credentials go to.
#[must_use]
pub fn standard_and(file: DotEnv, more: &[&str], managed: Option<Arc<Managed>>) -> Arc<dyn Source> {
    let names = || env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let is_managed = managed.is_some();
    let upper = Layered::new().then(Files::named_by(Process));
    let upper = managed.into_iter().fold(upper, Layered::then);
    let known = Allowed::known(Guides::of(Standard { upper, names, is_managed, file }));
    Arc::new(more.iter().fold(known, |known, name| known.and(*name)))
}

struct Standard<U, N> {
    upper: U,
    /// Every name that is set in the environment.
    names: N,
    /// Whether credentials may be in a secret manager, whose names nobody lists.
    is_managed: bool,
    file: DotEnv,
}

impl<U: Source, N: Fn() -> Vec<String> + Send + Sync> Standard<U, N> {
    async fn find(&self, name: &str) -> Result<Option<Secret>, HostError> {
        if let Some(value) = self.upper.get(name).await? {
            return Ok(Some(value));
        }
        let Some(value) = Files::named_by(&self.file).within(self.file.folder()).get(name).await? else {
            return Ok(None);
        };
        if self.is_managed && decides_anything(name) {
            return Err(self.does_not_count(name, "credentials come from a secret manager"));
        }
        for credential in (self.names)().iter().filter(|credential| decides(name, credential)) {
            if self.upper.get(credential).await?.is_some() {
                return Err(self.does_not_count(name, &format!("{credential} is set in the environment")));
            }
        }
        Ok(Some(value))
    }

    fn does_not_count(&self, name: &str, why: &str) -> HostError {
        let file = self.file.shown();
        HostError::Denied(format!("{name} in {file} does not count, since {why}; set both in the same place"))
    }
}

impl<U: Source, N: Fn() -> Vec<String> + Send + Sync> Source for Standard<U, N> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(self.find(name))
    }
}

/// Whether a setting decides where any credential goes to or what is done with it.
fn decides_anything(setting: &str) -> bool {
    ["SERVICETITAN_CLIENT_SECRET", "ASLEEP_API_KEY"].iter().any(|credential| decides(setting, credential))
}

/// Whether a setting decides where a credential goes to or what is done with it.
fn decides(setting: &str, credential: &str) -> bool {
    let name = credential.strip_suffix("_FILE").unwrap_or(credential);
    let name = name.strip_suffix("_SECONDARY").unwrap_or(name);
    let is = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let (titan, asleep) = (is(&["_CLIENT_ID", "_CLIENT_SECRET", "_APP_KEY"]), is(&["_API_KEY"]));
    let begins = |prefix: &str| name.starts_with(prefix);
    let ours = begins("SERVICETITAN_") || begins("ASLEEP_") || begins("PENSTOCK_ACCOUNT_");
    if !ours || !titan && !asleep {
        return false;
    }
    // Whoever has the state and what it is sealed with reads the answers, and whoever has the database that
    // records are copied into reads these.
    let state = setting.starts_with("PENSTOCK_STATE_") || matches!(setting, "DATABASE_URL" | "REDIS_URL");
    if state || matches!(setting, "PENSTOCK_ROLE" | "PENSTOCK_ALLOW_HTTP") {
        return true;
    }
    if !["_API_URL", "_AUTH_URL", "_BASE_URL"].iter().any(|suffix| setting.ends_with(suffix)) {
        return false;
    }
    match setting {
        _ if setting.starts_with("SERVICETITAN_") => titan,
        _ if setting.starts_with("ASLEEP_") => asleep,
        // An account may take over what the default one has.
        _ => setting.starts_with("PENSTOCK_ACCOUNT_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Map, exposed};

    /// The environment and `.env`.
    async fn get(environment: &[(&str, &str)], file: &str, name: &str) -> Result<Option<String>, HostError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, file).unwrap();
        let names: Vec<String> = environment.iter().map(|(name, _)| (*name).to_owned()).collect();
        let upper = Files::named_by(Map::new(environment.iter().copied()));
        let file = DotEnv::new(path);
        exposed(Standard { upper, names: move || names.clone(), is_managed: false, file }.get(name).await)
    }

    const SECRET: (&str, &str) = ("SERVICETITAN_CLIENT_SECRET", "s");
    const ELSEWHERE: &str = "SERVICETITAN_API_URL=https://evil.example\n";

    #[tokio::test]
    async fn a_file_cannot_send_the_credentials_of_the_environment_away() {
        for (environment, file, name) in [
            (SECRET, ELSEWHERE, "SERVICETITAN_API_URL"),
            (SECRET, "SERVICETITAN_AUTH_URL=https://evil.example", "SERVICETITAN_AUTH_URL"),
            (SECRET, "PENSTOCK_ALLOW_HTTP=true", "PENSTOCK_ALLOW_HTTP"),
            (SECRET, "PENSTOCK_ROLE=admin", "PENSTOCK_ROLE"),
            (SECRET, "PENSTOCK_STATE_URL=redis://evil.example", "PENSTOCK_STATE_URL"),
            (SECRET, "REDIS_URL=redis://evil.example", "REDIS_URL"),
            (SECRET, "DATABASE_URL=postgres://evil.example/d", "DATABASE_URL"),
            (("ASLEEP_API_KEY", "k"), "PENSTOCK_STATE_SECRET=known", "PENSTOCK_STATE_SECRET"),
            (("ASLEEP_API_KEY", "k"), "ASLEEP_BASE_URL=https://evil.example", "ASLEEP_BASE_URL"),
            (("PENSTOCK_ACCOUNT_NORTH_APP_KEY", "k"), ELSEWHERE, "SERVICETITAN_API_URL"),
            (
                ("SERVICETITAN_APP_KEY_SECONDARY", "k"),
                "PENSTOCK_ACCOUNT_NORTH_API_URL=https://evil.example",
                "PENSTOCK_ACCOUNT_NORTH_API_URL",
            ),
        ] {
            let Err(HostError::Denied(told)) = get(&[environment], file, name).await else {
                panic!("{name}")
            };
            assert!(told.contains(name) && told.contains(environment.0), "{told}");
        }
    }

    #[tokio::test]
    async fn a_file_cannot_send_the_credentials_of_a_secret_manager_away() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            format!("{ELSEWHERE}LOG_LEVEL=debug\nASLEEP_BASE_URL=https://evil.example"),
        )
        .unwrap();
        let source = Standard {
            upper: Map::new([SECRET]),
            names: Vec::new,
            is_managed: true,
            file: DotEnv::new(file.path()),
        };
        for name in ["SERVICETITAN_API_URL", "ASLEEP_BASE_URL"] {
            let Err(HostError::Denied(told)) = source.get(name).await else { panic!("{name}") };
            assert!(told.contains(name) && told.contains("secret manager"), "{told}");
        }
        assert_eq!(exposed(source.get("LOG_LEVEL").await), Ok(Some("debug".into())));
    }

    #[tokio::test]
    async fn a_credential_in_a_file_that_the_environment_names_is_guarded_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s").unwrap();
        let named = ("SERVICETITAN_CLIENT_SECRET_FILE", file.path().to_str().unwrap());
        assert!(matches!(get(&[named], ELSEWHERE, "SERVICETITAN_API_URL").await, Err(HostError::Denied(_))));
    }

    #[tokio::test]
    async fn a_dotenv_names_no_file_of_another_folder() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(outside.path(), "s").unwrap();
        let file = format!("SERVICETITAN_CLIENT_SECRET_FILE={}\n{ELSEWHERE}", outside.path().display());
        let Err(HostError::Denied(told)) = get(&[], &file, "SERVICETITAN_CLIENT_SECRET").await else {
            panic!()
        };
        assert!(told.contains("SERVICETITAN_CLIENT_SECRET_FILE"), "{told}");
    }

    #[tokio::test]
    async fn what_stands_beside_the_credentials_or_before_them_counts() {
        let own =
            "SERVICETITAN_CLIENT_SECRET=s\nSERVICETITAN_API_URL=https://a.example\nPENSTOCK_ROLE=admin\n";
        assert_eq!(get(&[], own, "SERVICETITAN_API_URL").await, Ok(Some("https://a.example".into())));
        assert_eq!(get(&[], own, "PENSTOCK_ROLE").await, Ok(Some("admin".into())));
        let before = ("SERVICETITAN_API_URL", "https://b.example");
        let found = get(&[SECRET, before], own, "SERVICETITAN_API_URL").await;
        assert_eq!(found, Ok(Some("https://b.example".into())));
        let empty = ("SERVICETITAN_CLIENT_SECRET", "");
        assert!(get(&[empty], ELSEWHERE, "SERVICETITAN_API_URL").await.unwrap().is_some(), "empty is none");
        let other = ("ASLEEP_API_KEY", "k");
        assert!(
            get(&[other], ELSEWHERE, "SERVICETITAN_API_URL").await.unwrap().is_some(),
            "another vendor's"
        );
        assert_eq!(get(&[SECRET], "LOG_LEVEL=debug", "LOG_LEVEL").await, Ok(Some("debug".into())));
    }
}
