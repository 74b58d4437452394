//! Tokens of the provider's kind that stand for an API key for a while.
//!
//! A token is sealed with the account's secrets and says which key it stands for and when it ends: any
//! instance can open it, none has to remember it, it is void as soon as the key is, and who only knows a key's
//! hash cannot make one. It is good for the account that it was asked of.

use crate::problem::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use penstock::{
    client::Client,
    entry::account,
    host::Host,
    policy::{secret::Secret, time::WallTime},
};
use std::time::Duration;

/// How long a token lasts: as long as those of ServiceTitan.
pub const LIFE: Duration = Duration::from_secs(900);

/// What a token begins with, so that people and secret scanners know it when they see one.
const PREFIX: &str = "pt_";

/// The longest token that is looked at, in bytes; those of [`issue`] have about 200.
const LONGEST: usize = 1024;

/// What it is sealed for.
const PURPOSE: &str = "gateway token";

/// Makes a token for the key of this hash, `sha256:…`.
///
/// # Errors
/// An account whose settings are incomplete, and secrets that cannot be read.
pub async fn issue<H: Host>(
    client: &Client<H>,
    (provider, account): (&str, &str),
    hash: &str,
) -> Result<Secret, Problem> {
    let ends = seconds(client.host().wall_now()).saturating_add(LIFE.as_secs());
    let content = format!("{ends} {hash}");
    let sealed = account::seal(client, (provider, account), PURPOSE, content.as_bytes()).await?;
    Ok(Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed))))
}

/// The hash of the key that a token stands for, if it is one of this account's that has not ended.
///
/// # Errors
/// As [`issue`].
pub async fn open<H: Host>(
    client: &Client<H>,
    (provider, account): (&str, &str),
    token: &str,
) -> Result<Option<String>, Problem> {
    let sealed = token.strip_prefix(PREFIX).filter(|rest| rest.len() <= LONGEST);
    let Some(sealed) = sealed.and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok()) else { return Ok(None) };
    let opened = account::unseal(client, (provider, account), PURPOSE, &sealed).await?;
    let read = || {
        let content = String::from_utf8(opened?).ok()?;
        let (ends, hash) = content.split_once(' ')?;
        (seconds(client.host().wall_now()) < ends.parse().ok()?).then(|| hash.to_owned())
    };
    Ok(read())
}

fn seconds(now: WallTime) -> u64 {
    u64::try_from(now.as_millis() / 1000).unwrap_or(0)
}
