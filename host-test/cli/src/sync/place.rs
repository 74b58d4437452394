//! Where a copy is, by the arguments and the settings.

use super::told;
use crate::{
    report::{Unfit, unread},
    settings::EnvFile,
};
use anyhow::Result;
use penstock_host::sources::{Secret, Source};
use penstock_sync::destination::{self, Destination, Opening, Place};
use std::{ops::RangeInclusive, sync::Arc};

/// The database, for `--to postgres`.
const URL: &str = "DATABASE_URL";

/// How many connections to it there are at most.
const POOL_SIZE: &str = "DATABASE_POOL_SIZE";

/// How many it can be: a server takes a hundred unless it is told otherwise.
const SIZES: RangeInclusive<usize> = 1..=100;

/// Opens a destination.
///
/// # Errors
/// Settings that do not fit, and the destination's.
pub(super) async fn open(
    place: &Place,
    opening: Opening,
    settings: &EnvFile,
) -> Result<Arc<dyn Destination>> {
    let Place::Postgres(url) = place else { return destination::open(place, &opening).await.map_err(told) };
    let settings = settings.settings_and(&[URL, POOL_SIZE]).await?;
    let url = match url {
        Some(url) => Some(url.clone()),
        None => read(settings.as_ref(), URL).await?,
    };
    let place = match url.map(|url| url.expose().trim().parse()) {
        None => return Err(Unfit(format!("{URL} is not set, which says where \"postgres\" is")).into()),
        Some(Ok(place @ Place::Postgres(Some(_)))) => place,
        Some(_) => return Err(Unfit(format!("{URL} is no address of PostgreSQL, postgres://...")).into()),
    };
    let connections = match read(settings.as_ref(), POOL_SIZE).await? {
        None => None,
        Some(size) => {
            let size = size.expose().trim().parse().ok().filter(|size| SIZES.contains(size));
            let unfit = || Unfit(format!("{POOL_SIZE} must be {} to {}", SIZES.start(), SIZES.end()));
            Some(size.ok_or_else(unfit)?)
        }
    };
    destination::open(&place, &Opening { connections, ..opening }).await.map_err(told)
}

async fn read(settings: &dyn Source, name: &str) -> Result<Option<Secret>, Unfit> {
    let found = settings.get(name).await.map_err(|error| unread(name, &error))?;
    Ok(found.filter(|found| !found.is_empty()))
}
