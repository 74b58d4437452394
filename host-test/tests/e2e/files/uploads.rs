use super::*;
use crate::support::values;
use penstock_host::{
    Outgoing,
    bindings::types::{CallOptions, FailureKind, Outcome},
    sources::{Layered, Map},
};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ATTACHMENT: &str = "forms.jobs-upload-attachment";

type Seen = Arc<Mutex<Vec<Request<Bytes>>>>;

/// A provider that keeps what it is sent.
async fn keeping(status: u16) -> (Server, Seen) {
    let seen = Seen::default();
    let keep = seen.clone();
    let provider = provider(move |request| {
        let kept =
            request.headers().iter().fold(Request::builder(), |kept, (name, value)| kept.header(name, value));
        keep.lock().unwrap().push(kept.uri(request.uri()).body(request.body().clone()).unwrap());
        json(status, &serde_json::json!({"fileName": "stored.png"})).map(whole)
    })
    .await;
    (provider, seen)
}

async fn admin(provider: &Server) -> Plugin {
    let config = Layered::new().then(Map::new([("PENSTOCK_ROLE", "admin")])).then(values(provider));
    start(support::environment(provider).0.config(config)).await
}

/// Content whose every byte says where it stands, in pieces of an odd size.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

fn streamed(content: &[u8]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static {
    let pieces: Vec<_> = content.chunks(100_003).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces).map(Ok)
}

/// The only part of a form: its head and its content. Panics unless the form is as RFC 7578
/// has it.
fn only_part(request: &Request<Bytes>) -> (String, Vec<u8>) {
    let content_type = request.headers()["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = request.body();
    let rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes()).unwrap();
    let rest = rest.strip_suffix(format!("\r\n--{boundary}--\r\n").as_bytes()).unwrap();
    let end = rest.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let content = rest[end + 4..].to_vec();
    (String::from_utf8(rest[..end].to_vec()).unwrap(), content)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_gets_a_form_with_the_file_byte_for_byte() {
    let (provider, seen) = keeping(200).await;
    let plugin = admin(&provider).await;
    // More than the component's memory.
    let content = content(32 << 20);
    let file = Outgoing::new("größe \"1\".png", streamed(&content)).content_type("image/png");
    let file = file.length(content.len() as u64);
    let answer = plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap();
    assert!(answer.body.unwrap().contains("stored.png"));
    let seen = seen.lock().unwrap();
    let [request] = seen.as_slice() else { panic!("{} requests", seen.len()) };
    assert_eq!(request.uri().path(), "/forms/v2/tenant/1/jobs/7/attachments");
    assert_eq!(request.headers()["content-length"], request.body().len().to_string().as_str());
    assert_eq!(request.headers()["authorization"], "Bearer t0ken");
    let (head, part) = only_part(request);
    let expected = "Content-Disposition: form-data; name=\"file\"; filename=\"größe %221%22.png\"\r\n\
                    Content-Type: image/png";
    assert_eq!(head, expected);
    assert!(part == content, "{} bytes, and not the same", part.len());
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_and_of_unknown_length() {
    let (provider, seen) = keeping(200).await;
    let plugin = admin(&provider).await;
    let content = content(300_000);
    let file = Outgoing::new("a.bin", streamed(&content));
    let attachment = plugin.servicetitan().forms().jobs_upload_attachment(7, file).await.unwrap();
    assert_eq!(attachment.file_name.as_deref(), Some("stored.png"));
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].headers()["transfer-encoding"], "chunked");
    let (head, part) = only_part(&seen[0]);
    assert!(head.contains("filename=\"a.bin\"\r\nContent-Type: application/octet-stream"), "{head}");
    assert!(part == content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_is_never_a_file_to_the_provider() {
    let (provider, seen) = keeping(200).await;
    let plugin = admin(&provider).await;
    let pieces = [Ok(Bytes::from(content(500_000))), Err(io::Error::other("the disk is gone"))];
    let file = Outgoing::new("a.bin", stream::iter(pieces)).length(600_000);
    let error = plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::Unknown));
    assert!(failure.message.contains("500000 bytes of 600000"), "{failure:?}");
    assert_eq!(seen.lock().unwrap().len(), 0);
    // The component goes on.
    let file = Outgoing::new("a.bin", streamed(b"abc"));
    plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap();
    assert_eq!((seen.lock().unwrap().len(), plugin.instances_started()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_sent_once_and_not_at_all_without_the_role() {
    let (provider, seen) = keeping(503).await;
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let content = stream::iter([b"abc", b"def"]).map(move |piece| {
        counting.fetch_add(1, SeqCst);
        Ok(Bytes::from_static(piece))
    });
    let reader = support::plugin(&provider).await;
    let error = reader
        .upload("servicetitan", ATTACHMENT, [("id", "7")], Outgoing::new("a.bin", content), None)
        .await
        .unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Role);
    assert_eq!((asked.load(SeqCst), provider.requests()), (0, 0));

    let plugin = admin(&provider).await;
    let file = Outgoing::new("a.bin", streamed(b"abcdef"));
    let error = plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Vendor, Outcome::Unknown));
    assert_eq!((failure.attempts.len(), seen.lock().unwrap().len()), (1, 1));
}

/// Content that says when nobody wants it any more.
struct Wanted<S>(S, #[expect(dead_code, reason = "dropped")] tokio::sync::oneshot::Sender<()>);

impl<S: futures_util::Stream + Unpin> futures_util::Stream for Wanted<S> {
    type Item = S::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<S::Item>> {
        self.0.poll_next_unpin(context)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_deadline_passes_the_content_is_let_go() {
    let (provider, seen) = keeping(200).await;
    let plugin = admin(&provider).await;
    let (wanted, dropped) = tokio::sync::oneshot::channel();
    let stalled = stream::iter([Ok(Bytes::from_static(b"abc"))]).chain(stream::pending());
    let file = Outgoing::new("a.bin", Wanted(Box::pin(stalled), wanted));
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let sent = plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, Some(options));
    let error = sent.await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Outcome::Unknown));
    dropped.await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), 0);
    let file = Outgoing::new("a.bin", streamed(b"abc"));
    plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap();
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_at_once_is_heard_at_once() {
    let (tokens, _) = keeping(200).await;
    // It reads the head, answers, and lets the body stand.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = [0; 64];
        socket.read_exact(&mut head).await.unwrap();
        let refusal =
            b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n";
        socket.write_all(&[refusal.as_slice(), br#"{"title":"Not for you"}"#].concat()[..]).await.unwrap();
        std::future::pending::<()>().await;
    });
    let config = Map::new([("PENSTOCK_ROLE", "admin"), ("SERVICETITAN_API_URL", &origin)]);
    let environment =
        support::environment(&tokens).0.config(Layered::new().then(config).then(values(&tokens)));
    let plugin = start(environment).await;
    let (wanted, dropped) = tokio::sync::oneshot::channel();
    let endless = stream::repeat(()).map(|()| Ok(Bytes::from(vec![b'x'; PIECE])));
    let file = Outgoing::new("a.bin", Wanted(endless, wanted));
    let error = plugin.upload("servicetitan", ATTACHMENT, [("id", "7")], file, None).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Permission, "{error:?}");
    dropped.await.unwrap_err();
    assert!(plugin.health().await);
    assert_eq!(plugin.instances_started(), 1);
}
