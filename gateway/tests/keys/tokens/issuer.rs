//! The issuer's keys: when they are asked for, and what happens when they are not to be had.

use super::*;
use futures_util::future::join_all;

fn one() -> String {
    Pair::es256(1).good("one", json!({}))
}

fn status(gateway: &Gateway<FakeHost>, token: &str) -> u16 {
    ask(gateway, token, JOB).status
}

fn pass(gateway: &Gateway<FakeHost>, seconds: u64) {
    gateway.client().host().pass(Duration::from_secs(seconds));
}

/// What `/ready` says of the issuer's keys, and its status.
fn check(gateway: &Gateway<FakeHost>, token: &str) -> (u16, String, String) {
    pass(gateway, 1);
    let seen = ask(gateway, token, "/ready");
    let check = seen.json()["checks"]["issuer:keys"][0].clone();
    assert_eq!(check["componentId"], ISSUER);
    let output = check["output"].as_str().unwrap_or_default().to_owned();
    (seen.status, check["status"].as_str().unwrap().to_owned(), output)
}

#[test]
fn keys_that_are_old_are_asked_for_again_and_those_that_are_gone_open_nothing() {
    let (gateway, issuer) = world(&[]);
    let two = Pair::es256(3).good("three", json!({}));
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 1));
    pass(&gateway, 590);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 1));
    issuer.shows(&[Pair::es256(3).jwk("three")]);
    pass(&gateway, 10);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (401, 2));
    assert_eq!((status(&gateway, &two), issuer.asked.get()), (200, 2));
    let told: Vec<_> = lines(&gateway, "issuer").iter().map(|line| line["keys"].clone()).collect();
    assert_eq!(told, ["changed", "changed"]);
}

#[test]
fn a_new_key_is_found_at_once_and_unknown_ones_make_nobody_ask_more_than_every_thirty_seconds() {
    let (gateway, issuer) = world(&[]);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 1));
    // Rotation: the new key is shown beside the old one.
    issuer.shows(&[Pair::es256(1).jwk("one"), Pair::es256(3).jwk("three")]);
    let three = Pair::es256(3).good("three", json!({}));
    assert_eq!((status(&gateway, &three), issuer.asked.get()), (200, 2));
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 2));
    let flood = || {
        for number in 0..50 {
            let token = Pair::es256(9).good(&format!("unknown-{number}"), json!({}));
            assert_eq!(status(&gateway, &token), 401);
        }
    };
    gateway.client().host().reset("PENSTOCK_ADDRESS_RATE", "off");
    pass(&gateway, 1);
    flood();
    assert_eq!(issuer.asked.get(), 2, "the last time was less than 30 s ago");
    pass(&gateway, 30);
    flood();
    assert_eq!(issuer.asked.get(), 3);
    // Those of others are not worth a question.
    pass(&gateway, 30);
    assert_eq!(status(&gateway, &Pair::es256(9).good("x", json!({"iss": "https://other.example"}))), 401);
    assert_eq!(issuer.asked.get(), 3);
}

#[test]
fn the_first_tokens_share_one_question() {
    let (gateway, issuer) = world(&[]);
    let host = gateway.client().host();
    host.hold(true);
    let heads: Vec<_> = (0..20)
        .map(|number| {
            let token = if number % 2 == 0 { one() } else { Pair::es256(9).good("unknown", json!({})) };
            let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            let headers = [(HeaderName::from_static("authorization"), bearer)].into_iter().collect();
            // It asks no provider.
            Head { method: Method::GET, target: "/metrics".to_owned(), headers }
        })
        .collect();
    let mut all = Box::pin(join_all(heads.iter().map(|head| serve(&gateway, head, None))));
    assert!((&mut all).now_or_never().is_none());
    assert_eq!(host.asked.borrow().as_slice(), [DISCOVERY]);
    host.hold(false);
    let answers = all.now_or_never().unwrap();
    let statuses: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Answer::Whole(response) => response.status().as_u16(),
            _ => 0,
        })
        .collect();
    assert!(statuses.chunks(2).all(|pair| pair == [200, 401]), "{statuses:?}");
    assert_eq!(issuer.asked.get(), 1);
}

#[test]
fn a_question_whose_request_is_gone_holds_nobody_up_for_long() {
    let (gateway, issuer) = world(&[]);
    let host = gateway.client().host();
    host.hold(true);
    let bearer = HeaderValue::from_str(&format!("Bearer {}", one())).unwrap();
    let headers = [(HeaderName::from_static("authorization"), bearer)].into_iter().collect();
    let head = Head { method: Method::GET, target: "/metrics".to_owned(), headers };
    let mut first = Box::pin(serve(&gateway, &head, None));
    assert!((&mut first).now_or_never().is_none());
    drop(first);
    host.hold(false);
    let early = ask(&gateway, &one(), JOB);
    assert_eq!((early.status, early.header("retry-after"), issuer.asked.get()), (503, "1", 0));
    pass(&gateway, 1);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 1));
}

