//! Webhooks from the provider's POST to the outbox.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod deployment;

use deployment::*;
use futures_util::future::{Either, join, join_all, select};
use penstock::host::simulated::{Conduct, Reply};
use std::{pin::pin, time::Duration};

#[test]
fn an_event_is_taken_in_and_handed_on_once() {
    let all = Deployment::new(&["crm"]);
    let gateway = all.gateway();
    let began = all.host.elapsed();
    let seen = all.send(&gateway, 1, "a");
    assert_eq!((seen.status, seen.body.as_str()), (202, "{}"));
    assert!(all.host.elapsed() - began < MILLI * 100);
    assert!(all.got().is_empty());
    all.host.run(after(&gateway));
    let [got] = &all.got()[..] else { panic!("{:?}", all.got()) };
    assert_eq!((got.path.as_str(), got.what()), ("/hook", (1, "a".to_owned())));
    let body = &got.body;
    assert_eq!(body["id"], got.id);
    assert_eq!(
        [
            &body["type"],
            &body["timestamp"],
            &body["provider"],
            &body["account"],
            &body["tenant"],
            &body["trust"]
        ],
        ["tn.jpm.job-completed", "2026-11-20T10:00:00Z", "servicetitan", "default", "77", "signed"]
    );
    assert_eq!(body["subjects"], serde_json::json!([{"name": "job", "id": "1"}]));
    assert_eq!(all.stored(), [""; 0]);
    // Again, to the same instance and to another one.
    assert_eq!(all.send(&gateway, 1, "a").status, 200);
    assert_eq!(all.send(&all.another(), 1, "a").status, 200);
    all.host.run(after(&gateway));
    assert_eq!(all.got().len(), 1);
}

#[test]
fn an_answer_takes_a_tenth_of_a_second_at_most() {
    let all = Deployment::new(&["crm", "erp"]);
    all.slow(MILLI * 2);
    let gateway = all.another();
    let began = all.host.elapsed();
    assert_eq!(all.send(&gateway, 1, "a").status, 202);
    let took = all.host.elapsed() - began;
    assert!(took < MILLI * 100, "{took:?}");
}

#[test]
fn of_many_that_deliver_one_event_at_once_one_is_believed() {
    let all = Deployment::new(&["crm"]);
    all.slow(MILLI);
    let gateways: Vec<_> = (0..4).map(|_| all.another()).collect();
    let sent = (0..12).map(|at| deliver(&gateways[at % 4], 1, "a"));
    let mut seen: Vec<_> = all.host.run(join_all(sent)).iter().map(|seen| seen.status).collect();
    seen.sort_unstable();
    assert_eq!(seen[0], 202);
    assert!(seen[1..].iter().all(|status| *status == 503), "{seen:?}");
    all.host.run(join_all(gateways.iter().map(after)));
    assert_eq!(all.taken("crm").len(), 1);
}

#[test]
fn what_is_not_the_providers_is_refused_without_a_word_of_why() {
    let all = Deployment::new(&["crm"]);
    let gateway = all.gateway();
    let body = cloud_event(1, "a");
    let good = signature(body.as_bytes());
    let other_tenant = body.replace(":77", ":78");
    let no_event = "{}";
    let large = "x".repeat(1_048_577);
    let cases: [(u16, &str, &str, String); 9] = [
        (401, PATH, &body, "0".repeat(64)),
        (401, PATH, &body, good.replace('a', "b")),
        (401, PATH, &body.replace("job-completed", "job-updated"), good.clone()),
        (403, PATH, &other_tenant, signature(other_tenant.as_bytes())),
        (400, PATH, no_event, signature(no_event.as_bytes())),
        (413, PATH, &large, signature(large.as_bytes())),
        (404, "/webhooks/acme/default", &body, good.clone()),
        (404, "/webhooks/servicetitan", &body, good.clone()),
        (404, "/webhooks/servicetitan/north", &body, good.clone()),
    ];
    for (status, path, body, signature) in cases {
        let seen = all.host.run(post(&gateway, path, &[("x-servicetitan-signature", &signature)], body));
        assert_eq!(seen.status, status, "{path} {}", seen.body);
        assert_eq!(seen.headers["content-type"], "application/problem+json");
        assert_eq!(seen.headers.contains_key("www-authenticate"), status == 401);
        for told in ["SERVICETITAN", "x-servicetitan", "PENSTOCK", "signature", "fields", "78"] {
            assert!(!seen.body.contains(told), "{}", seen.body);
        }
    }
    assert_eq!(all.host.run(post(&gateway, PATH, &[], &body)).status, 401);
    let seen = all.host.run(request(&gateway, "GET", PATH, &[], None));
    assert_eq!((seen.status, &seen.headers["allow"]), (405, &"POST".parse().unwrap()));
    // One that says how long it is is not read.
    let stated = [("content-length", "1048577")];
    assert_eq!(all.host.run(post(&gateway, PATH, &stated, "")).status, 413);
    assert_eq!((all.stored(), all.got().len()), (Vec::<String>::new(), 0));
    assert_eq!(all.send(&gateway, 1, "a").status, 202);
}

