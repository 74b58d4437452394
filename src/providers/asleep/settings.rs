//! Accounts. An account is a key: what is recorded with a key of one environment is seen
//! with keys of that environment only.
//!
//! The default account uses the names of Asleep's own guide, `ASLEEP_API_KEY` and
//! `ASLEEP_BASE_URL`. A further account `north` uses `PENSTOCK_ACCOUNT_NORTH_ASLEEP_API_KEY`, or
//! the same without the vendor; everything but its secrets may be left to the default account.

use crate::{
    contract::FieldError,
    policy::limiter::gcra::RateLimit,
    providers::api::Site,
    settings::{CREDENTIALS_ISSUED_AT, CommonSettings, Kind, Origin, SECONDARY, Setting, Values, of_account},
    webhooks::settings::SECRET as WEBHOOK_SECRET,
};
use std::time::Duration;

/// The setting that holds the key.
pub const API_KEY: &str = "API_KEY";

/// The settings of one account.
pub const SETTINGS: &[Setting] = &[
    Setting { name: API_KEY, kind: Kind::Text, default: None, required: true, secret: true, doc: "API key." },
    Setting {
        name: "API_KEY_SECONDARY",
        kind: Kind::Text,
        default: None,
        required: false,
        secret: true,
        doc: "Second API key, while keys change.",
    },
    Setting {
        name: CREDENTIALS_ISSUED_AT,
        kind: Kind::Time,
        default: None,
        required: false,
        secret: false,
        doc: "When the key was issued, to watch its age.",
    },
    Setting {
        name: "API_ENVIRONMENT",
        kind: Kind::Choice(&["live", "test"]),
        default: Some("live"),
        required: false,
        secret: false,
        doc: "Which of Asleep's environments the key belongs to.",
    },
    Setting {
        name: "RATE_LIMIT",
        kind: Kind::Integer { min: 1, max: 10_000 },
        // Asleep publishes no number. Its guide for production uses this one.
        default: Some("10"),
        required: false,
        secret: false,
        doc: "Requests a second that are sent with the key.",
    },
    Setting {
        name: "BASE_URL",
        kind: Kind::Origin,
        default: Some("https://api.asleep.ai"),
        required: false,
        secret: false,
        doc: "Another API host, for development and tests.",
    },
];

/// What belongs to one key and is never left to another account.
const OWN: [&str; 4] = [API_KEY, CREDENTIALS_ISSUED_AT, "API_ENVIRONMENT", WEBHOOK_SECRET];

/// The names under which a setting is looked for.
#[must_use]
pub fn names(setting: &str, account: &str) -> Vec<String> {
    let mut names = Vec::new();
    if account != "default" {
        names.extend(of_account(account, "ASLEEP", setting));
        if OWN.contains(&setting.strip_suffix(SECONDARY).unwrap_or(setting)) {
            return names;
        }
    }
    names.push(format!("ASLEEP_{setting}"));
    names
}

/// Where the account's data is.
///
/// # Errors
/// A URL without TLS, unless the policy allows it.
pub fn site(account: &str, values: &Values, policy: &CommonSettings) -> Result<Site, Vec<FieldError>> {
    let parsed = Origin::parse(values.text("BASE_URL").unwrap_or_default());
    let checked = parsed.and_then(|origin| match origin.https || policy.allow_http {
        true => Ok(origin),
        false => Err("must be https:// unless PENSTOCK_ALLOW_HTTP is true".to_owned()),
    });
    let field = || values.found_as("BASE_URL").unwrap_or("ASLEEP_BASE_URL");
    let api = checked.map_err(|message| vec![FieldError::new(field(), message)])?;
    Ok(Site {
        environment: values.text("API_ENVIRONMENT").unwrap_or_default().to_owned(),
        auth: api.clone(),
        api,
        // Paths name no tenant: the key does.
        tenant: account.to_owned(),
        timezone: "UTC".to_owned(),
        rate: RateLimit::new(
            u32::try_from(values.integer("RATE_LIMIT")).unwrap_or(u32::MAX),
            Duration::from_secs(1),
        ),
        minimum_interval: Duration::ZERO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_never_borrows_another_ones_key() {
        for setting in
            ["API_KEY", "API_KEY_SECONDARY", "API_ENVIRONMENT", "CREDENTIALS_ISSUED_AT", "WEBHOOK_SECRET"]
        {
            let own = ["ASLEEP_", ""].map(|vendor| format!("PENSTOCK_ACCOUNT_NORTH_EAST_{vendor}{setting}"));
            assert_eq!(names(setting, "north-east"), own);
        }
        assert_eq!(
            names("BASE_URL", "north"),
            ["PENSTOCK_ACCOUNT_NORTH_ASLEEP_BASE_URL", "PENSTOCK_ACCOUNT_NORTH_BASE_URL", "ASLEEP_BASE_URL"]
        );
        assert_eq!(names("API_KEY", "default"), ["ASLEEP_API_KEY"]);
    }
}
