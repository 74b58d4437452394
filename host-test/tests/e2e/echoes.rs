//! A provider repeats the credentials that it was sent, in every spelling and in every place of an
//! answer: none of it is seen in anything that leaves the component. What is looked for is a word that
//! the planted secrets hold ([`CANARY`]), not what the product takes for a secret.

use crate::support::{
    NONE,
    planted::{APP_KEY, CLIENT_ID, CLIENT_SECRET, TOKEN, echoing},
    server::{self, Server},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use penstock_host::{
    Environment, Plugin,
    gateway::{Gateway, GatewayOptions},
    http::{Outbound, OutboundPolicy},
    logs::{Captured, Logs},
};
use penstock_simulated::FaultKind;
use penstock_spellings::{CANARY, shown, spellings};
use std::{
    fmt::Write,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::net::TcpListener;
use wasmtime_wasi_http::RequestOptions;

const KEY: &str = "pk_test_key_of_the_caller_0123456789";

/// More answers than there are spellings, each of which comes to stand in each place.
const CALLS: usize = 80;

/// An account with these secrets at some origin, each call with one attempt.
fn account(origin: &str) -> Vec<(String, String)> {
    [
        ("SERVICETITAN_CLIENT_ID", CLIENT_ID),
        ("SERVICETITAN_CLIENT_SECRET", CLIENT_SECRET),
        ("SERVICETITAN_APP_KEY", APP_KEY),
        ("SERVICETITAN_TENANT_ID", "1000001"),
        ("SERVICETITAN_API_URL", origin),
        ("SERVICETITAN_AUTH_URL", origin),
        ("PENSTOCK_API_KEY_HASH", &penstock::api_key::hash(KEY)),
        ("PENSTOCK_ALLOW_HTTP", "true"),
        ("PENSTOCK_ROLE", "admin"),
        ("PENSTOCK_BREAKER", "false"),
        ("RETRY_ATTEMPTS", "1"),
        ("LOG_LEVEL", "debug"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn environment(origin: &str) -> (Environment, Captured) {
    let (logs, captured) = Logs::captured();
    (Environment::loopback(account(origin)).logs(logs), captured)
}

/// All that an embedder gets to see of calls of every form, made on so many instances one after the
/// other: each remembers for a while that it gets no token.
async fn seen_by_an_embedder(origin: &str, instances: usize) -> String {
    let mut seen = String::new();
    for _ in 0..instances {
        let (environment, logs) = environment(origin);
        let plugin = Plugin::start(environment).await.unwrap();
        let calls = (0..CALLS / instances).map(|number| call(&plugin, number));
        seen += &stream::iter(calls).buffer_unordered(8).collect::<String>().await;
        write!(seen, "{:?}", plugin.ready("servicetitan", None).await).unwrap();
        seen += &plugin.metrics().await.unwrap();
        seen += &plugin.snapshot().await.unwrap();
        assert!(logs.contains("\"event\":\"call\""), "nothing was logged");
        seen += &logs.lines().join("\n");
    }
    seen
}

/// Makes one call, a form of it after the other, and says how it failed. What a provider answers well is
/// the caller's own.
async fn call(plugin: &Plugin, number: usize) -> String {
    let id = [("id", "7")];
    let error = match number % 4 {
        0 => plugin.invoke("servicetitan", "jpm.jobs-get", id, None, None).await.err(),
        1 => {
            let body = Some(r#"{"text":"x"}"#.to_owned());
            plugin.invoke("servicetitan", "jpm.jobs-create-note", id, body, None).await.err()
        }
        2 => {
            let records = plugin.list("servicetitan", "jpm.jobs-list", NONE, None).await.unwrap();
            records.filter_map(async |record| record.err()).collect::<Vec<_>>().await.pop()
        }
        _ => plugin.download("servicetitan", "telecom.calls-download-recording", id, None).await.err(),
    };
    error.map_or_else(String::new, |error| format!("{error} {error:?}"))
}

/// All that a client of the gateway gets to see, and its log.
async fn seen_by_a_client(origin: &str) -> String {
    let (environment, logs) = environment(origin);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
    let client = Outbound::with_policy(OutboundPolicy::none().allow_loopback());
    let mut seen = String::new();
    for number in 0..CALLS {
        let path = ["jpm/jobs/7", "jpm/jobs", "jpm/jobs?all=true", "telecom/calls/7/recording"][number % 4];
        let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
        let request = Request::get(format!("http://{}/v1/servicetitan/default/{path}", gateway.address()))
            .header("x-api-key", KEY)
            .body(body)
            .unwrap();
        let (head, body) = client.send(request, RequestOptions::default()).await.unwrap().into_parts();
        // A file that its provider cut off ends so here too.
        let body = body.collect().await.map_or_else(|_| Bytes::new(), |whole| whole.to_bytes());
        let failed = head.status.as_u16() >= 400;
        let told = |line: &&str| failed || line.contains("\"penstock\"");
        let body: String = std::str::from_utf8(&body).unwrap().lines().filter(told).collect();
        // A file that came has its type from the provider.
        let head = failed.then_some(head);
        write!(seen, "{head:?} {body}").unwrap();
    }
    assert!(seen.contains("application/problem+json"), "{seen:.2000}");
    seen + &logs.lines().join("\n")
}

async fn nothing_is_shown(origin: &str) {
    for seen in [seen_by_an_embedder(origin, 1).await, seen_by_a_client(origin).await] {
        assert!(seen.contains("[redacted]"), "nothing was repeated, so nothing was tested: {seen:.2000}");
        if let Some(around) = shown(&seen) {
            panic!("{CANARY} is shown: {around}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_repeat_credentials_show_none() {
    let provider = echoing(FaultKind::SecretsInError, false).await;
    nothing_is_shown(&provider.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_token_endpoints_that_repeat_credentials_show_none() {
    for (kind, tokens) in [
        (FaultKind::SecretsInPage, false),
        (FaultKind::SecretsInPage, true),
        (FaultKind::SecretsInError, true),
    ] {
        let provider = echoing(kind, tokens).await;
        let (url, instances) = (provider.url(), if tokens { 20 } else { 1 });
        for seen in [seen_by_an_embedder(&url, instances).await, seen_by_a_client(&url).await] {
            assert_eq!(shown(&seen), None, "{kind:?}, tokens: {tokens}");
        }
        let least = if tokens { 20 } else { CALLS as u64 };
        assert!(provider.stats().faults[&kind] >= least, "{:?}", provider.stats().faults);
    }
}

/// Answers of which the product names more than the words: where a redirect led, a coding, a type, the
/// error of a token endpoint.
fn odd(request: &Request<Bytes>, number: usize) -> Response<Full<Bytes>> {
    let token = request.uri().path() == "/connect/token";
    if token && number % 8 != 7 {
        let token = serde_json::json!({"access_token": TOKEN, "expires_in": 900, "token_type": "Bearer"});
        return server::json(200, &token);
    }
    let secrets = if token { [CLIENT_ID, CLIENT_SECRET] } else { [APP_KEY, TOKEN] };
    let all: Vec<String> = secrets.into_iter().flat_map(spellings).collect();
    let said = &all[number % all.len()];
    let ascii = if said.is_ascii() { said } else { "canary" };
    let response = Response::builder();
    let body = Full::new(Bytes::from(format!("<p>{said}</p>")));
    match (token, number % 7) {
        (true, _) => server::json(400, &serde_json::json!({"error": said, "error_description": said})),
        (_, 0) => {
            response.status(302).header("location", format!("https://a.example/{ascii}")).body(body).unwrap()
        }
        (_, 1) => response.status(302).header("location", format!("/?key={ascii}")).body(body).unwrap(),
        (_, 2) => response.header("content-encoding", ascii).body(body).unwrap(),
        (_, 3) => response.header("content-type", ascii).body(body).unwrap(),
        // What does not fit of a record is named in the failure.
        (_, 4) => server::json(200, &serde_json::json!({"id": said, "jobNumber": "J"})),
        (_, 5) => {
            let data = [serde_json::json!({"id": said, "jobNumber": "J"})];
            server::json(200, &serde_json::json!({"page": 1, "pageSize": 50, "hasMore": false, "data": data}))
        }
        _ => response.status(401).header("www-authenticate", ascii).body(body).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_codings_and_types_that_repeat_credentials_show_none() {
    let number = AtomicUsize::new(0);
    let provider =
        Server::start(move |request| std::future::ready(odd(&request, number.fetch_add(1, SeqCst)))).await;
    for seen in
        [seen_by_an_embedder(&provider.origin(), 20).await, seen_by_a_client(&provider.origin()).await]
    {
        assert_eq!(shown(&seen), None);
    }
    assert!(provider.requests() > CALLS);
}
