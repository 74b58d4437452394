use super::*;
use crate::{calls::NewCall, fault::Fault};
use bytes::Bytes;
use penstock::{host::Timeouts, policy::secret::Secret};

const SECOND: Duration = Duration::from_secs(1);
const WHO: Who = Who { instance: Some(0), call: Some(3) };

fn all(events: &[Event<'_>]) -> (u64, u64) {
    let digests = events.iter().fold(Digests::default(), |digests, event| digests.note(SECOND, WHO, event));
    (digests.port(), digests.texts())
}

fn request() -> Request {
    Request {
        method: "GET",
        https: true,
        authority: "api.example".to_owned(),
        path_and_query: "/jobs?page=1".to_owned(),
        headers: vec![("accept", "application/json".to_owned())],
        secret_headers: vec![("authorization", Secret::new("token".to_owned()))],
        body: None,
        timeouts: Timeouts { connect: SECOND, first_byte: SECOND, between_bytes: SECOND },
        max_body: 10,
    }
}

fn response() -> Response {
    Response {
        status: 200,
        headers: vec![("retry-after".to_owned(), "1".to_owned())],
        body: Ok(Bytes::from_static(b"[]")),
    }
}

/// Every two of these differ in `port`, and none is in `texts`.
fn differ(events: &[Event<'_>]) {
    let mut seen = std::collections::HashSet::new();
    for (number, event) in events.iter().enumerate() {
        let (port, texts) = all(std::slice::from_ref(event));
        assert!(seen.insert(port), "event {number}");
        assert_eq!(texts, all(&[]).1, "event {number}");
    }
}

#[test]
fn a_changed_wait_changes_port_only() {
    let wait = |millis| Event::Sleep(Duration::from_millis(millis));
    let (port, texts) = all(&[wait(100), Event::Log("slow")]);
    let longer = all(&[wait(101), Event::Log("slow")]);
    assert!(longer.0 != port && longer.1 == texts);
}

#[test]
fn changed_words_change_texts_only() {
    let result = |words| Event::Result { got: 7, words };
    let (port, texts) = all(&[Event::Log("slow"), result("it failed"), Event::World("starts")]);
    for other in [
        [Event::Log("late"), result("it failed"), Event::World("starts")],
        [Event::Log("slow"), result("it was refused"), Event::World("starts")],
        [Event::Log("slow"), result("it failed"), Event::World("begins")],
        [Event::Log("slow"), result("it failed"), Event::Fault(Fault::Killed)],
    ] {
        let (same, changed) = all(&other);
        assert!(same == port && changed != texts);
    }
}

#[test]
fn words_between_the_crossings_leave_port_as_it_is() {
    let (port, _) = all(&[Event::Aborted, Event::Record(7)]);
    assert_eq!(all(&[Event::Aborted, Event::Fault(Fault::Killed), Event::Record(7)]).0, port);
    assert_ne!(all(&[Event::Record(7), Event::Aborted]).0, port);
}

#[test]
fn the_time_and_who_did_it_count() {
    let noted = |at, who| Digests::default().note(at, who, &Event::Aborted).port();
    let port = noted(SECOND, WHO);
    assert_ne!(noted(2 * SECOND, WHO), port);
    assert_ne!(noted(SECOND, Who { instance: Some(1), ..WHO }), port);
    assert_ne!(noted(SECOND, Who { call: None, ..WHO }), port);
}

#[test]
fn every_part_of_a_request_counts_but_secrets() {
    let changes: [fn(&mut Request); 15] = [
        |_| (),
        |request| request.method = "POST",
        |request| request.https = false,
        |request| request.authority.push('s'),
        |request| request.path_and_query.push('0'),
        |request| request.headers[0].0 = "accept-language",
        |request| request.headers[0].1.push('s'),
        |request| request.headers.clear(),
        |request| request.secret_headers.clear(),
        |request| request.body = Some(Body::Plain(Bytes::from_static(b"{}"))),
        |request| request.body = Some(Body::Secret(Secret::new("{}".to_owned()))),
        |request| request.timeouts.connect *= 2,
        |request| request.timeouts.first_byte *= 2,
        |request| request.timeouts.between_bytes *= 2,
        |request| request.max_body = 11,
    ];
    let requests = changes.map(|change| {
        let mut request = request();
        change(&mut request);
        request
    });
    differ(&requests.each_ref().map(Event::Send));
    let mut rotated = request();
    rotated.secret_headers[0].1 = Secret::new("another".to_owned());
    assert_eq!(all(&[Event::Send(&rotated)]), all(&[Event::Send(&request())]));
}

#[test]
fn every_part_of_an_answer_counts() {
    let changes: [fn(&mut Response); 5] = [
        |_| (),
        |response| response.status = 201,
        |response| response.headers.clear(),
        |response| response.body = Err(BodyError::TooLarge),
        |response| response.body = Err(BodyError::Broken("cut".to_owned())),
    ];
    let responses = changes.map(|change| {
        let mut response = response();
        change(&mut response);
        response
    });
    differ(&responses.each_ref().map(|response| Event::Answer { response, body: b"[]" }));
    let response = &response();
    differ(&[Event::Answer { response, body: b"[]" }, Event::Answer { response, body: b"{}" }]);
}

#[test]
fn every_part_of_a_state_operation_counts() {
    let ask = |operation, key, value, expected, ttl, result, answer| Event::State {
        operation,
        key,
        value,
        expected,
        ttl,
        result,
        answer,
    };
    let (a, b): (&[u8], &[u8]) = (b"a", b"b");
    let (yes, no) = (Some(a), Some(b));
    differ(&[
        ask("swap", "k", a, b, Some(SECOND), "ok", yes),
        ask("set", "k", a, b, Some(SECOND), "ok", yes),
        ask("swap", "l", a, b, Some(SECOND), "ok", yes),
        ask("swap", "k", b, b, Some(SECOND), "ok", yes),
        ask("swap", "k", a, a, Some(SECOND), "ok", yes),
        ask("swap", "k", a, b, None, "ok", yes),
        ask("swap", "k", a, b, Some(SECOND), "down", yes),
        ask("swap", "k", a, b, Some(SECOND), "ok", no),
        ask("swap", "k", a, b, Some(SECOND), "ok", None),
    ]);
}

#[test]
fn every_part_of_a_call_a_lookup_and_a_draw_counts() {
    let call = NewCall::single("jpm.jobs-get", 1234, None);
    let longer = NewCall::single("jpm.jobs-get", 1234, Some(SECOND));
    let other = NewCall::single("jpm.jobs-list", 1234, None);
    let event = |call, about, patience| Event::Call { call, about, patience };
    differ(&[
        event(&call, "1", None),
        event(&call, "2", None),
        event(&call, "1", Some(SECOND)),
        event(&longer, "1", None),
        event(&other, "1", None),
        Event::Lookup { name: "LOG_LEVEL", found: Some(true) },
        Event::Lookup { name: "LOG_LEVEL", found: Some(false) },
        Event::Lookup { name: "LOG_LEVEL", found: None },
        Event::Lookup { name: "RETRY_ATTEMPTS", found: Some(true) },
        Event::Draw(1),
        Event::Draw(2),
        Event::Asked(2),
        Event::Record(2),
    ]);
}
