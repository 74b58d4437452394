//! The gateway's component over `spin:redis`.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock::api_key;
use penstock_host::{
    Environment,
    gateway::{Gateway, GatewayOptions},
};
use penstock_simulated::{
    RateLimit,
    servicetitan::{Config, SimulatedServiceTitan},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};

use crate::server::{Server, run};

const JOBS: &str = "/v1/servicetitan/default/jpm/jobs";
pub const RATE: usize = 50;

pub struct Served {
    gateway: Gateway,
    client: Client<HttpConnector, Empty<Bytes>>,
    key: String,
}

impl Served {
    async fn new(provider: &SimulatedServiceTitan, further: &[(&str, &str)]) -> Self {
        let key = api_key::generate(&[7; 32]).expose().to_owned();
        let hash = api_key::hash(&key);
        let mut settings = provider.settings();
        for (name, value) in [("LOG_LEVEL", "error"), ("PENSTOCK_API_KEY_HASH", &hash)].iter().chain(further)
        {
            settings.insert((*name).to_owned(), (*value).to_owned());
        }
        // Without a key-value store: whatever is shared is in the Redis.
        let environment = Environment::loopback(settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
        Self { gateway, client: Client::builder(TokioExecutor::new()).build_http(), key }
    }

    async fn on(provider: &SimulatedServiceTitan, server: &Server) -> Self {
        Self::on_store(provider, &server.url()).await
    }

    /// On a Redis behind this URL.
    pub async fn on_store(provider: &SimulatedServiceTitan, url: &str) -> Self {
        let rate = RATE.to_string();
        let settings = [
            ("PENSTOCK_STATE_URL", url),
            ("PENSTOCK_STATE_HOST", url),
            ("SERVICETITAN_RATE_LIMIT", &rate),
            // Of each test there are two at most.
            ("PENSTOCK_INSTANCES", "2"),
        ];
        Self::new(provider, &settings).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = Request::get(format!("http://{}{path}", self.gateway.address()))
            .header("x-api-key", &self.key)
            .body(Empty::new())
            .unwrap();
        let answer = timeout(Duration::from_secs(30), self.client.request(request)).await;
        let (head, body) = answer.expect("an answer").unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), serde_json::from_slice(&body).unwrap())
    }

    /// What `/ready` says of the store.
    pub async fn store(&self) -> Value {
        let (status, mut body) = self.get("/ready").await;
        assert_eq!(status, 200, "{body}");
        body["checks"]["shared-state"][0].take()
    }

    async fn until_the_store_answers(&self) -> Duration {
        let since = Instant::now();
        while self.store().await["status"] != "pass" {
            assert!(since.elapsed() < Duration::from_secs(20), "the store does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        since.elapsed()
    }

    pub async fn call(&self) -> Duration {
        let since = Instant::now();
        let (status, body) = self.get(JOBS).await;
        assert_eq!(status, 200, "{body}");
        since.elapsed()
    }
}

pub async fn limited_provider() -> SimulatedServiceTitan {
    let rate_limit = Some(RateLimit { requests: RATE, per: Duration::from_secs(1) });
    SimulatedServiceTitan::start(Config { rate_limit, ..Config::small(3) }).await.unwrap()
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn two_gateways_share_one_limit() {
    let (provider, server) = (limited_provider().await, Server::start());
    let gateways = [Served::on(&provider, &server).await, Served::on(&provider, &server).await];
    for gateway in &gateways {
        assert_eq!(gateway.store().await["componentId"], "redis");
        assert_eq!(gateway.store().await["status"], "pass");
    }
    join_all((0..3 * RATE).map(|number| gateways[number % 2].call())).await;
    let stats = provider.stats();
    assert_eq!(stats.rate_limited, 0, "{stats:?}");
    assert_eq!(stats.operations["Jobs_GetList"], 3 * RATE as u64);
    let mut beside = server.connect().await;
    let keys: Vec<String> = run(&mut beside, "KEYS *").await;
    assert!(keys.iter().any(|key| key.starts_with("penstock/limit/")), "{keys:?}");
    for key in keys {
        let ttl: i64 = run(&mut beside, &format!("PTTL {key}")).await;
        assert!(ttl > 0, "{key} stays for ever");
    }
    let clients: String = run(&mut beside, "CLIENT LIST").await;
    let instances: u64 = gateways.iter().map(|served| served.gateway.instances_started()).sum();
    assert!(clients.lines().count() as u64 <= instances + 1, "{instances} instances:\n{clients}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_frozen_redis_stops_nothing() {
    let (provider, server) = (limited_provider().await, Server::start());
    let served = Served::on(&provider, &server).await;
    served.call().await;
    server.freeze();
    let calls = async {
        let mut longest = Duration::ZERO;
        for _ in 0..10 {
            longest = longest.max(served.call().await);
        }
        longest
    };
    let live = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let since = Instant::now();
            assert_eq!(served.get("/live").await.0, 200);
            longest = longest.max(since.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        longest
    };
    let (longest, live) = tokio::join!(calls, live);
    assert_eq!(served.store().await["status"], "warn");
    server.thaw();
    let back = served.until_the_store_answers().await;
    println!("frozen: longest call {longest:?}, longest /live {live:?}; back after {back:?}");
    served.call().await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_redis_that_is_started_again_is_used_again() {
    let (provider, mut server) = (limited_provider().await, Server::start());
    let served = Served::on(&provider, &server).await;
    served.call().await;
    server.restart();
    served.call().await;
    assert_eq!(served.store().await["status"], "pass", "a broken connection is opened again");
    server.stop();
    for _ in 0..5 {
        served.call().await;
    }
    assert_eq!(served.store().await["status"], "warn");
    server.restart();
    println!("back after {:?}", served.until_the_store_answers().await);
    served.call().await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_redis_that_the_manifest_does_not_allow_is_named() {
    let (provider, server) = (limited_provider().await, Server::start());
    let url = server.url().replace("//", "//:canary@");
    for host in ["", "redis://127.0.0.1:1"] {
        let settings = [("PENSTOCK_STATE_URL", url.as_str()), ("PENSTOCK_STATE_HOST", host)];
        let served = Served::new(&provider, &settings).await;
        let (status, ready) = served.get("/ready").await;
        assert_eq!(
            (status, &ready["checks"]["settings"][0]["componentId"]),
            (503, &"PENSTOCK_STATE_HOST".into())
        );
        assert!(!ready.to_string().contains("canary"), "{ready}");
        served.call().await;
    }
    let mut beside = server.connect().await;
    let keys: Vec<String> = run(&mut beside, "KEYS *").await;
    assert_eq!(keys, Vec::<String>::new());
}
