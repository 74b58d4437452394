//! Who may come in: named keys with what they may do and how often, addresses without a key, pages of
//! the web, and what is told of all that.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "keys/browsers.rs"]
mod browsers;
mod fake;
#[path = "keys/rates.rs"]
mod rates;
#[cfg(feature = "oidc")]
#[path = "keys/tokens.rs"]
mod tokens;
#[path = "keys/told.rs"]
mod told;

use fake::{FakeHost, Pieces, answer};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use penstock::{api_key, client::Client, host::Source};
use penstock_gateway::{Answer, Gateway, listing::Bytes, request::Head, serve};
use serde_json::{Value, json};
use std::time::Duration;

const JOBS: &str = "/v1/servicetitan/default/jpm/jobs";
const JOB: &str = "/v1/servicetitan/default/jpm/jobs/5";
const BATCH: &str = "/v1/servicetitan/default/_batch";
const JSON: (&str, &str) = ("content-type", "application/json");
const PEER: (&str, &str) = ("spin-client-addr", "192.0.2.7:4711");

struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, the last word of the type, and the first field of a problem.
    fn problem(&self) -> (u16, String, String) {
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let kind = problem["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        (self.status, kind, problem["fields"][0]["field"].as_str().unwrap_or_default().to_owned())
    }
}

fn problem(status: u16, kind: &str, field: &str) -> (u16, String, String) {
    (status, kind.to_owned(), field.to_owned())
}

/// The key of this name.
fn key(name: &str) -> String {
    let first = name.bytes().next().unwrap();
    api_key::generate(&[first; 32]).expose().to_owned()
}

