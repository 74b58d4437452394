//! How old the credentials are.

use super::{check::Check, origins::text};
use penstock::{
    providers::api::Provider,
    settings::{CREDENTIALS_ISSUED_AT, Kind, Values},
};
use penstock_host::sources::Source;
use std::time::{SystemTime, UNIX_EPOCH};

/// As many days the vendors' guides let credentials live.
const LIFE: i64 = 90;
/// As many days before that somebody should see to it.
const SOON: i64 = 14;
/// In milliseconds.
const DAY: i64 = 86_400_000;

/// By the setting that says when they were issued.
pub(super) async fn check(
    provider: &dyn Provider,
    account: &str,
    environment: &str,
    settings: &dyn Source,
) -> Check {
    let names = provider.setting_names(CREDENTIALS_ISSUED_AT, account, environment);
    let name = names.first().cloned().unwrap_or_default();
    let Some(issued) = text(settings, &names).await else {
        let cure = format!("set {name} to the day on which they were issued, such as 2026-01-31T00:00:00Z");
        return Check::warn("credentials", "nobody knows how old the credentials are", cure);
    };
    let issued = Kind::Time.check(&issued).ok();
    let issued = issued.and_then(|issued| Values::of([("issued", issued)]).time("issued"));
    let Some(issued) = issued else {
        return Check::skip("credentials", format!("{name} is no point in time"));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let days = now.saturating_sub(issued.as_millis()).div_euclid(DAY);
    let left = LIFE - days;
    let message = format!("the credentials are {days} days old, of {LIFE}");
    let cure = "issue new ones, put them into the secondary slot (…_SECONDARY), and withdraw the old ones";
    if days < 0 {
        let message = format!("{name} says that the credentials are issued {} days from now", -days);
        return Check::fail("credentials", message, "look at that setting, and at this machine's clock");
    }
    let check = match left {
        ..0 => Check::fail("credentials", message, cure),
        left if left <= SOON => Check::warn("credentials", message, cure),
        _ => Check::pass("credentials", message),
    };
    check.days(left)
}
