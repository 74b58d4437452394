//! Requests against the whole gateway but its binding to Spin.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "serve/calls.rs"]
mod calls;
#[path = "serve/drop_in.rs"]
mod drop_in;
mod fake;
#[path = "serve/files.rs"]
mod files;
#[path = "serve/forms.rs"]
mod forms;
#[path = "serve/health.rs"]
mod health;
#[path = "serve/idempotency.rs"]
mod idempotency;
#[path = "serve/openapi.rs"]
mod openapi;
#[path = "serve/operating.rs"]
mod operating;
#[path = "serve/own_routes.rs"]
mod own_routes;
#[path = "serve/trace.rs"]
mod trace;

use fake::{CANARY, FakeHost, Pieces, answer};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use penstock::{
    api_key,
    client::Client,
    entry::{stream_file::stream_file, stream_records::Sink},
    host::Response,
};
use penstock_gateway::{
    Answer, Gateway,
    listing::{Bytes, Ended},
    request::{Head, LONGEST_TARGET},
    serve,
};
use serde_json::{Value, json};
use std::time::Duration;

const JOBS: &str = "/v1/servicetitan/default/jpm/jobs";

struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
    ended: Option<Ended>,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn lines(&self) -> Vec<Value> {
        assert!(self.body.ends_with('\n'));
        self.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

struct Downstream(Vec<u8>);

impl Bytes for Downstream {
    async fn write(&mut self, mut bytes: Vec<u8>) -> usize {
        self.0.append(&mut bytes);
        0
    }
}

impl Sink<u8> for Downstream {
    async fn write(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        self.0.append(&mut bytes);
        bytes
    }
}

fn key() -> String {
    api_key::generate(&[7; 32]).expose().to_owned()
}

fn over(host: FakeHost) -> Gateway<FakeHost> {
    Gateway::new(Client::new(host))
}

/// A gateway that accepts [`key`].
fn gateway(provider: impl Fn(&str) -> Response + 'static) -> Gateway<FakeHost> {
    over(FakeHost::configured(provider).with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())))
}

