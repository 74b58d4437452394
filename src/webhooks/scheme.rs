//! How a delivery proves where it comes from.
//!
//! All schemes look at raw bytes, in constant time, with every live secret, and fail
//! closed: without a secret nothing is ever accepted.

use super::{
    Delivery, Trust,
    signature::{Encoding, is_key, matches},
    standard,
};
use crate::policy::{secret::Secret, time::WallTime};
use std::time::Duration;
use zeroize::Zeroizing;

/// A way to prove where a delivery comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 over the body in a header field.
    Hmac {
        /// The name of the field.
        header: String,
        /// How the signature is written.
        encoding: Encoding,
    },
    /// Standard Webhooks.
    Standard,
    /// A key that both sides know, in a header field.
    Key {
        /// The name of the field.
        header: String,
    },
    /// The same, but whoever reads along can forge it: the body is not believed, and only
    /// says where to look.
    Hint {
        /// The name of the field.
        header: String,
    },
}

/// What a delivery is checked with.
#[derive(Debug)]
pub struct Check<'s> {
    /// The secrets that are live: one, or two while they change.
    pub secrets: &'s [Secret],
    /// The time now.
    pub now: WallTime,
    /// How far a time stamp may be from now, either way.
    pub tolerance: Duration,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no secret to verify it with.
    NoSecret,
    /// A secret has not the form that the scheme needs.
    MalformedSecret(&'static str),
    /// A header field does not prove it.
    Header {
        /// Its name.
        name: String,
        /// What is wrong with it; never its value.
        why: String,
    },
}

impl Refused {
    pub(super) fn header(name: &str, why: impl Into<String>) -> Refused {
        Refused::Header { name: name.to_owned(), why: why.into() }
    }
}

impl Scheme {
    /// Verifies a delivery.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, delivery: &Delivery<'_>, check: &Check<'_>) -> Result<Proof, Refused> {
        let secrets: Vec<&Secret> = check.secrets.iter().filter(|secret| !secret.is_empty()).collect();
        if secrets.is_empty() {
            return Err(Refused::NoSecret);
        }
        let header = |name: &str| delivery.header(name).map_err(|why| Refused::header(name, why));
        match self {
            Scheme::Hmac { header: name, encoding } => {
                let tag = encoding
                    .decode(header(name)?)
                    .ok_or_else(|| Refused::header(name, "is no HMAC-SHA256 in the configured encoding"))?;
                let keys = secrets.iter().map(|secret| secret.expose().as_bytes());
                match matches(keys, &[delivery.body], &[tag]) {
                    true => Ok(Proof { trust: Trust::Signed, delivery: None }),
                    false => Err(Refused::header(name, "is not ours")),
                }
            }
            Scheme::Standard => {
                let keys: Option<Vec<Zeroizing<Vec<u8>>>> =
                    secrets.iter().map(|secret| standard::key(secret)).collect();
                let keys =
                    keys.ok_or(Refused::MalformedSecret("must be whsec_ and base64 of 24 to 64 bytes"))?;
                let id = standard::verify(delivery, &keys, check.now, check.tolerance)?;
                Ok(Proof { trust: Trust::Signed, delivery: Some(id.to_owned()) })
            }
            Scheme::Key { header: name } | Scheme::Hint { header: name } => {
                let presented = header(name)?;
                if !is_key(secrets.into_iter(), presented) {
                    return Err(Refused::header(name, "is not ours"));
                }
                let trust = if matches!(self, Scheme::Hint { .. }) { Trust::Hint } else { Trust::Key };
                Ok(Proof { trust, delivery: None })
            }
        }
    }
}

/// What a scheme has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How far the body can be believed.
    pub trust: Trust,
    /// The sender's id of the delivery, if the scheme has one.
    pub delivery: Option<String>,
}