/// The provider is not to come again for what nobody waits for; it is for what somebody has yet to mend.
#[test]
fn what_nobody_has_set_up_is_no_path() {
    let all = Deployment::new(&["crm"]);
    let body = cloud_event(1, "a");
    let signature = signature(body.as_bytes());
    let status = |path: &str| {
        let gateway = all.another();
        all.host.run(post(&gateway, path, &[("x-servicetitan-signature", &*signature)], &body)).status
    };
    assert_eq!(status("/webhooks/servicetitan/north"), 404);
    all.set("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_TENANT_ID", "77");
    assert_eq!(status("/webhooks/servicetitan/north"), 503);
    all.set("ENABLE_WEBHOOKS", "false");
    assert_eq!([status("/webhooks/servicetitan/north"), status(PATH)], [404, 404]);
    all.set("ENABLE_WEBHOOKS", "perhaps");
    assert_eq!(status(PATH), 503);
    all.set("ENABLE_WEBHOOKS", "true");
    assert_eq!(status(PATH), 202);
    // Whoever tries names counts by address, as for any unknown path.
    all.set("PENSTOCK_ADDRESS_RATE", "2/h");
    let gateway = all.another();
    let guessed = ["a", "b", "c"].map(|name| {
        let from = ("spin-client-addr", "192.0.2.9:1");
        all.host.run(post(&gateway, &format!("/webhooks/servicetitan/{name}"), &[from], &body)).status
    });
    assert_eq!(guessed, [404, 404, 429]);
}

#[test]
fn whoever_forges_is_slowed_down_and_the_provider_is_not() {
    let all = Deployment::new(&["crm"]);
    all.set("PENSTOCK_ADDRESS_RATE", "3/h");
    let gateway = all.gateway();
    let from = ("spin-client-addr", "192.0.2.7:1");
    let forged = || {
        let headers = [("x-servicetitan-signature", "00"), from];
        all.host.run(post(&gateway, PATH, &headers, &cloud_event(1, "a"))).status
    };
    assert_eq!([forged(), forged(), forged(), forged()], [401, 401, 401, 429]);
    for event in ["a", "b", "c", "d", "e"] {
        let body = cloud_event(1, event);
        let headers = [("x-servicetitan-signature", &*signature(body.as_bytes())), from];
        assert_eq!(all.host.run(post(&gateway, PATH, &headers, &body)).status, 202);
    }
}