fn ask_with(
    gateway: &Gateway<FakeHost>,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Seen {
    send(gateway, method, target, headers, vec!["abc", "def"])
}

/// Sends a request with a body in pieces.
fn send(
    gateway: &Gateway<FakeHost>,
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
    body: Vec<&'static str>,
) -> Seen {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let head = Head { method, target: target.to_owned(), headers: headers.collect() };
    let (head, body, ended) =
        match serve(gateway, &head, Some(Box::new(Pieces(body)))).now_or_never().unwrap() {
            Answer::Whole(response) => {
                let (head, body) = response.into_parts();
                (head, body, None)
            }
            Answer::Streamed(response, listing) => {
                let mut client = Downstream(Vec::new());
                let ended = listing.run(&mut client).now_or_never().unwrap();
                (response.into_parts().0, String::from_utf8(client.0).unwrap(), Some(ended))
            }
            Answer::File(response, file) => {
                let mut client = Downstream(Vec::new());
                let ended = stream_file(*file, &mut client).now_or_never().unwrap();
                let ended = if ended.is_ok() { Ended::Complete } else { Ended::Failed };
                (response.into_parts().0, String::from_utf8(client.0).unwrap(), Some(ended))
            }
        };
    let seen = Seen { status: head.status.as_u16(), headers: head.headers, body, ended };
    let told = format!("{:?} {}", seen.headers, seen.body);
    assert!(!told.contains(CANARY) && !gateway.client().host().log.borrow().contains(CANARY), "{told}");
    assert!(!told.contains(&key()), "{told}");
    assert!(["no-store", "private, no-cache"].contains(&seen.header("cache-control")));
    assert_eq!(seen.header("x-content-type-options"), "nosniff");
    seen
}

/// GET with the key.
fn get(gateway: &Gateway<FakeHost>, target: &str) -> Seen {
    ask_with(gateway, Method::GET, target, &[("authorization", &format!("Bearer {}", key()))])
}

/// A provider with two pages of two jobs and one of one; page `broken` is a 400.
fn pages(broken: u32) -> impl Fn(&str) -> Response {
    move |target| {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let number = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.parse::<u32>().ok())
        };
        let page = number("page").unwrap();
        if page == broken {
            return answer(400, r#"{"title":"no such page","traceId":"00-trace"}"#);
        }
        let ids = match page {
            1 => "{\"id\": 1, \"total\": 1.50, \"news\": {\r\n\"a\": 1}}, {\"id\": 2}",
            2 => r#"{"id": 3}, {"id": 4}"#,
            _ => r#"{"id": 5}"#,
        };
        let more = page < 3;
        answer(
            200,
            &format!(r#"{{"page":{page},"pageSize":2,"hasMore":{more},"totalCount":5,"data":[{ids}]}}"#),
        )
    }
}

#[test]
fn nobody_gets_in_without_a_key() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let ask = |headers: &[(&'static str, &str)]| ask_with(&gateway, Method::GET, JOBS, headers);
    let missing = ask(&[]);
    assert_eq!((missing.status, missing.header("www-authenticate")), (401, r#"Bearer realm="penstock""#));
    assert_eq!(missing.header("content-type"), "application/problem+json");
    assert_eq!(missing.json()["type"], "urn:penstock:gateway:unauthorized");
    let other = api_key::generate(&[8; 32]);
    let bearer = format!("Bearer {}", key());
    for headers in [
        &[("authorization", "Bearer wrong")][..],
        &[("x-api-key", other.expose())],
        &[("x-api-key", &api_key::hash(&key()))],
        &[("authorization", &bearer), ("x-api-key", other.expose())],
        &[("authorization", "Bearer")],
    ] {
        let seen = ask(headers);
        assert_eq!(seen.status, 401, "{headers:?}");
        assert!(seen.header("www-authenticate").contains("invalid_token"), "{headers:?}");
    }
    // Nor does anybody learn which paths there are.
    for target in
        ["/v1", "/v1/nothing", "/v1/servicetitan/default/jpm/jobs/%zz", &format!("{JOBS}?all=maybe")]
    {
        assert_eq!(ask_with(&gateway, Method::DELETE, target, &[]).status, 401, "{target}");
    }
}

#[test]
fn without_a_good_hash_the_gateway_is_shut() {
    let good = api_key::hash(&key());
    for hash in [None, Some(key()), Some(format!("{good},nonsense"))] {
        let host = FakeHost::configured(|_| panic!("asked the vendor"));
        if let Some(hash) = hash {
            host.reset("PENSTOCK_API_KEY_HASH", &hash);
        }
        let seen = get(&over(host), JOBS);
        assert_eq!(seen.status, 503);
        assert_eq!(seen.json()["type"], "urn:penstock:failure:configuration");
        assert_eq!(seen.json()["fields"][0]["field"], "PENSTOCK_API_KEY_HASH");
    }
}

#[test]
fn a_page_goes_on_where_the_one_before_ended() {
    let gateway = gateway(pages(0));
    let first = get(&gateway, &format!("{JOBS}?pageSize=2&includeTotal=true&jobStatus=completed"));
    assert_eq!((first.status, first.header("content-type")), (200, "application/json"));
    assert_eq!(first.header("content-length"), first.body.len().to_string());
    assert_eq!(first.header("x-penstock-call-id").len(), 16);
    let body = first.json();
    assert_eq!(body["page"], json!({"page": 1, "pageSize": 2, "hasMore": true, "totalCount": 5}));
    assert_eq!((&body["data"][0]["id"], &body["data"][0]["total"]), (&json!(1), &json!("1.50")));
    assert_eq!(
        *gateway.client().host().asked.borrow(),
        ["/jpm/v2/tenant/77/jobs?jobStatus=Completed&page=1&pageSize=2&includeTotal=true"]
    );
    let resume = body["resume"].as_str().unwrap();
    let second = get(&gateway, &format!("{JOBS}?jobStatus=completed&resume={resume}"));
    assert_eq!(second.json()["data"][0]["id"], 3);
    let both = get(&gateway, &format!("{JOBS}?jobStatus=completed&page=9&resume={resume}"));
    assert_eq!((both.status, &both.json()["fields"][0]["field"]), (400, &json!("page")));
}

#[test]
fn one_job_is_the_bare_record() {
    let gateway = gateway(|target| match target {
        "/jpm/v2/tenant/77/jobs/5" => answer(200, r#"{"id":5,"jobNumber":"J5"}"#),
        _ => answer(404, r#"{"title":"not found","traceId":"00-trace"}"#),
    });
    let found = get(&gateway, &format!("{JOBS}/5"));
    assert_eq!((found.status, &found.json()["jobNumber"]), (200, &json!("J5")));
    let missing = get(&gateway, &format!("{JOBS}/6"));
    let problem = missing.json();
    assert_eq!((missing.status, &problem["type"]), (404, &json!("urn:penstock:failure:not-found")));
    assert_eq!((&problem["vendorStatus"], &problem["vendorTraceId"]), (&json!(404), &json!("00-trace")));
    let call = format!("urn:penstock:call:{}", missing.header("x-penstock-call-id"));
    assert_eq!(problem["instance"], call);
    assert!(gateway.client().host().log.borrow().contains(missing.header("x-penstock-call-id")));
}

#[test]
fn all_pages_are_lines_and_the_last_one_says_so() {
    let gateway = gateway(pages(0));
    let seen = get(&gateway, &format!("{JOBS}?all=true&pageSize=2"));
    assert_eq!((seen.status, seen.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(seen.header("x-penstock-call-id").len(), 16);
    let mut lines = seen.lines();
    let end = lines.pop().unwrap();
    assert_eq!(lines.iter().map(|line| line["id"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let end = &end["penstock"]["end"];
    assert_eq!((&end["items"], &end["pages"], &end["complete"]), (&json!(5), &json!(3), &json!(true)));
    assert!(end["resume"].is_string());
    assert_eq!(seen.ended, Some(Ended::Complete));
}

#[test]
fn a_record_that_does_not_fit_is_given_or_left_out_where_that_is_asked_for() {
    let gateway = gateway(|_| {
        answer(
            200,
            r#"{"page":1,"hasMore":false,"data":[{"id":1},{"id":2,"createdOn":"yesterday"},{"id":3}]}"#,
        )
    });
    let failed = get(&gateway, &format!("{JOBS}?all=true")).lines();
    assert!(
        failed.last().unwrap()["penstock"]["failure"]["detail"].to_string().contains("id 2"),
        "{failed:?}"
    );
    for (choice, given) in [("raw", 3), ("skip", 2)] {
        let mut lines = get(&gateway, &format!("{JOBS}?all=true&onMisfit={choice}")).lines();
        let end = lines.pop().unwrap();
        let (end, named) = (&end["penstock"]["end"], &end["penstock"]["end"]["firstMisfits"][0]);
        assert_eq!((lines.len(), &end["items"], &end["misfits"]), (given, &json!(given), &json!(1)));
        assert_eq!((&named["id"], &named["path"]), (&json!("2"), &json!("$.data[1].createdOn")));
        let page = get(&gateway, &format!("{JOBS}?onMisfit={choice}")).json();
        assert_eq!((page["data"].as_array().unwrap().len(), &page["page"]["misfits"]), (given, &json!(1)));
        let marked = &page["data"][1]["$misfit"]["path"];
        assert_eq!(marked.as_str(), (choice == "raw").then_some("$.createdOn"));
    }
    let wrong = get(&gateway, &format!("{JOBS}?onMisfit=perhaps"));
    assert!(wrong.status == 400 && wrong.body.contains("onMisfit"), "{}", wrong.body);
}

#[test]
fn a_failure_in_the_middle_is_the_last_line_and_says_where_to_go_on() {
    let broken = gateway(pages(2));
    let seen = get(&broken, &format!("{JOBS}?all=true&pageSize=2"));
    let lines = seen.lines();
    let (last, records) = lines.split_last().unwrap();
    assert_eq!((seen.status, records.len(), seen.ended), (200, 2, Some(Ended::Failed)));
    let problem = &last["penstock"]["failure"];
    assert_eq!(
        (&problem["type"], &problem["status"]),
        (&json!("urn:penstock:failure:rejected"), &json!(422))
    );
    let resume = problem["resume"].as_str().unwrap();
    let mended = gateway(pages(0));
    let rest = get(&mended, &format!("{JOBS}?all=true&resume={resume}")).lines();
    assert_eq!((rest.len(), &rest[0]["id"]), (4, &json!(3)));
}

#[test]
fn a_list_that_fails_at_once_has_a_status() {
    let host = FakeHost::configured(|_| Response {
        headers: vec![("retry-after".to_owned(), "600".to_owned())],
        ..answer(429, "{}")
    });
    host.reset("PENSTOCK_API_KEY_HASH", &api_key::hash(&key()));
    let seen = get(&over(host), &format!("{JOBS}?all=true"));
    assert_eq!((seen.status, seen.header("retry-after"), seen.ended), (429, "600", None));
    assert_eq!(seen.json()["retry"], json!({"advice": "after", "afterMs": 600_000}));
    assert_eq!(seen.json()["attempts"][0]["status"], 429);
}

#[test]
fn head_is_get_without_the_body() {
    let gateway = gateway(pages(0));
    let key = key();
    let head = |target: &str| ask_with(&gateway, Method::HEAD, target, &[("x-api-key", &key)]);
    for (target, status) in
        [("/live", 200), (JOBS, 200), (&format!("{JOBS}?all=true"), 200), ("/nothing", 404)]
    {
        let (seen, got) = (head(target), get(&gateway, target));
        assert_eq!((seen.status, seen.body.as_str(), seen.ended), (status, "", None), "{target}");
        assert_eq!(seen.header("content-type"), got.header("content-type"), "{target}");
    }
}

#[test]
fn what_does_not_fit_is_named_before_anything_is_sent() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    for (target, fields) in [
        (format!("{JOBS}?page=0&jobState=x&number=%4"), vec!["number"]),
        (format!("{JOBS}?page=0&jobState=x"), vec!["page", "jobState"]),
        (format!("{JOBS}?all=true&page=2"), vec!["page"]),
        (format!("{JOBS}?all=yes"), vec!["all"]),
        (format!("{JOBS}?resume=a&resume=b"), vec!["resume"]),
        (format!("{JOBS}?resume=a"), vec!["resume"]),
        (format!("{JOBS}/seven"), vec!["id"]),
        (format!("{JOBS}/7?id=8"), vec!["id"]),
        (format!("{JOBS}/7?all=true"), vec!["all"]),
        ("/v1/servicetitan/a%20b/jpm/jobs".to_owned(), vec!["account"]),
    ] {
        let seen = get(&gateway, &target);
        let problem = seen.json();
        assert_eq!((seen.status, &problem["outcome"]), (400, &json!("not-sent")), "{target}");
        let named: Vec<_> =
            problem["fields"].as_array().unwrap().iter().map(|field| &field["field"]).collect();
        assert_eq!(named, fields, "{target}");
    }
    let bearer = format!("Bearer {}", key());
    let late =
        ask_with(&gateway, Method::GET, JOBS, &[("authorization", &bearer), ("x-deadline-ms", "soon")]);
    assert_eq!((late.status, &late.json()["fields"][0]["field"]), (400, &json!("X-Deadline-Ms")));
}

#[test]
fn other_methods_paths_and_lengths() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let bearer = format!("Bearer {}", key());
    let ask =
        |method: Method, target: &str| ask_with(&gateway, method, target, &[("authorization", &bearer)]);
    for (target, methods) in [
        (JOBS, "GET, HEAD, POST, OPTIONS"),
        ("/live", "GET, HEAD, OPTIONS"),
        ("/ready", "GET, HEAD, OPTIONS"),
        ("/v1/asleep/default/_batch", "POST, OPTIONS"),
    ] {
        let seen = ask(Method::PUT, target);
        assert_eq!((seen.status, seen.header("allow")), (405, methods), "{target}");
        let seen = ask(Method::OPTIONS, target);
        assert_eq!((seen.status, seen.header("allow"), seen.body.as_str()), (204, methods, ""), "{target}");
    }
    for target in ["/", "/v1/nothing", "/v1/servicetitan/default/jpm/job"] {
        let seen = ask(Method::GET, target);
        assert_eq!(
            (seen.status, &seen.json()["type"]),
            (404, &json!("urn:penstock:gateway:unknown-path")),
            "{target}"
        );
    }
    let longest = format!("/{}", "x".repeat(LONGEST_TARGET - 1));
    assert_eq!(ask(Method::GET, &longest).status, 404);
    assert_eq!(ask(Method::GET, &format!("{longest}x")).status, 414);
}

/// The settings that `/ready` names.
fn named(seen: &Seen) -> Vec<String> {
    let body = seen.json();
    let checks = body["checks"]["settings"].as_array().unwrap();
    checks.iter().map(|check| check["componentId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn ready_names_all_that_is_missing_to_who_has_a_key_and_live_does_not_care() {
    let hash = api_key::hash(&key());
    let empty = over(FakeHost::new(&[("RETRY_ATTEMPTS", "many"), ("PENSTOCK_API_KEY_HASH", &hash)]));
    let seen = get(&empty, "/ready");
    assert_eq!((seen.status, &seen.json()["status"]), (503, &json!("fail")));
    let all = [
        "RETRY_ATTEMPTS",
        "SERVICETITAN_CLIENT_ID",
        "SERVICETITAN_CLIENT_SECRET",
        "SERVICETITAN_APP_KEY",
        "SERVICETITAN_TENANT_ID",
    ];
    assert_eq!(named(&seen), all);
    let open = ask_with(&empty, Method::GET, "/ready", &[("x-api-key", "pk_wrong")]);
    assert_eq!((open.status, open.json().get("checks")), (503, None));
    let live = ask_with(&empty, Method::GET, "/live", &[]);
    assert_eq!((live.status, &live.json()["status"]), (200, &json!("pass")));
    let configured = gateway(|_| panic!("asked the vendor"));
    assert_eq!(ask_with(&configured, Method::GET, "/ready", &[]).status, 200);
    // Where nobody can have a key yet, what a key needs is named.
    let shut = ask_with(&over(FakeHost::new(&[])), Method::GET, "/ready", &[]);
    assert_eq!((shut.status, named(&shut)), (503, vec!["PENSTOCK_API_KEY_HASH".to_owned()]));
}

#[test]
fn the_accounts_that_ready_checks_are_a_setting() {
    let ready = |accounts: &str, further: &[(&str, &str)]| {
        let hash = api_key::hash(&key());
        let mut host = FakeHost::configured(|_| panic!("asked the vendor"))
            .with("PENSTOCK_API_KEY_HASH", &hash)
            .with("PENSTOCK_READY_ACCOUNTS", accounts);
        for (name, value) in further {
            host = host.with(name, value);
        }
        get(&over(host), "/ready")
    };
    assert_eq!(ready("servicetitan", &[]).status, 200);
    assert_eq!(named(&ready("asleep", &[])), ["ASLEEP_API_KEY"]);
    assert_eq!(ready("asleep", &[("ASLEEP_API_KEY", CANARY)]).status, 200);
    // Each of them; a common setting is named once.
    let both = ready("servicetitan/west, asleep", &[("RETRY_ATTEMPTS", "many")]);
    let lacks = [
        "RETRY_ATTEMPTS",
        "PENSTOCK_ACCOUNT_WEST_SERVICETITAN_CLIENT_ID",
        "PENSTOCK_ACCOUNT_WEST_SERVICETITAN_CLIENT_SECRET",
        // The app key is the default account's.
        "PENSTOCK_ACCOUNT_WEST_SERVICETITAN_TENANT_ID",
        "ASLEEP_API_KEY",
    ];
    assert_eq!((both.status, named(&both)), (503, lacks.map(str::to_owned).to_vec()));
    for wrong in ["servicetitan,", "acme", "servicetitan/a b", "asleep/"] {
        let seen = ready(wrong, &[]);
        assert_eq!((seen.status, named(&seen)), (503, vec!["PENSTOCK_READY_ACCOUNTS".to_owned()]), "{wrong}");
    }
}

#[test]
fn settings_are_read_at_most_once_a_second_however_many_ask() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    let host = gateway.client().host();
    let without_key = |times: u32| {
        let before = host.reads.get();
        for _ in 0..times {
            assert_eq!(ask_with(&gateway, Method::GET, "/ready", &[]).status, 200);
            assert_eq!(ask_with(&gateway, Method::GET, JOBS, &[("x-api-key", "pk_wrong")]).status, 401);
        }
        host.reads.get() - before
    };
    let once = without_key(1);
    assert!(once > 10, "{once}");
    assert_eq!(without_key(50), 0);
    host.pass(Duration::from_secs(1));
    assert_eq!(without_key(50), once);
}

#[test]
fn a_key_that_is_taken_away_is_out_within_a_second() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    let job = format!("{JOBS}/5");
    assert_eq!(get(&gateway, &job).status, 200);
    let host = gateway.client().host();
    host.reset("PENSTOCK_API_KEY_HASH", &api_key::hash(api_key::generate(&[8; 32]).expose()));
    host.pass(Duration::from_secs(1));
    assert_eq!(get(&gateway, &job).status, 401);
}

#[test]
fn the_correlation_id_goes_to_the_log_and_back() {
    let gateway = gateway(pages(0));
    let bearer = format!("Bearer {}", key());
    let ask = |id: &str| {
        ask_with(&gateway, Method::GET, JOBS, &[("authorization", &bearer), ("x-correlation-id", id)])
    };
    assert_eq!(ask("import 7").header("x-correlation-id"), "import 7");
    assert!(gateway.client().host().log.borrow().contains(r#""correlation_id":"import 7""#));
    // Whoever names none, or something else, is given one.
    let odd = ask(&"x".repeat(129));
    let given = odd.header("x-correlation-id");
    assert_eq!((odd.status, given.len()), (200, 32));
    assert!(gateway.client().host().log.borrow().contains(&format!(r#""correlation_id":"{given}""#)));
    let refused = ask_with(&gateway, Method::GET, JOBS, &[]);
    assert_eq!((refused.status, refused.header("x-correlation-id").len()), (401, 32));
}
