//! What whoever runs the gateway does with the outbox.

use super::*;

/// A deployment with two events that are dead, and one that waits.
fn with_dead() -> Deployment {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| if asked < 2 { Reply::status(410, "") } else { Reply::status(500, "") });
    take_in(&all, &[(1, "a"), (2, "b")]);
    all.later(Duration::ZERO);
    take_in(&all, &[(3, "c")]);
    all.later(Duration::ZERO);
    all
}

fn get(all: &Deployment, target: &str) -> Seen {
    all.host.run(ask(&all.another(), "GET", target))
}

fn entries(seen: &Seen) -> Vec<serde_json::Value> {
    seen.json()["entries"].as_array().unwrap().clone()
}

#[test]
fn nobody_sees_or_does_anything_without_a_key() {
    let all = with_dead();
    let id = entries(&get(&all, "/v1/_outbox"))[0]["id"].as_str().unwrap().to_owned();
    let before = all.stored();
    for (method, target) in [
        ("GET", "/v1/_outbox".to_owned()),
        ("POST", "/v1/_outbox/drain".to_owned()),
        ("GET", format!("/v1/_outbox/{id}")),
        ("DELETE", format!("/v1/_outbox/{id}")),
        ("POST", format!("/v1/_outbox/{id}/replay")),
    ] {
        let seen = all.host.run(request(&all.another(), method, &target, &[], None));
        assert_eq!(seen.status, 401, "{method} {target}");
    }
    assert_eq!(all.stored(), before);
}

/// It has the events of all accounts and modules.
#[test]
fn a_key_that_may_not_administer_all_sees_nothing() {
    let all = with_dead();
    let id = entries(&get(&all, "/v1/_outbox"))[0]["id"].as_str().unwrap().to_owned();
    let before = all.stored();
    let mine = penstock::api_key::generate(&[9; 32]).expose().to_owned();
    for restriction in ["role=operator", "role=read-only", "role=admin;accounts=default"] {
        let named = format!("mine={};{restriction}", penstock::api_key::hash(&mine));
        all.set("PENSTOCK_API_KEYS", &named);
        for (method, target) in [
            ("GET", "/v1/_outbox".to_owned()),
            ("POST", "/v1/_outbox/drain".to_owned()),
            ("GET", format!("/v1/_outbox/{id}")),
            ("DELETE", format!("/v1/_outbox/{id}")),
            ("POST", format!("/v1/_outbox/{id}/replay")),
        ] {
            let seen = all.host.run(request(&all.another(), method, &target, &[("x-api-key", &mine)], None));
            assert_eq!(seen.status, 403, "{restriction} {method} {target} {}", seen.body);
        }
    }
    assert_eq!(all.stored(), before);
    all.set("PENSTOCK_API_KEYS", &format!("mine={};role=admin", penstock::api_key::hash(&mine)));
    let seen = all.host.run(request(&all.another(), "GET", "/v1/_outbox", &[("x-api-key", &mine)], None));
    assert_eq!(seen.status, 200, "{}", seen.body);
}

