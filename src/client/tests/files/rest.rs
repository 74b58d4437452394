//! Files that break off and go on, where the server offers that.

use super::*;
use crate::{
    contract::{FailureKind, RetryAdvice},
    host::simulated::{Pieces, Reply, SentRequest},
};

const WHOLE: &str = "abcdefghij";
const TAG: &str = "\"v1\"";

fn field<'r>(request: &'r SentRequest, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// A server that gives four bytes at most and then breaks off.
fn four(request: &SentRequest, etag: &str) -> Reply {
    let range = field(request, "range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    let from = range.map_or(0, |from| from.parse::<usize>().unwrap());
    let end = (from + 4).min(WHOLE.len());
    let part = [WHOLE.get(from..end).unwrap()];
    let body = if end == WHOLE.len() { Pieces::new(part) } else { Pieces::broken(part) };
    let length = (WHOLE.len() - from).to_string();
    let reply = if range.is_some() {
        assert_eq!(field(request, "if-range"), Some(TAG));
        Reply::streamed(206, body).header("content-range", format!("bytes {from}-9/10"))
    } else {
        Reply::streamed(200, body).header("accept-ranges", "bytes")
    };
    reply.header("etag", etag).header("content-length", length)
}

fn ranges(rig: &Rig) -> Vec<Option<String>> {
    let requests = rig.host.requests();
    let asked = requests.iter().filter(|request| request.secret_body().is_none());
    asked.map(|request| field(request, "range").map(str::to_owned)).collect()
}

/// A part came and no more, with the advice to begin anew.
fn assert_part(rig: &Rig, part: &str, requests: usize) {
    let got = rig.run(rig.recording(&options())).unwrap();
    let failure = got.end.unwrap_err();
    assert_eq!(String::from_utf8(got.bytes).unwrap(), part);
    assert_eq!((failure.kind, failure.retry), (FailureKind::Transport, RetryAdvice::Now));
    assert_eq!(rig.titan.api_requests(), requests, "{failure:?}");
}

#[test]
fn the_rest_is_asked_for_until_it_is_whole() {
    let rig = Rig::new();
    rig.host.set("MAX_CONNECTIONS", "1");
    rig.titan.on_api(|_, request| Some(four(request, TAG)));
    let got = rig.whole();
    assert_eq!((got.bytes.as_slice(), got.info.length), (WHOLE.as_bytes(), Some(10)));
    let expected = [None, Some("bytes=4-"), Some("bytes=8-")].map(|range| range.map(str::to_owned));
    assert_eq!(ranges(&rig), expected);
    assert!(
        rig.host.lines().iter().any(|line| line.contains("file-resumed") && line.contains(r#""from":8"#))
    );
}

#[test]
fn the_rest_is_asked_for_at_the_vendor_and_by_its_policies() {
    // A new redirect, since the last one may be over; a new token; what fails for a moment.
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        Some(match (request.authority.as_str(), number) {
            ("files.example", _) => {
                assert_eq!(request.secret_header("authorization"), None);
                four(request, TAG)
            }
            (_, 3) => Reply::status(401, "{}"),
            (_, 4) => Reply::status(503, "down"),
            _ => Reply::status(302, "").header("location", "https://files.example/7"),
        })
    });
    assert_eq!(rig.whole().bytes, WHOLE.as_bytes());
    assert_eq!((rig.titan.api_requests(), rig.titan.token_requests()), (8, 2));
}

#[test]
fn a_file_that_falls_silent_goes_on_too() {
    let rig = Rig::new();
    let host = rig.host.clone();
    rig.titan.on_api(move |number, request| {
        let stuck = Slow::new(&host, 1, 500 * SECOND);
        let first = Reply::streamed(200, stuck).header("accept-ranges", "bytes").header("etag", TAG);
        Some(if number == 1 { first } else { four(request, TAG) })
    });
    assert_eq!(rig.whole().bytes, WHOLE.as_bytes());
    assert!(rig.host.elapsed() < 40 * SECOND);
}

#[test]
fn another_file_is_never_glued_to_the_part() {
    // It changed, and the server says so: by another tag, or by all of the new file.
    let rig = Rig::new();
    rig.titan.on_api(|number, request| Some(four(request, if number == 1 { TAG } else { "\"v2\"" })));
    assert_part(&rig, "abcd", 2);
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        Some(if number == 1 { four(request, TAG) } else { Reply::streamed(200, Pieces::new([WHOLE])) })
    });
    assert_part(&rig, "abcd", 2);
    // It is gone, or another part came.
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        Some(if number == 1 { four(request, TAG) } else { Reply::status(404, "{}") })
    });
    assert_part(&rig, "abcd", 2);
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        let odd = Reply::streamed(206, Pieces::new(["xyz"])).header("content-range", "bytes 3-9/10");
        Some(if number == 1 { four(request, TAG) } else { odd })
    });
    assert_part(&rig, "abcd", 2);
}

#[test]
fn who_offers_no_ranges_or_no_strong_tag_is_asked_for_none() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| Some(four(request, "W/\"v1\"")));
    assert_part(&rig, "abcd", 1);
}

#[test]
fn it_is_not_tried_for_ever() {
    // Not one byte comes any more.
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        let stuck = Reply::streamed(206, Pieces::broken([""; 0])).header("content-range", "bytes 4-9/10");
        Some(if number == 1 { four(request, TAG) } else { stuck })
    });
    assert_part(&rig, "abcd", 4);
    let rig = Rig::new();
    rig.host.set("RETRY_ATTEMPTS", "1");
    rig.titan.on_api(|_, request| Some(four(request, TAG)));
    assert_part(&rig, "abcd", 1);
}
