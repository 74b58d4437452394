//! Requests that carry an idempotency key.

use super::*;
use crate::fake::store::{Conduct, FakeStore, away, deaf};
use http::Response as HttpResponse;
use penstock::providers::registry;
use std::{cell::Cell, future::Future, pin::Pin, rc::Rc};

const NOTES: &str = "/v1/servicetitan/default/crm/customers/5/notes";
const AT_VENDOR: &str = "/crm/v2/tenant/77/customers/5/notes";
const HELLO: &str = r#"{"text": "hello"}"#;
const MADE: &str =
    r#"{"id":6,"text":"hello","isPinned":false,"createdById":1,"createdOn":"2026-01-02T03:04:05Z"}"#;
const DAY: Duration = Duration::from_hours(24);
/// Longer than a call may take with what is allowed for clocks.
const OVER: Duration = Duration::from_secs(181);

/// A gateway on this store whose vendor makes notes.
fn on(store: &FakeStore, provider: impl Fn(&str) -> Response + 'static) -> Gateway<FakeHost> {
    let host = FakeHost::configured(provider).sharing(store);
    over(host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_ROLE", "admin"))
}

fn made(store: &FakeStore) -> Gateway<FakeHost> {
    on(store, |_| answer(200, MADE))
}

fn call(gateway: &Gateway<FakeHost>, method: Method, target: &str, id: &str, body: &'static str) -> Seen {
    let key = key();
    let headers =
        [("x-api-key", key.as_str()), ("content-type", "application/json"), ("idempotency-key", id)];
    send(gateway, method, target, &headers, vec![body])
}

fn post(gateway: &Gateway<FakeHost>, id: &str) -> Seen {
    call(gateway, Method::POST, NOTES, id, HELLO)
}

/// How many requests the vendor got.
fn asked(gateway: &Gateway<FakeHost>) -> usize {
    gateway.client().host().asked.borrow().len()
}

fn is_replay(seen: &Seen) -> bool {
    match seen.header("idempotency-replayed") {
        "" => false,
        "true" => true,
        other => panic!("{other}"),
    }
}

#[track_caller]
fn assert_problem(seen: &Seen, status: u16, name: &str, outcome: &str) {
    assert_eq!((seen.status, seen.header("content-type")), (status, "application/problem+json"));
    let problem = seen.json();
    assert_eq!(problem["type"], format!("urn:penstock:gateway:idempotency-{name}"), "{problem}");
    assert_eq!((&problem["outcome"], &problem["status"]), (&json!(outcome), &json!(status)), "{problem}");
    assert_eq!(problem["operation"], "crm.customers-create-note");
}

/// A request that is under way.
type UnderWay<'g> = Pin<Box<dyn Future<Output = HttpResponse<String>> + 'g>>;

fn begin<'g>(gateway: &'g Gateway<FakeHost>, id: &str) -> UnderWay<'g> {
    let fields = [
        ("x-api-key", key()),
        ("content-type", "application/json".to_owned()),
        ("idempotency-key", id.to_owned()),
    ];
    let headers = fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let head = Head { method: Method::POST, target: NOTES.to_owned(), headers: headers.collect() };
    Box::pin(async move {
        match serve(gateway, &head, Some(Box::new(Pieces(vec![HELLO])))).await {
            Answer::Whole(response) => response,
            _ => panic!("a stream"),
        }
    })
}

/// Goes on with a request; none if it is still under way.
fn go_on(request: &mut UnderWay<'_>) -> Option<HttpResponse<String>> {
    request.as_mut().now_or_never()
}

