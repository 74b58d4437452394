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

/// The files of the client secret, and the settings that name them: the slot in use, and the one
/// for what comes next.
const SECRET: [(&str, &str); 2] = [
    ("secret", "SERVICETITAN_CLIENT_SECRET_FILE"),
    ("secret.secondary", "SERVICETITAN_CLIENT_SECRET_SECONDARY_FILE"),
];

/// The settings of every process, with the client secret in files.
pub(super) fn settings(provider: &SimulatedServiceTitan, folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut settings = provider.settings();
    settings.remove("SERVICETITAN_CLIENT_SECRET");
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    settings.insert("RETRY_ATTEMPTS".to_owned(), ATTEMPTS.to_string());
    settings.insert("SERVICETITAN_RATE_LIMIT".to_owned(), "10000".to_owned());
    for (file, setting) in SECRET {
        settings.insert(setting.to_owned(), folder.join(file).display().to_string());
    }
    let first = secrets(provider)?.first().context("no client secret")?;
    let [(used, _), (next, _)] = SECRET;
    put(folder, used, first)?;
    put(folder, next, "")?;
    Ok(settings)
}

fn secrets(provider: &SimulatedServiceTitan) -> Result<&[String]> {
    let account = provider.config().accounts.first().context("the provider has no account")?;
    Ok(&account.client_secrets)
}

/// Replaces a file as a whole.
fn put(folder: &Path, name: &str, content: &str) -> Result<()> {
    let next = folder.join("next");
    fs::write(&next, content)?;
    Ok(fs::rename(next, folder.join(name))?)
}

/// Changes the client secret again and again, until then.
pub(super) async fn run(
    provider: Arc<SimulatedServiceTitan>,
    folder: PathBuf,
    tally: Arc<Tally>,
    until: Instant,
) -> Result<()> {
    let [(first, _), (second, _)] = SECRET;
    for pair in secrets(&provider)?.windows(2) {
        let [old, next] = pair else { return Ok(()) };
        put(&folder, second, next)?;
        if !sleep(ROTATION / 2, until).await {
            return Ok(());
        }
        provider.withdraw(old);
        if !sleep(ROTATION / 2, until).await {
            return Ok(());
        }
        put(&folder, first, next)?;
        put(&folder, second, "")?;
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
