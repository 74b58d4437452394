//! The gateway's component with the Spin interfaces that it imports, over sockets.

use crate::support;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock::api_key;
use penstock_host::gateway::{Gateway, GatewayOptions};
use penstock_simulated::{
    FaultKind, Matcher,
    servicetitan::{Config, SimulatedServiceTitan},
};
use serde_json::Value;
use tokio::net::TcpListener;

struct Served {
    provider: SimulatedServiceTitan,
    gateway: Gateway,
    client: Client<HttpConnector, Empty<Bytes>>,
    key: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl Served {
    async fn new(further: &[(&str, &str)]) -> Served {
        Served::over(SimulatedServiceTitan::start(Config::small(130)).await.unwrap(), further).await
    }

    async fn over(provider: SimulatedServiceTitan, further: &[(&str, &str)]) -> Served {
        let key = api_key::generate(&[7; 32]).expose().to_owned();
        let hash = api_key::hash(&key);
        let further = [&[("PENSTOCK_API_KEY_HASH", hash.as_str())], further].concat();
        let environment = support::simulated(&provider, &further);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
        Served { provider, gateway, client: Client::builder(TokioExecutor::new()).build_http(), key }
    }

    async fn get_as(&self, path: &str, key: Option<&str>) -> Answer {
        let mut request = Request::get(format!("http://{}{path}", self.gateway.address()));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let answer = self.client.request(request.body(Empty::new()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_as(path, Some(&self.key)).await
    }
}

const JOBS: &str = "/v1/servicetitan/default/jpm/jobs";

#[tokio::test]
async fn is_alive_and_ready() {
    let served = Served::new(&[]).await;
    assert_eq!(served.get_as("/live", None).await.status, 200);
    let ready = served.get_as("/ready", None).await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    assert_eq!(ready.json()["status"], "pass");
}

#[tokio::test]
async fn readiness_names_everything_missing() {
    let nothing = [
        ("SERVICETITAN_CLIENT_ID", ""),
        ("SERVICETITAN_CLIENT_SECRET", ""),
        ("SERVICETITAN_APP_KEY", ""),
        ("SERVICETITAN_TENANT_ID", ""),
    ];
    let served = Served::new(&nothing).await;
    let ready = served.get("/ready").await;
    assert_eq!(ready.status, 503);
    for (name, _) in nothing {
        assert!(ready.body.contains(name), "{name}: {}", ready.body);
    }
    let open = served.get_as("/ready", None).await;
    assert_eq!((open.status, open.json().get("checks")), (503, None));
    let shut = Served::new(&[("PENSTOCK_API_KEY_HASH", "")]).await.get_as("/ready", None).await;
    assert!(shut.status == 503 && shut.body.contains("PENSTOCK_API_KEY_HASH"), "{}", shut.body);
}

#[tokio::test]
async fn further_accounts_need_no_variables_of_their_own() {
    let provider = SimulatedServiceTitan::start(Config::small(3)).await.unwrap();
    let own: serde_json::Map<String, Value> = provider
        .settings()
        .into_iter()
        .filter(|(name, _)| name.starts_with("SERVICETITAN_"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    assert!(own.contains_key("servicetitan_client_secret"), "{own:?}");
    let accounts = serde_json::json!({"North-East": own, "south": {"tenant_id": 5}}).to_string();
    let nothing = provider.settings().into_keys().map(|name| (name, String::new()));
    let nothing: Vec<_> = nothing.filter(|(name, _)| name.starts_with("SERVICETITAN_")).collect();
    let mut further: Vec<_> = nothing.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    further.extend([
        ("PENSTOCK_ACCOUNTS", accounts.as_str()),
        ("PENSTOCK_READY_ACCOUNTS", "servicetitan/north-east,servicetitan/south"),
    ]);
    let served = Served::over(provider, &further).await;
    let north = served.get(&JOBS.replace("default", "north-east")).await;
    assert_eq!(
        (north.status, north.json()["data"].as_array().map(Vec::len)),
        (200, Some(3)),
        "{}",
        north.body
    );
    assert_eq!(served.get(JOBS).await.status, 503, "the default account has nothing");

    let ready = served.get("/ready").await;
    assert_eq!(ready.status, 503);
    let told = ready.json();
    let missing: Vec<_> =
        told["checks"]["settings"].as_array().unwrap().iter().map(|check| &check["output"]).collect();
    let why = "is neither in PENSTOCK_ACCOUNTS nor declared in spin.toml";
    let expected = ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY"]
        .map(|name| format!("PENSTOCK_ACCOUNT_SOUTH_SERVICETITAN_{name} {why}"));
    for expected in &expected[..2] {
        assert!(missing.iter().any(|missing| *missing == expected), "{expected}: {}", ready.body);
    }
}

#[tokio::test]
async fn accounts_that_cannot_be_read_are_told_and_not_shown() {
    let served = Served::new(&[("PENSTOCK_ACCOUNTS", r#"{"north": {"CLIENT_IDD": "canary"}}"#)]).await;
    let ready = served.get("/ready").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("PENSTOCK_ACCOUNTS has `CLIENT_IDD` of `north`"), "{}", ready.body);
    let call = served.get(&JOBS.replace("default", "north")).await;
    assert!(call.status >= 500 && call.body.contains("PENSTOCK_ACCOUNTS"), "{}", call.body);
    assert!(!ready.body.contains("canary") && !call.body.contains("canary"));
    assert_eq!(served.get(JOBS).await.status, 200, "the default account needs none of it");
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_named() {
    let elsewhere = [("SERVICETITAN_AUTH_URL", "https://auth.example:8443")];
    let served = Served::new(&elsewhere).await;
    let checks = |ready: &Answer| ready.json()["checks"]["outbound"].clone();
    let call = served.get(JOBS).await;
    assert_eq!(call.status, 500);
    assert!(call.body.contains("auth.example:8443"), "{}", call.body);
    let ready = served.get("/ready").await;
    assert_eq!(checks(&ready)[0]["componentId"], "https://auth.example:8443", "{}", ready.body);
    assert_eq!((ready.status, &checks(&ready)[0]["status"]), (200, &Value::from("warn")));
    let other = Served::new(&elsewhere).await.get("/ready").await;
    assert_eq!(checks(&other), Value::Null, "nothing was asked for there");
}

/// What answers `/live` in Spin, beside the gateway.
#[tokio::test]
async fn the_component_for_live_answers_by_itself() {
    let engine = penstock_host::Engine::shared().unwrap();
    let live =
        wasmtime::component::Component::from_binary(engine.wasmtime(), penstock_host::LIVE_WASM).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let environment = penstock_host::Environment::empty();
    let alone = Gateway::serve_on(&engine, &live, listener, environment, GatewayOptions::default()).unwrap();
    let served = Served { gateway: alone, ..Served::new(&[]).await };
    // The server would answer `/live` by itself.
    let seen = served.get_as("/", None).await;
    let expected = serde_json::json!({"status": "pass", "releaseId": env!("CARGO_PKG_VERSION")});
    assert_eq!((seen.status, seen.json()), (200, expected));
    assert_eq!(seen.headers["content-type"], "application/health+json");
    assert_eq!(
        (&seen.headers["cache-control"], &seen.headers["x-content-type-options"]),
        (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
    );
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
}

#[tokio::test]
async fn nobody_gets_in_without_the_key() {
    let served = Served::new(&[]).await;
    for key in [None, Some("pk_wrong"), Some("")] {
        let answer = served.get_as(JOBS, key).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert!(answer.headers.contains_key("www-authenticate"));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(served.provider.stats().requests, 0);

    let open = Served::new(&[("PENSTOCK_API_KEY_HASH", "")]).await;
    assert_eq!(open.get(JOBS).await.status, 503, "no configured key means closed, not open");
}

#[tokio::test]
async fn a_page_and_the_next_one() {
    let served = Served::new(&[]).await;
    let first = served.get(&format!("{JOBS}?pageSize=100&sort=%2BId")).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let first = first.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 100);
    let resume = first["resume"].as_str().unwrap();
    let second = served.get(&format!("{JOBS}?pageSize=100&sort=%2BId&resume={resume}")).await.json();
    assert_eq!(second["data"].as_array().unwrap().len(), served.provider.job_ids().len() - 100);
}

#[tokio::test]
async fn a_whole_list_as_lines() {
    let served = Served::new(&[]).await;
    let all = served.get(&format!("{JOBS}?all=true")).await;
    assert_eq!((all.status, &all.headers["content-type"]), (200, &"application/x-ndjson".parse().unwrap()));
    let ids: Vec<i64> = all
        .body
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64())
        .collect();
    let mut truth = served.provider.job_ids();
    let mut found = ids;
    truth.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, truth);
}

#[tokio::test]
async fn a_list_that_fails_in_the_middle_says_so() {
    let served =
        Served::new(&[("PENSTOCK_PAGE_SIZE", "20"), ("PENSTOCK_WINDOW", "1"), ("RETRY_ATTEMPTS", "1")]).await;
    let page = Matcher::operation("Jobs_GetList").with_query("page=4");
    served.provider.fail_next(page, FaultKind::InternalServerError, 1);
    let request = Request::get(format!("http://{}{JOBS}?all=true", served.gateway.address()))
        .header("authorization", format!("Bearer {}", served.key))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let mut body = served.client.request(request).await.unwrap().into_body();
    let mut text = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            text.extend_from_slice(data);
        }
    }
    let text = String::from_utf8(text).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(text.lines().count(), 61, "three pages and the word on the failure");
    assert!(last.to_string().contains("resume"), "{last}");
}

#[tokio::test]
async fn one_job_and_problems() {
    let served = Served::new(&[]).await;
    let id = served.provider.job_ids()[4];
    assert_eq!(served.get(&format!("{JOBS}/{id}")).await.json()["id"], id);

    let missing = served.get(&format!("{JOBS}/999999999")).await;
    assert_eq!(
        (missing.status, &missing.headers["content-type"]),
        (404, &"application/problem+json".parse().unwrap())
    );
    let malformed = served.get(&format!("{JOBS}/..%2F..%2Fx")).await;
    assert_eq!(malformed.status, 400, "{}", malformed.body);
    let typo = served.get(&format!("{JOBS}?jobstatus=Completed")).await;
    assert_eq!(typo.status, 400);
    assert!(typo.body.contains("jobStatus"), "{}", typo.body);
    assert_eq!(served.get("/v1/servicetitan/default/jpm/nothing").await.status, 404);
}
