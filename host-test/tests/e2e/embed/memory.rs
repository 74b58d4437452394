//! No set of answers within the limits of settings ends an instance.

use std::{io, net::SocketAddr, sync::Mutex, time::Duration};

use futures_util::{StreamExt, future::join_all};
use penstock_host::{
    Environment, Error, Limits, Plugin,
    bindings::{
        jpm,
        types::{CallOptions, OnMisfit},
    },
    gateway::{Gateway, GatewayOptions},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::odd_answers::odd_answer;
use crate::support::{
    NONE,
    server::{self, Server},
};

const KEY: &str = "pk_made_up_for_this_test";

/// What the instance may have, in bytes: for its answers as much as the default of
/// [`Limits::memory`], and 8 MiB for the component itself.
const MEMORY: usize = ANSWERS * 2 + (8 << 20);

/// What its answers may take (PENSTOCK_MEMORY_BYTES), in bytes.
const ANSWERS: usize = 20 << 20;

/// The largest answer (PENSTOCK_MAX_BODY_BYTES), in bytes.
const LARGEST: usize = 5 << 20;

/// Every page is odd, and another one each time.
async fn odd_provider(seed: u64) -> Server {
    let chance = Mutex::new(fastrand::Rng::with_seed(seed));
    Server::start(move |request| {
        let answer = match request.uri().path() {
            "/connect/token" => server::provider(&request, 0),
            _ => {
                let body = odd_answer(&mut chance.lock().unwrap(), LARGEST);
                http::Response::new(http_body_util::Full::from(body))
            }
        };
        async move { answer }
    })
    .await
}

/// One of the ways in which answers are read. What comes of it does not matter, but that the
/// instance is there.
async fn read(plugin: &Plugin, way: usize) -> Result<(), Error> {
    let options = CallOptions {
        window: Some(8),
        deadline_ms: Some(20_000),
        on_misfit: Some(OnMisfit::Raw),
        ..CallOptions::default()
    };
    match way % 3 {
        0 => {
            let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options)).await?;
            while let Some(record) = records.next().await {
                record?;
            }
        }
        1 => {
            let jobs = plugin.servicetitan().jpm().jobs_list(jpm::JobsQuery::default());
            let mut jobs = jobs.with(options).await?;
            while let Some(job) = jobs.next().await {
                job?;
            }
        }
        _ => {
            let page = plugin.invoke("servicetitan", "jpm.jobs-page", NONE, None, Some(options)).await?;
            // The caller has it for a while.
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(page);
        }
    }
    Ok(())
}

/// An environment whose instances may have little, for this provider.
fn environment(provider: &Server) -> Environment {
    let settings = [
        ("SERVICETITAN_CLIENT_ID", "made-up-id".to_owned()),
        ("SERVICETITAN_CLIENT_SECRET", "made-up-secret".to_owned()),
        ("SERVICETITAN_APP_KEY", "made-up-key".to_owned()),
        ("SERVICETITAN_TENANT_ID", "1".to_owned()),
        ("SERVICETITAN_API_URL", provider.origin()),
        ("SERVICETITAN_AUTH_URL", provider.origin()),
        ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
        ("PENSTOCK_API_KEY_HASH", penstock::api_key::hash(KEY)),
        ("PENSTOCK_MEMORY_BYTES", ANSWERS.to_string()),
        ("PENSTOCK_MAX_BODY_BYTES", LARGEST.to_string()),
        ("ENABLE_CACHING", "false".to_owned()),
        ("LOG_LEVEL", "error".to_owned()),
    ];
    let mut limits = Limits::default();
    limits.memory = MEMORY;
    Environment::loopback(settings).limits(limits)
}

#[tokio::test]
async fn no_set_of_answers_within_the_limits_ends_the_instance() {
    for seed in 0..6 {
        let provider = odd_provider(seed).await;
        // What is to be bounded here is memory, not time.
        let many = environment(&provider).setting("PENSTOCK_MAX_PAGE_RECORDS", "100000000");
        let plugin = Plugin::start(many).await.unwrap();
        for result in join_all((0..12).map(|way| read(&plugin, way))).await {
            assert!(!matches!(result, Err(Error::Instance { .. })), "seed {seed}: {result:?}");
        }
        assert_eq!(plugin.instances_started(), 1, "seed {seed}");
        // All of it was asked for: twelve reads and a token. How far each comes hangs on whose answer is odd how.
        assert!(provider.requests() >= 13, "seed {seed}: {} requests", provider.requests());
    }
}

/// Asks, and takes the answer after a while.
async fn ask(address: SocketAddr, target: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let fields = format!("Host: a.example\r\nX-API-Key: {KEY}\r\nX-Deadline-Ms: 20000\r\nConnection: close");
    stream.write_all(format!("GET {target} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    // A list that fails on its way breaks off.
    _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    Ok(String::from_utf8_lossy(&status).into_owned())
}

#[tokio::test]
async fn no_set_of_answers_within_the_limits_ends_an_instance_of_the_gateway() {
    for seed in 0..6 {
        let provider = odd_provider(seed).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut options = GatewayOptions::default();
        options.instances = 1;
        let gateway = Gateway::serve(listener, environment(&provider), options).await.unwrap();
        let targets = ["?", "?onMisfit=raw", "?all=true&onMisfit=raw", "/7?"];
        let asked = (0..12).zip(targets.iter().cycle()).map(|(_, rest)| {
            let target = format!("/v1/servicetitan/default/jpm/jobs{rest}");
            let address = gateway.address();
            async move { (target.clone(), ask(address, &target).await) }
        });
        for (target, answer) in join_all(asked).await {
            let answer = answer.unwrap_or_else(|error| panic!("seed {seed}, {target}: {error}"));
            assert_ne!(answer, "HTTP/1.1 500", "seed {seed}, {target}");
        }
        assert_eq!(gateway.instances_started(), 1, "seed {seed}");
        assert!(provider.requests() >= 13, "seed {seed}: {} requests", provider.requests());
    }
}