#[test]
fn an_answer_is_replayed_and_nothing_is_sent_again() {
    let gateway = made(&FakeStore::default());
    let first = post(&gateway, r#""order 7""#);
    assert_eq!((first.status, is_replay(&first), asked(&gateway)), (200, false, 1), "{}", first.body);
    for id in [r#""order 7""#, r#" "order 7" "#] {
        let again = post(&gateway, id);
        assert_eq!((again.status, is_replay(&again), asked(&gateway)), (200, true, 1));
        assert_eq!(again.body, first.body);
        for name in ["content-type", "content-length", "x-penstock-call-id"] {
            assert!(!again.header(name).is_empty() && again.header(name) == first.header(name), "{name}");
        }
    }
    // By its name it is the same request.
    let target = "/v1/servicetitan/default/_invoke/crm.customers-create-note";
    let body = r#"{"parameters": {"id": 5}, "body": {"text": "hello"}}"#;
    let named = call(&gateway, Method::POST, target, r#""order 7""#, body);
    assert_eq!((named.status, is_replay(&named), asked(&gateway)), (200, true, 1), "{}", named.body);
    // Without a key, and with another one, it is another request.
    let key = key();
    let headers = [("x-api-key", key.as_str()), ("content-type", "application/json")];
    assert_eq!(send(&gateway, Method::POST, NOTES, &headers, vec![HELLO]).status, 200);
    assert_eq!(post(&gateway, "order-8").status, 200);
    assert_eq!(*gateway.client().host().asked.borrow(), [AT_VENDOR; 3]);
}

#[test]
fn an_answer_without_a_body_is_replayed_without_one() {
    let gateway = on(&FakeStore::default(), |_| answer(200, ""));
    let cancel = |id| {
        let target = "/v1/servicetitan/default/jpm/jobs/5/cancel";
        call(&gateway, Method::PUT, target, id, r#"{"reasonId": 1, "memo": "m"}"#)
    };
    let first = cancel("a");
    assert_eq!((first.status, first.body.as_str()), (204, ""), "{}", first.body);
    let again = cancel("a");
    assert_eq!((again.status, again.body.as_str(), is_replay(&again), asked(&gateway)), (204, "", true, 1));
    assert_eq!((again.header("content-type"), again.header("content-length")), ("", ""));
}

#[test]
fn a_key_belongs_to_one_request() {
    let store = FakeStore::default();
    let gateway = made(&store);
    assert_eq!(post(&gateway, "a").status, 200);
    for (target, body) in
        [(NOTES, r#"{"text": "hello!"}"#), ("/v1/servicetitan/default/crm/customers/6/notes", HELLO)]
    {
        let reused = call(&gateway, Method::POST, target, "a", body);
        assert_problem(&reused, 422, "key-reused", "not-sent");
        assert!(!is_replay(&reused));
    }
    assert_eq!(asked(&gateway), 1);
    // Another account and another operation have keys of their own.
    let host = gateway.client().host();
    for (name, value) in [("CLIENT_ID", CANARY), ("CLIENT_SECRET", CANARY), ("TENANT_ID", "77")] {
        host.reset(&format!("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_{name}"), value);
    }
    let north = call(&gateway, Method::POST, "/v1/servicetitan/North/crm/customers/5/notes", "a", HELLO);
    assert_eq!((north.status, is_replay(&north), asked(&gateway)), (200, false, 2), "{}", north.body);
    let again = call(&gateway, Method::POST, "/v1/servicetitan/north/crm/customers/5/notes", "a", HELLO);
    assert_eq!((is_replay(&again), asked(&gateway)), (true, 2));
    let location = call(&gateway, Method::POST, "/v1/servicetitan/default/crm/locations/5/notes", "a", HELLO);
    assert_eq!((location.status, asked(&gateway)), (200, 3), "{}", location.body);
    assert_eq!(store.entries("idempotency").len(), 3);
}

#[test]
fn a_key_is_for_what_creates_or_acts() {
    let store = FakeStore::default();
    let gateway = on(&store, |_| answer(200, r#"{"id":5}"#));
    let refused = |seen: Seen| {
        assert_eq!((seen.status, &seen.json()["outcome"]), (400, &json!("not-sent")), "{}", seen.body);
        assert_eq!(seen.json()["fields"][0]["field"], "Idempotency-Key");
    };
    refused(call(&gateway, Method::DELETE, &format!("{NOTES}/6"), "a", ""));
    refused(call(&gateway, Method::PATCH, "/v1/servicetitan/default/crm/customers/5", "a", "{}"));
    refused(call(&gateway, Method::POST, "/v1/servicetitan/default/_batch", "a", r#"{"calls": []}"#));
    for wrong in ["", r#""a"#, "a b", "a;b", &"x".repeat(256)] {
        refused(post(&gateway, wrong));
    }
    let key = key();
    for late in ["0", "3600001", "18446744073709551615"] {
        let json = ("content-type", "application/json");
        let headers = [("x-api-key", key.as_str()), json, ("idempotency-key", "a"), ("x-deadline-ms", late)];
        let seen = send(&gateway, Method::POST, NOTES, &headers, vec![HELLO]);
        assert_eq!(
            (seen.status, &seen.json()["fields"][0]["field"]),
            (400, &json!("X-Deadline-Ms")),
            "{late}"
        );
    }
    assert_eq!((asked(&gateway), store.entries("idempotency").len()), (0, 0));
    // A read is made each time, whatever the key looks like.
    for id in ["a", "a", "a b"] {
        let seen = call(&gateway, Method::GET, &format!("{JOBS}/5"), id, "");
        assert_eq!((seen.status, is_replay(&seen)), (200, false));
    }
    assert_eq!((asked(&gateway), store.entries("idempotency").len()), (3, 0));
}

#[test]
fn a_request_under_way_keeps_its_key() {
    let store = FakeStore::default();
    let gateway = made(&store);
    let host = gateway.client().host();
    host.hold(true);
    let mut first = begin(&gateway, "a");
    assert!(go_on(&mut first).is_none() && asked(&gateway) == 1);
    for (passes, after) in [(0, "1"), (12, "12"), (100, "30")] {
        host.pass(Duration::from_secs(passes));
        let second = post(&gateway, "a");
        assert_problem(&second, 409, "key-in-use", "not-sent");
        assert_eq!((second.header("retry-after"), is_replay(&second)), (after, false));
        assert_eq!(second.json()["retry"]["advice"], "after");
    }
    assert_problem(&call(&gateway, Method::POST, NOTES, "a", "{}"), 422, "key-reused", "not-sent");
    host.hold(false);
    let first = go_on(&mut first).unwrap();
    assert_eq!((first.status().as_u16(), asked(&gateway)), (200, 1));
    let again = post(&gateway, "a");
    assert_eq!((again.body == *first.body(), is_replay(&again), asked(&gateway)), (true, true, 1));
}

#[test]
fn of_many_at_once_at_two_gateways_one_is_sent() {
    let store = FakeStore::default();
    let gateways = [made(&store), made(&store)];
    gateways.iter().for_each(|gateway| gateway.client().host().hold(true));
    let mut requests: Vec<_> = (0..16).map(|at| begin(&gateways[at % 2], "a")).collect();
    let done: Vec<_> = requests.iter_mut().map(go_on).collect();
    let refused = done.iter().flatten().filter(|response| response.status() == 409).count();
    assert_eq!((refused, gateways.iter().map(asked).sum::<usize>()), (15, 1));
    gateways.iter().for_each(|gateway| gateway.client().host().hold(false));
    let first = requests.iter_mut().zip(&done).find_map(|(request, done)| match done {
        None => go_on(request),
        Some(_) => None,
    });
    let first = first.unwrap();
    assert_eq!(first.status(), 200);
    for gateway in &gateways {
        let again = post(gateway, "a");
        assert_eq!((again.body == *first.body(), is_replay(&again)), (true, true));
    }
    assert_eq!(gateways.iter().map(asked).sum::<usize>(), 1);
}

#[test]
fn the_outcome_of_a_request_whose_instance_died_is_unknown() {
    let store = FakeStore::default();
    let gateway = made(&store);
    let host = gateway.client().host();
    host.hold(true);
    let mut first = begin(&gateway, "a");
    assert!(go_on(&mut first).is_none());
    drop(first);
    host.hold(false);
    assert_problem(&post(&gateway, "a"), 409, "key-in-use", "not-sent");
    host.pass(OVER);
    let other = made(&store);
    for gateway in [&gateway, &other, &gateway] {
        let seen = post(gateway, "a");
        assert_problem(&seen, 500, "outcome-unknown", "unknown");
        assert!(is_replay(&seen) && seen.json()["retry"]["advice"] == "never");
    }
    assert_problem(&call(&gateway, Method::POST, NOTES, "a", "{}"), 422, "key-reused", "not-sent");
    assert_eq!(asked(&gateway) + asked(&other), 1);
    host.pass(DAY.checked_sub(Duration::from_secs(2)).unwrap());
    assert_problem(&post(&gateway, "a"), 500, "outcome-unknown", "unknown");
    assert_eq!(asked(&gateway) + asked(&other), 1);
}

#[test]
fn a_call_that_was_given_up_too_early_still_leaves_its_answer() {
    let gateway = made(&FakeStore::default());
    let host = gateway.client().host();
    host.hold(true);
    let mut first = begin(&gateway, "a");
    assert!(go_on(&mut first).is_none());
    host.pass(OVER);
    assert_problem(&post(&gateway, "a"), 500, "outcome-unknown", "unknown");
    host.hold(false);
    assert_eq!(go_on(&mut first).unwrap().status(), 200);
    let again = post(&gateway, "a");
    assert_eq!((again.status, is_replay(&again), asked(&gateway)), (200, true, 1));
}

#[test]
fn a_failure_whose_outcome_is_unknown_is_replayed_and_never_sent_again() {
    let gateway = on(&FakeStore::default(), |_| answer(502, "{}"));
    let first = post(&gateway, "a");
    assert_eq!((first.status, &first.json()["outcome"]), (502, &json!("unknown")), "{}", first.body);
    for _ in 0..3 {
        let again = post(&gateway, "a");
        assert_eq!((again.status, again.body.as_str(), is_replay(&again)), (502, first.body.as_str(), true));
        assert_eq!(again.header("content-type"), "application/problem+json");
        assert_eq!(again.header("x-penstock-call-id"), first.header("x-penstock-call-id"));
    }
    assert_eq!(asked(&gateway), 1);
}

#[test]
fn the_vendors_verdict_is_replayed_too() {
    for (status, seen_as) in [(400, 422), (404, 404), (409, 409)] {
        let gateway = on(&FakeStore::default(), move |_| answer(status, r#"{"title":"no"}"#));
        let first = post(&gateway, "a");
        assert_eq!((first.status, &first.json()["outcome"]), (seen_as, &json!("not-applied")));
        let again = post(&gateway, "a");
        assert_eq!((again.body == first.body, is_replay(&again), asked(&gateway)), (true, true, 1));
    }
}

#[test]
fn what_was_not_sent_or_was_turned_away_frees_its_key() {
    let store = FakeStore::default();
    let busy = Rc::new(Cell::new(true));
    let gateway = on(&store, {
        let busy = busy.clone();
        move |_| match busy.get() {
            true => {
                let headers = vec![("retry-after".to_owned(), "600".to_owned())];
                Response { headers, ..answer(429, "{}") }
            }
            false => answer(200, MADE),
        }
    });
    let host = gateway.client().host();
    host.reset("PENSTOCK_ROLE", "read-only");
    let refused = post(&gateway, "a");
    assert_eq!((refused.status, &refused.json()["type"]), (403, &json!("urn:penstock:failure:role")));
    host.reset("PENSTOCK_ROLE", "admin");
    host.pass(Duration::from_secs(61));
    // What does not fit is mended under the same key.
    let wrong = call(&gateway, Method::POST, NOTES, "a", r#"{"text": 5}"#);
    assert_eq!((wrong.status, store.entries("idempotency").len()), (400, 0));
    let turned_away = post(&gateway, "a");
    assert_eq!((turned_away.status, is_replay(&turned_away), asked(&gateway)), (429, false, 1));
    assert_eq!(
        (turned_away.header("retry-after"), &turned_away.json()["outcome"]),
        ("600", &json!("not-applied"))
    );
    busy.set(false);
    host.pass(Duration::from_secs(601));
    let seen = post(&gateway, "a");
    assert_eq!((seen.status, is_replay(&seen), asked(&gateway)), (200, false, 2), "{}", seen.body);
    assert!(is_replay(&post(&gateway, "a")) && asked(&gateway) == 2);
}

#[test]
fn without_the_store_nothing_is_sent() {
    let store = FakeStore::default();
    for conduct in [away(), deaf()] {
        let gateway = made(&store);
        store.behave(conduct);
        let seen = post(&gateway, "a");
        assert_problem(&seen, 503, "unavailable", "not-sent");
        assert_eq!((seen.header("retry-after"), asked(&gateway)), ("5", 0), "{conduct:?}");
        assert!(gateway.client().host().log.borrow().contains(r#""event":"claim""#));
        // What the store did although it did not say so was taken back.
        store.behave(Conduct::default());
        let seen = post(&gateway, "a");
        assert_eq!((seen.status, is_replay(&seen), asked(&gateway)), (200, false, 1), "{conduct:?}");
        store.forget();
    }
    let alone = over(
        FakeHost::configured(|_| panic!("asked the vendor"))
            .with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key()))
            .with("PENSTOCK_ROLE", "admin"),
    );
    assert_problem(&post(&alone, "a"), 503, "unavailable", "not-sent");
}

#[test]
fn a_store_that_goes_away_under_a_call_costs_its_answer_and_no_repetition() {
    let store = FakeStore::default();
    let gateway = on(&store, {
        let store = store.clone();
        move |_| {
            store.behave(away());
            answer(200, MADE)
        }
    });
    let host = gateway.client().host();
    host.waits.set(true);
    let first = post(&gateway, "a");
    assert_eq!((first.status, &first.json()["id"]), (200, &json!(6)), "{}", first.body);
    assert!(host.log.borrow().contains(r#""step":"settle""#));
    assert_problem(&post(&gateway, "a"), 503, "unavailable", "not-sent");
    store.behave(Conduct::default());
    assert_problem(&post(&gateway, "a"), 409, "key-in-use", "not-sent");
    host.pass(OVER);
    let seen = post(&gateway, "a");
    assert_problem(&seen, 500, "outcome-unknown", "unknown");
    assert!(is_replay(&seen) && asked(&gateway) == 1);
}

#[test]
fn a_store_that_forgets_the_claim_or_does_not_say_that_it_has_the_answer_has_it() {
    let store = FakeStore::default();
    let gateway = on(&store, {
        let store = store.clone();
        move |_| {
            store.forget();
            answer(200, MADE)
        }
    });
    assert_eq!(post(&gateway, "a").status, 200);
    assert!(is_replay(&post(&gateway, "a")) && asked(&gateway) == 1);

    let gateway = on(&store, {
        let store = store.clone();
        move |_| {
            store.behave(deaf());
            answer(200, MADE)
        }
    });
    gateway.client().host().waits.set(true);
    assert_eq!(post(&gateway, "b").status, 200);
    store.behave(Conduct::default());
    assert!(is_replay(&post(&gateway, "b")) && asked(&gateway) == 1);
}

#[test]
fn what_does_not_open_is_never_sent_again() {
    let store = FakeStore::default();
    let gateway = made(&store);
    let host = gateway.client().host();
    host.reset("PENSTOCK_STATE_SECRET", "the first secret");
    assert_eq!(post(&gateway, "a").status, 200);
    let unreadable = || {
        let seen = post(&gateway, "a");
        assert_problem(&seen, 500, "outcome-unknown", "unknown");
        assert!(is_replay(&seen) && asked(&gateway) == 1);
    };
    host.reset("PENSTOCK_STATE_SECRET", "the second secret");
    unreadable();
    host.reset("PENSTOCK_STATE_SECRET_SECONDARY", "the first secret");
    assert!(is_replay(&post(&gateway, "a")) && post(&gateway, "a").status == 200);
    let (name, value) = store.entries("idempotency").remove(0);
    for at in [0, 1, value.len() / 2, value.len() - 1] {
        store.tamper(&name, |value| value[at] ^= 1);
        unreadable();
        store.tamper(&name, |value| value[at] ^= 1);
    }
    // Another key's answer in its place.
    assert_eq!(call(&gateway, Method::POST, NOTES, "b", r#"{"text": "other"}"#).status, 200);
    let other = store.entries("idempotency").into_iter().find(|(key, _)| *key != name).unwrap().1;
    store.tamper(&name, |value| *value = other);
    let seen = post(&gateway, "a");
    assert_problem(&seen, 500, "outcome-unknown", "unknown");
    store.tamper(&name, |value| value.clear());
    assert_problem(&post(&gateway, "a"), 500, "outcome-unknown", "unknown");
    assert_eq!(asked(&gateway), 2);
}

#[test]
fn a_secret_that_cannot_be_read_stops_the_request() {
    let store = FakeStore::default();
    let gateway = made(&store);
    let host = gateway.client().host();
    assert_eq!(call(&gateway, Method::GET, &format!("{JOBS}/5"), "a", "").status, 200);
    host.unreadable.borrow_mut().insert("PENSTOCK_STATE_SECRET".to_owned());
    let seen = post(&gateway, "a");
    assert_eq!(
        (seen.status, &seen.json()["type"]),
        (500, &json!("urn:penstock:failure:host")),
        "{}",
        seen.body
    );
    assert_eq!((asked(&gateway), store.entries("idempotency").len()), (1, 0));
}

#[test]
fn of_a_large_answer_only_that_it_was_given_is_kept() {
    for (size, is_kept) in [(200 * 1024, true), (300 * 1024, false)] {
        let store = FakeStore::default();
        let gateway = on(&store, move |_| answer(200, &MADE.replace("hello", &"x".repeat(size))));
        let first = post(&gateway, "a");
        assert_eq!((first.status, first.body.len() > size), (200, true));
        let again = post(&gateway, "a");
        assert!(is_replay(&again) && asked(&gateway) == 1);
        assert_eq!(again.header("x-penstock-call-id"), first.header("x-penstock-call-id"));
        let stored = store.entries("idempotency").remove(0).1.len();
        if is_kept {
            assert_eq!((again.status, again.body == first.body, stored > size), (200, true, true));
        } else {
            assert_problem(&again, 409, "answer-not-kept", "applied");
            assert!(again.json()["detail"].as_str().unwrap().contains("200") && stored < 1024);
        }
    }
}

#[test]
fn after_a_day_a_key_is_forgotten() {
    let store = FakeStore::default();
    let gateway = made(&store);
    assert_eq!(post(&gateway, "a").status, 200);
    gateway.client().host().pass(DAY.checked_sub(Duration::from_secs(1)).unwrap());
    assert!(is_replay(&post(&gateway, "a")));
    gateway.client().host().pass(Duration::from_secs(1));
    let anew = post(&gateway, "a");
    assert_eq!((anew.status, is_replay(&anew), asked(&gateway)), (200, false, 2));
}

#[test]
fn what_is_stored_is_sealed_under_the_tenants_name_and_can_be_listed_and_cleared() {
    let store = FakeStore::default();
    let gateway = made(&store);
    assert_eq!(post(&gateway, "order-7").status, 200);
    let (name, value) = store.entries("idempotency").remove(0);
    let rest = name.strip_prefix("penstock/idempotency/{servicetitan/production/77}/").unwrap();
    assert!(rest.len() == 64 && rest.bytes().all(|digit| digit.is_ascii_hexdigit()), "{name}");
    for text in ["hello", "order-7", "200", CANARY] {
        assert!(!value.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    let (client, provider) = (gateway.client(), registry::find("servicetitan").unwrap());
    let stored = client.stored(provider, None).now_or_never().unwrap().unwrap();
    let ours = stored.iter().find(|stored| stored.kind == "idempotency");
    assert_eq!(ours.map(|stored| stored.keys), Some(1));
    let kinds = ["idempotency".to_owned()];
    assert_eq!(client.clear_stored(provider, None, &kinds).now_or_never().unwrap().unwrap(), 1);
    let anew = post(&gateway, "order-7");
    assert_eq!((anew.status, is_replay(&anew), asked(&gateway)), (200, false, 2));
}

#[test]
fn a_file_is_known_by_its_name_type_length_and_bytes() {
    let gateway = on(&FakeStore::default(), |_| answer(200, r#"{"fileName":"photo.png"}"#));
    let upload = |name: &str, length: Option<&str>, bytes: &[&'static str]| {
        let (key, name) = (key(), format!("attachment; filename=\"{name}\""));
        let mut headers = vec![
            ("x-api-key", key.as_str()),
            ("content-type", "image/png"),
            ("content-disposition", &name),
            ("idempotency-key", if length.is_some() { "a" } else { "b" }),
        ];
        headers.extend(length.map(|length| ("content-length", length)));
        let target = "/v1/servicetitan/default/forms/jobs/7/attachments";
        send(&gateway, Method::POST, target, &headers, bytes.to_vec())
    };
    for (length, sent) in [(Some("6"), 1), (None, 2)] {
        let first = upload("photo.png", length, &["abc", "def"]);
        assert_eq!((first.status, is_replay(&first)), (200, false), "{}", first.body);
        for same in [&["abc", "def"][..], &["abcdef"]] {
            let again = upload("photo.png", length, same);
            assert_eq!((again.body == first.body, is_replay(&again)), (true, true));
        }
        for other in [&["abc", "deg"][..], &["abc"], &["abc", "def", "g"], &[]] {
            assert_eq!(upload("photo.png", length, other).status, 422, "{other:?}");
        }
        assert_eq!(upload("photo2.png", length, &["abcdef"]).status, 422);
        assert_eq!((asked(&gateway), gateway.client().host().received.borrow().len()), (sent, sent));
    }
    assert_eq!(upload("photo.png", Some("7"), &["abcdef"]).status, 422);
}

#[test]
fn the_vendors_own_interface_has_it_too() {
    let status = Rc::new(Cell::new(201));
    let gateway = on(&FakeStore::default(), {
        let status = status.clone();
        move |_| answer(status.get(), MADE)
    });
    let own = format!("/servicetitan/default{AT_VENDOR}");
    for (given, id) in [(201, "a"), (400, "b")] {
        status.set(given);
        let first = call(&gateway, Method::POST, &own, id, HELLO);
        assert_eq!((first.status, is_replay(&first)), (given, false), "{}", first.body);
        let again = call(&gateway, Method::POST, &own, id, HELLO);
        assert_eq!((again.status, again.body == first.body, is_replay(&again)), (given, true, true));
    }
    // There answers look otherwise: what came by the one interface is no repetition of what came by the other.
    assert_problem(&post(&gateway, "a"), 422, "key-reused", "not-sent");
    assert_eq!(asked(&gateway), 2);
}
