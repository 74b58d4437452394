//! What the gateway's own routes take, and accounts that there are not.

use super::*;

const BEARER: &str = "authorization";

fn closed() -> FakeHost {
    let host = FakeHost::configured(|_| panic!("asked the vendor"));
    host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_ROLE", "admin")
}

fn asked(gateway: &Gateway<FakeHost>, method: Method, target: &str) -> Seen {
    let bearer = format!("Bearer {}", key());
    let headers = [(BEARER, &*bearer), ("content-type", "application/json")];
    send(gateway, method, target, &headers, vec!["{}"])
}

/// The last word of a problem's type, and the fields that it names.
fn told(seen: &Seen) -> (u16, String, Vec<String>) {
    let problem = seen.json();
    let kind = problem["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let fields = problem["fields"].as_array().into_iter().flatten();
    (seen.status, kind, fields.map(|field| field["field"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_parameter_that_nobody_knows_is_refused_and_named() {
    let gateway = over(closed());
    for (method, target) in [
        (Method::GET, "/metrics"),
        (Method::GET, "/openapi.json"),
        (Method::GET, "/docs"),
        (Method::GET, "/v1/_admin/snapshot"),
        (Method::POST, "/v1/_admin/invalidate/tokens"),
        (Method::GET, "/v1/_admin/servicetitan/default/configuration"),
        (Method::POST, "/v1/servicetitan/default/_batch"),
        (Method::POST, "/v1/servicetitan/default/_invoke/jpm.jobs-get"),
        (Method::GET, JOBS),
        (Method::GET, "/v1/_outbox"),
        (Method::POST, "/v1/_outbox/drain"),
        (Method::GET, "/v1/_outbox/e1"),
        (Method::POST, "/v1/_outbox/e1/replay"),
        (Method::DELETE, "/v1/_outbox/e1"),
    ] {
        let (status, kind, fields) = told(&asked(&gateway, method, &format!("{target}?nonsense=1")));
        assert_eq!((status, kind.as_str()), (400, "bad-input"), "{target}");
        assert!(fields.contains(&"nonsense".to_owned()), "{target} {fields:?}");
    }
    // Whoever asks whether it lives may add what it likes, against caches for instance.
    for target in ["/live?t=1", "/ready?t=1", "/health?t=1"] {
        assert_eq!(ask_with(&gateway, Method::GET, target, &[]).status, 200, "{target}");
    }
}

#[test]
fn an_account_that_nobody_has_set_up_is_none() {
    let gateway = over(closed());
    let paths = |account: &str| {
        [
            (Method::GET, format!("/v1/servicetitan/{account}/jpm/jobs")),
            (Method::POST, format!("/v1/servicetitan/{account}/_invoke/jpm.jobs-list")),
            (Method::GET, format!("/servicetitan/{account}/jpm/v2/tenant/77/jobs")),
            (Method::GET, format!("/v1/_admin/servicetitan/{account}/state")),
            (Method::DELETE, format!("/v1/_admin/servicetitan/{account}/owners/5")),
        ]
    };
    for (method, target) in paths("north") {
        let (status, kind, fields) = told(&asked(&gateway, method, &target));
        assert_eq!((status, kind.as_str()), (404, "unknown-account"), "{target}");
        assert!(fields.contains(&"PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_CLIENT_ID".to_owned()), "{fields:?}");
    }
    // What was begun is to be ended: that is for whoever runs the gateway, and may pass.
    let host = closed().with("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_TENANT_ID", "78");
    let begun = over(host);
    let bare = FakeHost::new(&[("PENSTOCK_API_KEY_HASH", &api_key::hash(&key()))]);
    for (gateway, account) in [(&begun, "north"), (&over(bare), "default")] {
        for (method, target) in paths(account) {
            let (status, kind, fields) = told(&asked(gateway, method, &target));
            assert_eq!((status, kind.as_str()), (503, "configuration"), "{target} {fields:?}");
        }
    }
    // Of another vendor there may be nothing all the same.
    let (status, kind, _) = told(&asked(&begun, Method::GET, "/v1/asleep/north/data/sessions?user_id=a"));
    assert_eq!((status, kind.as_str()), (404, "unknown-account"));
}

#[test]
fn a_number_has_no_plus_and_a_length_is_said_once() {
    let gateway = over(closed());
    for (target, field) in [
        (format!("{JOBS}/%2B5"), "id"),
        (format!("{JOBS}?ids=%2B5"), "ids"),
        (format!("{JOBS}?page=%2B5"), "page"),
        (format!("{JOBS}?pageSize=%2B5"), "pageSize"),
        ("/v1/_outbox?limit=%2B5".to_owned(), "limit"),
    ] {
        let (status, kind, fields) = told(&asked(&gateway, Method::GET, &target));
        assert_eq!((status, kind.as_str(), fields), (400, "bad-input", vec![field.to_owned()]), "{target}");
    }
    let (bearer, job) = (format!("Bearer {}", key()), format!("{JOBS}/5"));
    for (headers, field) in [
        (vec![("x-deadline-ms", "+5")], "X-Deadline-Ms"),
        (vec![("content-length", "+3")], "Content-Length"),
        (vec![("content-length", "3, 3")], "Content-Length"),
    ] {
        let mut headers = headers;
        headers.extend([(BEARER, &*bearer), ("content-type", "application/json")]);
        let seen = send(&gateway, Method::PATCH, &job, &headers, vec!["{}"]);
        assert_eq!(told(&seen), (400, "bad-input".to_owned(), vec![field.to_owned()]));
    }
}
