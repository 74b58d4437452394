//! Four gateways, each a process, on one Redis and the limits of two tenants, while they are killed and the
//! Redis is restarted and frozen.
//!
//! `PENSTOCK_TEST_SECONDS` says for how long; `.ci/long gateways` runs ten minutes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that panics has failed, and its figures are for whoever runs it"
)]

mod client;
mod figures;
#[path = "../support/gateway.rs"]
mod gateway;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../../tests/redis/server.rs"]
mod redis_server;
mod settings;
mod undisturbed;

use client::Calls;
use figures::Figures;
use gateway::{Gateway, kill_now_and_then};
use penstock_simulated::servicetitan::{Account, Config, SimulatedServiceTitan};
use redis_server::Server;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::sleep;

const GATEWAYS: usize = 4;
/// Requests a second.
const RATE: usize = 60;
/// Calls that wait at each gateway.
const CALLERS: usize = 20;
/// How often one of them is killed.
const KILL_EVERY: Duration = Duration::from_secs(4);

fn seconds() -> u64 {
    std::env::var("PENSTOCK_TEST_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn four_gateways_on_one_redis_keep_one_limit_whatever_dies() {
    let time = Duration::from_secs(seconds());
    let account = Account { tenants: settings::TENANTS.to_vec(), ..Account::default() };
    let provider = SimulatedServiceTitan::start(Config {
        remember: 1_000_000,
        accounts: vec![account],
        ..Config::small(3)
    })
    .await
    .unwrap();
    let mut redis = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings::settings(&provider, &redis.url(), RATE, GATEWAYS);
    let allowed = &settings["SERVICETITAN_API_URL"];
    let gateways: Arc<[Mutex<Gateway>]> =
        (0..GATEWAYS).map(|_| Mutex::new(Gateway::start(folder.path(), settings.clone(), allowed))).collect();

    let began = Instant::now();
    let until = began + time;
    let calls = Calls::default();
    let mut tasks = tokio::task::JoinSet::new();
    for gateway in 0..GATEWAYS {
        for caller in 0..CALLERS {
            let account = caller % 2;
            let calling =
                client::call_again_and_again(gateways.clone(), gateway, account, calls.clone(), until);
            tasks.spawn(calling);
        }
        tasks.spawn(client::look_whether_it_lives(gateways.clone(), gateway, calls.clone(), until));
    }
    let killing = tokio::spawn(kill_now_and_then(gateways.clone(), KILL_EVERY, until));

    // What the Redis goes through; between its troubles the limit must hold to the letter.
    let mut figures = Figures::new(RATE, GATEWAYS, began);
    sleep(time / 4).await;
    figures.away(Instant::now());
    tokio::task::block_in_place(|| redis.restart());
    figures.back(Instant::now());
    sleep(time / 4).await;
    figures.away(Instant::now());
    redis.freeze();
    sleep((time / 6).min(Duration::from_secs(10))).await;
    redis.thaw();
    figures.back(Instant::now());

    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let kills = killing.await.unwrap();
    figures.check(&provider, &calls, kills, until);
    drop(gateways);
    provider.shutdown().await;
}