#[test]
fn what_waits_and_what_is_dead_is_listed_page_by_page() {
    let all = with_dead();
    assert_eq!(entries(&get(&all, "/v1/_outbox?state=dead")).len(), 2);
    let waiting = entries(&get(&all, "/v1/_outbox?state=waiting"));
    let [row] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!(
        [&row["destination"], &row["configured"], &row["attempts"], &row["why"], &row["tenant"]],
        [&json!("crm"), &json!(true), &json!(1), &json!("HTTP 500"), &json!("servicetitan/production/77")]
    );
    assert!(row["due"].as_str().unwrap().starts_with("2026-11-20T10:00:05"), "{row}");
    assert!(row["received"].as_str().unwrap().starts_with("2026-11-20T10:00:0"), "{row}");
    let (mut seen, mut target) = (Vec::new(), "/v1/_outbox?limit=1".to_owned());
    loop {
        let page = get(&all, &target);
        assert!(!page.body.contains("job-completed"));
        seen.extend(entries(&page).into_iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(after) = page.json()["after"].as_str().map(str::to_owned) else { break };
        target = format!("/v1/_outbox?limit=1&after={after}");
    }
    assert!(seen.len() == 3 && seen.is_sorted(), "{seen:?}");
    for query in ["state=done", "limit=0", "limit=1001", "limit=x", "page=1", "after=1&after=2"] {
        assert_eq!(get(&all, &format!("/v1/_outbox?{query}")).status, 400, "{query}");
    }
}

#[test]
fn what_is_dead_is_seen_and_replayed() {
    let all = with_dead();
    all.destination("crm", |_| Reply::ok(""));
    all.forget();
    let dead = entries(&get(&all, "/v1/_outbox?state=dead"));
    let id = dead[0]["id"].as_str().unwrap();
    let shown = get(&all, &format!("/v1/_outbox/{id}")).json();
    assert_eq!(
        [&shown["state"], &shown["type"], &shown["content"]["type"]],
        ["dead", "tn.jpm.job-completed", "tn.jpm.job-completed"]
    );
    let gateway = all.another();
    all.host.run(async {
        assert_eq!(ask(&gateway, "POST", &format!("/v1/_outbox/{id}/replay")).await.status, 202);
        after(&gateway).await;
    });
    let [got] = &all.got()[..] else { panic!("{:?}", all.got()) };
    assert_eq!((&got.body, got.id.as_str()), (&shown["content"], shown["webhookId"].as_str().unwrap()));
    assert_eq!(get(&all, &format!("/v1/_outbox/{id}")).status, 404);
    assert_eq!(entries(&get(&all, "/v1/_outbox?state=dead")).len(), 1);
}

#[test]
fn what_nobody_wants_is_removed() {
    let all = with_dead();
    all.destination("crm", |_| Reply::ok(""));
    let gateway = all.another();
    for row in entries(&get(&all, "/v1/_outbox")) {
        let target = format!("/v1/_outbox/{}", row["id"].as_str().unwrap());
        assert_eq!(all.host.run(ask(&gateway, "DELETE", &target)).status, 204);
        assert_eq!(all.host.run(ask(&gateway, "DELETE", &target)).status, 404);
    }
    all.forget();
    all.later(HOUR * 100);
    assert_eq!((all.got().len(), all.stored().len()), (0, 0));
    // And does not come again.
    assert_eq!(all.send(&all.another(), 1, "a").status, 200);
}

#[test]
fn what_is_being_handed_on_is_left_alone() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::ok("").after(SECOND * 3));
    take_in(&all, &[(1, "a")]);
    let id = entries(&get(&all, "/v1/_outbox"))[0]["id"].as_str().unwrap().to_owned();
    let (one, other) = (all.another(), all.another());
    let statuses = all.host.run(async {
        let meddle = async {
            all.host.wait(SECOND).await;
            let target = format!("/v1/_outbox/{id}");
            let dropped = ask(&other, "DELETE", &target).await.status;
            let replayed = ask(&other, "POST", &format!("{target}/replay")).await.status;
            [dropped, replayed]
        };
        join(ask(&one, "POST", "/v1/_outbox/drain"), meddle).await.1
    });
    assert_eq!((statuses, all.taken("crm").len()), ([409, 409], 1));
}

#[test]
fn a_drain_ends_in_time() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::ok("").after(SECOND));
    let events: Vec<_> = (0..60).map(|number| (1, format!("e{number:02}"))).collect();
    let events: Vec<_> = events.iter().map(|(job, event)| (*job, event.as_str())).collect();
    take_in(&all, &events);
    all.host.run(all.host.wait(SECOND));
    let (before, gateway) = (all.host.elapsed(), all.another());
    let headers = [("x-api-key", &*key()), ("x-deadline-ms", "4500")];
    let seen = all.host.run(request(&gateway, "POST", "/v1/_outbox/drain", &headers, None));
    assert_eq!(seen.json(), json!({"delivered": 5, "failed": 0, "dead": 0, "left": 55}));
    assert_eq!(all.host.elapsed() - before, SECOND * 5);
}

#[test]
fn other_paths_and_methods_are_refused() {
    let all = Deployment::new(&["crm"]);
    let ask = |method, target| all.host.run(ask(&all.gateway(), method, target));
    assert_eq!(ask("GET", "/v1/_outbox").status, 200);
    for (method, target, allow) in [
        ("POST", "/v1/_outbox", "GET, HEAD"),
        ("GET", "/v1/_outbox/drain", "POST"),
        ("PUT", "/v1/_outbox/x", "GET, HEAD, DELETE"),
        ("GET", "/v1/_outbox/x/replay", "POST"),
    ] {
        let seen = ask(method, target);
        assert_eq!((seen.status, seen.headers["allow"].to_str().unwrap()), (405, allow), "{method} {target}");
    }
    for (method, target) in [
        ("GET", "/v1/_outbox/x"),
        ("DELETE", "/v1/_outbox/x"),
        ("POST", "/v1/_outbox/x/replay"),
        ("GET", "/v1/_outbox/x/y/z"),
        ("GET", "/v1/_outboxes"),
    ] {
        assert_eq!(ask(method, target).status, 404, "{method} {target}");
    }
}
