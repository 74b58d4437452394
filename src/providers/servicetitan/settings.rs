//! Accounts, and the two environments.
//!
//! The default account uses the names that ServicePytan and its deployment guide
//! use, `SERVICETITAN_CLIENT_ID` and so on; with the environment `integration` the
//! same names with `SERVICETITAN_INTEGRATION_` come first. A further account `north`
//! uses `PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_CLIENT_ID` and so on, or the same without the
//! vendor; its app key and environment may be left to the default account, since one app
//! serves many tenants.

use crate::{
    contract::FieldError,
    policy::limiter::gcra::RateLimit,
    providers::api::Site,
    settings::{CREDENTIALS_ISSUED_AT, CommonSettings, Kind, Origin, SECONDARY, Setting, Values, of_account},
    webhooks::settings::SECRET as WEBHOOK_SECRET,
};
use std::time::Duration;

/// The settings of one account.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "CLIENT_ID",
        kind: Kind::Text,
        default: None,
        required: true,
        secret: true,
        doc: "Client id of the app for this tenant.",
    },
    Setting {
        name: "CLIENT_SECRET",
        kind: Kind::Text,
        default: None,
        required: true,
        secret: true,
        doc: "Client secret of the app for this tenant.",
    },
    Setting {
        name: "APP_KEY",
        kind: Kind::Text,
        default: None,
        required: true,
        secret: true,
        doc: "Key of the app, the same for all its tenants.",
    },
    Setting {
        name: "CLIENT_ID_SECONDARY",
        kind: Kind::Text,
        default: None,
        required: false,
        secret: true,
        doc: "Second client id, while credentials change.",
    },
    Setting {
        name: "CLIENT_SECRET_SECONDARY",
        kind: Kind::Text,
        default: None,
        required: false,
        secret: true,
        doc: "Second client secret, while credentials change.",
    },
    Setting {
        name: "APP_KEY_SECONDARY",
        kind: Kind::Text,
        default: None,
        required: false,
        secret: true,
        doc: "Second app key, while credentials change.",
    },
    Setting {
        name: CREDENTIALS_ISSUED_AT,
        kind: Kind::Time,
        default: None,
        required: false,
        secret: false,
        doc: "When the credentials were issued, to watch their age.",
    },
    Setting {
        name: "TENANT_ID",
        kind: Kind::Integer { min: 1, max: i64::MAX as u64 },
        default: None,
        required: true,
        secret: false,
        doc: "Id of the tenant.",
    },
    Setting {
        name: "API_ENVIRONMENT",
        kind: Kind::Choice(&["production", "integration"]),
        default: Some("production"),
        required: false,
        secret: false,
        doc: "Which of ServiceTitan's environments to talk to.",
    },
    Setting {
        name: "TIMEZONE",
        kind: Kind::Zone,
        default: Some("UTC"),
        required: false,
        secret: false,
        doc: "Time zone of the tenant, which says when its days begin.",
    },
    Setting {
        name: "RATE_LIMIT",
        kind: Kind::Integer { min: 1, max: 10_000 },
        default: Some("60"),
        required: false,
        secret: false,
        doc: "Requests a second that the vendor allows the app for this tenant.",
    },
    Setting {
        name: "REPORT_INTERVAL",
        kind: Kind::Integer { min: 0, max: 3600 },
        default: Some("60"),
        required: false,
        secret: false,
        doc: "Least seconds between two requests for the data of one report.",
    },
    Setting {
        name: "API_URL",
        kind: Kind::Origin,
        default: None,
        required: false,
        secret: false,
        doc: "Another API host, for development and tests.",
    },
    Setting {
        name: "AUTH_URL",
        kind: Kind::Origin,
        default: None,
        required: false,
        secret: false,
        doc: "Another host for access tokens, for development and tests.",
    },
];

/// What belongs to one tenant and is never left to another account.
const OWN: [&str; 5] = ["CLIENT_ID", "CLIENT_SECRET", "TENANT_ID", CREDENTIALS_ISSUED_AT, WEBHOOK_SECRET];

