//! Whether the vendor's origins can be reached, and what time it is there.

use super::{
    PATIENCE,
    check::{Check, Status},
};
use crate::ask::{ask, told};
use penstock::{
    providers::api::{Provider, Site},
    settings::{CommonSettings, Setting, Values},
};
use penstock_host::{http::Outbound, sources::Source};
use std::time::{Duration, SystemTime};

/// By how much the clocks may differ before somebody should see to it, and before signatures of webhooks and the lives of
/// tokens are judged wrongly.
const SKEW: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// Where the account's data is; none while its settings are malformed, which another check tells.
pub(super) async fn site(
    provider: &'static dyn Provider,
    account: &str,
    settings: &dyn Source,
) -> Option<Site> {
    let plain = text(settings, &["PENSTOCK_ALLOW_HTTP".to_owned()]).await;
    let policy = CommonSettings::from(&Values::of(plain.map(|plain| ("PENSTOCK_ALLOW_HTTP", plain))));
    let environment = provider.environment_setting();
    let mut chosen = String::new();
    let mut values = Vec::new();
    let (first, rest): (Vec<&Setting>, Vec<&Setting>) = provider
        .settings()
        .iter()
        .filter(|setting| !setting.secret)
        .partition(|setting| setting.name == environment);
    for setting in first.into_iter().chain(rest) {
        let found = text(settings, &provider.setting_names(setting.name, account, &chosen)).await;
        let Some(value) = found.or_else(|| setting.default.map(str::to_owned)) else { continue };
        let Ok(value) = setting.kind.check(value.trim()) else { continue };
        if setting.name == environment {
            chosen.clone_from(&value);
        }
        values.push((setting.name, value));
    }
    provider.site(account, &Values::of(values), &policy).ok()
}

/// The first of these names that is set.
pub(super) async fn text(settings: &dyn Source, names: &[String]) -> Option<String> {
    for name in names {
        if let Ok(Some(found)) = settings.get(name).await
            && !found.expose().trim().is_empty()
        {
            return Some(found.expose().trim().to_owned());
        }
    }
    None
}

/// Whether one of them could not be reached.
pub(super) fn is_away(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.name == "origin" && check.status == Status::Fail)
}

/// Whether each answers at all, whatever it answers, and how far the clocks are apart.
pub(super) async fn checks(outbound: &Outbound, site: &Site) -> Vec<Check> {
    let mut origins = vec![site.api.to_string()];
    if site.auth != site.api {
        origins.push(site.auth.to_string());
    }
    let mut checks = Vec::new();
    let mut date = None;
    for origin in origins {
        match ask(outbound, &format!("{origin}/"), None, PATIENCE).await {
            Ok(answer) => {
                date = date.or(answer.date);
                checks.push(Check::pass("origin", format!("{origin} answers")).took(answer.took));
            }
            Err(error) => {
                let (why, cure) = told(&error);
                checks.push(Check::fail("origin", format!("{origin} {why}"), cure));
            }
        }
    }
    checks.push(clock(date));
    checks
}

/// The vendor's time is a second old at most, and has no fractions.
fn clock(date: Option<(SystemTime, SystemTime)>) -> Check {
    let Some((theirs, ours)) = date else {
        return Check::skip("clock", "the vendor said no time");
    };
    let apart = theirs.duration_since(ours).unwrap_or_else(|error| error.duration());
    let message = format!("this clock and the vendor's are {} s apart", apart.as_secs());
    let cure = "set this machine's clock by NTP";
    match apart {
        apart if apart > SKEW.1 => Check::fail("clock", message, cure),
        apart if apart > SKEW.0 => Check::warn("clock", message, cure),
        _ => Check::pass("clock", message),
    }
}
