use super::*;
use crate::support::CLIENT_SECRET;
use penstock_host::bindings::types::{FailureKind, Outcome, RetryAdvice};
use std::{sync::Mutex, time::Duration};

/// 64 MiB.
const MANY: u64 = 1024;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_mebibytes_pass_through_little_memory_as_fast_as_they_are_read() {
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let provider = provider(move |request| {
        assert_eq!(request.uri().path(), "/telecom/v2/tenant/1/calls/7/recording");
        assert_eq!(request.headers()["authorization"], "Bearer t0ken");
        Response::builder()
            .header("content-type", "audio/mpeg")
            .header("content-disposition", "attachment; filename*=UTF-8''..%2Fcall%207.mp3")
            .header("content-length", MANY * PIECE as u64)
            .body(pieces(MANY, &counting, false))
            .unwrap()
    })
    .await;
    let plugin = plugin(&provider).await;
    // Typed, as an embedder does it.
    let mut file = plugin.servicetitan().telecom().calls_download_recording(7).await.unwrap();
    assert_eq!(file.info.content_type.as_deref(), Some("audio/mpeg"));
    assert_eq!(file.info.file_name.as_deref(), Some("call 7.mp3"));
    assert_eq!((file.info.status, file.info.length), (200, Some(MANY * PIECE as u64)));

    // Nobody reads on: soon nobody sends on either. What was sent stands in the sockets.
    let first = file.next().await.unwrap().unwrap().len();
    let mut before = u64::MAX;
    while before != asked.load(SeqCst) {
        before = asked.load(SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(before < MANY / 2, "{before} pieces were sent to a reader that took one");

    let (rest, end) = read(file).await;
    end.unwrap();
    assert_eq!(first + rest, usize::try_from(MANY).unwrap() * PIECE);
    assert_eq!((asked.load(SeqCst), plugin.instances_started()), (MANY, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_takes_no_credential_along() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noting = seen.clone();
    let storage = Server::start(move |request| {
        noting.lock().unwrap().push(format!("{} {:?}", request.uri(), request.headers()));
        std::future::ready(Response::new(Full::new(Bytes::from_static(b"abc"))))
    })
    .await;
    let location = format!("{}/recordings/7.mp3?sig=s1gned", storage.origin());
    let provider = provider(move |_| {
        Response::builder().status(302).header("location", &location).body(whole(Full::default())).unwrap()
    })
    .await;
    let (environment, captured) = support::environment(&provider);
    let plugin = start(environment).await;
    let file = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await.unwrap();
    let (length, end) = read(file).await;
    end.unwrap();
    assert_eq!((length, storage.requests()), (3, 1));
    let seen = seen.lock().unwrap().join("");
    assert!(seen.starts_with("/recordings/7.mp3?sig=s1gned"), "{seen}");
    for secret in ["authorization", "st-app-key", "cookie", "t0ken", "ak1", "cid", CLIENT_SECRET] {
        assert!(!seen.to_lowercase().contains(secret), "{secret}: {seen}");
    }
    let lines = captured.lines().join("\n");
    assert!(lines.contains(RECORDING) && !lines.contains("s1gned"), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_says_so_at_its_end() {
    for length in [None, Some(1000 * PIECE)] {
        let provider = provider(move |_| {
            let mut head = Response::builder();
            if let Some(length) = length {
                head = head.header("content-length", length);
            }
            head.body(pieces(SOME, &Arc::default(), true)).unwrap()
        })
        .await;
        let plugin = plugin(&provider).await;
        let file = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await.unwrap();
        let (came, end) = read(file).await;
        let error = end.unwrap_err();
        let failure = error.failure().unwrap();
        assert!(came > 0 && came <= usize::try_from(SOME).unwrap() * PIECE);
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Transport, Outcome::NotApplied));
        assert!(matches!(failure.retry, RetryAdvice::Now), "{failure:?}");
        assert!(failure.message.contains(&format!("{came} ")), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_failure_and_no_file() {
    let provider =
        provider(|_| json(404, &serde_json::json!({"title": "No recording", "status": 404})).map(whole))
            .await;
    let plugin = plugin(&provider).await;
    let error = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::NotFound);
    let typed = plugin.file(|caller, guest| {
        Box::pin(guest.penstock_servicetitan_telecom().call_calls_download_recording(caller, 7, None))
    });
    assert_eq!(typed.await.unwrap_err().failure().unwrap().kind, FailureKind::NotFound);
    let error = plugin.download("servicetitan", "jpm.jobs-get", [("id", "7")], None).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::BadInput);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_dropped_stops_and_the_component_goes_on() {
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let provider = provider(move |_| Response::new(pieces(1 << 20, &counting, false))).await;
    let plugin = plugin(&provider).await;
    for _ in 0..80 {
        // More of them than there are places in flight.
        let mut file = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await.unwrap();
        file.next().await.unwrap().unwrap();
    }
    assert!(asked.load(SeqCst) < 1 << 20);
    assert!(plugin.health().await);
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_goes_on_where_the_provider_offers_that() {
    let length = 100 * PIECE;
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let provider = provider(move |request| {
        counting.fetch_add(1, SeqCst);
        let head = Response::builder().header("etag", "\"v1\"").header("accept-ranges", "bytes");
        let Some(range) = request.headers().get("range") else {
            return head.header("content-length", length).body(pieces(SOME, &Arc::default(), true)).unwrap();
        };
        assert_eq!(request.headers()["if-range"], "\"v1\"");
        let from = range.to_str().unwrap().strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
        let from: usize = from.parse().unwrap();
        head.status(206)
            .header("content-range", format!("bytes {from}-{}/{length}", length - 1))
            .body(whole(Full::from(vec![b'y'; length - from])))
            .unwrap()
    })
    .await;
    let plugin = plugin(&provider).await;
    let file = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await.unwrap();
    let (came, end) = read(file).await;
    end.unwrap();
    assert_eq!((came, asked.load(SeqCst)), (length, 2));
}
