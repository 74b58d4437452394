//! Nothing looks whole that is not: an instance that traps at any host call of a list, of a
//! file or of a write, and what is seen of it over HTTP and by an embedder.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use penstock_host::{
    CodeCache, Engine, Environment, Error, Limits, Plugin, TrapAt,
    bindings::types::Outcome,
    gateway::{Gateway, GatewayOptions},
    http::{Outbound, OutboundPolicy},
    sources::{Layered, Map},
};
use serde_json::Value;
use tokio::{net::TcpListener, time::timeout};
use wasmtime_wasi_http::RequestOptions;

use crate::support::{
    self, NONE,
    files::{self, PIECE, RECORDING, pieces, whole},
    server::{self, Server, json},
};

const KEY: &str = "pk_test_key_of_the_caller_0123456789";

/// Jobs of the list, in pages of [`PAGE`].
const JOBS: usize = 130;
const PAGE: &str = "50";

/// The file, in pieces of [`PIECE`] bytes and without a length of its own.
const PIECES: u64 = 5;

/// More host calls than any of these requests has.
const ENOUGH: u64 = 5_000;

/// A provider with a list and a file, which counts what it was told to make.
async fn provider() -> (Server, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let provider = files::provider(move |request| {
        let path = request.uri().path();
        if request.method() == Method::POST {
            counted.fetch_add(1, SeqCst);
            return json(200, &serde_json::json!({"id": 7, "name": "Repair", "fileName": "a"})).map(whole);
        }
        if path.ends_with("/recording") {
            return Response::builder()
                .header("content-type", "audio/mpeg")
                .body(pieces(PIECES, &Arc::default(), false))
                .unwrap();
        }
        server::provider(request, JOBS).map(whole)
    })
    .await;
    (provider, made)
}

/// Its environment, with an instance that traps at a host call.
fn trapping(provider: &Server, trap: &TrapAt) -> Environment {
    let given = Map::new([
        ("PENSTOCK_API_KEY_HASH", penstock::api_key::hash(KEY)),
        ("PENSTOCK_ROLE", "admin".to_owned()),
        ("PENSTOCK_PAGE_SIZE", PAGE.to_owned()),
    ]);
    let settings = || Layered::new().then(given.clone()).then(support::values(provider));
    let mut limits = Limits::default();
    limits.trap = Some(trap.clone());
    support::environment(provider).0.secrets(settings()).config(settings()).limits(limits)
}

/// A response as a client sees it; none when even the head did not come, or the body broke off.
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: Option<Bytes>,
}

async fn ask(gateway: &Gateway, method: &Method, path: &str) -> Option<Seen> {
    let client = Outbound::with_policy(OutboundPolicy::none().allow_loopback());
    let body = Full::new(Bytes::from_static(b"photo")).map_err(|never| match never {}).boxed_unsync();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{}/v1/servicetitan/default{path}", gateway.address()))
        .header("x-api-key", KEY)
        .header("content-disposition", "attachment; filename=photo.png");
    let response = client.send(request.body(body).unwrap(), RequestOptions::default()).await.ok()?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.ok().map(|body| body.to_bytes());
    Some(Seen { status: head.status.as_u16(), headers: head.headers, body })
}

/// How many requests were answered with a problem, and how many broke off.
#[derive(Debug, Default)]
struct Told {
    problems: usize,
    broken: usize,
}

/// Asks a gateway that traps at the first host call, one that traps at the second... until
/// the request passes before the trap is reached.
async fn at_every_host_call(method: Method, path: &str, is_whole: impl Fn(&Bytes) -> bool) -> Told {
    let (provider, made) = provider().await;
    // Of its own, whose epochs disturb nobody else.
    let engine = Engine::new(&CodeCache::User).unwrap();
    let component = engine.gateway().unwrap();
    let mut told = Told::default();
    for call in 1..ENOUGH {
        let trap = TrapAt::host_call(call);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let environment = trapping(&provider, &trap);
        let options = GatewayOptions::default();
        let gateway = Gateway::serve_on(&engine, &component, listener, environment, options).unwrap();
        let before = made.load(SeqCst);
        let seen = timeout(Duration::from_secs(60), ask(&gateway, &method, path)).await;
        let seen = seen.unwrap_or_else(|_| panic!("host call {call}: nothing came"));
        let passed = !trap.sprung();
        match seen {
            Some(Seen { status: 200, body: Some(body), .. }) => {
                assert!(is_whole(&body), "host call {call}: {} bytes look whole", body.len());
            }
            Some(Seen { status, headers, body: Some(body) }) => {
                assert!(!passed, "{status} {body:?}");
                let sent = made.load(SeqCst) > before;
                problem(call, &method, status, &headers, &body, sent);
                told.problems += 1;
            }
            _ => {
                assert!(!passed, "without a trap it must come");
                told.broken += 1;
            }
        }
        if passed {
            return told;
        }
    }
    panic!("it never passed");
}