/// A gateway that has these keys, each a name and its fields.
fn gateway(keys: &[(&str, &str)]) -> Gateway<FakeHost> {
    let entry = |(name, fields): &(&str, &str)| format!("{name}={};{fields}", api_key::hash(&key(name)));
    let setting = keys.iter().map(entry).collect::<Vec<_>>().join(",\n");
    let host = FakeHost::configured(|target| match target {
        target if target.contains("/jobs?") => answer(200, r#"{"page":1,"hasMore":false,"data":[]}"#),
        _ => answer(200, r#"{"id":5}"#),
    });
    Gateway::new(Client::new(host.with("PENSTOCK_API_KEYS", &setting)))
}

fn send(
    gateway: &Gateway<FakeHost>,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
    body: &'static str,
) -> Seen {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let head = Head { method, target: target.to_owned(), headers: headers.collect() };
    let body: Box<dyn Source> = Box::new(Pieces(vec![body]));
    let (head, body) = match serve(gateway, &head, Some(body)).now_or_never().unwrap() {
        Answer::Whole(response) => response.into_parts(),
        Answer::Streamed(response, lines) => {
            let mut client = Downstream(Vec::new());
            lines.run(&mut client).now_or_never().unwrap();
            (response.into_parts().0, String::from_utf8(client.0).unwrap())
        }
        Answer::File(..) => panic!("a file"),
    };
    assert!(!gateway.client().host().log.borrow().contains("pk_"));
    Seen { status: head.status.as_u16(), headers: head.headers, body }
}

struct Downstream(Vec<u8>);

impl Bytes for Downstream {
    async fn write(&mut self, mut bytes: Vec<u8>) -> usize {
        self.0.append(&mut bytes);
        0
    }
}

/// GET with the key of this name.
fn get(gateway: &Gateway<FakeHost>, name: &str, target: &str) -> Seen {
    send(gateway, Method::GET, target, &[("x-api-key", &key(name)), PEER], "")
}

/// The log lines of this event.
fn lines(gateway: &Gateway<FakeHost>, event: &str) -> Vec<Value> {
    let log = gateway.client().host().log.borrow();
    let all = serde_json::Deserializer::from_str(&log).into_iter::<Value>().map(Result::unwrap);
    all.filter(|line| line["event"] == event).collect()
}

#[test]
fn each_restriction_is_a_403_that_names_it() {
    let gateway = gateway(&[
        ("all", "role=admin"),
        ("by", ""),
        ("north", "role=operator;accounts=north"),
        ("crm", "modules=crm"),
        ("sleep", "providers=asleep"),
    ]);
    gateway.client().host().reset("PENSTOCK_ROLE", "admin");
    assert_eq!(get(&gateway, "all", JOB).status, 200);
    assert_eq!(get(&gateway, "by", JOB).status, 200);
    assert_eq!(get(&gateway, "crm", "/v1/servicetitan/default/crm/customers/5").status, 200);
    assert_eq!(get(&gateway, "north", JOB).problem(), problem(403, "forbidden", "accounts"));
    assert_eq!(get(&gateway, "crm", JOB).problem(), problem(403, "forbidden", "modules"));
    assert_eq!(get(&gateway, "sleep", JOB).problem(), problem(403, "forbidden", "providers"));
    let note = |name: &str, target: &str, body| {
        send(&gateway, Method::POST, target, &[("x-api-key", &key(name)), JSON], body)
    };
    let notes = "/v1/servicetitan/default/crm/customers/5/notes";
    let written = note("by", notes, r#"{"text":"x"}"#);
    assert_eq!(written.problem(), problem(403, "forbidden", "role"));
    let detail = written.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail, "the key `by` has the role read-only, and `crm.customers-create-note` needs operator");
    // By name as much as by path, and in a batch.
    let invoke = |name: &str| format!("/v1/servicetitan/default/_invoke/{name}");
    let by_name = note("by", &invoke("crm.customers-create-note"), "{}");
    assert_eq!(by_name.problem(), problem(403, "forbidden", "role"));
    let by_name = note("crm", &invoke("jpm.jobs-page"), "{}");
    assert_eq!(by_name.problem(), problem(403, "forbidden", "modules"));
    let before = gateway.client().host().asked.borrow().len();
    let calls = r#"{"calls":[{"operation":"crm.customers-get","parameters":{"id":5}},{"operation":"jpm.jobs-get","parameters":{"id":5}}]}"#;
    assert_eq!(note("crm", BATCH, calls).problem(), problem(403, "forbidden", "modules"));
    assert_eq!(gateway.client().host().asked.borrow().len(), before, "nothing of it was sent");
    assert_eq!(note("all", BATCH, calls).status, 200);
    // The gateway's own role holds for every key.
    gateway.client().host().reset("PENSTOCK_ROLE", "read-only");
    gateway.client().host().pass(Duration::from_secs(120));
    assert_eq!(note("all", notes, r#"{"text":"x"}"#).problem(), problem(403, "role", ""));
}

#[test]
fn the_providers_own_interface_has_the_same_restrictions() {
    let gateway = gateway(&[("crm", "modules=crm"), ("old", "expires=2025-11-20")]);
    let theirs = "/servicetitan/default/jpm/v2/tenant/77/jobs/5";
    assert_eq!(get(&gateway, "crm", theirs).problem(), problem(403, "forbidden", "modules"));
    let theirs = "/servicetitan/default/crm/v2/tenant/77/customers/5";
    assert_eq!(get(&gateway, "crm", theirs).status, 200);
    let token = |name: &str| {
        let form = format!("grant_type=client_credentials&client_secret={}", key(name));
        let kind = ("content-type", "application/x-www-form-urlencoded");
        send(&gateway, Method::POST, "/servicetitan/default/connect/token", &[kind], form.leak())
    };
    let given = token("crm").json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {given}");
    let with_token = |target| send(&gateway, Method::GET, target, &[("authorization", &bearer)], "");
    assert_eq!(with_token(theirs).status, 200);
    let jobs = "/servicetitan/default/jpm/v2/tenant/77/jobs/5";
    assert_eq!(with_token(jobs).problem(), problem(403, "forbidden", "modules"));
    assert_eq!(token("old").status, 401);
    assert_eq!(lines(&gateway, "refused").last().unwrap()["refusal"], "unauthorized");
}

#[test]
fn a_key_that_has_expired_is_told_so() {
    // The clock of the host stands at 2025-11-20T00:00:00Z.
    let gateway =
        gateway(&[("early", "expires=2025-11-20T00:00:00Z"), ("late", "expires=2025-11-20T00:00:01Z")]);
    assert_eq!(get(&gateway, "late", JOB).status, 200);
    let expired = get(&gateway, "early", JOB);
    assert_eq!(expired.problem(), problem(401, "unauthorized", ""));
    assert_eq!(expired.json()["detail"], "the API key has expired");
    let challenge = expired.header("www-authenticate");
    assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains("expired"), "{challenge}");
    assert_eq!(get(&gateway, "early", "/ready").json().get("checks"), None);
}

#[test]
fn a_malformed_key_shuts_the_gateway_and_is_named() {
    let gateway = gateway(&[("good", ""), ("billing", "rate=canary;role=boss")]);
    for name in ["good", "billing", "nobody"] {
        let shut = get(&gateway, name, JOB);
        assert_eq!(shut.problem(), problem(503, "configuration", "PENSTOCK_API_KEYS"));
        let fields = shut.json()["fields"].as_array().unwrap().clone();
        assert_eq!(fields.len(), 2);
        assert!(
            fields.iter().all(|field| field["message"].as_str().unwrap().contains("`billing`")),
            "{fields:?}"
        );
        assert!(!shut.body.contains("canary") && !shut.body.contains("boss"), "{}", shut.body);
    }
    let ready = send(&gateway, Method::GET, "/ready", &[], "");
    assert_eq!(
        (ready.status, &ready.json()["checks"]["settings"][1]["componentId"]),
        (503, &json!("PENSTOCK_API_KEYS"))
    );
    assert_eq!(send(&gateway, Method::GET, "/live", &[], "").status, 200);
    assert_eq!(lines(&gateway, "refused")[0]["refusal"], "shut");
}

#[test]
fn other_settings_of_the_entrance_that_are_malformed_shut_it_as_well() {
    for (name, value) in [
        ("PENSTOCK_ADDRESS_RATE", "often"),
        ("PENSTOCK_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("PENSTOCK_CORS_ORIGINS", "canary.example.com"),
        ("PENSTOCK_API_KEY_HASH", "sha256:0"),
    ] {
        let gateway = gateway(&[("all", "")]);
        gateway.client().host().reset(name, value);
        let shut = get(&gateway, "all", JOB);
        assert_eq!(shut.problem(), problem(503, "configuration", name));
        assert!(!shut.body.contains(value), "{}", shut.body);
    }
}

#[test]
fn only_who_may_know_of_all_accounts_is_told_of_them() {
    let gateway = gateway(&[
        ("all", ""),
        ("north", "accounts=north"),
        ("sleep", "providers=asleep"),
        ("crm", "modules=crm"),
    ]);
    gateway.client().host().reset("SERVICETITAN_TENANT_ID", "");
    let checks = |name, target| get(&gateway, name, target).json().get("checks").is_some();
    for (name, sees) in [("all", true), ("north", false), ("sleep", false), ("crm", false)] {
        assert_eq!([checks(name, "/ready"), checks(name, "/health")], [sees, sees], "{name}");
    }
    assert_eq!(get(&gateway, "all", "/metrics").status, 200);
    for (name, field) in [("north", "accounts"), ("sleep", "providers"), ("crm", "modules")] {
        assert_eq!(get(&gateway, name, "/metrics").problem(), problem(403, "forbidden", field));
    }
}

#[test]
fn only_an_admin_administers_and_only_what_the_key_is_for() {
    let gateway = gateway(&[
        ("all", "role=admin"),
        ("by", "role=operator"),
        ("north", "role=admin;accounts=north"),
        ("crm", "role=admin;modules=crm"),
    ]);
    let (snapshot, settings) = ("/v1/_admin/snapshot", "/v1/_admin/servicetitan/default/configuration");
    for target in [snapshot, settings] {
        assert_eq!(get(&gateway, "all", target).status, 200, "{target}");
        assert_eq!(get(&gateway, "by", target).problem(), problem(403, "forbidden", "role"));
        assert_eq!(get(&gateway, "north", target).problem(), problem(403, "forbidden", "accounts"));
        assert_eq!(get(&gateway, "crm", target).problem(), problem(403, "forbidden", "modules"));
    }
    assert_eq!(get(&gateway, "north", "/v1/_admin/servicetitan/north/configuration").status, 200);
    let forget = |name: &str| {
        let key = key(name);
        send(&gateway, Method::POST, "/v1/_admin/invalidate/tokens", &[("x-api-key", &key)], "").status
    };
    assert_eq!([forget("all"), forget("by"), forget("north")], [204, 403, 403]);
}
