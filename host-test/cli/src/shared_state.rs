//! The store that this process shares with others: a Redis or a file.

use crate::report::{Unfit, unread};
use penstock_host::{
    sources::{Secret, Source},
    sqlite::SqliteState,
    state::{RedisState, State},
};
use std::{env, fmt::Display, path::PathBuf, sync::Arc};

/// The Redis, as the gateway has it too.
const URL: &str = "PENSTOCK_STATE_URL";
/// Where it may be, for a manifest of Spin's.
pub(crate) const HOST: &str = "PENSTOCK_STATE_HOST";
/// The file.
pub(crate) const FILE: &str = "PENSTOCK_STATE_FILE";

/// The store that the settings name; none if they name none.
///
/// # Errors
///
/// Settings that cannot be read, a URL that is none, a file that cannot be used.
pub(crate) async fn configured(settings: &impl Source) -> Result<Option<Arc<dyn State>>, Unfit> {
    if let Some(url) = read(settings, URL).await? {
        let redis = RedisState::new(url.expose().trim());
        return Ok(Some(Arc::new(redis.map_err(unfit)?)));
    }
    Ok(match file(settings).await? {
        Some(path) => Some(Arc::new(open(path, Some(FILE))?)),
        None => None,
    })
}

/// Where the Redis is that the settings name, as the gateway wants it in [`HOST`]; none if they name none, or
/// name that themselves.
///
/// # Errors
///
/// Settings that cannot be read, and a URL that is none.
pub(crate) async fn redis_host(settings: &impl Source) -> Result<Option<String>, Unfit> {
    let Some(url) = read(settings, URL).await? else { return Ok(None) };
    if read(settings, HOST).await?.is_some() {
        return Ok(None);
    }
    let redis = RedisState::new(url.expose().trim()).map_err(unfit)?;
    Ok(Some(redis.origin()))
}

/// Whether the settings name a Redis, which comes before any file.
///
/// # Errors
///
/// Settings that cannot be read.
pub(crate) async fn has_redis(settings: &impl Source) -> Result<bool, Unfit> {
    Ok(read(settings, URL).await?.is_some())
}

/// The file that the settings name.
///
/// # Errors
///
/// Settings that cannot be read.
pub(crate) async fn file(settings: &impl Source) -> Result<Option<PathBuf>, Unfit> {
    Ok(read(settings, FILE).await?.map(|path| PathBuf::from(path.expose().trim())))
}

/// What the settings name must be there for whoever only looks at it: a name that is misspelt would
/// be made a store, with nothing in it.
///
/// # Errors
///
/// There is no such file.
pub(crate) async fn must_be_there(settings: &impl Source) -> Result<(), Unfit> {
    if has_redis(settings).await? {
        return Ok(());
    }
    match file(settings).await?.filter(|file| !file.exists()) {
        Some(file) => Err(Unfit(format!("{FILE}: there is no file {}", file.display()))),
        None => Ok(()),
    }
}

/// Opens a file, or makes one. `named` is the setting or the option that names it, if any does.
///
/// # Errors
///
/// A file that cannot be used.
pub(crate) fn open(path: PathBuf, named: Option<&str>) -> Result<SqliteState, Unfit> {
    let named = named.map_or_else(String::new, |named| format!(" ({named})"));
    SqliteState::open(path).map_err(|error| Unfit(format!("the state's file{named}: {error}")))
}

/// Where it is for whoever says nothing of it: the user's folder for what is to outlive a process and is
/// no document (XDG Base Directory Specification 0.8). None where there is no such folder.
pub(crate) fn default_file() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let given = env::var_os("XDG_STATE_HOME").map(PathBuf::from).and_then(absolute);
    let home = || env::home_dir().and_then(absolute).map(|home| home.join(".local/state"));
    Some(given.or_else(home)?.join("penstock/state.db"))
}

fn unfit(error: impl Display) -> Unfit {
    Unfit(format!("{URL}, or REDIS_URL in its place: {error}"))
}

async fn read(settings: &impl Source, name: &str) -> Result<Option<Secret>, Unfit> {
    let found = settings.get(name).await.map_err(|error| unread(name, &error))?;
    Ok(found.filter(|found| !found.expose().trim().is_empty()))
}
