//! The module `jpm` against the simulated ServiceTitan.

mod bad_input;
mod crowd;
mod faults;
mod resume;
mod secrets;
mod writes;

use penstock_host::{
    Environment, Plugin, Records,
    bindings::{
        jpm::Job,
        types::{CallOptions, ListEnd},
    },
    demo::{every_job, simulated_environment},
    logs::{Captured, Logs},
    vendor::{Config, SimulatedVendor},
};

use futures_util::StreamExt;

/// A vendor with this many jobs, and the component pointed at it.
struct Scene {
    vendor: SimulatedVendor,
    plugin: Plugin,
    captured: Captured,
}

impl Scene {
    async fn new(config: Config, further: &[(&str, &str)]) -> Scene {
        let vendor = SimulatedVendor::start(config).await.unwrap();
        let (environment, captured) = lend(&vendor, further);
        let plugin = Plugin::start(environment).await.unwrap();
        Scene { vendor, plugin, captured }
    }

    /// Every job as the typed stream delivers it.
    async fn stream(&self, options: CallOptions) -> Records<Job> {
        let query = every_job();
        let typed = self.plugin.records(|caller, guest| {
            Box::pin(guest.penstock_servicetitan_jpm().call_jobs_list(caller, query, Some(options)))
        });
        typed.await.unwrap()
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

/// What the component is lent, with every log line kept.
fn lend(vendor: &SimulatedVendor, further: &[(&str, &str)]) -> (Environment, Captured) {
    let (logs, captured) = Logs::captured();
    let loud = ("LOG_LEVEL", "debug".to_owned());
    let further = further.iter().map(|(name, value)| (*name, (*value).to_owned()));
    (simulated_environment(vendor, std::iter::once(loud).chain(further)).logs(logs), captured)
}

/// Pages of this many records.
fn pages_of(size: u32) -> CallOptions {
    CallOptions { page_size: Some(size), ..CallOptions::default() }
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}
