//! Bearer tokens of an OpenID Connect issuer, beside the API keys.
//!
//! A token is a JWT (RFC 7519) in the compact form, in `Authorization: Bearer`. It is told from an API key by its
//! two dots, which keys have not. Algorithms, issuer and audience are the settings' and the program's,
//! and never the token's:
//!
//! | of a token | what is accepted |
//! |---|---|
//! | length | 8 KiB |
//! | `alg` | `ES256` (P-256), and `EdDSA` or `Ed25519` (Ed25519); nothing else, `none` neither |
//! | `typ` | `JWT` or `at+jwt` (RFC 9068) |
//! | `crit` | none: no extension is understood here |
//! | `kid` | of one of the issuer's keys for that algorithm; without one, the issuer must have just one |
//! | `iss` | `PENSTOCK_OIDC_ISSUER`, to the letter |
//! | `aud` | `PENSTOCK_OIDC_AUDIENCE`, or a list with it |
//! | `exp` | required; `nbf` and `iat` if they are there. Clocks may differ by 60 s |
//! | `sub` | required: who it is in logs, the audit, rates and idempotency keys |
//!
//! RSA is left out because of RUSTSEC-2023-0071, see `docs/dependencies.md`.
//!
//! What a token may do is in its claims ([`Claims`](settings::Claims)), and what no claim says it may not. It becomes a
//! [`Key`](crate::keys::Key), which is held against roles, accounts, providers, modules and rates as those of the
//! settings are.
//!
//! The issuer's keys (RFC 7517) are fetched with the first token, kept for `PENSTOCK_OIDC_KEYS_AGE`, and fetched once
//! more for a `kid` that is unknown, every 30 s at most. While the issuer gives none, those that are known serve for
//! `PENSTOCK_OIDC_KEYS_STALE` more; `/health` and `/ready` tell of it. Each instance keeps its own: who
//! can write the shared store cannot make tokens.

pub mod settings;
mod state;

pub use settings::Settings;
pub use state::IssuerState;

#[cfg(feature = "oidc")]
mod admit;
#[cfg(feature = "oidc")]
mod claims;
#[cfg(feature = "oidc")]
mod fetch;
#[cfg(feature = "oidc")]
mod issuer;
#[cfg(feature = "oidc")]
mod jwks;
#[cfg(feature = "oidc")]
mod jws;
#[cfg(feature = "oidc")]
pub(crate) mod metadata;
#[cfg(feature = "oidc")]
mod public_key;
#[cfg(feature = "oidc")]
mod refused;
#[cfg(feature = "oidc")]
mod rights;

#[cfg(feature = "oidc")]
pub(crate) use admit::{admit, is_token};
#[cfg(feature = "oidc")]
pub(crate) use issuer::Issuer;
