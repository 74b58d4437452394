//! Whether the store that instances share works, and each operation on it is one.

use super::check::Check;
use crate::shared_state;
use penstock_host::{
    sources::{HostError, Source},
    state::State,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long what is written for the check lives at most.
const LIFE: Duration = Duration::from_secs(30);

pub(super) async fn check(settings: &Arc<dyn Source>) -> Check {
    let cure = "look at PENSTOCK_STATE_URL or PENSTOCK_STATE_FILE, and whether the store runs";
    // A file is made where it is missing; a folder is not, of which only the name may be wrong.
    if let Ok(Some(file)) = shared_state::file(settings).await
        && let Some(folder) =
            file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        return Check::fail("store", format!("there is no folder {}", folder.display()), cure);
    }
    let store = match shared_state::configured(settings).await {
        Ok(Some(store)) => store,
        Ok(None) => {
            return Check::skip("store", "nothing is shared: limits and tokens are each process's own");
        }
        Err(error) => return Check::fail("store", error.to_string(), cure),
    };
    let began = Instant::now();
    match claimed_once(&*store).await {
        Ok(true) => Check::pass("store", "the store answers, and a claim is one").took(began.elapsed()),
        Ok(false) => Check::fail(
            "store",
            "the store gave one claim twice",
            "a Redis must be a primary, of version 6 or newer, and no proxy may answer for it",
        ),
        Err(error) => Check::fail("store", error.to_string(), cure),
    }
}

async fn claimed_once(store: &dyn State) -> Result<bool, HostError> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| HostError::Failed(error.to_string()))?;
    let key = format!("doctor/{:032x}", u128::from_be_bytes(random));
    let first = store.claim(&key, b"one".to_vec(), LIFE).await?;
    let second = store.claim(&key, b"two".to_vec(), LIFE).await?;
    let swapped = store.swap(&key, b"two", b"three".to_vec(), LIFE).await?;
    store.release(&key, b"one").await?;
    Ok(first.is_none() && second.as_deref() == Some(b"one") && !swapped)
}
