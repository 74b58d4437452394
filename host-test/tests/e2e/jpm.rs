//! The module `jpm` against the simulated ServiceTitan.

mod bad_input;
mod crowd;
mod faults;
mod resume;
mod secrets;
mod writes;

use crate::support;
use penstock_host::{
    Environment, Plugin, Records,
    bindings::{
        jpm::{Job, JobsQuery},
        types::{CallOptions, ListEnd},
    },
    logs::{Captured, Logs},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};

use futures_util::StreamExt;

/// A provider with this many jobs, and the component pointed at it.
struct Scene {
    provider: SimulatedServiceTitan,
    plugin: Plugin,
    captured: Captured,
}

impl Scene {
    async fn new(config: Config, further: &[(&str, &str)]) -> Scene {
        let provider = SimulatedServiceTitan::start(config).await.unwrap();
        let (environment, captured) = environment(&provider, further);
        let plugin = Plugin::start(environment).await.unwrap();
        Scene { provider, plugin, captured }
    }

    /// Every job as the typed stream delivers it, in an order that new jobs do not disturb.
    async fn stream(&self, options: CallOptions) -> Records<Job> {
        let query = JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() };
        self.plugin.servicetitan().jpm().jobs_list(query).with(options).await.unwrap()
    }

    /// Reads to the end, which must be a good one.
    async fn read(&self, options: CallOptions) -> (Vec<i64>, ListEnd) {
        let mut jobs = self.stream(options).await;
        let mut ids = Vec::new();
        while let Some(job) = jobs.next().await {
            ids.push(job.unwrap().id);
        }
        (ids, jobs.end().unwrap().clone())
    }
}

/// The environment of the component, with every log line kept.
fn environment(provider: &SimulatedServiceTitan, further: &[(&str, &str)]) -> (Environment, Captured) {
    let (logs, captured) = Logs::captured();
    let further = [&[("LOG_LEVEL", "debug")], further].concat();
    (support::simulated(provider, &further).logs(logs), captured)
}

/// Pages of this many records.
fn pages_of(size: u32) -> CallOptions {
    CallOptions { page_size: Some(size), ..CallOptions::default() }
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}
