//! All operations once more, by their paths at the gateway.

use super::{RECORDS, Scene, order};
use crate::support;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock::{
    api_key,
    contract::catalogue::{Effect, Operation},
};
use penstock_gateway::paths::{self, Path};
use penstock_host::gateway::{Gateway, GatewayOptions};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpListener;

struct Served {
    gateway: Gateway,
    client: Client<HttpConnector, Full<Bytes>>,
    key: String,
}

impl Served {
    /// A gateway to the scene's provider.
    async fn over(scene: &Scene) -> Self {
        let key = api_key::generate(&[7; 32]).expose().to_owned();
        let hash = api_key::hash(&key);
        let settings = [&[("PENSTOCK_API_KEY_HASH", hash.as_str())][..], &super::FAST].concat();
        let environment = support::simulated(&scene.provider, &settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
        Self { gateway, client: Client::builder(TokioExecutor::new()).build_http(), key }
    }

    async fn send(&self, operation: &Operation, target: &str, body: Option<String>) -> (StatusCode, String) {
        let request = Request::builder()
            .method(operation.method.as_str())
            .uri(format!("http://{}{target}", self.gateway.address()))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.unwrap_or_default()))
            .unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// The path with these parameters, and the rest of them as its query.
fn target(path: &Path, parameters: &[(String, String)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut target = path.template().replace("{account}", "default");
    let mut query = Vec::new();
    for (name, value) in parameters {
        let place = format!("{{{name}}}");
        match target.contains(&place) {
            true => target = target.replace(&place, &encoded(value)),
            false => query.push(format!("{}={}", encoded(name), encoded(value))),
        }
    }
    if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
}

/// What is wrong with an answer.
fn fault(operation: &Operation, status: StatusCode, body: &str) -> Option<String> {
    let wanted = if operation.answer.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT };
    if status != wanted {
        return Some(format!("{status}: {body}"));
    }
    if !operation.is_list() {
        return None;
    }
    let page: Value = serde_json::from_str(body).unwrap_or_default();
    let is_page =
        page["data"].is_array() && page["page"]["hasMore"].is_boolean() && page["resume"].is_string();
    (!is_page).then(|| format!("no page: {body}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_on_its_path_and_every_list_streams() {
    let scene = Scene::new().await;
    let served = Served::over(&scene).await;
    let mut all: Vec<_> = paths::of("servicetitan").unwrap().iter().collect();
    all.sort_by_key(|path| order(&path.operation));
    let (mut called, mut lists, mut problems) = (0, 0, Vec::new());
    for path in all {
        let operation = path.operation;
        if operation.file || operation.upload.is_some() {
            continue;
        }
        called += 1;
        scene.provider.reset_stats();
        let ask = scene.ask(operation, true);
        let (status, body) = served.send(operation, &target(path, &ask.parameters), ask.body).await;
        problems.extend(fault(operation, status, &body).map(|fault| format!("{}: {fault}", operation.name)));
        let writes = scene.provider.stats().writes.values().sum::<u64>();
        if operation.effect != Effect::Read && writes != 1 {
            problems.push(format!("{}: {writes} writes", operation.name));
        }
        if !operation.is_list() {
            continue;
        }
        lists += 1;
        let ask = scene.ask(operation, false);
        let all = target(path, &[ask.parameters, vec![("all".to_owned(), "true".to_owned())]].concat());
        let (status, body) = served.send(operation, &all, ask.body).await;
        let end: Value =
            body.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let count = end["penstock"]["end"]["items"].as_u64().unwrap_or_default();
        let own = operation.name.starts_with("jpm.");
        if status != StatusCode::OK
            || count + 1 != body.lines().count() as u64
            || (!own && count != RECORDS as u64)
        {
            problems.push(format!("{}: {status}, {count} records, {end}", operation.name));
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert_eq!((called, lists), (575, 221));
}
