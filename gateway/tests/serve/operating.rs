//! What whoever runs the gateway asks it.

use super::*;

fn ask(gateway: &Gateway<FakeHost>, method: Method, target: &str) -> Seen {
    ask_with(gateway, method, target, &[("x-api-key", &key())])
}

#[test]
fn metrics_are_prometheus_text_for_who_has_a_key() {
    let gateway = gateway(pages(0));
    get(&gateway, JOBS);
    assert_eq!(ask_with(&gateway, Method::GET, "/metrics", &[]).status, 401);
    let seen = ask(&gateway, Method::GET, "/metrics");
    assert_eq!((seen.status, seen.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        r#"penstock_calls_total{operation="jpm.jobs-list",result="ok"} 1"#,
        "penstock_gateway_ready 1",
        // The store of this host takes nothing.
        "penstock_shared_state_available 0",
    ] {
        assert!(seen.body.lines().any(|found| found == line), "{line}: {}", seen.body);
    }
    assert!(seen.body.ends_with('\n') && !seen.body.contains("77"), "no tenant is a label");
}

#[test]
fn health_tells_strangers_its_status_and_who_has_a_key_why() {
    let gateway = gateway(|_| answer(503, "{}"));
    let stranger = ask_with(&gateway, Method::GET, "/health", &[]);
    // The store of this host takes nothing: calls work, and somebody should look.
    assert_eq!((stranger.status, stranger.json()["status"].as_str()), (200, Some("warn")));
    assert_eq!(stranger.json().get("checks"), None);
    let host = gateway.client().host();
    host.reset("RETRY_ATTEMPTS", "1");
    for _ in 0..40 {
        get(&gateway, &format!("{JOBS}/5"));
    }
    let told = ask(&gateway, Method::GET, "/health").json();
    let breaker = &told["checks"]["circuit-breaker"][0];
    assert_eq!((&told["status"], &breaker["status"]), (&json!("warn"), &json!("warn")), "{told}");
    assert_eq!(
        (&breaker["observedValue"], &breaker["componentId"]),
        (&json!("open"), &json!("servicetitan/production/77"))
    );
    // That the vendor is down is no reason to send requests elsewhere.
    assert_eq!(ask(&gateway, Method::GET, "/ready").status, 200);
    let empty = over(FakeHost::new(&[]));
    let seen = ask_with(&empty, Method::GET, "/health", &[]);
    assert_eq!((seen.status, seen.json()["status"].as_str()), (503, Some("fail")));
}

#[test]
fn an_administrator_sees_and_forgets() {
    let gateway = gateway(pages(0));
    get(&gateway, JOBS);
    let snapshot = ask(&gateway, Method::GET, "/v1/_admin/snapshot").json();
    assert_eq!(
        (&snapshot["calls"][0]["operation"], &snapshot["tokenFetches"]),
        (&json!("jpm.jobs-list"), &json!(1))
    );
    assert_eq!(ask(&gateway, Method::POST, "/v1/_admin/invalidate/tokens").status, 204);
    get(&gateway, JOBS);
    let snapshot = ask(&gateway, Method::GET, "/v1/_admin/snapshot").json();
    assert_eq!(snapshot["tokenFetches"], 2);
    // The store of this host has nothing to tell.
    let state = ask(&gateway, Method::GET, "/v1/_admin/servicetitan/default/state");
    assert_eq!(state.json()["type"], "urn:penstock:failure:host", "{}", state.body);
    for (method, target, status, field) in [
        (Method::GET, "/v1/_admin/snapshot?x=1", 400, "x"),
        (Method::DELETE, "/v1/_admin/servicetitan/default/state?kinds=tokens", 400, "kinds"),
        (Method::DELETE, "/v1/_admin/servicetitan/default/state", 400, "kinds"),
        (Method::GET, "/v1/_admin/servicetitan/a%20b/configuration", 400, "account"),
        (Method::POST, "/v1/_admin/invalidate/everything", 404, ""),
        (Method::GET, "/v1/_admin/nobody/default/state", 404, ""),
        (Method::GET, "/v1/_admin/invalidate/tokens", 405, ""),
    ] {
        let seen = ask(&gateway, method, target);
        assert_eq!(
            (seen.status, seen.json()["fields"][0]["field"].as_str()),
            (status, Some(field).filter(|field| !field.is_empty())),
            "{target}"
        );
    }
    assert_eq!(
        ask(&gateway, Method::DELETE, "/v1/_admin/asleep/default/owners/u1").status,
        503,
        "no key of Asleep"
    );
}

#[test]
fn the_configuration_shows_no_secret() {
    let gateway = gateway(pages(0));
    gateway.client().host().reset("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_TENANT_ID", "78");
    let of = |account: &str| {
        ask(&gateway, Method::GET, &format!("/v1/_admin/servicetitan/{account}/configuration")).json()
    };
    let find = |told: &Value, name: &str| {
        let all = told["settings"].as_array().unwrap().clone();
        all.into_iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name} in {told}"))
    };
    let told = of("default");
    assert_eq!(
        find(&told, "SERVICETITAN_CLIENT_SECRET"),
        json!({"name": "SERVICETITAN_CLIENT_SECRET", "set": true, "secret": true})
    );
    assert_eq!(
        find(&told, "LOG_LEVEL"),
        json!({"name": "LOG_LEVEL", "set": true, "secret": false, "value": "debug"})
    );
    let attempts = find(&told, "RETRY_ATTEMPTS");
    assert_eq!((&attempts["set"], attempts["value"].is_string()), (&json!(false), true));
    assert_eq!(find(&told, "PENSTOCK_API_KEY_HASH")["set"], true);
    let north = of("north");
    assert_eq!(find(&north, "PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_TENANT_ID")["value"], "78");
    assert_eq!(find(&north, "PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_CLIENT_SECRET")["set"], false);
}
