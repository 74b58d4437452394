//! Answers in a content coding, wherever answers are read.

use super::rig::{Rig, options};
use crate::{
    codec::coding::tests::coded,
    contract::{FailureKind, Outcome},
    host::simulated::{Reply, SentRequest},
};

/// How a body is coded, and what its answer calls that.
pub const ALL: [(&str, &str); 5] =
    [("gzip", "gzip"), ("gzip", "x-gzip"), ("deflate", "deflate"), ("raw", "deflate"), ("zstd", "zstd")];

fn reply(status: u16, (coding, name): (&str, &str), body: &str) -> Reply {
    Reply::bytes(status, coded(coding, body.as_bytes())).header("content-encoding", name)
}

/// What a request says that it takes.
pub fn accepted(request: &SentRequest) -> Option<&str> {
    let mut values = request.headers.iter().filter(|(name, _)| *name == "accept-encoding");
    let value = values.next().map(|(_, value)| value.as_str());
    assert_eq!(values.next(), None, "named once");
    value
}

#[test]
fn answers_pages_errors_and_tokens_are_decoded() {
    for coding in ALL {
        let rig = Rig::new();
        rig.host.never_show("canary-coded-token");
        rig.titan.on_token(move |_| {
            Some(reply(200, coding, r#"{"access_token":"canary-coded-token","expires_in":900}"#))
        });
        rig.titan.on_api(move |number, request| {
            assert_eq!(request.secret_header("authorization"), Some("Bearer canary-coded-token"));
            Some(match number {
                1 => reply(200, coding, r#"{"id":1,"summary":"one"}"#),
                2 => reply(404, coding, r#"{"title":"No such job","status":404,"traceId":"trace-7"}"#),
                // The mark is taken off behind the coding.
                _ => reply(200, coding, "\u{feff}{\"hasMore\":false,\"data\":[{\"id\":1},{\"id\":2}]}"),
            })
        });
        let answer = rig.run(rig.get()).unwrap();
        assert!(answer.body.unwrap().contains(r#""summary":"one""#), "{coding:?}");
        let failure = rig.run(rig.get()).unwrap_err();
        assert!(failure.message.contains("No such job"), "{coding:?}: {}", failure.message);
        assert_eq!(failure.vendor_trace_id.as_deref(), Some("trace-7"));
        let read = rig.run(rig.read("jpm.export-jobs-list", &[], &options()));
        assert_eq!((read.ids, read.end.unwrap().items), (vec![1, 2], 2), "{coding:?}");
        assert!(rig.host.requests().iter().all(|request| accepted(request) == Some("gzip, deflate, zstd")));
        assert_eq!(rig.titan.token_requests(), 1);
    }
}

#[test]
fn a_coding_that_nobody_asked_for_is_named_and_sent_once() {
    for name in ["br", "gzip, br"] {
        let rig = Rig::new();
        rig.titan
            .on_api(move |_, _| Some(Reply::bytes(200, vec![0x8b, 0x01]).header("content-encoding", name)));
        let failure = rig.run(rig.get()).unwrap_err();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Decode, Outcome::NotApplied));
        assert!(failure.message.contains(&format!("`{name}`")), "{}", failure.message);
        assert_eq!((failure.attempts.len(), rig.titan.api_requests()), (1, 1));
        // A write took effect all the same.
        let failure = rig.run(rig.post(&options())).unwrap_err();
        assert_eq!((failure.outcome, rig.titan.api_requests()), (Outcome::Applied, 2));
        let read = rig.run(rig.read("jpm.export-jobs-list", &[], &options()));
        assert!(read.end.unwrap_err().message.contains(name));
        assert_eq!(rig.titan.api_requests(), 3);
    }
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::bytes(400, vec![1]).header("content-encoding", "compress")));
    let failure = rig.run(rig.get()).unwrap_err();
    assert!(failure.message.contains("`compress`"), "{}", failure.message);
}

#[test]
fn a_token_in_another_coding_is_asked_for_once() {
    let rig = Rig::new();
    rig.titan.on_token(|_| Some(Reply::bytes(200, vec![1]).header("content-encoding", "br")));
    let failure = rig.run(rig.get()).unwrap_err();
    assert!(failure.message.contains("`br`"), "{}", failure.message);
    assert_eq!((rig.titan.token_requests(), rig.titan.api_requests()), (1, 0));
}

#[test]
fn a_coded_body_that_is_broken_is_asked_for_again() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| {
        let whole = coded("gzip", br#"{"id":1}"#);
        let body = if number < 3 { whole[..whole.len() - number].to_vec() } else { whole };
        Some(Reply::bytes(200, body).header("content-encoding", "gzip"))
    });
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.api_requests(), 3);
}

/// What counts is how large it is behind the coding.
#[test]
fn a_bomb_is_too_large_and_sent_once() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MAX_BODY_BYTES", "1000000");
    let bomb = coded("gzip", format!(r#"{{"id":1,"summary":"{}"}}"#, "0".repeat(20_000_000)).as_bytes());
    assert!(bomb.len() < 50_000);
    rig.titan.on_api(move |_, _| Some(Reply::bytes(200, bomb.clone()).header("content-encoding", "gzip")));
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::TooLarge, 1));
    assert!(failure.message.contains("1000000"), "{}", failure.message);
}

#[test]
fn nothing_is_nothing_in_any_coding() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::bytes(204, Vec::new()).header("content-encoding", "gzip")));
    let answer = rig.run(rig.invoke("jpm.appointments-delete", &[("id", "1")], None, None)).unwrap();
    assert_eq!(answer.body, None);
}
