//! Who may call: whoever has an API key.
//!
//! The key comes in `Authorization: Bearer <key>` (RFC 6750 section 2.1) or in
//! `X-API-Key: <key>`, for callers whose proxy uses Authorization itself. What is
//! configured is the key's hash; see [`penstock::api_key`]. Without a configured hash
//! nobody gets in.

use crate::{drop_in::token, problem::Problem, request::Parameters, settings::API_KEY_HASH};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use penstock::{
    api_key::{self, Hashes},
    contract::{FailureKind, FieldError},
    failure::refused,
    host::{Host, HostError, timeout},
    policy::{secret::Secret, time::WallTime},
};
use std::time::Duration;

/// How long the host has to find the setting.
const READING: Duration = Duration::from_secs(10);

/// The accepted hashes, or what is wrong with the setting, or the host's own trouble.
pub type Keys = Result<Result<Hashes, FieldError>, HostError>;

/// Reads the accepted hashes.
///
/// # Errors
/// The host's own trouble, and an answer that takes it longer than 10 s.
pub async fn keys<H: Host>(host: &H) -> Keys {
    let wrong = |message: String| FieldError::new(API_KEY_HASH.name, message);
    let setting = timeout(host, READING, host.secret(API_KEY_HASH.name)).await;
    let late = || Err(HostError::Unavailable(format!("no answer within {} s", READING.as_secs())));
    Ok(match setting.unwrap_or_else(late)? {
        None => Err(wrong(host.absent(API_KEY_HASH.name).to_owned())),
        Some(setting) => Hashes::parse(setting.expose()).map_err(|error| wrong(error.to_string())),
    })
}

/// Lets a request in or not.
///
/// # Errors
/// 401 without a valid key; 503 and 500 when nobody can have one.
pub fn admit(keys: &Keys, headers: &HeaderMap) -> Result<(), Problem> {
    let hashes = configured(keys)?;
    let keys = presented(headers);
    match keys.as_slice() {
        [] => Err(Problem::unauthorized(
            "give an API key in `Authorization: Bearer` or in `X-API-Key`",
            r#"Bearer realm="penstock""#,
        )),
        [key] if hashes.matches(key.expose()) => Ok(()),
        [_] => Err(invalid("the API key is not valid")),
        // Which of them would count is anybody's guess, and guesses get people in.
        _ => Err(invalid("there is more than one API key")),
    }
}

/// The hashes, or why nobody can have a key.
fn configured(keys: &Keys) -> Result<&Hashes, Problem> {
    let hashes = keys.as_ref().map_err(|error| {
        let message = format!("reading {}: {error}", API_KEY_HASH.name);
        Problem::from(refused(FailureKind::Host, message, Vec::new()))
    })?;
    hashes.as_ref().map_err(|wrong| {
        let message = format!("the configuration is incomplete: {} {}", wrong.field, wrong.message);
        Problem::from(refused(FailureKind::Configuration, message, vec![wrong.clone()]))
    })
}

/// Lets a request in that comes as the provider's clients send it: with a key or a token for one, with
/// or without `Bearer` before it.
///
/// # Errors
/// As [`admit`].
pub fn admit_drop_in(keys: &Keys, headers: &HeaderMap, now: WallTime) -> Result<(), Problem> {
    let mut bare = headers.get_all("authorization").iter().filter_map(|value| value.to_str().ok());
    if let (Some(token), None) = (bare.next(), bare.next())
        && let Ok(Ok(hashes)) = keys
        && !headers.contains_key("x-api-key")
    {
        let token = token.trim();
        let token = token.split_once(' ').map_or(token, |(_, token)| token.trim());
        if hashes.matches(token) || hashes.iter().any(|hash| token::is_of(hash, token, now)) {
            return Ok(());
        }
    }
    admit(keys, headers)
}

/// A token for the key that is the client secret of a request for one (RFC 6749 section 4.4). Which client
/// it names does not matter.
///
/// # Errors
/// As [`admit`], for what is wrong with the settings; and none is given where the key is none.
pub fn token(
    keys: &Keys,
    form: &Parameters,
    headers: &HeaderMap,
    now: WallTime,
) -> Result<Option<Secret>, Problem> {
    let basic = headers.get("authorization").and_then(|value| basic_password(value.to_str().ok()?));
    let given = form.0.iter().find(|(name, _)| name == "client_secret").map(|(_, value)| value.clone());
    let hashes = configured(keys)?;
    let Some(key) = given.or(basic).map(Secret::new) else { return Ok(None) };
    let hash = hashes.iter().find(|_| hashes.matches(key.expose())).map(|_| api_key::hash(key.expose()));
    Ok(hash.and_then(|hash| token::issue(&hash, now)))
}

/// The password of `Authorization: Basic` (RFC 7617).
fn basic_password(field: &str) -> Option<String> {
    let (scheme, encoded) = field.trim().split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (_, password) = String::from_utf8(decoded)
        .ok()?
        .split_once(':')
        .map(|(id, secret)| (id.to_owned(), secret.to_owned()))?;
    Some(password)
}

fn invalid(detail: &str) -> Problem {
    Problem::unauthorized(detail, r#"Bearer realm="penstock", error="invalid_token""#)
}

/// The keys in a request. Other schemes than Bearer are not ours to check.
fn presented(headers: &HeaderMap) -> Vec<Secret> {
    let text =
        |value: &http::HeaderValue| value.to_str().map(|text| text.trim().to_owned()).unwrap_or_default();
    let bearer = headers.get_all("authorization").iter().filter_map(|value| {
        let value = text(value);
        let (scheme, key) = value.split_once(' ').unwrap_or((&value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(key.trim().to_owned()))
    });
    bearer.chain(headers.get_all("x-api-key").iter().map(text).map(Secret::new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn keys(headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        presented(&map).iter().map(|key| key.expose().to_owned()).collect()
    }

    #[test]
    fn either_header_field_carries_the_key() {
        assert_eq!(keys(&[("authorization", "Bearer pk_a")]), ["pk_a"]);
        assert_eq!(keys(&[("authorization", "bearer   pk_a ")]), ["pk_a"]);
        assert_eq!(keys(&[("x-api-key", "pk_b")]), ["pk_b"]);
    }

    #[test]
    fn other_schemes_carry_none() {
        assert!(keys(&[("authorization", "Basic cGtfYTo=")]).is_empty());
        assert!(keys(&[("authorization", "pk_a")]).is_empty());
        assert_eq!(keys(&[("authorization", "Basic cGtfYTo="), ("x-api-key", "pk_b")]), ["pk_b"]);
    }

    #[test]
    fn several_keys_stay_several() {
        assert_eq!(keys(&[("authorization", "Bearer a"), ("x-api-key", "b")]).len(), 2);
        assert_eq!(keys(&[("x-api-key", "a"), ("x-api-key", "b")]).len(), 2);
        assert_eq!(keys(&[("authorization", "Bearer")]), [""]);
    }
}
