//! Embeds Penstock in a Rust service: prints every job that is in progress.

use futures_util::TryStreamExt;
use penstock_host::{Environment, Plugin};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Credentials and settings from environment variables or `.env`, logs on stderr.
    let plugin = Plugin::start(Environment::from_process()).await?;

    let readiness = plugin.ready("servicetitan", None).await?;
    for missing in readiness.missing {
        eprintln!("{}: {}", missing.field, missing.message);
    }

    // Any operation by name, JSON in and out; typed calls go through `Plugin::run`.
    let parameters = [("jobStatus", "InProgress"), ("pageSize", "500")];
    let mut jobs = plugin.list("servicetitan", "jpm.jobs-list", parameters, None).await?;
    while let Some(job) = jobs.try_next().await? {
        println!("{job}");
    }
    Ok(())
}