fn problem(call: u64, method: &Method, status: u16, headers: &HeaderMap, body: &Bytes, sent: bool) {
    assert_eq!(headers["content-type"], "application/problem+json", "host call {call}");
    let problem: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["type"].as_str().unwrap().starts_with("urn:penstock:gateway:"), "{problem}");
    let (outcome, advice) = (&problem["outcome"], &problem["retry"]["advice"]);
    match (status, method) {
        (503, _) => assert_eq!((outcome, advice), (&"not-sent".into(), &"later".into())),
        (500, &Method::GET) => assert_eq!((outcome, advice), (&"not-applied".into(), &"now".into())),
        (500, _) => assert_eq!((outcome, advice), (&"unknown".into(), &"never".into())),
        _ => panic!("host call {call}: {problem}"),
    }
    assert!(!(sent && outcome == "not-sent"), "host call {call}: it was sent");
}

#[tokio::test]
async fn a_list_of_an_instance_that_traps_never_ends_well() {
    let told = at_every_host_call(Method::GET, "/jpm/jobs?all=true", |body| {
        let lines: Vec<Value> =
            body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        lines.len() == JOBS + 1 && lines[JOBS]["penstock"]["end"]["items"] == JOBS
    })
    .await;
    assert!(told.problems > 10 && told.broken > 5, "{told:?}");
}

#[tokio::test]
async fn a_file_of_an_instance_that_traps_never_ends_well() {
    let length = PIECE * usize::try_from(PIECES).unwrap();
    let told =
        at_every_host_call(Method::GET, "/telecom/calls/7/recording", |body| body.len() == length).await;
    assert!(told.problems > 10 && told.broken > 5, "{told:?}");
}

#[tokio::test]
async fn a_write_of_an_instance_that_traps_is_of_unknown_outcome() {
    let path = "/forms/jobs/7/attachments";
    let told = at_every_host_call(Method::POST, path, |body| body.starts_with(b"{")).await;
    assert!(told.problems > 10, "{told:?}");
}

/// Starts the plugin with a trap at each host call in turn, until the call passes before it.
async fn plugins(call: impl AsyncFn(&Plugin) -> Result<(), Error>) -> Vec<Error> {
    let (provider, _) = provider().await;
    let engine = Engine::new(&CodeCache::User).unwrap();
    let component = engine.plugin().unwrap();
    let mut errors = Vec::new();
    for number in 1..ENOUGH {
        let trap = TrapAt::host_call(number);
        let environment = trapping(&provider, &trap);
        let called = async {
            let plugin = Plugin::start_on(&engine, &component, environment).await?;
            call(&plugin).await
        };
        let result = timeout(Duration::from_secs(60), called).await;
        let result = result.unwrap_or_else(|_| panic!("host call {number}: nothing came"));
        if !trap.sprung() {
            result.unwrap();
            return errors;
        }
        errors.extend(result.err());
    }
    panic!("it never passed");
}

/// Every error is that of an instance that ended, with this outcome, but for those of
/// instances that never were.
fn all_ended(errors: &[Error], expected: Outcome) {
    assert!(errors.len() > 10, "{errors:?}");
    for error in errors {
        match error {
            Error::Instance { outcome, .. } => assert_eq!(*outcome, expected, "{error}"),
            Error::Component { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn records_of_an_instance_that_traps_end_with_an_error() {
    let errors = plugins(async |plugin| {
        let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, None).await?;
        let mut count = 0;
        while let Some(record) = records.next().await {
            record?;
            count += 1;
        }
        assert_eq!((count, records.end().unwrap().items), (JOBS, JOBS as u64));
        Ok(())
    })
    .await;
    all_ended(&errors, Outcome::NotApplied);
}

#[tokio::test]
async fn a_file_of_an_instance_that_traps_ends_with_an_error() {
    let errors = plugins(async |plugin| {
        let mut file = plugin.download("servicetitan", RECORDING, [("id", "7")], None).await?;
        let mut length = 0;
        while let Some(piece) = file.next().await {
            length += piece?.len();
        }
        assert_eq!(length, PIECE * usize::try_from(PIECES).unwrap());
        Ok(())
    })
    .await;
    all_ended(&errors, Outcome::NotApplied);
}

#[tokio::test]
async fn calls_of_an_instance_that_traps_say_whether_they_may_be_repeated() {
    let errors = plugins(async |plugin| {
        plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "7")], None, None).await.map(drop)
    })
    .await;
    all_ended(&errors, Outcome::NotApplied);
    let errors = plugins(async |plugin| {
        let body = Some(r#"{"name":"Repair"}"#.to_owned());
        plugin.invoke("servicetitan", "jpm.job-types-create", NONE, body, None).await.map(drop)
    })
    .await;
    all_ended(&errors, Outcome::Unknown);
    assert!(errors.last().unwrap().to_string().contains("look before you repeat"), "{errors:?}");
}

#[tokio::test]
async fn a_typed_call_knows_as_much() {
    use penstock_host::bindings::jpm::JobsGetQuery;
    let errors = plugins(async |plugin| {
        let call = plugin.servicetitan().jpm().jobs_get(7, JobsGetQuery::default());
        call.await.map(drop)
    })
    .await;
    all_ended(&errors, Outcome::NotApplied);
}
