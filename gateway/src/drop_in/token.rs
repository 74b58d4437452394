//! Tokens of the provider's kind that stand for an API key for a while.
//!
//! A token names when it ends and is signed with the hash of the key, which only the gateway has: any
//! instance can check it, none has to remember it, and it is void as soon as the key is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use penstock::policy::{secret::Secret, time::WallTime};
use sha2::Sha256;
use std::time::Duration;

/// How long a token lasts: as long as those of ServiceTitan.
pub const LIFE: Duration = Duration::from_secs(900);

/// What a token begins with, so that people and secret scanners know it when they see one.
const PREFIX: &str = "pt_";

/// Makes a token for the key of this hash, `sha256:…`.
#[must_use]
pub fn issue(hash: &str, now: WallTime) -> Option<Secret> {
    let ends = now.as_millis() / 1000 + i64::try_from(LIFE.as_secs()).ok()?;
    let signature = URL_SAFE_NO_PAD.encode(signed(hash, ends)?.finalize().into_bytes());
    Some(Secret::new(format!("{PREFIX}{ends}_{signature}")))
}

/// Whether it is a token that was made for the key of this hash and has not ended. How much of a signature
/// fits does not show in the time that it takes.
#[must_use]
pub fn is_of(hash: &str, token: &str, now: WallTime) -> bool {
    let read = || {
        let (ends, signature) = token.strip_prefix(PREFIX)?.split_once('_')?;
        Some((ends.parse::<i64>().ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?))
    };
    let Some((ends, signature)) = read() else { return false };
    let is_signed = signed(hash, ends).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    is_signed && now.as_millis() / 1000 < ends
}

/// None never comes: a key of HMAC may have any length.
fn signed(hash: &str, ends: i64) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(hash.as_bytes()).ok()?;
    mac.update(format!("penstock token {ends}").as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_key_and_time() {
        let at = |seconds: i64| WallTime::from_millis(1_700_000_000_000 + seconds * 1000);
        let token = issue("sha256:aa", at(0)).unwrap();
        assert!(token.expose().starts_with("pt_1700000900_"), "{}", token.expose());
        assert!(is_of("sha256:aa", token.expose(), at(0)) && is_of("sha256:aa", token.expose(), at(899)));
        assert!(!is_of("sha256:aa", token.expose(), at(900)), "it has ended");
        assert!(!is_of("sha256:ab", token.expose(), at(0)), "another key");
        let longer = token.expose().replace("pt_1700000900", "pt_1700009900");
        for forged in [longer.as_str(), "pt_1700000900_", "pt_1700000900", "", "pt_x_y"] {
            assert!(!is_of("sha256:aa", forged, at(0)), "{forged}");
        }
    }
}
