//! Embeds Penstock in a Rust service: prints every job that is in progress.

use futures_util::TryStreamExt;
use penstock_host::{
    Environment, Plugin,
    bindings::jpm::{JobStatus, JobsQuery},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Credentials and settings from environment variables or `.env`, logs on stderr.
    let plugin = Plugin::start(Environment::from_process()).await?;

    let query = JobsQuery { job_status: Some(JobStatus::InProgress), ..JobsQuery::default() };
    let mut jobs = plugin.servicetitan().jpm().jobs_list(query).await?;
    while let Some(job) = jobs.try_next().await? {
        println!("{}: {}", job.id, job.summary.unwrap_or_default());
    }
    Ok(())
}
