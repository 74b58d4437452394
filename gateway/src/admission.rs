//! Who may call: whoever has an API key, or a bearer token of the issuer that the settings name ([`crate::oidc`]).
//!
//! The key comes in `Authorization: Bearer <key>` (RFC 6750 section 2.1) or in
//! `X-API-Key: <key>`, for callers whose proxy uses Authorization itself. What is
//! configured is the key's hash, see [`penstock::api_key`], with a name and what the key may do or
//! without, see [`crate::keys`]. Without a configured hash nobody gets in, and neither while a setting
//! of the entrance is malformed.

#[cfg(feature = "oidc")]
use crate::oidc;
use crate::{
    drop_in::token,
    entrance::settled::{Keys, Settled},
    gateway::Gateway,
    keys::Key,
    problem::Problem,
    request::Parameters,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use penstock::{
    api_key,
    client::Client,
    contract::FailureKind,
    failure::refused,
    host::Host,
    policy::{secret::Secret, time::WallTime},
};
use std::rc::Rc;

/// Lets a request in or not.
///
/// # Errors
/// 401 without a valid key; 503 and 500 when nobody can have one.
pub async fn admit<H: Host>(
    gateway: &Gateway<H>,
    keys: &Keys,
    headers: &HeaderMap,
) -> Result<Rc<Key>, Problem> {
    let settled = settled(keys)?;
    let presented = presented(headers);
    match presented.as_slice() {
        [] => Err(Problem::unauthorized(
            "give an API key in `Authorization: Bearer` or in `X-API-Key`",
            r#"Bearer realm="penstock""#,
        )),
        [Presented { text, is_bearer }] => {
            if *is_bearer && let Some(admitted) = by_token(gateway, settled, text.expose()).await {
                return admitted;
            }
            match settled.keys.find(text.expose()) {
                None => Err(invalid("the API key is not valid")),
                Some(key) => unexpired(key, gateway.client().host().wall_now()),
            }
        }
        // Which of them would count is anybody's guess, and guesses get people in.
        _ => Err(invalid("there is more than one API key")),
    }
}

/// Lets a bearer token in or not; none of what is no token, or where there are none.
#[cfg(feature = "oidc")]
async fn by_token<H: Host>(
    gateway: &Gateway<H>,
    settled: &Settled,
    text: &str,
) -> Option<Result<Rc<Key>, Problem>> {
    let settings = settled.oidc.as_ref().filter(|_| oidc::is_token(text))?;
    Some(oidc::admit(gateway.client().host(), gateway.issuer(), settings, text).await)
}

#[cfg(not(feature = "oidc"))]
async fn by_token<H: Host>(_: &Gateway<H>, _: &Settled, _: &str) -> Option<Result<Rc<Key>, Problem>> {
    None
}

/// The settings, or why nobody can have a key.
fn settled(keys: &Keys) -> Result<&Settled, Problem> {
    let settled = keys.as_ref().map_err(|error| {
        let message = format!("the API keys cannot be read: {error}");
        Problem::from(refused(FailureKind::Configuration, message, Vec::new()))
    })?;
    settled.as_ref().map_err(|wrong| {
        let all: Vec<_> = wrong.iter().map(|wrong| format!("{} {}", wrong.field, wrong.message)).collect();
        let message = format!("the configuration is incomplete: {}", all.join("; "));
        Problem::from(refused(FailureKind::Configuration, message, wrong.clone()))
    })
}

/// Lets a request in that comes as the clients of an account's provider send it: with a key or a token for one,
/// with or without `Bearer` before it.
///
/// # Errors
/// As [`admit`], and an account whose secrets cannot be read.
pub async fn admit_drop_in<H: Host>(
    gateway: &Gateway<H>,
    account: (&str, &str),
    keys: &Keys,
    headers: &HeaderMap,
) -> Result<Rc<Key>, Problem> {
    let client = gateway.client();
    let now = client.host().wall_now();
    let mut bare = headers.get_all("authorization").iter().filter_map(|value| value.to_str().ok());
    if let (Some(token), None) = (bare.next(), bare.next())
        && let Ok(Ok(settled)) = keys
        && !headers.contains_key("x-api-key")
    {
        let token = token.trim();
        let token = token.split_once(' ').map_or(token, |(_, token)| token.trim());
        if let Some(admitted) = by_token(gateway, settled, token).await {
            return admitted;
        }
        let key = match settled.keys.find(token) {
            Some(key) => Some(key),
            None => {
                let hash = token::open(client, account, token).await?;
                hash.and_then(|hash| settled.keys.of_hash(&hash))
            }
        };
        return match key {
            Some(key) => unexpired(key, now),
            None => Err(invalid("the API key or token is not valid, or has ended")),
        };
    }
    admit(gateway, keys, headers).await
}

/// A token for the key that is the client secret of a request for one (RFC 6749 section 4.4). Which client
/// it names does not matter.
///
/// # Errors
/// As [`admit_drop_in`]; and none is given where the key is none.
pub async fn token<H: Host>(
    client: &Client<H>,
    account: (&str, &str),
    keys: &Keys,
    (form, headers): (&Parameters, &HeaderMap),
) -> Result<Option<Secret>, Problem> {
    let now = client.host().wall_now();
    let basic = headers.get("authorization").and_then(|value| basic_password(value.to_str().ok()?));
    let given = form.0.iter().find(|(name, _)| name == "client_secret").map(|(_, value)| value.clone());
    let settled = settled(keys)?;
    let Some(given) = given.or(basic).map(Secret::new) else { return Ok(None) };
    if settled.keys.find(given.expose()).is_none_or(|key| key.is_expired(now)) {
        return Ok(None);
    }
    token::issue(client, account, &api_key::hash(given.expose())).await.map(Some)
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

fn unexpired(key: Rc<Key>, now: WallTime) -> Result<Rc<Key>, Problem> {
    if !key.is_expired(now) {
        return Ok(key);
    }
    let challenge =
        r#"Bearer realm="penstock", error="invalid_token", error_description="The API key has expired""#;
    Err(Problem::unauthorized("the API key has expired", challenge))
}

/// What somebody came with.
struct Presented {
    text: Secret,
    /// Whether it came in `Authorization`, where a token may stand.
    is_bearer: bool,
}

/// The keys in a request. Other schemes than Bearer are not ours to check.
fn presented(headers: &HeaderMap) -> Vec<Presented> {
    let text =
        |value: &http::HeaderValue| value.to_str().map(|text| text.trim().to_owned()).unwrap_or_default();
    let bearer = headers.get_all("authorization").iter().filter_map(|value| {
        let value = text(value);
        let (scheme, key) = value.split_once(' ').unwrap_or((&value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(key.trim().to_owned()))
    });
    let bearer = bearer.map(|text| Presented { text, is_bearer: true });
    let own = headers.get_all("x-api-key").iter().map(text).map(Secret::new);
    bearer.chain(own.map(|text| Presented { text, is_bearer: false })).collect()
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
        presented(&map).iter().map(|key| key.text.expose().to_owned()).collect()
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
