//! The vendor's own interface, as its clients use it.

use super::*;

const OWN: &str = "/servicetitan/default/jpm/v2/tenant/77/jobs";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// As the vendor sends it: nothing of it is put into another form.
const PAGE: &str = r#"{"page":1, "pageSize":50,"hasMore":false,"totalCount":null,"data":[{"id":1,"total":1.50,"odd":[ 1 ]}]}"#;

fn token_for(gateway: &Gateway<FakeHost>, form: &str, headers: &[(&'static str, &str)]) -> Seen {
    let form: &'static str = form.to_owned().leak();
    let headers: Vec<_> = headers.iter().copied().chain([FORM]).collect();
    let target = "/servicetitan/default/connect/token";
    let head = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let head = Head { method: Method::POST, target: target.to_owned(), headers: head.collect() };
    let Answer::Whole(response) =
        serve(gateway, &head, Some(Box::new(Pieces(vec![form])))).now_or_never().unwrap()
    else {
        panic!("a token is no stream")
    };
    let (head, body) = response.into_parts();
    Seen { status: head.status.as_u16(), headers: head.headers, body, ended: None }
}

fn grant(key: &str) -> String {
    format!("grant_type=client_credentials&client_id=any&client_secret={key}")
}

#[test]
fn an_api_key_is_a_client_secret_and_gives_a_token() {
    let gateway = gateway(|_| answer(200, PAGE));
    let made = token_for(&gateway, &grant(&key()), &[]);
    let answered = made.json();
    assert_eq!(
        (made.status, &answered["expires_in"], &answered["token_type"]),
        (200, &json!(900), &json!("Bearer"))
    );
    assert_eq!(made.header("cache-control"), "no-store");
    let token = answered["access_token"].as_str().unwrap();
    assert!(!token.contains(&key()), "the key itself is in no token");
    // Some clients of this vendor send it without a word before it.
    for authorization in [token.to_owned(), format!("Bearer {token}"), key(), format!("bearer {}", key())] {
        let seen = ask_with(&gateway, Method::GET, OWN, &[("authorization", &authorization)]);
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    let basic = format!("Basic {}", base64_of(&format!("any:{}", key())));
    let by_basic = token_for(&gateway, "grant_type=client_credentials", &[("authorization", &basic)]);
    assert_eq!(by_basic.status, 200, "{}", by_basic.body);
    // Nowhere else does a token count, and nowhere does one that was made up.
    let v1 = ask_with(&gateway, Method::GET, JOBS, &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(v1.status, 401);
    for authorization in ["", "pt_9999999999_AAAA", "Bearer", "Basic x"] {
        let seen = ask_with(&gateway, Method::GET, OWN, &[("authorization", authorization)]);
        assert_eq!(seen.status, 401, "{authorization}");
        assert!(seen.header("www-authenticate").contains("invalid_token"), "{authorization}");
    }
    let without = ask_with(&gateway, Method::GET, OWN, &[]);
    assert_eq!((without.status, without.header("www-authenticate")), (401, r#"Bearer realm="penstock""#));
    // It ends, and with the key it is gone at once.
    let host = gateway.client().host();
    host.reset("PENSTOCK_API_KEY_HASH", &api_key::hash(api_key::generate(&[8; 32]).expose()));
    host.pass(Duration::from_secs(1));
    assert_eq!(ask_with(&gateway, Method::GET, OWN, &[("authorization", token)]).status, 401);
}

fn base64_of(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

#[test]
fn a_token_is_refused_in_the_words_of_oauth() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    for (form, status, error) in [
        (grant("pk_wrong"), 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=any".to_owned(), 401, "invalid_client"),
        (grant(&key()).replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (format!("client_secret={}", key()), 400, "invalid_request"),
        (String::new(), 400, "invalid_request"),
    ] {
        let seen = token_for(&gateway, &form, &[]);
        assert_eq!((seen.status, seen.json()), (status, json!({"error": error})), "{form}");
    }
    let large = token_for(&gateway, &format!("{}&x={}", grant(&key()), "x".repeat(20_000)), &[]);
    assert_eq!(large.status, 413);
    let shut = over(FakeHost::configured(|_| panic!("asked the vendor")));
    assert_eq!(token_for(&shut, &grant(&key()), &[]).status, 503);
}

#[test]
fn what_the_vendor_sends_comes_as_it_is() {
    let gateway = gateway(|target| match target {
        "/jpm/v2/tenant/77/jobs/5" => answer(404, r#"{"title":"not found","traceId":"00-trace"}"#),
        _ => answer(200, PAGE),
    });
    let bearer = format!("Bearer {}", key());
    let ask = |target: &str| ask_with(&gateway, Method::GET, target, &[("authorization", &bearer)]);
    let page = ask(&format!("{OWN}?page=1&pageSize=50&createdOnOrAfter=2026-01-31&number="));
    assert_eq!((page.status, page.body.as_str()), (200, PAGE));
    assert_eq!(
        *gateway.client().host().asked.borrow(),
        ["/jpm/v2/tenant/77/jobs?createdOnOrAfter=2026-01-31T00%3A00%3A00Z&page=1&pageSize=50"]
    );
    let missing = ask(&format!("{OWN}/5"));
    assert_eq!((missing.status, &missing.json()["vendorTraceId"]), (404, &json!("00-trace")));
    let unknown = ask(&format!("{OWN}?jobState=x"));
    assert_eq!((unknown.status, &unknown.json()["fields"][0]["field"]), (400, &json!("jobState")));
}

#[test]
fn another_tenant_is_not_there() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let bearer = format!("Bearer {}", key());
    for target in [OWN.replace("77", "78"), OWN.replace("77", "7%37%37"), OWN.replace("jpm", "none")] {
        let seen = ask_with(&gateway, Method::GET, &target, &[("authorization", &bearer)]);
        assert_eq!(
            (seen.status, &seen.json()["type"]),
            (404, &json!("urn:penstock:gateway:unknown-path")),
            "{target}"
        );
    }
    let wrong = ask_with(&gateway, Method::DELETE, OWN, &[("authorization", &bearer)]);
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET, HEAD, POST, OPTIONS"));
}

#[test]
fn a_refusal_has_the_status_that_the_vendor_gave() {
    let gateway = gateway(|_| answer(400, r#"{"title":"no such page","traceId":"00-trace"}"#));
    let bearer = format!("Bearer {}", key());
    let own = ask_with(&gateway, Method::GET, OWN, &[("authorization", &bearer)]);
    let ours = ask_with(&gateway, Method::GET, JOBS, &[("authorization", &bearer)]);
    assert_eq!((own.status, ours.status, &own.json()["status"]), (400, 422, &json!(400)));
    // That the gateway's own credentials are refused is not told in the vendor's words: the caller's are good.
    let refused = self::gateway(|_| answer(403, "{}"));
    let seen = ask_with(&refused, Method::GET, OWN, &[("authorization", &bearer)]);
    assert_eq!(seen.status, 502);
}