#[test]
fn a_body_that_stops_to_come_is_not_waited_for() {
    let all = Deployment::new(&["crm"]);
    let gateway = all.gateway();
    struct Stuck;
    impl penstock::host::Source for Stuck {
        fn next(
            &mut self,
        ) -> futures_util::future::LocalBoxFuture<'_, Result<Option<Vec<u8>>, penstock::host::BodyError>>
        {
            Box::pin(std::future::pending())
        }
    }
    let seen = all.host.run(request(&gateway, "POST", PATH, &[], Some(Box::new(Stuck))));
    assert_eq!((seen.status, all.host.elapsed()), (408, SECOND * 10));
    // Nor is that of a stranger who asks for a token, or of one who has a key.
    let key = deployment::key();
    for (path, time) in
        [("/servicetitan/crm/connect/token", SECOND * 10), ("/v1/servicetitan/crm/_batch", SECOND * 60)]
    {
        let began = all.host.elapsed();
        let headers = [("x-api-key", key.as_str())];
        let seen = all.host.run(request(&gateway, "POST", path, &headers, Some(Box::new(Stuck))));
        assert_eq!((seen.status, all.host.elapsed() - began), (400, time), "{path} {}", seen.body);
        assert!(seen.body.contains("was not sent within"), "{}", seen.body);
    }
}

#[test]
fn nothing_is_taken_that_cannot_be_kept_or_handed_on() {
    let named = |setting: &str| {
        let all = Deployment::new(&["crm"]);
        all.unset(setting);
        let seen = all.send(&all.gateway(), 1, "a");
        assert_eq!(seen.status, 503, "{setting}");
        assert!(seen.body.contains(setting), "{}", seen.body);
        // Whoever cannot prove anything is not told.
        let forged = [("x-servicetitan-signature", "00")];
        let seen = all.host.run(post(&all.gateway(), PATH, &forged, &cloud_event(1, "a")));
        assert_eq!((seen.status, seen.body.contains(setting)), (401, false));
        all.set(setting, if setting.ends_with("SECRET") { "canary" } else { "[]" });
        all
    };
    named("PENSTOCK_STATE_SECRET");
    let all = named("PENSTOCK_WEBHOOK_DESTINATIONS");
    assert_eq!(all.send(&all.gateway(), 1, "a").status, 503);
    // Nothing was claimed: it comes as soon as there is somebody.
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations(&["crm"]));
    assert_eq!(all.send(&all.gateway(), 1, "a").status, 202);
}

/// A hint is read again from the provider, which may refuse that.
#[test]
fn what_the_providers_interface_refuses_is_not_the_deliverys_fault() {
    let all = Deployment::new(&["crm"]);
    all.set("ASLEEP_API_KEY", "canary-of-asleep");
    all.set("ASLEEP_WEBHOOK_SCHEME", "hint");
    let body = r#"{"event":"SESSION_COMPLETE","user_id":"u","session_id":"s"}"#;
    let send = |key: &str| {
        let seen =
            all.host.run(post(&all.another(), "/webhooks/asleep/default", &[("x-api-key", key)], body));
        (seen.status, seen.json()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(send("another-key").0, 401);
    // The claim is given back: the next one is not told that another one is in hand.
    for _ in 0..2 {
        assert_eq!(send("canary-of-asleep"), (503, "it cannot be taken in just now".to_owned()));
    }
    assert_eq!(all.stored(), [""; 0]);
}

#[test]
fn without_a_store_nothing_is_taken() {
    for needs in ["true", "false"] {
        let all = Deployment::new(&["crm"]);
        all.set("PENSTOCK_WEBHOOK_NEEDS_STATE", needs);
        let gateway = all.gateway();
        all.store.behave(Conduct { down: true, ..Conduct::default() });
        assert_eq!(all.send(&gateway, 1, "a").status, 503, "{needs}");
        all.store.behave(Conduct::default());
        assert_eq!(all.send(&gateway, 1, "a").status, 202, "{needs}");
    }
}

#[test]
fn what_no_destination_wants_is_taken_and_not_kept() {
    let all = Deployment::new(&["crm"]);
    let picky = |member: &str, value: &str| {
        destinations(&["crm"]).replace(r#""name""#, &format!(r#""{member}":["{value}"],"name""#))
    };
    let mut number = 0;
    for (member, value, status) in [
        ("kinds", "tn.jpm.job-updated", 200),
        ("kinds", "tn.crm.*", 200),
        ("providers", "asleep", 200),
        ("accounts", "north", 200),
        ("kinds", "tn.jpm.*", 202),
        ("kinds", "tn.jpm.job-completed", 202),
        ("accounts", "default", 202),
        ("providers", "servicetitan", 202),
    ] {
        all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &picky(member, value));
        number += 1;
        assert_eq!(all.send(&all.gateway(), 1, &number.to_string()).status, status, "{member} {value}");
    }
}

#[test]
fn a_full_outbox_takes_nothing_until_there_is_room() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::status(500, ""));
    all.set("PENSTOCK_OUTBOX_ENTRIES", "3");
    for event in ["a", "b", "c"] {
        assert_eq!(all.send(&all.gateway(), 1, event).status, 202);
        all.later(Duration::ZERO);
    }
    let seen = all.send(&all.gateway(), 1, "d");
    assert_eq!((seen.status, seen.json()["detail"].as_str()), (503, Some("the outbox is full")));
    assert!(seen.headers.contains_key("retry-after"));
    all.destination("crm", |_| Reply::ok(""));
    all.later(SECOND * 10);
    // The provider comes again, and nothing is lost.
    assert_eq!(all.send(&all.gateway(), 1, "d").status, 202);
    all.later(Duration::ZERO);
    let events: Vec<_> = all.taken("crm").into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["a", "b", "c", "d"]);
    // In bytes.
    all.set("PENSTOCK_OUTBOX_ENTRIES", "1000");
    all.set("PENSTOCK_OUTBOX_BYTES", "1048576");
    all.destination("crm", |_| Reply::status(500, ""));
    let send = |event: &str| {
        let body = cloud_event(2, event)
            .replace("\"tenantId\"", &format!("\"x\":\"{}\",\"tenantId\"", "x".repeat(400_000)));
        all.host
            .run(post(
                &all.gateway(),
                PATH,
                &[("x-servicetitan-signature", &signature(body.as_bytes()))],
                &body,
            ))
            .status
    };
    assert_eq!([send("e"), send("f"), send("g")], [202, 202, 503]);
}

