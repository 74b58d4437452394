//! Both flavours beside one another: records a second of one upstream, at 0 and at 50 ms. It says something of
//! components that were built for release, on a machine that does nothing else.

use super::penstock::{Penstock, settings};
use futures_util::StreamExt;
use penstock_host::{
    Environment, Plugin,
    bindings::{jpm::JobsQuery, types::CallOptions},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::time::Duration;
use std::{collections::BTreeMap, time::Instant};

const ROUNDS: usize = 5;

fn query() -> JobsQuery {
    JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() }
}

fn options() -> CallOptions {
    CallOptions { page_size: Some(500), window: Some(8), ..CallOptions::default() }
}

async fn p2(penstock: &mut Penstock) -> usize {
    let jobs = penstock.jobs(options()).await;
    let mut count = 0;
    while let Some(some) = penstock.next(jobs, 1_000).await.unwrap() {
        count += some.len();
    }
    penstock.drop(jobs).await;
    count
}

async fn p3(plugin: &Plugin) -> usize {
    let mut jobs = plugin.servicetitan().jpm().jobs_list(query()).with(options()).await.unwrap();
    let mut count = 0;
    while let Some(job) = jobs.next().await {
        job.unwrap();
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "says nothing of components that are built for tests"]
async fn records_a_second() {
    for latency in [0, 50] {
        let config = Config { latency: Duration::from_millis(latency), ..Config::small(20_000) };
        let provider = SimulatedServiceTitan::start(config).await.unwrap();
        let values: BTreeMap<String, String> = settings(&provider, &[]);
        let mut penstock = Penstock::new(values.clone()).await;
        let plugin = Plugin::start(Environment::loopback(values)).await.unwrap();
        let (mut sync, mut stream) = (Vec::new(), Vec::new());
        for _ in 0..=ROUNDS {
            let began = Instant::now();
            let records = p2(&mut penstock).await;
            sync.push(records as f64 / began.elapsed().as_secs_f64());
            let began = Instant::now();
            let records = p3(&plugin).await;
            stream.push(records as f64 / began.elapsed().as_secs_f64());
        }
        let median = |mut all: Vec<f64>| {
            all.remove(0);
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (sync, stream) = (median(sync), median(stream));
        println!("{latency} ms: 0.2 {sync:.0}/s, 0.3 {stream:.0}/s, {:.2}", sync / stream);
    }
}
