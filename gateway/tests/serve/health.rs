//! What `/health` says of accounts, tokens and the store.

use super::*;

const MORE: &str = r#"{"north": {"SERVICETITAN_CLIENT_ID": "canary-7f3a"}}"#;

fn health(gateway: &Gateway<FakeHost>) -> Value {
    get(gateway, "/health").json()
}

/// The check of a component.
fn check(told: &Value, name: &str, component: &str) -> Value {
    let all = told["checks"][name].as_array().unwrap_or_else(|| panic!("{name} in {told}"));
    let found = all.iter().find(|check| check["componentId"] == component);
    found.unwrap_or_else(|| panic!("{component} in {told}")).clone()
}

#[test]
fn health_names_what_each_account_lacks_and_ready_cares_only_for_its_own() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let host = gateway.client().host();
    host.reset("PENSTOCK_ACCOUNTS", MORE);
    host.reset("PENSTOCK_READY_ACCOUNTS", "servicetitan,asleep");
    host.reset("ASLEEP_API_KEY", CANARY);
    let told = health(&gateway);
    assert_eq!(told["status"], "warn");
    for whole in ["servicetitan/default", "asleep/default"] {
        assert_eq!(check(&told, "configuration", whole), json!({"componentId": whole, "status": "pass"}));
    }
    let north = check(&told, "configuration", "servicetitan/north");
    assert_eq!(north["status"], "fail");
    for name in ["CLIENT_SECRET", "TENANT_ID"] {
        let name = format!("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_{name} is not set");
        assert!(north["output"].as_str().unwrap().contains(&name), "{north}");
    }
    assert_eq!(get(&gateway, "/ready").status, 200);
    // Of what lacks settings nothing is said of tokens, and neither of a key that goes with each request.
    assert_eq!(
        told["checks"]["token:expiry"],
        json!([{"componentId": "servicetitan/default", "status": "pass",
            "output": "there is none: the next call asks for one"}])
    );
    // An account that `/ready` checks is no matter of a warning.
    host.reset("PENSTOCK_READY_ACCOUNTS", "servicetitan/north");
    host.pass(Duration::from_secs(10));
    let seen = get(&gateway, "/health");
    assert_eq!((seen.status, &seen.json()["status"]), (503, &json!("fail")));
    assert_eq!(check(&seen.json(), "configuration", "servicetitan/north")["status"], "fail");
}

#[test]
fn health_tells_how_old_a_token_is_and_fetches_none() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    let host = gateway.client().host();
    let job = format!("{JOBS}/5");
    assert_eq!(get(&gateway, &job).status, 200);
    host.pass(Duration::from_secs(100));
    let told = health(&gateway);
    let (age, serves) = (
        check(&told, "token:age", "servicetitan/default"),
        check(&told, "token:expiry", "servicetitan/default"),
    );
    let within = |check: &Value, from: u64, to: u64| {
        let value = check["observedValue"].as_u64().unwrap();
        assert!((from..=to).contains(&value), "{check}");
        assert_eq!((&check["status"], &check["observedUnit"]), (&json!("pass"), &json!("s")));
    };
    within(&age, 100, 102);
    // Of 900 s it is not used in the last 30.
    within(&serves, 767, 770);
    host.pass(Duration::from_secs(900));
    let told = health(&gateway);
    assert!(check(&told, "token:expiry", "servicetitan/default").get("observedValue").is_none());
    assert_eq!(told["checks"].get("token:age"), None);
    let metrics = get(&gateway, "/metrics").body;
    assert!(metrics.contains("penstock_token_fetches_total 1\n"), "{metrics}");
}

#[test]
fn health_warns_of_an_account_that_gets_no_token() {
    let mut host = FakeHost::configured(|_| panic!("asked the vendor"))
        .with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key()));
    host.token = Box::new(|| answer(400, r#"{"error":"invalid_client"}"#));
    let gateway = over(host);
    assert_eq!(get(&gateway, &format!("{JOBS}/5")).status, 502);
    let told = health(&gateway);
    let token = check(&told, "token:expiry", "servicetitan/default");
    assert_eq!((&told["status"], &token["status"]), (&json!("warn"), &json!("warn")));
    assert!(token["output"].as_str().unwrap().starts_with("there is none: the vendor refused it"), "{token}");
}

#[test]
fn a_stranger_is_told_the_same_status_and_nothing_else() {
    for (settings, status) in
        [(&[][..], "warn"), (&[("PENSTOCK_ACCOUNTS", MORE)], "warn"), (&[("RETRY_ATTEMPTS", "x")], "fail")]
    {
        let gateway = gateway(|_| panic!("asked the vendor"));
        for (name, value) in settings {
            gateway.client().host().reset(name, value);
        }
        for headers in [&[][..], &[("x-api-key", "pk_wrong")]] {
            let stranger = ask_with(&gateway, Method::GET, "/health", headers).json();
            assert_eq!(stranger, json!({"status": status, "releaseId": env!("CARGO_PKG_VERSION")}));
        }
        assert_eq!(health(&gateway)["status"], status);
    }
}

#[test]
fn health_reads_at_most_once_a_second_however_many_ask() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let host = gateway.client().host();
    host.reset("PENSTOCK_ACCOUNTS", MORE);
    let reads = |times: u32| {
        let before = host.reads.get();
        for _ in 0..times {
            ask_with(&gateway, Method::GET, "/health", &[]);
        }
        host.reads.get() - before
    };
    let first = reads(1);
    assert_eq!((first > 20, reads(50)), (true, 0));
    host.pass(Duration::from_secs(1));
    // What costs more holds for longer.
    let again = reads(50);
    assert!(again > 10 && again < first, "{again} {first}");
    host.pass(Duration::from_secs(10));
    assert_eq!(reads(50), first);
}

#[test]
fn whoever_asks_whether_it_lives_makes_it_do_nothing() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let host = gateway.client().host();
    host.unreadable.borrow_mut().insert("PENSTOCK_API_KEYS".to_owned());
    assert_eq!(ask_with(&gateway, Method::GET, "/live", &[]).status, 200);
    assert_eq!((host.reads.get(), host.log.borrow().as_str()), (0, ""));
}
