//! What `/health` says of the outbox and of a store that is away.

use super::*;
use penstock::host::simulated::Conduct;

fn health(
    all: &Deployment,
    gateway: &penstock_gateway::Gateway<penstock::host::simulated::Simulated>,
) -> serde_json::Value {
    all.host.run(ask(gateway, "GET", "/health")).json()
}

fn value<'t>(told: &'t serde_json::Value, check: &str, at: usize) -> (&'t str, Option<u64>) {
    let check = &told["checks"][check][at];
    (check["status"].as_str().unwrap_or_else(|| panic!("{told}")), check["observedValue"].as_u64())
}

#[test]
fn health_counts_what_waits_and_what_is_dead_and_tells_the_age_of_the_oldest() {
    let all = Deployment::new(&["crm", "erp"]);
    all.destination("crm", |asked| if asked < 2 { Reply::status(410, "") } else { Reply::status(500, "") });
    take_in(&all, &[(1, "a"), (2, "b")]);
    all.later(Duration::ZERO);
    all.destination("erp", |_| Reply::status(500, ""));
    take_in(&all, &[(3, "c")]);
    all.later(Duration::ZERO);
    all.host.run(all.host.wait(MINUTE));
    let gateway = all.another();
    let told = health(&all, &gateway);
    assert_eq!(told["status"], "warn");
    // Two events have one destination left, at which they are dead; the third waits for both.
    assert_eq!(value(&told, "outbox:waiting", 0), ("pass", Some(3)), "{told}");
    assert_eq!(value(&told, "outbox:waiting", 1), ("pass", Some(2)), "{told}");
    assert_eq!(value(&told, "outbox:dead", 0), ("warn", Some(2)), "{told}");
    // Alarms watch the same numbers.
    let gauges = all.host.run(ask(&gateway, "GET", "/metrics")).body;
    for line in [
        "penstock_outbox_events 3",
        "penstock_outbox_deliveries{state=\"waiting\"} 2",
        "penstock_outbox_deliveries{state=\"dead\"} 2",
        "penstock_outbox_full 0",
    ] {
        assert!(gauges.lines().any(|found| found == line), "{line}: {gauges}");
    }
    let (status, age) = value(&told, "outbox:oldest", 0);
    assert!(status == "pass" && (60..64).contains(&age.unwrap()), "{told}");
    // What is gone is gone, and what waits for an hour is a warning.
    all.destination("crm", |_| Reply::ok(""));
    all.host.run(all.host.wait(HOUR));
    assert_eq!(value(&health(&all, &gateway), "outbox:oldest", 0).0, "warn");
    all.destination("erp", |_| Reply::ok(""));
    all.later(Duration::ZERO);
    all.host.run(all.host.wait(SECOND * 10));
    let told = health(&all, &gateway);
    assert_eq!((value(&told, "outbox:waiting", 1).1, told["checks"].get("outbox:oldest")), (Some(0), None));
}

#[test]
fn health_says_that_the_outbox_is_full() {
    let all = Deployment::new(&["crm"]);
    all.set("PENSTOCK_OUTBOX_ENTRIES", "2");
    all.destination("crm", |_| Reply::status(500, ""));
    take_in(&all, &[(1, "a"), (2, "b")]);
    assert_eq!(all.send(&all.another(), 3, "c").status, 503);
    let gateway = all.another();
    let told = health(&all, &gateway);
    assert_eq!((&told["status"], value(&told, "outbox:waiting", 0)), (&json!("warn"), ("fail", Some(2))));
    assert!(told["checks"]["outbox:waiting"][0]["output"].as_str().unwrap().starts_with("it is full"));
}

#[test]
fn health_waits_a_moment_for_a_dead_store_and_then_leaves_it_alone() {
    let all = Deployment::new(&["crm"]);
    all.store.behave(Conduct { latency: HOUR, ..Conduct::default() });
    let gateway = all.another();
    let began = all.host.elapsed();
    let told = health(&all, &gateway);
    let took = all.host.elapsed() - began;
    assert!(took < MILLI * 1_100, "{took:?}");
    let store = &told["checks"]["shared-state"][0];
    assert_eq!(
        (&told["status"], &store["status"], &store["componentId"]),
        (&json!("warn"), &json!("warn"), &json!("key-value"))
    );
    let output = told["checks"]["outbox:waiting"][0]["output"].as_str().unwrap();
    assert!(output.starts_with("the store did not answer"), "{told}");
    // Whoever asks again within a second waits for nothing.
    let began = all.host.elapsed();
    for _ in 0..20 {
        health(&all, &gateway);
    }
    assert_eq!(all.host.elapsed(), began);
    // And it is told for how long the store is left alone.
    all.host.run(all.host.wait(SECOND));
    let told = health(&all, &gateway);
    let output = told["checks"]["shared-state"][0]["output"].as_str().unwrap();
    assert!(output.contains("leave it alone for another") && output.ends_with(" ms"), "{told}");
    all.store.behave(Conduct::default());
    all.host.run(all.host.wait(SECOND * 31));
    let told = health(&all, &gateway);
    assert_eq!((&told["status"], value(&told, "outbox:waiting", 0).0), (&json!("pass"), "pass"), "{told}");
}
