//! The same reads through the component.

use crate::native::List;
use anyhow::{Result, ensure};
use futures_util::TryStreamExt as _;
use penstock_host::{
    Environment, Plugin,
    bindings::{
        jpm::{Job, JobsGetQuery, JobsQuery},
        types::CallOptions,
    },
};
use std::hint::black_box;

/// Neither parameters nor their names.
const NONE: [(&str, &str); 0] = [];

/// The settings for a vendor at an origin who has so many jobs.
pub fn settings(origin: &str, jobs: usize) -> Vec<(&'static str, String)> {
    vec![
        ("SERVICETITAN_CLIENT_ID", "cid".to_owned()),
        ("SERVICETITAN_CLIENT_SECRET", "secret".to_owned()),
        ("SERVICETITAN_APP_KEY", "key".to_owned()),
        ("SERVICETITAN_TENANT_ID", jobs.to_string()),
        ("SERVICETITAN_API_URL", origin.to_owned()),
        ("SERVICETITAN_AUTH_URL", origin.to_owned()),
        // What the vendor allows would be measured otherwise.
        ("SERVICETITAN_RATE_LIMIT", "10000".to_owned()),
        ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
    ]
}

/// A plugin for a vendor at an origin who has so many jobs.
pub async fn start(origin: &str, jobs: usize) -> Result<Plugin> {
    Ok(Plugin::start(Environment::loopback(settings(origin, jobs))).await?)
}

fn options(list: &List) -> CallOptions {
    CallOptions {
        page_size: u32::try_from(list.page_size).ok(),
        window: u32::try_from(list.window).ok(),
        ..CallOptions::default()
    }
}

/// Reads all jobs as typed records, one by one.
pub async fn typed(plugin: &Plugin, list: &List) -> Result<()> {
    let jobs = plugin.servicetitan().jpm().jobs_list(JobsQuery::default());
    let mut jobs = jobs.with(options(list)).await?;
    let mut count = 0;
    while let Some(job) = jobs.try_next().await? {
        black_box::<&Job>(&job);
        count += 1;
    }
    ensure!(count == list.jobs, "{count} jobs");
    Ok(())
}

/// The jobs of the first page.
pub async fn first(plugin: &Plugin, list: &List) -> Result<Vec<Job>> {
    let jobs = plugin.servicetitan().jpm().jobs_list(JobsQuery::default());
    let mut jobs = jobs.with(options(list)).await?;
    let mut first = Vec::new();
    while first.len() < list.page_size
        && let Some(job) = jobs.try_next().await?
    {
        first.push(job);
    }
    Ok(first)
}

/// Reads all jobs by the operation's name, as JSON.
pub async fn by_name(plugin: &Plugin, list: &List) -> Result<()> {
    let mut jobs = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options(list))).await?;
    let mut count = 0;
    while let Some(job) = jobs.try_next().await? {
        black_box::<&str>(&job);
        count += 1;
    }
    ensure!(count == list.jobs, "{count} jobs");
    Ok(())
}

/// Gets one job.
pub async fn get(plugin: &Plugin, id: u64) -> Result<()> {
    let job = plugin.servicetitan().jpm().jobs_get(id.try_into()?, JobsGetQuery::default());
    let (job, _) = job.await?;
    black_box(job);
    Ok(())
}

/// Downloads a file. How many bytes it has.
pub async fn file(plugin: &Plugin) -> Result<usize> {
    let parameters = [("id", "1")];
    let file = plugin.download("servicetitan", "telecom.calls-download-recording", parameters, None).await?;
    Ok(file.try_fold(0, async |sum, piece| Ok(sum + black_box(piece).len())).await?)
}
