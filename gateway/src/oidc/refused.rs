//! Why a token is refused.

use crate::problem::Problem;
use std::time::Duration;

/// Why a token is not accepted. Nothing of it is shown: what it says is a stranger's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no good, and why. The text is a part of header fields: ASCII without quotes.
    Invalid(&'static str),
    /// It is good, and its claim of this name holds no role.
    NoRole {
        /// Whose it is.
        name: String,
        /// The claim, as the settings call it.
        claim: String,
    },
    /// It cannot be told, because the issuer gives no keys; the next attempt is due by then.
    NoKeys(Duration),
}

impl Refused {
    /// As it is answered (RFC 6750 section 3.1).
    pub(super) fn problem(self) -> Problem {
        match self {
            Refused::Invalid(why) => {
                let challenge = format!(
                    r#"Bearer realm="penstock", error="invalid_token", error_description="the token {why}""#
                );
                Problem::unauthorized(&format!("the bearer token {why}"), &challenge)
            }
            Refused::NoRole { name, claim } => {
                let why = format!(
                    "the token of `{name}` has no role: its claim `{claim}` holds none that is known"
                );
                Problem::forbidden("role", &why)
            }
            Refused::NoKeys(after) => {
                Problem::issuer_unavailable("the keys that bearer tokens are checked by cannot be had", after)
            }
        }
    }
}
