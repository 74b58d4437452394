//! Events on their way from the outbox to destinations.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "outbox/brokers.rs"]
mod brokers;
mod deployment;
#[path = "outbox/health.rs"]
mod health;
#[path = "outbox/routes.rs"]
mod routes;

use deployment::*;
use futures_util::future::{Either, join, join_all, select};
use penstock::host::simulated::{Conduct, Reply};
use serde_json::json;
use std::{pin::pin, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Takes events in about jobs, each in an instance of its own.
fn take_in(all: &Deployment, events: &[(u64, &str)]) {
    for (job, event) in events {
        assert_eq!(all.send(&all.another(), *job, event).status, 202, "{event}");
    }
}

fn named(events: &[(u64, &str)]) -> Vec<(u64, String)> {
    events.iter().map(|(job, event)| (*job, (*event).to_owned())).collect()
}

fn at(host: &Deployment) -> Vec<u64> {
    host.got().iter().map(|got| got.at.as_secs()).collect()
}

#[test]
fn a_delivery_that_fails_is_repeated_with_growing_delays_and_then_dead() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::status(500, "no"));
    take_in(&all, &[(1, "a")]);
    all.later(Duration::ZERO);
    let delays = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (attempt, delay) in delays.into_iter().enumerate() {
        // Not before, and a tenth later at the latest.
        all.later(SECOND * delay - SECOND * 3);
        assert_eq!(all.got().len(), attempt + 1, "{delay}");
        all.later(SECOND * (delay / 10 + 4));
        assert_eq!(all.got().len(), attempt + 2, "{delay}");
    }
    let list = all.host.run(ask(&all.gateway(), "GET", "/v1/_outbox?state=dead")).json();
    let [row] = &list["entries"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(
        [&row["state"], &row["attempts"], &row["why"]],
        [&json!("dead"), &json!(10), &json!("HTTP 500")]
    );
    all.later(HOUR * 48);
    assert_eq!(all.got().len(), 10);
    // All of them are one event.
    assert!(all.got().iter().all(|got| got.id == all.got()[0].id && got.body == all.got()[0].body));
}

#[test]
fn what_a_destination_says_is_heard() {
    let all = Deployment::new(&["crm"]);
    // It asks for more time than the first delay.
    all.destination("crm", |asked| match asked {
        0 => Reply::status(503, "").header("retry-after", "90"),
        _ => Reply::status(410, ""),
    });
    take_in(&all, &[(1, "a")]);
    all.later(Duration::ZERO);
    all.later(SECOND * 80);
    assert_eq!(all.got().len(), 1);
    all.later(SECOND * 11);
    assert_eq!(all.got().len(), 2);
    // It wants no more.
    all.later(HOUR * 48);
    assert_eq!(all.got().len(), 2);
    // What else is no 2xx is a failure, redirects among it.
    for (number, status) in [100, 199, 300, 301, 304, 307, 400, 404, 500].into_iter().enumerate() {
        let all = Deployment::new(&["crm"]);
        all.destination("crm", move |_| {
            Reply::status(status, "").header("location", "https://other.example/")
        });
        take_in(&all, &[(number as u64, "a")]);
        let drained = all.later(Duration::ZERO);
        assert_eq!(drained, json!({"delivered": 0, "failed": 1, "dead": 0, "left": 1}), "{status}");
        assert!(all.got().iter().all(|got| got.host == "crm.example"));
    }
}

#[test]
fn a_destination_that_hangs_or_is_not_there_holds_nobody_up() {
    for reply in [Reply::never as fn() -> Reply, Reply::refused, Reply::dropped, || Reply::cut_off(500)] {
        let all = Deployment::new(&["bad", "good"]);
        all.destination("bad", move |_| reply());
        let events: Vec<_> = (0..30).map(|number| (number, format!("e{number}"))).collect();
        let events: Vec<_> = events.iter().map(|(job, event)| (*job, event.as_str())).collect();
        take_in(&all, &events);
        let before = all.host.elapsed();
        all.later(Duration::ZERO);
        assert_eq!(all.taken("good").len(), 30);
        // Four at once, three failures.
        assert!(all.got().iter().filter(|got| got.host == "bad.example").count() <= 8);
        let good = all.got().iter().filter(|got| got.host == "good.example").map(|got| got.at).max();
        assert!(good.unwrap() - before < SECOND);
        assert!(all.host.elapsed() - before <= SECOND * 45);
        all.destination("bad", |_| Reply::ok(""));
        for _ in 0..3 {
            all.later(MINUTE * 10);
        }
        let mut taken = all.taken("bad");
        taken.sort();
        let mut all_of_them = named(&events);
        all_of_them.sort();
        assert_eq!(taken, all_of_them);
        assert_eq!((all.taken("good").len(), all.stored().len()), (30, 0));
    }
}

