//! Credentials that change while they are used, as an operator changes them: the next ones are put
//! into the second slot, the old ones are withdrawn at the provider, the next ones move up.

use super::{
    ATTEMPTS, ROTATION,
    tally::{Tally, add},
};
use anyhow::{Context, Result};
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// A credential: its files, and the settings that name them; the first is the slot in use, the
/// second the one for what comes next.
type Slots = [(&'static str, &'static str); 2];

const SECRET: Slots = [
    ("secret", "SERVICETITAN_CLIENT_SECRET_FILE"),
    ("secret.secondary", "SERVICETITAN_CLIENT_SECRET_SECONDARY_FILE"),
];
const APP_KEY: Slots =
    [("app-key", "SERVICETITAN_APP_KEY_FILE"), ("app-key.secondary", "SERVICETITAN_APP_KEY_SECONDARY_FILE")];

/// The settings of every process, with the credentials in files.
pub(super) fn settings(provider: &SimulatedServiceTitan, folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut settings = provider.settings();
    for name in ["SERVICETITAN_CLIENT_SECRET", "SERVICETITAN_APP_KEY"] {
        settings.remove(name);
    }
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    settings.insert("RETRY_ATTEMPTS".to_owned(), ATTEMPTS.to_string());
    settings.insert("SERVICETITAN_RATE_LIMIT".to_owned(), "10000".to_owned());
    for (file, setting) in SECRET.into_iter().chain(APP_KEY) {
        settings.insert(setting.to_owned(), folder.join(file).display().to_string());
    }
    for (slots, all) in credentials(provider)? {
        put(folder, slots[0].0, all.first().context("no credential")?)?;
        put(folder, slots[1].0, "")?;
    }
    Ok(settings)
}

fn credentials(provider: &SimulatedServiceTitan) -> Result<[(Slots, &Vec<String>); 2]> {
    let account = provider.config().accounts.first().context("the provider has no account")?;
    Ok([(SECRET, &account.client_secrets), (APP_KEY, &account.app_keys)])
}

/// Replaces a file as a whole.
fn put(folder: &Path, name: &str, content: &str) -> Result<()> {
    let next = folder.join("next");
    fs::write(&next, content)?;
    Ok(fs::rename(next, folder.join(name))?)
}

/// Changes both credentials again and again, until then.
pub(super) async fn run(
    provider: Arc<SimulatedServiceTitan>,
    folder: PathBuf,
    tally: Arc<Tally>,
    until: Instant,
) -> Result<()> {
    for number in 0.. {
        let all = credentials(&provider)?;
        let pair = |all: &[String]| Some((all.get(number)?.clone(), all.get(number + 1)?.clone()));
        let mut pairs = Vec::new();
        for (slots, all) in all {
            let Some((old, next)) = pair(all) else { return Ok(()) };
            put(&folder, slots[1].0, &next)?;
            pairs.push((slots, old, next));
        }
        if !sleep(ROTATION / 2, until).await {
            return Ok(());
        }
        for (_, old, _) in &pairs {
            provider.withdraw(old);
        }
        if !sleep(ROTATION / 2, until).await {
            return Ok(());
        }
        for (slots, _, next) in &pairs {
            put(&folder, slots[0].0, next)?;
            put(&folder, slots[1].0, "")?;
        }
        add(&tally.rotations, 1);
    }
    Ok(())
}

/// Whether the time is not over yet.
async fn sleep(time: Duration, until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now());
    tokio::time::sleep(time.min(left)).await;
    time < left
}
