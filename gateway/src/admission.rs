//! Who may call: whoever has an API key.
//!
//! The key comes in `Authorization: Bearer <key>` (RFC 6750 section 2.1) or in
//! `X-API-Key: <key>`, for callers whose proxy uses Authorization itself. What is
//! configured is the key's hash; see [`penstock::api_key`]. Without a configured hash
//! nobody gets in.

use crate::{problem::Problem, settings::API_KEY_HASH};
use http::HeaderMap;
use penstock::{
    api_key::Hashes,
    contract::{FailureKind, FieldError},
    failure::refused,
    host::{Host, HostError, timeout},
    policy::secret::Secret,
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
    let hashes = keys.as_ref().map_err(|error| {
        let message = format!("reading {}: {error}", API_KEY_HASH.name);
        Problem::from(refused(FailureKind::Host, message, Vec::new()))
    })?;
    let hashes = hashes.as_ref().map_err(|wrong| {
        let message = format!("the configuration is incomplete: {} {}", wrong.field, wrong.message);
        Problem::from(refused(FailureKind::Configuration, message, vec![wrong.clone()]))
    })?;
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
