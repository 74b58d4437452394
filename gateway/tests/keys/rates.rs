//! How often a key, and an address without one, may ask.

use super::*;

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
