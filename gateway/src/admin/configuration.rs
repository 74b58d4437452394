//! What an account is configured with, without its secrets.

use crate::{problem::Problem, settings};
use penstock::{
    call::account_name,
    contract::FailureKind,
    failure::refused,
    host::{Host, HostError},
    providers::api::Provider,
    settings::{Setting, common},
};
use serde::Serialize;

/// All settings that bear on an account.
#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    settings: Vec<Shown>,
}

/// A setting, and what holds.
#[derive(Debug, Serialize)]
struct Shown {
    /// The name that it is set by, or would be.
    name: String,
    /// Whether it is set anywhere; what is not has its default.
    set: bool,
    secret: bool,
    /// What holds, unless it is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// Reads all of them.
///
/// # Errors
/// A name that is no account's, and the host's own trouble.
pub(super) async fn read<H: Host>(
    host: &H,
    provider: &'static dyn Provider,
    account: &str,
) -> Result<Configuration, Problem> {
    let account = account_name(Some(account))?;
    let mut shown = Vec::new();
    for setting in settings::SETTINGS.iter().chain(common::SETTINGS) {
        shown.push(find(host, setting, &[setting.name.to_owned()]).await?);
    }
    let environment = provider.environment_setting();
    let (first, rest): (Vec<_>, Vec<_>) =
        provider.settings().iter().partition(|setting| setting.name == environment);
    let mut chosen = String::new();
    for setting in first {
        let found = find(host, setting, &provider.setting_names(setting.name, &account, "")).await?;
        chosen = found.value.clone().unwrap_or_default();
        shown.push(found);
    }
    for setting in rest {
        shown.push(find(host, setting, &provider.setting_names(setting.name, &account, &chosen)).await?);
    }
    Ok(Configuration { settings: shown })
}

async fn find<H: Host>(host: &H, setting: &Setting, names: &[String]) -> Result<Shown, Problem> {
    let trouble = |error: HostError| {
        Problem::from(refused(FailureKind::Host, format!("reading {}: {error}", setting.name), Vec::new()))
    };
    for name in names {
        let is_set = match setting.secret {
            // Its value goes no further.
            true => host.secret(name).await.map_err(trouble)?.map(|_| None),
            false => host.setting(name).await.map_err(trouble)?.map(Some),
        };
        if let Some(value) = is_set {
            return Ok(Shown { name: name.clone(), set: true, secret: setting.secret, value });
        }
    }
    let name = names.first().cloned().unwrap_or_else(|| setting.name.to_owned());
    let value = setting.default.filter(|_| !setting.secret).map(str::to_owned);
    Ok(Shown { name, set: false, secret: setting.secret, value })
}