#[test]
fn what_happens_to_one_thing_arrives_in_order_and_others_do_not_wait() {
    let all = Deployment::new(&["crm"]);
    // The first request fails: that of the first event.
    all.destination("crm", |asked| if asked == 0 { Reply::status(500, "") } else { Reply::ok("") });
    take_in(&all, &[(1, "a")]);
    all.later(Duration::ZERO);
    take_in(&all, &[(1, "b"), (2, "c"), (1, "d"), (2, "e")]);
    all.later(Duration::ZERO);
    assert_eq!(all.taken("crm"), named(&[(2, "c"), (2, "e")]));
    all.later(SECOND * 6);
    assert_eq!(all.taken("crm"), named(&[(2, "c"), (2, "e"), (1, "a"), (1, "b"), (1, "d")]));
    assert_eq!(all.stored().len(), 0);
}

#[test]
fn what_waits_behind_a_failure_waits_with_it() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| if asked == 1 { Reply::status(500, "") } else { Reply::ok("") });
    take_in(&all, &[(1, "a"), (1, "b"), (1, "c")]);
    all.later(Duration::ZERO);
    all.later(Duration::ZERO);
    assert_eq!((all.taken("crm"), all.got().len()), (named(&[(1, "a")]), 2));
    all.later(SECOND * 6);
    assert_eq!(all.taken("crm"), named(&[(1, "a"), (1, "b"), (1, "c")]));
}

#[test]
fn the_order_is_that_of_taking_in_whatever_the_clocks_of_instances_show() {
    let all = Deployment::new(&["crm"]);
    let clocks = [0, -90_000, 45_000, -3_000_000, 1];
    let events: Vec<_> = (0..20).map(|number| format!("e{number:02}")).collect();
    for (number, event) in events.iter().enumerate() {
        let host = all.instance();
        host.skew(clocks[number % clocks.len()]);
        let gateway = penstock_gateway::Gateway::new(penstock::client::Client::new(host));
        assert_eq!(all.send(&gateway, 1, event).status, 202);
    }
    all.later(SECOND);
    let taken: Vec<_> = all.taken("crm").into_iter().map(|(_, event)| event).collect();
    assert_eq!(taken, events);
}

#[test]
fn what_is_dead_holds_up_nothing_behind_it() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| if asked == 0 { Reply::status(410, "") } else { Reply::ok("") });
    take_in(&all, &[(1, "a"), (1, "b")]);
    all.later(Duration::ZERO);
    assert_eq!(all.taken("crm"), named(&[(1, "b")]));
}

#[test]
fn gateways_that_drain_at_once_deliver_each_event_once() {
    let all = Deployment::new(&["crm", "erp"]);
    let events: Vec<_> = (0..40).map(|number| (number % 7, format!("e{number:02}"))).collect();
    let events: Vec<_> = events.iter().map(|(job, event)| (*job, event.as_str())).collect();
    take_in(&all, &events);
    all.slow(MILLI);
    for name in ["crm", "erp"] {
        all.destination(name, |_| Reply::ok("").after(MILLI * 30));
    }
    let gateways: Vec<_> = (0..4).map(|_| all.another()).collect();
    let drains = gateways.iter().map(|gateway| ask(gateway, "POST", "/v1/_outbox/drain"));
    all.host.run(join_all(drains));
    all.later(Duration::ZERO);
    for name in ["crm", "erp"] {
        let taken = all.taken(name);
        assert_eq!(taken.len(), 40, "{name}");
        for job in 0..7 {
            let of_job = taken.iter().filter(|(of, _)| *of == job);
            assert!(of_job.is_sorted(), "{name} {job}");
        }
    }
    assert_eq!(all.stored().len(), 0);
}

