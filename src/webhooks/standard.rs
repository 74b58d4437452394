//! Standard Webhooks 1.0.0 (<https://www.standardwebhooks.com>), symmetric signatures.
//!
//! `webhook-id`, `webhook-timestamp` in Unix seconds, and `webhook-signature`, a list of
//! `v1,<base64>` separated by blanks. What is signed is `id.timestamp.body`.

use super::{
    Delivery,
    scheme::Refused,
    signature::{Encoding, Tag, matches},
};
use crate::{
    codec::whole_number,
    policy::{secret::Secret, time::WallTime},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::time::Duration;
use zeroize::Zeroizing;

/// The specification's header fields.
pub const ID: &str = "webhook-id";
/// The same, for the time.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The same, for the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// More signatures than keys can be live at once; a bound on the work for a stranger.
const MOST_SIGNATURES: usize = 16;

/// How long a key may be, in bytes (section "Symmetric" of "Signature scheme").
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key of 24 to 64 bytes that a secret `whsec_<base64>` stands for; none if it is not one.
#[must_use]
pub fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose();
    let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok().map(Zeroizing::new)?;
    KEY_BYTES.contains(&key.len()).then_some(key)
}

/// Verifies a delivery, and returns its id.
///
/// # Errors
/// The header field that is at fault.
pub(super) fn verify<'a>(
    delivery: &Delivery<'a>,
    keys: &[Zeroizing<Vec<u8>>],
    now: WallTime,
    tolerance: Duration,
) -> Result<&'a str, Refused> {
    let id = delivery.header(ID).map_err(|why| Refused::header(ID, why))?;
    // The dot separates what is signed.
    if id.contains('.') || id.len() > 256 {
        return Err(Refused::header(ID, "must not hold a dot, nor more than 256 characters"));
    }
    let stamp = delivery.header(TIMESTAMP).map_err(|why| Refused::header(TIMESTAMP, why))?;
    let sent = whole_number(stamp)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| Refused::header(TIMESTAMP, "must be seconds since 1970"))?;
    let listed = delivery.header(SIGNATURE).map_err(|why| Refused::header(SIGNATURE, why))?;
    let tags: Vec<Tag> = listed
        .split(' ')
        .filter_map(|one| Encoding::Base64.decode(one.strip_prefix("v1,")?))
        .take(MOST_SIGNATURES)
        .collect();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", stamp.as_bytes(), b".", delivery.body];
    if !matches(keys.iter().map(|key| key.as_slice()), &parts, &tags) {
        return Err(Refused::header(SIGNATURE, "is not ours"));
    }
    // Behind the signature, so that a stranger learns nothing of our clock.
    let off = now.as_millis().div_euclid(1000).abs_diff(sent);
    if off > tolerance.as_secs() {
        return Err(Refused::header(TIMESTAMP, "is too far from now"));
    }
    Ok(id)
}
