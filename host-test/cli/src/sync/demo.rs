//! `penstock sync --demo`: a copy of a simulated vendor that fails on purpose while its records change.

use super::{check, copy::Copy};
use crate::{stopping::Stopping, told::tell};
use anyhow::Result;
use penstock_host::{Environment, Plugin};
use penstock_simulated::{
    Faults,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Jobs that the vendor has.
const JOBS: usize = 5_000;

/// The share of requests that fail.
const FAULTS: f64 = 0.15;

/// How often the component sends a request at most: more than the faults in a row that there are.
const ATTEMPTS: &str = "8";

/// How often something changes while the copy is made.
const OFTEN: Duration = Duration::from_millis(20);

pub(super) async fn run(mut copy: Copy, stopping: &Stopping) -> Result<()> {
    if copy.modules.is_empty() {
        copy.modules = vec!["jpm".to_owned()];
    }
    tell!(
        "Starting a simulated ServiceTitan with {JOBS} jobs, of whose answers {:.0} % fail.",
        FAULTS * 100.0
    );
    let vendor = SimulatedServiceTitan::start(Config {
        jobs: JOBS,
        faults: Faults { max_in_a_row: 3, ..Faults::mixed(FAULTS) },
        ..Config::default()
    })
    .await?;
    let mut settings = vendor.settings();
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    settings.insert("RETRY_ATTEMPTS".to_owned(), ATTEMPTS.to_owned());
    let plugin = Plugin::start(Environment::loopback(settings)).await?;
    let reads = copy.reads()?;
    let destination = copy.open("servicetitan, simulated".to_owned(), stopping).await?;
    if !copy.prepare(&reads, destination.as_ref()).await? {
        return Ok(());
    }
    let world = vendor.world();
    let changing = tokio::spawn(async move {
        let ids = world.job_ids();
        for (number, id) in ids.iter().step_by(7).enumerate() {
            tokio::time::sleep(OFTEN).await;
            match number % 5 {
                0 => world.remove(Resource::Jobs, *id),
                _ => world.modify(Resource::Jobs, *id, &json!({ "summary": format!("changed {number}") })),
            };
        }
    });
    copy.once(&plugin, &destination, reads.clone(), stopping).await?;
    changing.abort();
    tell!("Once more, for what changed meanwhile.");
    copy.once(&plugin, &destination, reads.clone(), stopping).await?;
    let served = vendor.stats();
    tell!(
        "The vendor served {} requests, of which {} failed on purpose.",
        served.requests,
        served.all_faults()
    );
    let tables: Vec<_> = reads.iter().map(|read| Arc::clone(&read.table)).collect();
    let checked = check::tell(&plugin, destination.as_ref(), &tables, None, 50, false).await;
    vendor.shutdown().await;
    checked
}
