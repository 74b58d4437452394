//! The settings of bearer tokens; what they are for is in [`crate::oidc`].

use penstock::settings::{Kind, Setting};

/// One that is no secret, and any text.
const fn text(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Setting {
    Setting { name, kind: Kind::Text, default, required: false, secret: false, doc }
}

/// Whose tokens are accepted.
pub const ISSUER: Setting = text(
    "PENSTOCK_OIDC_ISSUER",
    None,
    "Issuer whose bearer tokens are accepted beside API keys, `https://login.example.com/tenant`, as it stands in their `iss`. Needs the cargo feature `oidc`.",
);

/// For whom they have to be.
pub const AUDIENCE: Setting = text(
    "PENSTOCK_OIDC_AUDIENCE",
    None,
    "What the `aud` of such a token must name; needed with PENSTOCK_OIDC_ISSUER.",
);

/// Where the issuer's keys are.
pub const JWKS_URL: Setting = text(
    "PENSTOCK_OIDC_JWKS_URL",
    None,
    "Where the issuer's keys are (RFC 7517). Without it its /.well-known/openid-configuration says where.",
);

/// The claim that holds the role.
pub const ROLE_CLAIM: Setting = text(
    "PENSTOCK_OIDC_ROLE_CLAIM",
    Some("penstock_role"),
    "Claim that holds the role of a token: read-only, operator or admin, or a list with one of them.",
);

/// The claim that holds the accounts.
pub const ACCOUNTS_CLAIM: Setting = text(
    "PENSTOCK_OIDC_ACCOUNTS_CLAIM",
    Some("penstock_accounts"),
    "Claim that lists the accounts of a token, `*` for all; `off` for all accounts in every token.",
);

/// The claim that holds the providers.
pub const PROVIDERS_CLAIM: Setting = text(
    "PENSTOCK_OIDC_PROVIDERS_CLAIM",
    Some("penstock_providers"),
    "Claim that lists the vendors of a token, `*` for all; `off` for all vendors in every token.",
);

/// The claim that holds the modules.
pub const MODULES_CLAIM: Setting = text(
    "PENSTOCK_OIDC_MODULES_CLAIM",
    Some("penstock_modules"),
    "Claim that lists the modules of a token, `*` for all; `off` for all modules in every token.",
);

/// How often a subject may call.
pub const RATE: Setting = text(
    "PENSTOCK_OIDC_RATE",
    None,
    "How often each subject of such tokens may call, `10/s`, or several as `10/s|1000/h`. Without it as often as it likes.",
);

/// How long keys are taken for current.
pub const KEYS_AGE: Setting = Setting {
    name: "PENSTOCK_OIDC_KEYS_AGE",
    kind: Kind::Integer { min: 60, max: 86_400 },
    default: Some("600"),
    required: false,
    secret: false,
    doc: "Seconds after which the issuer's keys are fetched again.",
};

/// How long they serve when there are no newer ones.
pub const KEYS_STALE: Setting = Setting {
    name: "PENSTOCK_OIDC_KEYS_STALE",
    kind: Kind::Integer { min: 0, max: 604_800 },
    default: Some("3600"),
    required: false,
    secret: false,
    doc: "Seconds that known keys serve beyond that while the issuer gives no newer ones.",
};

/// All of them.
pub const ALL: [Setting; 10] = [
    ISSUER,
    AUDIENCE,
    JWKS_URL,
    ROLE_CLAIM,
    ACCOUNTS_CLAIM,
    PROVIDERS_CLAIM,
    MODULES_CLAIM,
    RATE,
    KEYS_AGE,
    KEYS_STALE,
];