/// The names under which a setting is looked for.
#[must_use]
pub fn names(setting: &str, account: &str, environment: &str) -> Vec<String> {
    let mut names = Vec::new();
    if account != "default" {
        names.extend(of_account(account, "SERVICETITAN", setting));
        if OWN.contains(&setting.strip_suffix(SECONDARY).unwrap_or(setting)) {
            return names;
        }
    }
    if environment == "integration" {
        names.push(format!("SERVICETITAN_INTEGRATION_{setting}"));
    }
    names.push(format!("SERVICETITAN_{setting}"));
    names
}

/// Where the account's data is.
///
/// # Errors
/// URLs without TLS, unless the policy allows them.
pub fn site(values: &Values, policy: &CommonSettings) -> Result<Site, Vec<FieldError>> {
    let environment = values.text("API_ENVIRONMENT").unwrap_or_default();
    let suffix = if environment == "integration" { "-integration" } else { "" };
    let mut wrong = Vec::new();
    let mut origin = |setting: &str, host: &str| {
        let text = values
            .text(setting)
            .map_or_else(|| format!("https://{host}{suffix}.servicetitan.io"), str::to_owned);
        let parsed = Origin::parse(&text).and_then(|origin| match origin.https || policy.allow_http {
            true => Ok(origin),
            false => Err("must be https:// unless PENSTOCK_ALLOW_HTTP is true".to_owned()),
        });
        let field = values.found_as(setting).unwrap_or(setting);
        parsed.map_err(|message| wrong.push(FieldError::new(field, message))).ok()
    };
    let (auth, api) = (origin("AUTH_URL", "auth"), origin("API_URL", "api"));
    match (auth, api) {
        (Some(auth), Some(api)) => Ok(Site {
            environment: environment.to_owned(),
            auth,
            api,
            tenant: values.text("TENANT_ID").unwrap_or_default().to_owned(),
            timezone: values.text("TIMEZONE").unwrap_or_default().to_owned(),
            rate: RateLimit::new(
                u32::try_from(values.integer("RATE_LIMIT")).unwrap_or(u32::MAX),
                Duration::from_secs(1),
            ),
            minimum_interval: Duration::from_secs(values.integer("REPORT_INTERVAL")),
        }),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integration_names_come_first() {
        assert_eq!(names("APP_KEY", "default", "production"), ["SERVICETITAN_APP_KEY"]);
        assert_eq!(
            names("APP_KEY", "default", "integration"),
            ["SERVICETITAN_INTEGRATION_APP_KEY", "SERVICETITAN_APP_KEY"]
        );
    }

    #[test]
    fn an_account_never_borrows_another_tenants_credentials() {
        for setting in
            ["CLIENT_ID", "TENANT_ID", "CREDENTIALS_ISSUED_AT", "CLIENT_SECRET_SECONDARY", "WEBHOOK_SECRET"]
        {
            assert_eq!(
                names(setting, "north-east", "production"),
                [
                    format!("PENSTOCK_ACCOUNT_NORTH_EAST_SERVICETITAN_{setting}"),
                    format!("PENSTOCK_ACCOUNT_NORTH_EAST_{setting}")
                ]
            );
        }
        assert_eq!(
            names("APP_KEY", "north", "production"),
            [
                "PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_APP_KEY",
                "PENSTOCK_ACCOUNT_NORTH_APP_KEY",
                "SERVICETITAN_APP_KEY"
            ]
        );
    }

    #[test]
    fn every_secret_has_a_secondary_slot() {
        let (second, first): (Vec<_>, Vec<_>) = SETTINGS
            .iter()
            .filter(|setting| setting.secret)
            .map(|setting| setting.name)
            .partition(|name| name.ends_with(SECONDARY));
        let expected: Vec<_> = first.iter().map(|name| format!("{name}{SECONDARY}")).collect();
        assert_eq!(second, expected);
    }
}