#[test]
fn known_keys_serve_for_a_while_when_the_issuer_is_down_and_it_is_told() {
    let (gateway, issuer) = world(&[("PENSTOCK_OIDC_KEYS_STALE", "900")]);
    assert_eq!(status(&gateway, &one()), 200);
    assert_eq!(check(&gateway, &one()), (200, "pass".to_owned(), String::new()));
    issuer.answers(503, "canary");
    pass(&gateway, 600);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 2));
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 2), "it is left alone for a while");
    let (code, state, output) = check(&gateway, &one());
    assert_eq!((code, state.as_str()), (200, "warn"));
    assert!(
        output.starts_with("it gives no newer keys (its keys: HTTP 503): those known serve for another 89"),
        "{output}"
    );
    // Whether a key is new cannot be told now.
    let new = ask(&gateway, &Pair::es256(3).good("three", json!({})), JOB);
    assert_eq!(new.problem(), problem(503, "issuer", ""));
    assert!(!new.header("retry-after").is_empty() && new.header("www-authenticate").is_empty());
    pass(&gateway, 5);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 3));
    pass(&gateway, 880);
    assert_eq!(status(&gateway, &one()), 200);
    pass(&gateway, 20);
    let none = ask(&gateway, &one(), JOB);
    assert_eq!(none.problem(), problem(503, "issuer", ""));
    issuer.shows(&[Pair::es256(1).jwk("one")]);
    pass(&gateway, 5);
    assert_eq!(status(&gateway, &one()), 200);
    assert_eq!(check(&gateway, &one()), (200, "pass".to_owned(), String::new()));
    let told = lines(&gateway, "issuer");
    assert!(told.iter().any(|line| line["level"] == "warn" && line["error.message"] == "its keys: HTTP 503"));
    assert!(!gateway.client().host().log.borrow().contains("canary"));
}

#[test]
fn api_keys_open_the_gateway_whatever_the_issuer_does() {
    let named = format!("billing={}", api_key::hash(&key("billing")));
    let (gateway, issuer) = world(&[("PENSTOCK_API_KEYS", &named)]);
    issuer.answers(500, "");
    assert_eq!(status(&gateway, &one()), 503);
    assert_eq!(get(&gateway, "billing", JOB).status, 200);
    let (code, state, output) = check(&gateway, &key("billing"));
    assert_eq!((code, state.as_str()), (200, "warn"));
    assert_eq!(output, "it gives no keys, and no bearer token is accepted: its keys: HTTP 500");
    let health = get(&gateway, "billing", "/health");
    assert_eq!((health.status, &health.json()["status"]), (200, &json!("warn")));
    assert_eq!(lines(&gateway, "refused")[0]["refusal"], "shut");
    // Without a key one learns nothing of it.
    assert_eq!(send(&gateway, Method::GET, "/ready", &[], "").json().get("checks"), None);
}

#[test]
fn answers_that_are_not_the_issuers_keys_are_no_keys() {
    let large = format!(r#"{{"keys":[],"more":"{}"}}"#, "x".repeat(64 * 1024));
    for (status, body, why) in [
        (200, "<html>canary", "its keys: the answer is no JWK Set"),
        (200, large.as_str(), "its keys: the answer has more than 64 KiB"),
        (302, "", "its keys: HTTP 302"),
        (404, "{\"keys\":[]}", "its keys: HTTP 404"),
    ] {
        let (gateway, issuer) = world(&[]);
        issuer.answers(status, body);
        assert_eq!(super::issuer::status(&gateway, &one()), 503, "{why}");
        assert_eq!(lines(&gateway, "issuer")[0]["error.message"], why);
        assert!(!gateway.client().host().log.borrow().contains("canary"));
    }
    for (configuration, why) in [
        (
            json!({"issuer": "https://login.example.com/tenant/", "jwks_uri": "https://k.example/keys"}),
            "its configuration: it is that of another issuer",
        ),
        (
            json!({"issuer": ISSUER}),
            "its configuration: the answer is no JSON object with issuer and jwks_uri",
        ),
        (
            json!({"issuer": ISSUER, "jwks_uri": "http://k.example/keys"}),
            "its configuration: its jwks_uri must begin with https:// (unless PENSTOCK_ALLOW_HTTP is true)",
        ),
    ] {
        let (gateway, issuer) = world(&[]);
        *issuer.configuration.borrow_mut() = configuration.to_string();
        assert_eq!((status(&gateway, &one()), issuer.asked.get()), (503, 0), "{why}");
        assert_eq!(lines(&gateway, "issuer")[0]["error.message"], why);
    }
    // An issuer without a key that counts is in order, and lets nobody in.
    let (gateway, issuer) =
        world(&[("PENSTOCK_API_KEYS", &format!("billing={}", api_key::hash(&key("billing"))))]);
    issuer.shows(&[json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "one"})]);
    assert_eq!(status(&gateway, &one()), 401);
    let (_, state, output) = check(&gateway, &key("billing"));
    assert_eq!(
        (state.as_str(), output.as_str()),
        ("warn", "it has no key for ES256 or EdDSA: no bearer token is accepted")
    );
}

#[test]
fn an_issuer_that_is_silent_is_waited_for_five_seconds() {
    let (gateway, _) = world(&[]);
    let host = gateway.client().host();
    host.hold(true);
    host.waits.set(true);
    assert_eq!(ask(&gateway, &one(), "/metrics").status, 503);
    assert_eq!(lines(&gateway, "issuer")[0]["error.message"], "no answer within 5 s");
}

#[test]
fn the_settings_may_say_where_the_keys_are_and_other_settings_are_other_keys() {
    let (gateway, issuer) = world(&[("PENSTOCK_OIDC_JWKS_URL", "https://login.example.com/keys")]);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 1));
    assert!(!gateway.client().host().asked.borrow().iter().any(|asked| asked == DISCOVERY));
    gateway.client().host().reset("PENSTOCK_OIDC_JWKS_URL", "");
    pass(&gateway, 1);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 2));
    gateway.client().host().reset("PENSTOCK_OIDC_KEYS_STALE", "60");
    pass(&gateway, 1);
    assert_eq!((status(&gateway, &one()), issuer.asked.get()), (200, 2));
}
