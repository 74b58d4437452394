//! The gateway's own settings, and how settings are called in Spin.

use penstock::{
    providers::registry,
    settings::{Kind, Setting, common},
};

/// The hashes of the API keys that are accepted.
pub const API_KEY_HASH: Setting = Setting {
    name: "PENSTOCK_API_KEY_HASH",
    kind: Kind::Text,
    default: None,
    required: true,
    // It gives no key away, but need not be shown either.
    secret: true,
    doc: "SHA-256 of the API key, `sha256:<64 hexadecimal digits>`; several separated by commas while keys change.",
};

/// The accounts that `/ready` checks.
pub const READY_ACCOUNTS: Setting = Setting {
    name: "PENSTOCK_READY_ACCOUNTS",
    kind: Kind::Text,
    default: Some("servicetitan"),
    required: false,
    secret: false,
    doc: "Accounts that /ready checks, `<provider>` for its default account or `<provider>/<account>`; several separated by commas.",
};

/// The table.
pub const SETTINGS: &[Setting] = &[API_KEY_HASH, READY_ACCOUNTS];

/// The Spin variable of a setting: Spin's names are in lower case.
#[must_use]
pub fn variable(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Every setting of the default account by its whole name.
pub fn all() -> impl Iterator<Item = (String, &'static Setting)> {
    let own = common::SETTINGS.iter().chain(SETTINGS).map(|setting| (setting.name.to_owned(), setting));
    let providers = registry::all().iter().flat_map(|provider| {
        let prefix = provider.name().to_ascii_uppercase();
        let webhooks = provider.webhooks().map_or(&[][..], |source| source.settings());
        let all = provider.settings().iter().chain(webhooks);
        all.map(move |setting| (format!("{prefix}_{}", setting.name), setting))
    });
    own.chain(providers)
}
