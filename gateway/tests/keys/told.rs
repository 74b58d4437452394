//! What is told of requests by the name of the key: log lines, counters and the audit.

use super::*;

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