#[test]
fn whoever_dies_while_handing_on_has_lost_nothing() {
    let (mut doubled, mut single) = (0, 0);
    for cut in 0.. {
        let all = Deployment::new(&["crm", "erp"]);
        take_in(&all, &[(1, "a"), (1, "b"), (2, "c")]);
        all.slow(MILLI);
        for name in ["crm", "erp"] {
            all.destination(name, |_| Reply::ok("").after(MILLI * 3));
        }
        let gateway = all.another();
        let is_done = all.host.run(async {
            let work = ask(&gateway, "POST", "/v1/_outbox/drain");
            matches!(select(pin!(work), pin!(all.host.wait(MILLI * cut + MILLI / 2))).await, Either::Left(_))
        });
        let sent_before = all.got();
        // Its leases run out.
        all.later(SECOND * 16);
        all.later(SECOND * 16);
        for name in ["crm", "erp"] {
            for event in named(&[(1, "a"), (1, "b"), (2, "c")]) {
                let is_of = |got: &&Got| got.host == format!("{name}.example") && got.what() == event;
                let count = all.got().iter().filter(is_of).count();
                let before = sent_before.iter().filter(is_of).count();
                // Twice only what had been sent when it died.
                assert!(count == 1 || (count == 2 && before == 1), "{name} {event:?} cut at {cut}: {count}");
                if count == 2 { doubled += 1 } else { single += 1 }
            }
            let mut firsts: Vec<_> = Vec::new();
            for event in all.taken(name) {
                if !firsts.contains(&event) {
                    firsts.push(event);
                }
            }
            assert!(
                firsts.iter().filter(|(job, _)| *job == 1).is_sorted(),
                "{name} cut at {cut}: {firsts:?}"
            );
        }
        // What was noted of events that are gone goes later.
        assert!(all.stored().iter().all(|key| !key.contains('-')), "cut at {cut}: {:?}", all.stored());
        all.later(MINUTE * 11);
        assert_eq!(all.stored(), [""; 0], "cut at {cut}");
        if is_done {
            break;
        }
    }
    assert!(doubled > 0 && single > doubled, "{doubled} {single}");
}

#[test]
fn a_pass_costs_nothing_for_what_is_done_or_dead() {
    let all = Deployment::new(&["crm", "erp"]);
    all.destination("crm", |_| Reply::status(410, ""));
    let events: Vec<_> = (0..50).map(|number| (number % 40, format!("e{number}"))).collect();
    let events: Vec<_> = events.iter().map(|(job, event)| (*job, event.as_str())).collect();
    take_in(&all, &events);
    // Three failures in a row end a turn.
    let rounds = (0..100).take_while(|_| all.later(Duration::ZERO)["dead"] != 0).count();
    assert!(rounds > 1 && rounds < 99, "{rounds}");
    assert_eq!((all.taken("erp").len(), all.stored().len()), (50, 50 * 4));
    all.slow(MILLI * 10);
    let before = all.host.elapsed();
    let drained = all.later(Duration::ZERO);
    assert_eq!(drained, json!({"delivered": 0, "failed": 0, "dead": 0, "left": 50}));
    let took = all.host.elapsed() - before;
    assert!(took < MILLI * 20 * 10, "{took:?}");
}

#[test]
fn an_instance_hands_on_what_it_took_in_and_sometimes_what_others_did() {
    let all = Deployment::new(&["crm"]);
    let (one, other) = (all.another(), all.another());
    // One of them has looked for all just now.
    all.host.run(after(&one));
    assert_eq!(all.send(&one, 1, "a").status, 202);
    assert_eq!(all.send(&other, 2, "b").status, 202);
    all.host.run(after(&other));
    assert_eq!(all.taken("crm"), named(&[(2, "b")]));
    all.host.run(all.host.wait(SECOND * 5));
    all.host.run(after(&other));
    assert_eq!(all.taken("crm"), named(&[(2, "b"), (1, "a")]));
}

#[test]
fn what_comes_just_now_waits_for_what_came_before() {
    for before in [1, 100] {
        let all = Deployment::new(&["crm"]);
        all.destination("crm", |asked| if asked == 0 { Reply::status(500, "") } else { Reply::ok("") });
        // Those that one value lists, and more than that.
        let mut events: Vec<_> = (0..before).map(|number| (1, format!("e{number:03}"))).collect();
        let given: Vec<_> = events.iter().map(|(job, event)| (*job, event.as_str())).collect();
        take_in(&all, &given);
        all.host.run(after(&all.another()));
        let other = all.another();
        all.host.run(after(&other));
        for (job, event) in [(1, "last"), (2, "else")] {
            assert_eq!(all.send(&other, job, event).status, 202);
        }
        all.host.run(after(&other));
        assert_eq!(all.taken("crm"), named(&[(2, "else")]), "{before}");
        all.host.run(all.host.wait(SECOND * 6));
        all.host.run(after(&other));
        events.insert(0, (2, "else".to_owned()));
        events.push((1, "last".to_owned()));
        assert_eq!(all.taken("crm"), events);
        assert_eq!(all.stored(), [""; 0]);
    }
}

