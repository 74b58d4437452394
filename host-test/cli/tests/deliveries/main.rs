//! Four gateways, each a process, on one Redis that writes everything at once, take in what a vendor sends several
//! times and out of order, and hand it on to an HTTP receiver and to workers of Celery and arq, while gateways are
//! killed and the Redis is killed and started again. Nothing is lost, and nothing handled twice.
//!
//! `PENSTOCK_TEST_EVENTS` says how many events; `.ci/long webhooks` sends ten thousand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that panics has failed, and its figures are for whoever runs it"
)]

mod append_only;
#[path = "../support/gateway.rs"]
mod gateway;
mod outbox;
#[path = "../support/python.rs"]
mod python;
mod receiver;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../../tests/redis/server.rs"]
mod redis_server;
mod report;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../../tests/e2e/support/server.rs"]
mod server;
mod settings;
mod vendor;
mod worker;

use gateway::{Gateway, kill_now_and_then};
use receiver::Receiver;
use redis_server::Server;
use report::Times;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::sleep;
use vendor::Vendor;
use worker::Worker;

const GATEWAYS: usize = 4;
/// New events a second.
const RATE: usize = 40;
/// How often a gateway is killed.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// How long the Redis is away.
const AWAY: Duration = Duration::from_secs(2);
/// How long the vendor goes on after its last event, and the outbox and the workers after the vendor.
const PATIENCE: Duration = Duration::from_secs(120);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Waits until the workers have handled so many events, or do not go on.
async fn settled(workers: [(&Worker, usize); 2]) {
    let until = Instant::now() + PATIENCE;
    let is_short = |(worker, events): &(&Worker, usize)| worker.ledger().handled.len() < *events;
    while Instant::now() < until && workers.iter().any(is_short) {
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server and python3-venv: .ci/leg gateway"]
async fn no_event_is_lost_or_handled_twice_whatever_dies() {
    let (events, rate) = (number("PENSTOCK_TEST_EVENTS", 400), number("PENSTOCK_TEST_RATE", RATE));
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("redis");
    std::fs::create_dir(&kept).unwrap();
    let kept_in = ["--dir", kept.to_str().unwrap(), "--auto-aof-rewrite-percentage", "0"];
    let options = [&["--appendonly", "yes", "--appendfsync", "always"], &kept_in[..]].concat();
    let mut redis = Server::with_options(&options);
    let receiver = Receiver::start().await;
    let celery = Worker::celery(folder.path(), &settings::queue(&redis.url(), settings::CELERY));
    let arq = Worker::arq(folder.path(), &settings::queue(&redis.url(), settings::ARQ));
    let settings = settings::settings(&redis.url(), &receiver, GATEWAYS);
    let gateways: Arc<[Mutex<Gateway>]> = (0..GATEWAYS)
        .map(|_| Mutex::new(Gateway::start(folder.path(), settings.clone(), &receiver.origin())))
        .collect();
    let addresses: Vec<String> = gateways.iter().map(|gateway| gateway.lock().unwrap().address()).collect();

    let began = Instant::now();
    let time = Duration::from_secs_f64(events as f64 / rate as f64);
    let vendor = Vendor::new(addresses.clone(), events, began + time + PATIENCE);
    let sending = tokio::spawn({
        let vendor = vendor.clone();
        async move { vendor.send_all(rate).await }
    });
    let killing = tokio::spawn(kill_now_and_then(gateways.clone(), KILL_EVERY, began + time));
    sleep(time / 2).await;
    tokio::task::block_in_place(|| redis.stop());
    let dropped = append_only::dropped_by_celery(&kept, settings::CELERY);
    sleep(AWAY).await;
    tokio::task::block_in_place(|| redis.restart());
    sending.await.unwrap();
    let (sending, kills) = (began.elapsed(), killing.await.unwrap());

    let draining = outbox::drain(&addresses[0], PATIENCE).await;
    settled([(&celery, events - dropped.len()), (&arq, events)]).await;
    let times = Times { kills, sending, draining, dropped };
    report::check(&vendor, &receiver, [&celery, &arq], &times);
    for state in ["dead", "unreadable", "waiting"] {
        let list = outbox::ask(&addresses[0], "GET", &format!("?state={state}")).await;
        assert_eq!(list["entries"].as_array().map(Vec::len), Some(0), "{state}: {list:#}");
    }
    drop(gateways);
}