#[test]
fn an_event_that_the_store_would_not_give_back_is_refused() {
    let all = Deployment::new(&["crm"]);
    let body = cloud_event(2, "a")
        .replace("\"tenantId\"", &format!("\"x\":\"{}\",\"tenantId\"", "x".repeat(1_047_800)));
    let signed = signature(body.as_bytes());
    let seen = all.host.run(post(&all.gateway(), PATH, &[("x-servicetitan-signature", &signed)], &body));
    assert_eq!((seen.status, all.stored().len()), (413, 0), "{}", seen.body);
}

/// What the store holds says nothing of the event.
#[test]
fn what_is_kept_is_sealed() {
    let all = Deployment::new(&["crm"]);
    assert_eq!(all.send(&all.gateway(), 424_242, "very-own-event").status, 202);
    all.destination("crm", |_| Reply::status(500, ""));
    all.later(Duration::ZERO);
    assert_eq!(all.stored().len(), 2);
    let held = all.store.contents().join("\n");
    for told in ["424242", "very-own-event", "job-completed", "crm", "HTTP 500", "Waiting", "waiting"] {
        assert!(!held.contains(told), "{told}");
    }
}

/// The instance that takes an event in dies after so long. Whether it answered a 2xx until then.
fn take_in(all: &Deployment, event: &str, cut: Duration) -> bool {
    let gateway = all.another();
    all.host.run(async {
        match select(pin!(deliver(&gateway, 1, event)), pin!(all.host.wait(cut))).await {
            Either::Left((seen, _)) => seen.status < 300,
            Either::Right(_) => false,
        }
    })
}

#[test]
fn whoever_dies_while_taking_in_has_lost_nothing_and_doubled_nothing() {
    for drains_between in [false, true] {
        for cut in 0.. {
            let all = Deployment::new(&["crm", "erp"]);
            // Each operation is done after a millisecond, and known to be after another one.
            all.slow(MILLI);
            let is_answered = take_in(&all, "a", MILLI * cut + MILLI / 2);
            if drains_between {
                all.later(SECOND * 16);
            }
            let mut status = if is_answered { 202 } else { 0 };
            // The provider comes again after the time that it is asked to wait.
            if !is_answered {
                all.host.run(all.host.wait(SECOND * 31));
                status = all.send(&all.another(), 1, "a").status;
            }
            assert!((200..300).contains(&status), "cut at {cut}");
            all.later(SECOND * 16);
            for name in ["crm", "erp"] {
                assert_eq!(all.taken(name).len(), 1, "{name}, cut at {cut}, {drains_between}");
            }
            assert_eq!(all.stored().len(), 0, "cut at {cut}");
            if is_answered {
                assert!(cut > 8, "{cut} operations are too few");
                break;
            }
        }
    }
}