#[test]
fn what_comes_while_another_hands_on_what_is_about_the_same_follows_at_once() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::ok("").after(SECOND));
    let (one, other) = (all.another(), all.another());
    all.host.run(after(&other));
    assert_eq!(all.send(&one, 1, "a").status, 202);
    all.host.run(join(after(&one), async {
        all.host.wait(MILLI * 500).await;
        assert_eq!(deliver(&other, 1, "b").await.status, 202);
        after(&other).await;
    }));
    assert_eq!(all.taken("crm"), named(&[(1, "a"), (1, "b")]));
    assert!(all.host.elapsed() < MILLI * 2500, "{:?}", all.host.elapsed());
}

#[test]
fn a_delivery_that_takes_long_keeps_its_turn() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |_| Reply::ok("").after(SECOND * 19));
    take_in(&all, &[(1, "a"), (1, "b")]);
    let (one, other) = (all.another(), all.another());
    all.host.run(join(ask(&one, "POST", "/v1/_outbox/drain"), async {
        for _ in 0..7 {
            all.host.wait(SECOND * 5).await;
            let drained = ask(&other, "POST", "/v1/_outbox/drain").await.json();
            assert_eq!(drained["delivered"], 0);
        }
    }));
    assert_eq!((all.taken("crm"), all.got().len()), (named(&[(1, "a"), (1, "b")]), 2));
    assert_eq!(all.stored(), [""; 0]);
}

#[test]
fn whoever_is_cut_off_from_the_store_lets_go() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| Reply::ok("").after(SECOND * if asked == 0 { 19 } else { 0 }));
    take_in(&all, &[(1, "a"), (1, "b")]);
    let (one, other) = (all.another(), all.another());
    all.host.run(join(ask(&one, "POST", "/v1/_outbox/drain"), async {
        all.host.wait(SECOND).await;
        all.store.behave(Conduct { down: true, ..Conduct::default() });
        all.host.wait(SECOND * 15).await;
        all.store.behave(Conduct::default());
        assert_eq!(ask(&other, "POST", "/v1/_outbox/drain").await.json()["delivered"], 2);
    }));
    // The first one noted nothing of what it had sent, and did not go on.
    assert_eq!(
        (all.taken("crm"), all.stored()),
        (named(&[(1, "a"), (1, "a"), (1, "b")]), Vec::<String>::new())
    );
}

#[test]
fn a_store_in_trouble_loses_nothing() {
    let mut most = 0;
    for seed in 0..60 {
        let all = Deployment::new(&["crm", "erp"]);
        (0..seed).for_each(|_| drop(all.instance()));
        take_in(&all, &[(1, "a"), (1, "b"), (2, "c")]);
        let trouble = if seed % 2 == 0 { (0.3, 0.0) } else { (0.1, 0.25) };
        let (refused_writes, lost_answers) = trouble;
        all.store.behave(Conduct { refused_writes, lost_answers, ..Conduct::default() });
        for _ in 0..4 {
            all.later(SECOND * 61);
        }
        all.store.behave(Conduct::default());
        for _ in 0..3 {
            all.later(MINUTE * 10);
        }
        for name in ["crm", "erp"] {
            for event in named(&[(1, "a"), (1, "b"), (2, "c")]) {
                let count = all.taken(name).into_iter().filter(|taken| *taken == event).count();
                assert!(count >= 1, "{seed} {name} {event:?}");
                most = most.max(count);
            }
        }
        assert_eq!(all.stored().len(), 0, "{seed}");
    }
    assert!(most <= 4, "{most}");
}

