//! Files from the provider itself.

use super::*;
use crate::{
    client::tests::rig::within,
    contract::{FailureKind, Outcome, RetryAdvice},
    host::simulated::{Pieces, Reply},
};
use futures_util::future::{join, select};

fn file(pieces: &[&str]) -> Reply {
    Reply::streamed(200, Pieces::new(pieces.to_vec())).header("content-type", "audio/mpeg")
}

/// A provider that answers with this, however often it is asked.
fn rig(reply: impl Fn(usize) -> Reply + 'static) -> Rig {
    let rig = Rig::new();
    rig.titan.on_api(move |number, _| Some(reply(number)));
    rig
}

#[test]
fn a_file_comes_with_its_name_type_and_length() {
    let rig = rig(|_| {
        file(&["ab", "cde"])
            .header("content-length", "5")
            .header("content-disposition", r#"attachment; filename="../call.mp3""#)
    });
    let got = rig.whole();
    assert_eq!(got.bytes, b"abcde");
    let FileInfo { status, content_type, file_name, length, .. } = got.info;
    let told = (status, content_type.as_deref(), file_name.as_deref(), length);
    assert_eq!(told, (200, Some("audio/mpeg"), Some("call.mp3"), Some(5)));
    let requests = rig.host.requests();
    let request = requests.last().unwrap();
    assert_eq!((request.method, request.path()), ("GET", RECORDING_PATH));
    assert!(request.secret_header("authorization").is_some());
    for header in [("accept", "*/*"), ("accept-encoding", "identity")] {
        assert!(request.headers.iter().any(|(name, value)| (*name, value.as_str()) == header), "{header:?}");
    }
    let line = rig.host.lines().last().unwrap().clone();
    assert!(line.contains(r#""http.response.body.size":5"#) && line.contains(RECORDING), "{line}");
    assert!(rig.client.metrics().contains(RECORDING));
}

#[test]
fn until_the_first_byte_it_is_a_call_like_others() {
    // It is sent again, also with a new token.
    let rig = rig(|number| match number {
        1 => Reply::status(503, "down"),
        2 => Reply::dropped(),
        3 => Reply::cut_off(500),
        _ => file(&["abc"]),
    });
    assert_eq!(rig.whole().bytes, b"abc");
    let rig = self::rig(|number| if number == 1 { Reply::status(401, "{}") } else { file(&["abc"]) });
    assert_eq!((rig.whole().bytes, rig.titan.token_requests()), (b"abc".to_vec(), 2));
    // It waits as long as the provider asks.
    let rig = self::rig(|number| match number {
        1 => Reply::status(429, "{}").header("retry-after", "9"),
        _ => file(&["abc"]),
    });
    rig.whole();
    assert!(rig.host.elapsed() >= 9 * SECOND);
    // What is refused is told as usual.
    let rig = self::rig(|_| Reply::status(404, r#"{"title":"No recording","traceId":"t-1"}"#));
    let failure = rig.run(rig.recording(&options())).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::NotFound, Outcome::NotApplied));
    assert_eq!(
        (failure.operation.as_deref(), failure.vendor_trace_id.as_deref()),
        (Some(RECORDING), Some("t-1"))
    );
    assert!(failure.message.contains("No recording") && failure.attempts.len() == 1, "{failure:?}");
    // And so is a provider that is down for long.
    let rig = self::rig(|_| Reply::status(503, "down"));
    let failures: Vec<_> = (0..20).map(|_| rig.run(rig.recording(&options())).unwrap_err()).collect();
    let reasons: Vec<_> = failures
        .iter()
        .flat_map(|failure| &failure.attempts)
        .map(|attempt| attempt.reason.as_str())
        .collect();
    assert!(reasons.contains(&"unavailable") && reasons.contains(&"breaker-open"), "{reasons:?}");
}

#[test]
fn a_file_that_breaks_off_is_no_file() {
    let ends = |reply: fn() -> Reply| {
        let rig = rig(move |_| reply());
        let got = rig.run(rig.recording(&options())).unwrap();
        let failure = got.end.unwrap_err();
        assert_eq!((failure.outcome, failure.call_id), (Outcome::NotApplied, got.info.call_id));
        // What was handed over is not asked for again.
        assert_eq!(rig.titan.api_requests(), 1);
        (failure.kind, failure.retry, failure.message)
    };
    let again = "get it again as a whole";
    for reply in [
        || file(&["abc", "defg"]).header("content-length", "10"),
        || Reply::streamed(200, Pieces::broken(["abc", "defg"])).header("content-length", "10"),
    ] {
        let (kind, retry, message) = ends(reply);
        assert_eq!((kind, retry), (FailureKind::Transport, RetryAdvice::Now));
        assert!(message.contains("7 of 10 bytes") && message.contains(again), "{message}");
    }
    let (kind, _, message) = ends(|| file(&["abc", "defg"]).header("content-length", "5"));
    assert!(kind == FailureKind::Transport && message.contains(again), "{message}");
    let (kind, _, message) = ends(|| Reply::streamed(200, Pieces::broken(["abc"])));
    assert!(kind == FailureKind::Transport && message.contains("3 bytes"), "{message}");
}

#[test]
fn a_vendor_that_falls_silent_is_not_waited_for() {
    let rig = Rig::new();
    let host = rig.host.clone();
    rig.titan.on_api(move |_, _| Some(Reply::streamed(200, Slow::new(&host, 9, 31 * SECOND))));
    let got = rig.run(rig.recording(&options())).unwrap();
    assert_eq!(got.end.unwrap_err().kind, FailureKind::Timeout);
    assert!((30..32).contains(&rig.host.elapsed().as_secs()), "{:?}", rig.host.elapsed());
}

#[test]
fn a_slow_reader_is_waited_for_but_not_beyond_the_deadline() {
    let slowly = |options: &CallOptions| {
        let rig = rig(|_| file(&["a", "b", "c", "d"]));
        let mut reader = Reader { pause: 200 * SECOND, ..Reader::new(&rig.host) };
        let got = rig.run(rig.recording_into(&mut reader, options)).unwrap();
        (got.bytes, got.end.map_err(|failure| (failure.kind, failure.retry)), rig.host.elapsed().as_secs())
    };
    assert_eq!(slowly(&options()), (b"abcd".to_vec(), Ok(()), 800));
    let late = Err((FailureKind::Timeout, RetryAdvice::Later));
    assert_eq!(slowly(&within(500 * SECOND)), (b"ab".to_vec(), late, 500));
    let rig = rig(|_| file(&["a", "b"]));
    rig.host.set("PENSTOCK_FILE_DEADLINE", "7");
    let mut reader = Reader { pause: 9 * SECOND, ..Reader::new(&rig.host) };
    let got = rig.run(rig.recording_into(&mut reader, &options())).unwrap();
    assert_eq!((got.end.unwrap_err().kind, rig.host.elapsed().as_secs()), (FailureKind::Timeout, 7));
}

#[test]
fn never_more_is_held_than_one_piece() {
    let rig = Rig::new();
    let slow = Slow::new(&rig.host, 50, Duration::ZERO);
    let given = slow.given.clone();
    let mut body = Some(slow);
    rig.titan.on_api(move |_, _| body.take().map(|body| Reply::streamed(200, body)));
    struct Watching(Reader, Rc<Cell<u32>>);
    impl Sink<u8> for Watching {
        async fn write(&mut self, bytes: Vec<u8>) -> Vec<u8> {
            let taken = u32::try_from(self.0.bytes.len() / 10).unwrap();
            let refused = self.0.write(bytes).await;
            // During all of the pause nothing was asked for beyond what is offered.
            assert_eq!(self.1.get(), taken + 1);
            refused
        }
    }
    let mut reader = Watching(Reader { pause: SECOND, ..Reader::new(&rig.host) }, given);
    rig.run(async {
        let operation = dynamic::operation("servicetitan", RECORDING).unwrap();
        let id = [("id".to_owned(), "7".to_owned())];
        let found = download(&rig.client, operation, &id, None).await.unwrap();
        stream_file(found, &mut reader).await.unwrap();
    });
    assert_eq!(reader.0.bytes.len(), 500);
}

#[test]
fn a_reader_that_leaves_cancels_the_rest() {
    let rig = Rig::new();
    let slow = Slow::new(&rig.host, 50, SECOND);
    let (given, dropped) = (slow.given.clone(), slow.dropped.clone());
    let mut body = Some(slow);
    rig.titan.on_api(move |_, _| body.take().map(|body| Reply::streamed(200, body)));
    let mut reader = Reader { room: 25, ..Reader::new(&rig.host) };
    let got = rig.run(rig.recording_into(&mut reader, &options())).unwrap();
    assert_eq!((got.bytes.len(), given.get(), dropped.get()), (25, 3, true));
    assert!(got.end.unwrap_err().message.contains("the reader stopped"));
}

#[test]
fn a_file_under_way_takes_a_place_in_flight_until_its_end() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("MAX_CONNECTIONS", "1");
    let host = rig.host.clone();
    rig.titan.on_api(move |_, request| {
        (request.path() == RECORDING_PATH).then(|| Reply::streamed(200, Slow::new(&host, 10, 6 * SECOND)))
    });
    rig.run(async {
        let other = async {
            rig.host.wait(SECOND).await;
            rig.get().await.unwrap();
            rig.host.elapsed()
        };
        let (got, ended) = join(async { rig.recording(&options()).await }, other).await;
        got.unwrap().end.unwrap();
        assert!(ended >= 60 * SECOND, "{ended:?}");
        // Dropped in the middle, it gives it back at once.
        let begun = rig.host.elapsed();
        let options = options();
        let read = Box::pin(rig.recording(&options));
        drop(select(read, rig.host.wait(15 * SECOND)).await);
        rig.get().await.unwrap();
        assert!(rig.host.elapsed() - begun < 30 * SECOND);
    });
}

/// However slow their readers are.
#[test]
fn files_that_nobody_reads_leave_half_of_all_places_to_others() {
    let rig = Rig::new();
    rig.host.set("MAX_CONNECTIONS", "4");
    rig.titan.holds(1);
    rig.titan.on_api(|_, request| (request.path() == RECORDING_PATH).then(|| file(&["a", "b"])));
    rig.run(async {
        let operation = dynamic::operation("servicetitan", RECORDING).unwrap();
        let id = [("id".to_owned(), "7".to_owned())];
        let mut unread = Vec::new();
        for _ in 0..2 {
            unread.push(download(&rig.client, operation, &id, None).await.unwrap());
        }
        let late = download(&rig.client, operation, &id, Some(&within(9 * SECOND))).await;
        assert_eq!(late.err().map(|failure| failure.kind), Some(FailureKind::RateLimited));
        assert_eq!(rig.get_often(10).await.iter().filter(|call| call.is_ok()).count(), 10);
        unread.pop();
        assert!(download(&rig.client, operation, &id, Some(&within(9 * SECOND))).await.is_ok());
    });
}

#[test]
fn too_large_is_told_before_the_first_byte_where_the_length_is_known() {
    let rig = rig(|_| file(&["abcd", "efgh"]).header("content-length", "8"));
    rig.host.set("PENSTOCK_MAX_FILE_BYTES", "7");
    let failure = rig.run(rig.recording(&options())).unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::TooLarge, RetryAdvice::Never));
    let rig = self::rig(|_| file(&["abcd", "efgh"]));
    rig.host.set("PENSTOCK_MAX_FILE_BYTES", "7");
    let got = rig.run(rig.recording(&options())).unwrap();
    assert_eq!((got.bytes, got.end.unwrap_err().kind), (b"abcd".to_vec(), FailureKind::TooLarge));
}

