//! The gateway's own settings, and how settings are called in Spin.

pub mod oidc;

use penstock::{
    providers::registry,
    settings::{Kind, Setting, common},
};

/// The hashes of the API keys that are accepted.
pub const API_KEY_HASH: Setting = Setting {
    name: "PENSTOCK_API_KEY_HASH",
    kind: Kind::Text,
    default: None,
    // This or PENSTOCK_API_KEYS.
    required: false,
    // It gives no key away, but need not be shown either.
    secret: true,
    doc: "SHA-256 of the API key, `sha256:<64 hexadecimal digits>`; several separated by commas while keys change.",
};

/// The keys that have names.
pub const API_KEYS: Setting = Setting {
    name: "PENSTOCK_API_KEYS",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: true,
    doc: "Named API keys with roles, restrictions and rates, `billing=sha256:<64 hexadecimal digits>;role=operator;accounts=north;rate=100/min`, separated by commas, or JSON.",
};

/// How often one address may ask without a key that is accepted.
pub const ADDRESS_RATE: Setting = Setting {
    name: "PENSTOCK_ADDRESS_RATE",
    kind: Kind::Text,
    // That of the production patterns of Asleep's client.
    default: Some("100/h"),
    required: false,
    secret: false,
    doc: "How often one address may ask without a key or with a wrong one, such as `100/min`; `off` for as often as it likes.",
};

/// Whose word about the address of a client is taken.
pub const TRUSTED_PROXIES: Setting = Setting {
    name: "PENSTOCK_TRUSTED_PROXIES",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: false,
    doc: "Addresses and networks of the proxies whose Forwarded or X-Forwarded-For is believed, `10.0.0.0/8`; several separated by commas.",
};

/// Which pages of the web may call.
pub const CORS_ORIGINS: Setting = Setting {
    name: "PENSTOCK_CORS_ORIGINS",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: false,
    doc: "Origins whose pages may call from a browser, `https://app.example.com`; several separated by commas, or `*` for all. Without it none may.",
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

/// Accounts besides the default one.
pub const ACCOUNTS: Setting = Setting {
    name: "PENSTOCK_ACCOUNTS",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: true,
    doc: "Further accounts as JSON, `{\"north\": {\"SERVICETITAN_CLIENT_ID\": \"...\"}}`: each setting as PENSTOCK_ACCOUNT_NORTH_<NAME> would be, which comes first.",
};

/// The Redis that instances share state in.
pub const STATE_URL: Setting = Setting {
    name: "PENSTOCK_STATE_URL",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: true,
    doc: "Redis in which instances share state, `redis://user:password@host:6379/0`, or rediss:// for TLS. Without it they share the host's key-value store.",
};

/// Where that Redis is, for the manifest, which must not hold a password.
pub const STATE_HOST: Setting = Setting {
    name: "PENSTOCK_STATE_HOST",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: false,
    doc: "Scheme, host and port of PENSTOCK_STATE_URL, `redis://host:6379`: what the component may reach.",
};

/// How long that Redis may take.
pub const STATE_TIMEOUT: Setting = Setting {
    name: "PENSTOCK_STATE_TIMEOUT",
    kind: Kind::Integer { min: 10, max: 300 },
    default: Some("300"),
    required: false,
    secret: false,
    doc: "Milliseconds that an operation on that Redis may take, before a call goes on without it.",
};

/// How it stands with where secrets come from.
pub const SECRET_SOURCE: Setting = Setting {
    name: "PENSTOCK_SECRET_SOURCE",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: false,
    doc: "How it stands with the secret manager, as JSON: `{\"manager\", \"ageSeconds\", \"trouble\"}`. The embedding of this project says it by itself.",
};

/// Who may see what operations there are.
pub const PUBLIC_DOCS: Setting = Setting {
    name: "PENSTOCK_PUBLIC_DOCS",
    kind: Kind::Bool,
    default: Some("false"),
    required: false,
    secret: false,
    doc: "Give /openapi.json to everybody, and not only to who has an API key.",
};

/// The modules whose operations have a tool each.
pub const MCP_MODULES: Setting = Setting {
    name: "PENSTOCK_MCP_MODULES",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: false,
    doc: "Modules each of whose operations is a tool of its own at /mcp, `jpm,crm`. Without it there are the tools for all operations alone.",
};

/// Where events of webhooks are handed on to.
pub const WEBHOOK_DESTINATIONS: Setting = Setting {
    name: "PENSTOCK_WEBHOOK_DESTINATIONS",
    kind: Kind::Text,
    default: None,
    required: false,
    secret: true,
    doc: "Where webhooks are handed on to, as JSON: a list of `{\"name\", \"url\", \"secret\"}`, or with `celery` or `arq` in their place.",
};

/// How many events may wait.
pub const OUTBOX_ENTRIES: Setting = Setting {
    name: "PENSTOCK_OUTBOX_ENTRIES",
    kind: Kind::Integer { min: 1, max: 100_000 },
    default: Some("10000"),
    required: false,
    secret: false,
    doc: "Webhooks that may wait to be handed on, dead ones included. While there are so many, vendors are told to come again.",
};

/// How large they may be together.
pub const OUTBOX_BYTES: Setting = Setting {
    name: "PENSTOCK_OUTBOX_BYTES",
    kind: Kind::Integer { min: 1_048_576, max: 1_073_741_824 },
    default: Some("67108864"),
    required: false,
    secret: false,
    doc: "Bytes that these may have together.",
};

/// The table.
pub const SETTINGS: &[Setting] = &[
    API_KEY_HASH,
    API_KEYS,
    oidc::ISSUER,
    oidc::AUDIENCE,
    oidc::JWKS_URL,
    oidc::ROLE_CLAIM,
    oidc::ACCOUNTS_CLAIM,
    oidc::PROVIDERS_CLAIM,
    oidc::MODULES_CLAIM,
    oidc::RATE,
    oidc::KEYS_AGE,
    oidc::KEYS_STALE,
    ADDRESS_RATE,
    TRUSTED_PROXIES,
    CORS_ORIGINS,
    READY_ACCOUNTS,
    ACCOUNTS,
    STATE_URL,
    STATE_HOST,
    STATE_TIMEOUT,
    SECRET_SOURCE,
    PUBLIC_DOCS,
    MCP_MODULES,
    WEBHOOK_DESTINATIONS,
    OUTBOX_ENTRIES,
    OUTBOX_BYTES,
];

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