#[test]
fn a_store_that_refuses_writes_loses_nothing() {
    for seed in 0..40 {
        let all = Deployment::new(&["crm", "erp"]);
        (0..seed).for_each(|_| drop(all.instance()));
        let trouble = if seed % 2 == 0 { (0.3, 0.0) } else { (0.1, 0.25) };
        let (refused_writes, lost_answers) = trouble;
        all.store.behave(Conduct { refused_writes, lost_answers, ..Conduct::default() });
        let mut answered = Vec::new();
        for round in 0..1000 {
            for event in ["a", "b", "c"] {
                if !answered.contains(&event) && all.send(&all.another(), 1, event).status < 300 {
                    answered.push(event);
                }
            }
            all.host.run(all.host.wait(SECOND * 20));
            if answered.len() == 3 {
                break;
            }
            assert!(round < 999, "{seed} {answered:?}");
        }
        all.store.behave(Conduct::default());
        for _ in 0..3 {
            all.later(SECOND * 400);
        }
        for name in ["crm", "erp"] {
            for event in ["a", "b", "c"] {
                assert!(all.taken(name).contains(&(1, event.to_owned())), "{seed} {name} {event}");
            }
        }
    }
}

#[test]
fn events_of_one_thing_that_come_at_once_stay_apart() {
    let all = Deployment::new(&["crm"]);
    all.slow(MILLI);
    let (one, other) = (all.another(), all.another());
    let events: Vec<String> = (0..20).map(|number| format!("e{number}")).collect();
    let sent = events
        .iter()
        .enumerate()
        .map(|(at, event)| deliver(if at % 2 == 0 { &one } else { &other }, 1, event));
    let seen = all.host.run(join_all(sent));
    let taken = seen.iter().filter(|seen| seen.status == 202).count();
    all.host.run(join(after(&one), after(&other)));
    assert_eq!(all.taken("crm").len(), taken);
    assert!(taken >= 10, "{taken}");
}

#[test]
fn a_delivery_is_a_span_of_the_trace_in_which_the_event_came() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| if asked == 0 { Reply::status(500, "") } else { Reply::ok("") });
    let body = cloud_event(1, "a");
    let signature = signature(body.as_bytes());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let headers = [
        ("x-servicetitan-signature", signature.as_str()),
        ("traceparent", &parent),
        ("tracestate", "a=1, b=2"),
    ];
    assert_eq!(all.host.run(post(&all.another(), PATH, &headers, &body)).status, 202);
    all.later(Duration::ZERO);
    all.later(SECOND * 6);
    let sent: Vec<_> = all.got().iter().map(|got| got.headers["traceparent"].clone()).collect();
    assert_eq!(sent.len(), 2);
    for parent in &sent {
        assert!(parent.starts_with(&format!("00-{trace}-")) && parent.ends_with("-01"), "{sent:?}");
        assert!(!parent.contains("b7ad6b7169203331"), "{sent:?}");
    }
    assert_ne!(sent[0], sent[1], "each delivery is a span of its own");
    assert!(all.got().iter().all(|got| got.headers["tracestate"] == "a=1,b=2"));
    // One that came without is a trace of its own, which nobody records.
    assert_eq!(all.send(&all.another(), 2, "b").status, 202);
    all.later(Duration::ZERO);
    let last = all.got().pop().unwrap();
    let own = &last.headers["traceparent"];
    assert!(own.starts_with("00-") && own.ends_with("-00") && !own.contains(trace), "{own}");
    assert_eq!(last.headers.get("tracestate"), None);
}