/// Whoever gets at the store can neither read an event, nor make one, nor put one in another's place.
#[test]
fn what_was_tampered_with_is_not_sent() {
    let all = Deployment::new(&["crm"]);
    take_in(&all, &[(1, "a"), (2, "b"), (3, "c")]);
    all.store.edit(|entries| {
        let keys: Vec<String> =
            entries.keys().filter(|key| key.starts_with("penstock/outbox/")).cloned().collect();
        let [one, other, third] = &keys[..] else { panic!("{keys:?}") };
        // One is changed, one is another's.
        let mut changed = entries[one].clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        let moved = entries[third].clone();
        entries.insert(one.clone(), changed);
        entries.insert(other.clone(), moved);
    });
    let drained = all.later(Duration::ZERO);
    assert_eq!((&drained["delivered"], &drained["left"]), (&json!(1), &json!(2)));
    assert_eq!(all.got().len(), 1);
    // They are seen, and can be removed.
    let gateway = all.gateway();
    let list = all.host.run(ask(&gateway, "GET", "/v1/_outbox")).json();
    for row in list["entries"].as_array().unwrap() {
        let target = format!("/v1/_outbox/{}", row["id"].as_str().unwrap());
        let shown = all.host.run(ask(&gateway, "GET", &target));
        assert_eq!((shown.status, shown.json().get("content")), (200, None));
        assert_eq!(shown.json()["state"], "unreadable");
        assert_eq!(all.host.run(ask(&gateway, "POST", &format!("{target}/replay"))).status, 409);
        assert_eq!(all.host.run(ask(&gateway, "DELETE", &target)).status, 204);
    }
    assert_eq!(all.stored().len(), 0);
}

#[test]
fn a_secret_that_changes_loses_nothing() {
    let all = Deployment::new(&["crm"]);
    take_in(&all, &[(1, "a")]);
    all.set("PENSTOCK_STATE_SECRET", "canary-of-the-new-state");
    all.set("PENSTOCK_STATE_SECRET_SECONDARY", "canary-of-the-state");
    let two = destinations(&["crm"])
        .replace(r#""name""#, r#""secretSecondary":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","name""#);
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &two);
    all.later(Duration::ZERO);
    assert_eq!(all.taken("crm"), named(&[(1, "a")]));
    assert_eq!(all.got()[0].headers["webhook-signature"].split(' ').count(), 2);
}

#[test]
fn a_secret_that_was_lost_and_found_loses_nothing() {
    let all = Deployment::new(&["crm"]);
    take_in(&all, &[(1, "a")]);
    all.set("PENSTOCK_STATE_SECRET", "canary-of-the-new-state");
    take_in(&all, &[(1, "b")]);
    for _ in 0..3 {
        all.later(MINUTE);
    }
    // What opens does not wait for what does not, and nothing is said more than once.
    assert_eq!(all.taken("crm"), named(&[(1, "b")]));
    // The event, why it was not sent, and that it is left alone.
    assert_eq!(all.stored().len(), 3);
    all.set("PENSTOCK_STATE_SECRET_SECONDARY", "canary-of-the-state");
    all.later(HOUR);
    assert_eq!(all.taken("crm"), named(&[(1, "b"), (1, "a")]));
    assert_eq!(all.stored().len(), 0);
}

#[test]
fn what_waits_for_a_destination_that_went_comes_back_with_it() {
    let all = Deployment::new(&["crm", "erp"]);
    take_in(&all, &[(1, "a")]);
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations(&["crm"]));
    all.later(Duration::ZERO);
    let list = all.host.run(ask(&all.another(), "GET", "/v1/_outbox")).json();
    assert_eq!(
        (list["entries"].as_array().unwrap().len(), &list["entries"][0]["configured"]),
        (1, &json!(false))
    );
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations(&["crm", "erp"]));
    all.later(Duration::ZERO);
    assert_eq!((all.taken("crm").len(), all.taken("erp").len(), all.stored().len()), (1, 1, 0));
}

#[test]
fn what_is_tried_again_is_found_after_some_answer() {
    let all = Deployment::new(&["crm"]);
    all.destination("crm", |asked| if asked == 0 { Reply::status(500, "") } else { Reply::ok("") });
    let gateway = all.gateway();
    assert_eq!(all.send(&gateway, 1, "a").status, 202);
    all.host.run(after(&gateway));
    assert_eq!(at(&all), [0]);
    // Nothing is looked for more often than every five seconds, whoever asks.
    let others: Vec<_> = (0..3).map(|_| all.another()).collect();
    all.host.run(async {
        all.host.wait(SECOND * 6).await;
        join(after(&gateway), join_all(others.iter().map(after))).await;
    });
    assert_eq!(all.taken("crm").len(), 1);
    assert_eq!(all.stored().len(), 0);
}
