//! OAuth 2.0 client credentials (RFC 6749 section 4.4), and the headers of a call.

use crate::{
    host::{Body, Request, Timeouts},
    policy::secret::Secret,
    providers::api::{ClientCredentials, Credentials, Site},
    settings::CommonSettings,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt::Write, time::Duration};

/// The client credentials grant at ServiceTitan's token endpoint.
pub(super) struct Grant;

impl ClientCredentials for Grant {
    fn token_request(&self, site: &Site, credentials: &Credentials, policy: &CommonSettings) -> Request {
        token_request(site, credentials, policy)
    }

    fn token_answer(&self, body: &[u8]) -> Result<(Secret, Option<Duration>), String> {
        token_answer(body)
    }

    fn headers(&self, token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)> {
        headers(token, credentials)
    }
}

/// `POST /connect/token`, form-encoded. ServiceTitan wants no scope.
fn token_request(site: &Site, credentials: &Credentials, policy: &CommonSettings) -> Request {
    let encode = |name| utf8_percent_encode(credentials.get(name), NON_ALPHANUMERIC);
    let (id, secret) = (encode("CLIENT_ID"), encode("CLIENT_SECRET"));
    let length = |name| 3 * credentials.get(name).len();
    // As large as it may get: a buffer that grows would leave a part behind, unwiped.
    let mut form = String::with_capacity(64 + length("CLIENT_ID") + length("CLIENT_SECRET"));
    _ = write!(form, "grant_type=client_credentials&client_id={id}&client_secret={secret}");
    Request {
        method: "POST",
        https: site.auth.https,
        authority: site.auth.authority.clone(),
        path_and_query: "/connect/token".to_owned(),
        headers: vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ],
        secret_headers: Vec::new(),
        body: Some(Body::Secret(Secret::new(form))),
        timeouts: Timeouts {
            connect: policy.attempt_timeout.min(Duration::from_secs(10)),
            first_byte: policy.attempt_timeout,
            between_bytes: policy.attempt_timeout,
        },
        max_body: 64 * 1024,
    }
}

/// The token and its life (RFC 6749 section 5.1).
fn token_answer(body: &[u8]) -> Result<(Secret, Option<Duration>), String> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        // Borrowed unless it holds escapes: no copy is left behind.
        #[serde(borrow)]
        access_token: Cow<'a, str>,
        #[serde(borrow)]
        expires_in: Option<&'a RawValue>,
    }
    // The parser's own message might repeat a part of the token.
    let answer: Answer<'_> =
        serde_json::from_slice(body).map_err(|_| "the answer holds no access_token".to_owned())?;
    let printable = |byte: &u8| byte.is_ascii_graphic();
    if answer.access_token.is_empty() || !answer.access_token.as_bytes().iter().all(printable) {
        return Err("the access_token is not one".to_owned());
    }
    // Some servers write the number as a text.
    let seconds = answer.expires_in.and_then(|seconds| seconds.get().trim_matches('"').parse().ok());
    let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok((Secret::new(answer.access_token.into_owned()), life))
}

/// The token (RFC 6750 section 2.1) and the app key.
fn headers(token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)> {
    vec![
        ("authorization", Secret::new(format!("Bearer {}", token.expose()))),
        ("st-app-key", Secret::new(credentials.get("APP_KEY").to_owned())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_answer_is_read_leniently_but_not_blindly() {
        let (token, life) =
            token_answer(br#"{"access_token":"abc","expires_in":900,"token_type":"Bearer"}"#).unwrap();
        assert_eq!((token.expose(), life), ("abc", Some(Duration::from_secs(900))));
        assert_eq!(token_answer(br#"{"access_token":"abc"}"#).unwrap().1, None);
        assert_eq!(token_answer(br#"{"access_token":"abc","expires_in":-5}"#).unwrap().1, None);
        assert_eq!(token_answer(br#"{"access_token":"abc","expires_in":{}}"#).unwrap().1, None);
        let (token, life) = token_answer(br#"{"access_token":"a\/c","expires_in":"900"}"#).unwrap();
        assert_eq!((token.expose(), life), ("a/c", Some(Duration::from_secs(900))));
        for wrong in ["", "<html>", "{}", r#"{"access_token":""}"#, "{\"access_token\":\"a\\nb\"}"] {
            assert!(token_answer(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refused_token_answer_does_not_show_it() {
        let told = token_answer(br#"{"access_token":"canary canary"}"#).unwrap_err();
        assert!(!told.contains("canary"), "{told}");
    }
}
