//! Who may come in: named keys with what they may do and how often, addresses without a key, pages of
//! the web, and what is told of all that.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod fake;

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

#[test]
fn a_rate_that_is_used_up_is_a_429_with_its_header_fields() {
    let gateway = gateway(&[("all", "rate=3/min"), ("by", "")]);
    let host = gateway.client().host();
    for left in ["2", "1", "0"] {
        let seen = get(&gateway, "all", JOB);
        assert_eq!((seen.status, seen.header("ratelimit-policy")), (200, r#""minute";q=3;w=60"#));
        assert!(
            seen.header("ratelimit").starts_with(&format!(r#""minute";r={left};t="#)),
            "{}",
            seen.header("ratelimit")
        );
    }
    let refused = get(&gateway, "all", JOB);
    assert_eq!(refused.problem(), problem(429, "rate-limited", ""));
    assert_eq!(refused.json()["type"], "urn:penstock:gateway:rate-limited");
    assert_eq!((refused.header("retry-after"), &refused.json()["outcome"]), ("20", &json!("not-sent")));
    assert_eq!(refused.json()["retry"]["advice"], "after");
    assert_eq!(refused.header("ratelimit-policy"), r#""minute";q=3;w=60"#);
    assert!(refused.header("ratelimit").starts_with(r#""minute";r=0;t="#));
    assert_eq!(host.asked.borrow().len(), 3);
    // Others have their own, and who has none no such fields.
    let other = get(&gateway, "by", JOB);
    assert_eq!((other.status, other.header("ratelimit"), other.header("ratelimit-policy")), (200, "", ""));
    host.pass(Duration::from_secs(20));
    assert_eq!(get(&gateway, "all", JOB).status, 200);
    // What is refused for another reason counts, and tells how it stands.
    host.pass(Duration::from_secs(60));
    for (method, target, status) in [
        (Method::GET, "/v1/nothing", 404),
        (Method::DELETE, JOB, 405),
        (Method::GET, "/v1/servicetitan/default/jpm/jobs/x", 400),
        (Method::GET, JOB, 429),
    ] {
        let seen = send(&gateway, method, target, &[("x-api-key", &key("all"))], "");
        assert_eq!((seen.status, seen.header("ratelimit").is_empty()), (status, false), "{target}");
    }
}

#[test]
fn an_operation_has_a_rate_of_its_own() {
    let gateway = gateway(&[("all", "rate=100/min;operations=jpm.jobs-list:2/h")]);
    for _ in 0..2 {
        let seen = get(&gateway, "all", JOBS);
        assert_eq!(
            seen.header("ratelimit-policy"),
            r#""minute";q=100;w=60, "jpm.jobs-list/hour";q=2;w=3600"#
        );
        assert_eq!(seen.status, 200);
    }
    let refused = get(&gateway, "all", JOBS);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1800"));
    assert!(refused.json()["detail"].as_str().unwrap().ends_with("may make 2/h calls of `jpm.jobs-list`"));
    assert_eq!(get(&gateway, "all", JOB).status, 200);
    let by_name = "/v1/servicetitan/default/_invoke/jpm.jobs-page";
    assert_eq!(send(&gateway, Method::POST, by_name, &[("x-api-key", &key("all")), JSON], "{}").status, 429);
}

#[test]
fn a_batch_counts_as_often_as_it_has_calls() {
    let gateway = gateway(&[("all", "rate=4/min"), ("by", "operations=jpm.jobs-get:2/min")]);
    let batch =
        |name: &str, body| send(&gateway, Method::POST, BATCH, &[("x-api-key", &key(name)), JSON], body);
    let three = r#"{"calls":[{"operation":"jpm.jobs-get","parameters":{"id":5}},{"operation":"jpm.jobs-get","parameters":{"id":6}},{"operation":"jpm.jobs-get","parameters":{"id":7}}]}"#;
    let seen = batch("all", three);
    assert_eq!((seen.status, seen.body.lines().count()), (200, 4), "{}", seen.body);
    assert!(seen.header("ratelimit").starts_with(r#""minute";r=1;t="#), "{}", seen.header("ratelimit"));
    let asked = gateway.client().host().asked.borrow().len();
    let refused = batch("all", three);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert!(refused.header("ratelimit").starts_with(r#""minute";r=1;t="#), "{}", refused.header("ratelimit"));
    // More than may ever go at once is no matter of waiting.
    assert_eq!(batch("by", three).problem(), problem(400, "bad-input", "calls"));
    assert_eq!(gateway.client().host().asked.borrow().len(), asked, "nothing of them was sent");
    // What was refused cost nothing, and whoever waits as long as was said gets in.
    gateway.client().host().pass(Duration::from_secs(30));
    assert_eq!(batch("all", three).status, 200);
    // One that cannot be read is a request like others.
    gateway.client().host().pass(Duration::from_secs(60));
    let odd = [0; 5].map(|_| batch("all", "[]").status);
    assert_eq!(odd, [400, 400, 400, 400, 429]);
}

#[test]
fn who_tries_keys_is_slowed_down_and_who_has_one_is_not() {
    let gateway = gateway(&[("all", "")]);
    let host = gateway.client().host();
    host.reset("PENSTOCK_ADDRESS_RATE", "3/h");
    let guess =
        |peer| send(&gateway, Method::GET, JOB, &[("x-api-key", "pk_guess"), ("spin-client-addr", peer)], "");
    for _ in 0..3 {
        assert_eq!(guess("192.0.2.7:1").status, 401);
    }
    let slowed = guess("192.0.2.7:2");
    assert_eq!(slowed.problem(), problem(429, "rate-limited", ""));
    assert_eq!((slowed.header("retry-after"), slowed.header("www-authenticate")), ("1200", ""));
    // The same address in other letters, another one, and the one that has a key.
    assert_eq!(guess("[::ffff:192.0.2.7]:1").status, 429);
    assert_eq!(guess("192.0.2.8:1").status, 401);
    assert_eq!(get(&gateway, "all", JOB).status, 200);
    // Routes without a key count as well, but not those by which probes see how it is.
    let open = |target| send(&gateway, Method::GET, target, &[PEER], "").status;
    assert_eq!([open("/nothing"), open(JOB)], [429, 429]);
    assert_eq!([open("/live"), open("/ready"), open("/health")], [200; 3]);
    // Where the host does not say who asks, nobody is counted.
    for _ in 0..5 {
        assert_eq!(send(&gateway, Method::GET, JOB, &[], "").status, 401);
    }
    host.pass(Duration::from_secs(1200));
    assert_eq!(guess("192.0.2.7:1").status, 401);
}

#[test]
fn an_address_without_a_key_may_ask_100_times_an_hour_unless_a_setting_says_otherwise() {
    let gateway = gateway(&[("all", "")]);
    let host = gateway.client().host();
    let refused = |times: usize| {
        let guess = |_| send(&gateway, Method::GET, JOB, &[("x-api-key", "pk_guess"), PEER], "").status;
        (0..times).map(guess).filter(|status| *status == 429).count()
    };
    assert_eq!(refused(110), 10);
    assert_eq!(get(&gateway, "all", JOB).status, 200);
    host.reset("PENSTOCK_ADDRESS_RATE", "off");
    host.pass(Duration::from_secs(1));
    assert_eq!(refused(110), 0);
}

#[test]
fn who_asks_for_a_token_with_a_key_counts_no_more_than_with_any_other_request() {
    let gateway = gateway(&[("all", "")]);
    gateway.client().host().reset("PENSTOCK_ADDRESS_RATE", "2/h");
    let ask = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_secret={secret}");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let target = "/servicetitan/default/connect/token";
        send(&gateway, Method::POST, target, &[kind, PEER], form.leak()).status
    };
    for _ in 0..5 {
        assert_eq!(ask(&key("all")), 200);
    }
    assert_eq!([ask("pk_guess"), ask("pk_guess"), ask("pk_guess")], [401, 401, 429]);
    assert_eq!(ask(&key("all")), 200);
}

#[test]
fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let gateway = gateway(&[("all", "")]);
    let host = gateway.client().host();
    host.reset("PENSTOCK_ADDRESS_RATE", "1/h");
    let ask = |chain: &str| {
        let headers = [("spin-client-addr", "10.0.0.1:99"), ("x-forwarded-for", chain)];
        send(&gateway, Method::GET, JOB, &headers, "").status
    };
    // Nobody is trusted: all are the proxy.
    assert_eq!([ask("192.0.2.1"), ask("192.0.2.2")], [401, 429]);
    host.reset("PENSTOCK_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8");
    host.pass(Duration::from_secs(1));
    assert_eq!([ask("192.0.2.1"), ask("192.0.2.2"), ask("192.0.2.1")], [401, 401, 429]);
    // What a client writes itself stands on the left.
    assert_eq!(ask("203.0.113.5, 192.0.2.1"), 429);
}

#[test]
fn the_log_names_the_key_and_nothing_of_the_query() {
    let gateway = gateway(&[("billing", "rate=2/min")]);
    let target = format!("{JOBS}?number=canary");
    let headers = [("x-api-key", key("billing")), ("x-correlation-id", "import 7".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let seen = send(&gateway, Method::GET, &target, &headers, "");
    let all = lines(&gateway, "request");
    assert_eq!(all.len(), 1);
    for (name, expected) in [
        ("level", json!("info")),
        ("ts", json!("2025-11-20T00:00:00.000Z")),
        ("http.request.method", json!("GET")),
        ("http.route", json!("/v1/servicetitan/{account}/jpm/jobs")),
        ("operation", json!("jpm.jobs-list")),
        ("key", json!("billing")),
        ("http.response.status_code", json!(200)),
        ("call_id", json!(seen.header("x-penstock-call-id"))),
        ("correlation_id", json!("import 7")),
    ] {
        assert_eq!(all[0][name], expected, "{name}");
    }
    assert!(all[0]["duration_ms"].is_u64() && all[0].get("client.address").is_none());
    assert!(!all[0].to_string().contains("canary"), "{}", all[0]);
    get(&gateway, "billing", "/servicetitan/default/jpm/v2/tenant/77/jobs/5");
    let own = lines(&gateway, "request").pop().unwrap();
    assert_eq!(own["http.route"], "/servicetitan/{account}/jpm/v2/tenant/{tenant}/jobs/{id}");
    gateway.client().host().reset("LOG_LEVEL", "warn");
    gateway.client().host().pass(Duration::from_secs(60));
    get(&gateway, "billing", JOB);
    assert_eq!(lines(&gateway, "request").len(), 2);
}

#[test]
fn refusals_are_logged_once_a_second_and_counted() {
    let gateway = gateway(&[("all", "accounts=north")]);
    let host = gateway.client().host();
    let guess = || send(&gateway, Method::GET, JOB, &[("x-api-key", "pk_guess"), PEER], "");
    for _ in 0..20 {
        guess();
    }
    get(&gateway, "all", JOB);
    let first = lines(&gateway, "refused");
    let kinds: Vec<_> = first.iter().map(|line| line["refusal"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["unauthorized", "forbidden"]);
    assert_eq!((&first[0]["level"], &first[0]["client.address"]), (&json!("warn"), &json!("192.0.2.7")));
    assert_eq!((first[0].get("key"), first[0].get("suppressed")), (None, None));
    assert_eq!((&first[1]["key"], first[1].get("client.address")), (&json!("all"), None));
    host.pass(Duration::from_secs(1));
    guess();
    assert_eq!(lines(&gateway, "refused").last().unwrap()["suppressed"], 19);
}

const APP: (&str, &str) = ("origin", "https://app.example.com");

fn preflight(gateway: &Gateway<FakeHost>, target: &str, origin: (&'static str, &str)) -> Seen {
    let asked = ("access-control-request-method", "DELETE");
    send(gateway, Method::OPTIONS, target, &[origin, asked], "")
}

#[test]
fn pages_of_the_web_may_call_only_where_a_setting_says_so() {
    let gateway = gateway(&[("all", "")]);
    let host = gateway.client().host();
    let with_key = |origin| send(&gateway, Method::GET, JOB, &[origin, ("x-api-key", &key("all"))], "");
    let off = with_key(APP);
    assert_eq!((off.status, off.header("access-control-allow-origin"), off.header("vary")), (200, "", ""));
    assert_eq!(preflight(&gateway, JOB, APP).status, 401);

    host.reset("PENSTOCK_CORS_ORIGINS", "https://app.example.com, http://localhost:8080");
    host.pass(Duration::from_secs(1));
    let on = with_key(APP);
    assert_eq!((on.header("access-control-allow-origin"), on.header("vary")), (APP.1, "Origin"));
    assert!(on.header("access-control-expose-headers").contains("ratelimit-policy"));
    assert_eq!(on.header("access-control-allow-credentials"), "");
    assert_eq!(on.header("cross-origin-resource-policy"), "cross-origin");
    // A page may read as well why it was refused.
    let refused = send(&gateway, Method::GET, JOB, &[APP], "");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, APP.1));
    for other in
        ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://APP.example.com"]
    {
        let seen = with_key(("origin", other));
        assert_eq!((seen.status, seen.header("access-control-allow-origin")), (200, ""), "{other}");
        assert_eq!(
            (seen.header("vary"), seen.header("cross-origin-resource-policy")),
            ("Origin", "same-origin")
        );
        assert_eq!(preflight(&gateway, JOB, ("origin", other)).status, 401);
    }

    host.reset("PENSTOCK_CORS_ORIGINS", "*");
    host.pass(Duration::from_secs(1));
    let all = with_key(("origin", "https://anywhere.example"));
    assert_eq!((all.header("access-control-allow-origin"), all.header("vary")), ("*", ""));
}

#[test]
fn a_preflight_is_answered_without_a_key_and_alike_for_every_path() {
    let gateway = gateway(&[("all", "")]);
    gateway.client().host().reset("PENSTOCK_CORS_ORIGINS", "https://app.example.com");
    for target in [JOB, "/v1/nothing", "/ready", "/servicetitan/default/connect/token"] {
        let seen = preflight(&gateway, target, APP);
        assert_eq!((seen.status, seen.body.as_str()), (204, ""), "{target}");
        assert_eq!(seen.header("access-control-allow-origin"), APP.1);
        assert_eq!(seen.header("access-control-allow-methods"), "GET, HEAD, POST, PUT, PATCH, DELETE");
        let allowed: Vec<_> = seen.header("access-control-allow-headers").split(", ").collect();
        assert!(
            ["authorization", "x-api-key", "content-type", "x-deadline-ms"]
                .iter()
                .all(|name| allowed.contains(name))
        );
        assert!(!allowed.contains(&"x-forwarded-for") && !allowed.contains(&"origin"), "{allowed:?}");
        assert_eq!((seen.header("access-control-max-age"), seen.header("vary")), ("600", "Origin"));
    }
    // An OPTIONS that is no preflight needs a key, as everything does.
    assert_eq!(send(&gateway, Method::OPTIONS, JOB, &[APP], "").status, 401);
}

#[test]
fn browsers_may_do_nothing_with_an_answer_by_themselves() {
    let gateway = gateway(&[("all", "")]);
    for (target, status) in
        [(JOB, 200), ("/v1/nothing", 404), ("/nothing", 404), ("/live", 200), ("/ready", 200)]
    {
        let seen = get(&gateway, "all", target);
        assert_eq!(seen.status, status);
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(seen.header(name), value, "{target}");
        }
    }
}

#[test]
fn requests_and_refusals_are_counted_by_key_and_nothing_else_is_a_label() {
    let gateway = gateway(&[
        ("all", "role=admin"),
        ("crm", "modules=crm"),
        ("by", "rate=2/min;operations=jpm.jobs-list:1/h"),
    ]);
    let unnamed = api_key::generate(&[9; 32]);
    let hash = api_key::hash(unnamed.expose());
    gateway.client().host().reset("PENSTOCK_API_KEY_HASH", &hash);
    get(&gateway, "all", JOB);
    get(&gateway, "all", JOB);
    get(&gateway, "crm", JOB);
    send(&gateway, Method::GET, JOB, &[("x-api-key", unnamed.expose())], "");
    assert_eq!([JOBS, JOBS, JOB, JOB].map(|target| get(&gateway, "by", target).status), [200, 429, 200, 429]);
    get(&gateway, "all", "/servicetitan/default/jpm/v2/tenant/77/jobs/5");
    // Whatever strangers ask, they are one.
    for number in 0..20 {
        let (path, key) = (format!("/v1/canary-{number}"), format!("pk_canary_{number}"));
        send(&gateway, Method::GET, &path, &[("x-api-key", &key), ("user-agent", "canary")], "");
        send(&gateway, Method::GET, &format!("/canary-{number}"), &[], "");
    }
    let short = hash.strip_prefix("sha256:").unwrap().split_at(8).0;
    let text = get(&gateway, "all", "/metrics").body;
    for line in [
        r#"requests_total{key="all",route="operation",status="2xx"} 2"#,
        r#"requests_total{key="all",route="drop-in",status="2xx"} 1"#,
        r#"requests_total{key="by",route="operation",status="4xx"} 2"#,
        r#"requests_total{key="",route="other",status="4xx"} 40"#,
        &format!(r#"requests_total{{key="{short}",route="operation",status="2xx"}} 1"#),
        r#"refusals_total{key="crm",reason="forbidden"} 1"#,
        r#"refusals_total{key="by",reason="rate-limited"} 2"#,
        r#"refusals_total{key="",reason="unauthorized"} 20"#,
        r#"rate_limited_total{key="by",rate="jpm.jobs-list/hour"} 1"#,
        r#"rate_limited_total{key="by",rate="minute"} 1"#,
    ] {
        let line = format!("penstock_gateway_{line}");
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

const NOTES: &str = "/v1/servicetitan/default/crm/customers/5/notes";
const NOTE: &str = r#"{"text":"canary"}"#;

/// A gateway whose key `writer` may do everything, and whose log has nothing of less than an error.
fn writer() -> Gateway<FakeHost> {
    let gateway = gateway(&[("writer", "role=admin"), ("reader", "")]);
    gateway.client().host().reset("PENSTOCK_ROLE", "admin");
    gateway.client().host().reset("LOG_LEVEL", "error");
    gateway
}

fn write(gateway: &Gateway<FakeHost>, method: Method, target: &str, body: &'static str) -> Seen {
    send(gateway, method, target, &[("x-api-key", &key("writer")), JSON, ("x-correlation-id", "job 7")], body)
}

#[test]
fn each_write_and_each_act_of_administration_is_in_the_audit_and_no_body_is() {
    let gateway = writer();
    assert_eq!(get(&gateway, "writer", JOB).status, 200);
    assert_eq!(write(&gateway, Method::GET, "/health", "").status, 200);
    assert_eq!(lines(&gateway, "audit").len(), 0, "a read is no act");
    let written = write(&gateway, Method::POST, NOTES, NOTE);
    assert_eq!(written.status, 200, "{}", written.body);
    let audit = lines(&gateway, "audit");
    for (name, expected) in [
        ("level", json!("info")),
        ("key", json!("writer")),
        ("provider", json!("servicetitan")),
        ("account", json!("default")),
        ("operation", json!("crm.customers-create-note")),
        ("outcome", json!("applied")),
        ("http.response.status_code", json!(200)),
        ("call_id", json!(written.header("x-penstock-call-id"))),
        ("correlation_id", json!("job 7")),
    ] {
        assert_eq!(audit[0][name], expected, "{name}");
    }
    assert_eq!(audit[0]["trace_id"].as_str().map(str::len), Some(32));
    write(
        &gateway,
        Method::POST,
        "/v1/servicetitan/default/_invoke/crm.customers-create-note",
        r#"{"parameters":{"id":5},"body":{"text":"canary"}}"#,
    );
    write(&gateway, Method::POST, NOTES, "{}");
    write(&gateway, Method::POST, "/v1/_admin/invalidate/tokens", "");
    write(&gateway, Method::GET, "/v1/_admin/servicetitan/North/configuration", "");
    write(&gateway, Method::DELETE, "/v1/_admin/servicetitan/default/state", "");
    // Refused at the entrance.
    send(&gateway, Method::POST, NOTES, &[("x-api-key", &key("reader")), JSON], NOTE);
    let told: Vec<_> = lines(&gateway, "audit")
        .iter()
        .skip(1)
        .map(|line| {
            format!(
                "{} {} {}",
                line["operation"].as_str().unwrap(),
                line["account"],
                line["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"crm.customers-create-note "default" applied"#,
            r#"crm.customers-create-note "default" not-sent"#,
            "admin.invalidate-tokens null applied",
            r#"admin.configuration "North" applied"#,
            r#"admin.clear-state "default" not-sent"#,
        ]
    );
    let log = gateway.client().host().log.borrow();
    assert!(!log.contains("canary\"") && !log.contains("\"text\""), "{log}");
}

#[test]
fn each_write_of_a_batch_is_in_the_audit() {
    let gateway = writer();
    let calls = r#"{"calls":[{"operation":"jpm.jobs-get","parameters":{"id":5}},{"operation":"crm.customers-create-note","parameters":{"id":5},"body":{"text":"x"}},{"operation":"crm.customers-create-note","parameters":{"id":5},"body":{"txt":"x"}}]}"#;
    assert_eq!(write(&gateway, Method::POST, BATCH, calls).status, 200);
    let told: Vec<_> = lines(&gateway, "audit")
        .iter()
        .map(|line| {
            [&line["operation"], &line["outcome"], &line["key"]]
                .map(|text| text.as_str().unwrap().to_owned())
                .join(" ")
        })
        .collect();
    assert_eq!(
        told,
        ["crm.customers-create-note applied writer", "crm.customers-create-note not-sent writer"]
    );
    // Whose client is gone before the results are there may have been made.
    let headers = [("x-api-key", key("writer")), ("content-type", "application/json".to_owned())];
    let headers =
        headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap()));
    let head =
        Head { method: Method::POST, target: BATCH.to_owned(), headers: headers.into_iter().collect() };
    let answer = serve(&gateway, &head, Some(Box::new(Pieces(vec![calls])))).now_or_never().unwrap();
    drop(answer);
    let outcomes: Vec<_> =
        lines(&gateway, "audit").iter().skip(2).map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["unknown", "unknown"]);
}

#[test]
fn a_write_whose_client_is_gone_is_in_the_audit_with_an_unknown_outcome() {
    let gateway = writer();
    gateway.client().host().hold(true);
    let headers = [("x-api-key", key("writer")), ("content-type", "application/json".to_owned())];
    let headers =
        headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap()));
    let head =
        Head { method: Method::POST, target: NOTES.to_owned(), headers: headers.into_iter().collect() };
    let mut call = Box::pin(serve(&gateway, &head, Some(Box::new(Pieces(vec![NOTE])))));
    assert!((&mut call).now_or_never().is_none());
    assert_eq!(gateway.client().host().asked.borrow().len(), 1);
    assert_eq!(lines(&gateway, "audit").len(), 0);
    drop(call);
    let audit = lines(&gateway, "audit");
    assert_eq!(
        (audit.len(), &audit[0]["outcome"], audit[0].get("http.response.status_code")),
        (1, &json!("unknown"), None)
    );
}