#[test]
fn each_kind_of_operation_is_called_in_its_own_way() {
    let rig = Rig::new();
    let failure = rig.run(rig.invoke(RECORDING, &[("id", "7")], None, None)).unwrap_err();
    assert!(failure.kind == FailureKind::BadInput && failure.message.contains("download it"), "{failure:?}");
    let upload = "forms.jobs-upload-attachment";
    let failure = rig.run(rig.invoke(upload, &[("id", "7")], None, None)).unwrap_err();
    assert!(failure.kind == FailureKind::BadInput && failure.message.contains("upload it"), "{failure:?}");
    let operation = dynamic::operation("servicetitan", "jpm.jobs-get").unwrap();
    let id = [("id".to_owned(), "7".to_owned())];
    let failure = rig.run(download(&rig.client, operation, &id, None)).err().unwrap();
    assert!(
        failure.kind == FailureKind::BadInput && failure.message.contains("answers with no file"),
        "{failure:?}"
    );
    assert_eq!(rig.host.requests().len(), 0);
}

#[test]
fn what_is_no_file_is_not_taken_for_one() {
    type Head = (u16, &'static [(&'static str, &'static str)]);
    let heads: [(Head, &str, usize); 4] = [
        // A proxy's page may be gone the next time.
        ((200, &[("content-type", "text/html")]), "text/html", 4),
        ((200, &[("content-type", "application/problem+json")]), "problem+json", 1),
        ((204, &[]), "HTTP 204 has no file", 1),
        ((200, &[("content-length", "0")]), "empty", 1),
    ];
    for ((status, headers), message, requests) in heads {
        let rig = rig(move |_| {
            headers.iter().fold(Reply::status(status, ""), |reply, (name, value)| reply.header(name, *value))
        });
        let failure = rig.run(rig.recording(&options())).unwrap_err();
        assert!(failure.message.contains(message), "{failure:?}");
        assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::Decode, requests));
    }
    // Nothing at all, which only its end tells.
    let rig = rig(|_| file(&[]));
    let failure = rig.run(rig.recording(&options())).unwrap().end.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Decode);
}
