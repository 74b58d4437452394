//! A process that reads a list through the component and tells how much memory it took at most.

use crate::{component, native::List};
use anyhow::{Context as _, Result, ensure};
use std::{fs, process::Command};

/// Reads so many jobs of a vendor, in pages of 1,000. Prints the peak of its memory in KiB.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let origin = arguments.next().context("the vendor's origin")?;
    let jobs = arguments.next().context("how many jobs")?.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let plugin = component::start(&origin, jobs).await?;
        let list = List { origin: origin.as_str().into(), jobs, page_size: 1000, window: 4 };
        component::typed(&plugin, &list).await
    })?;
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.context("the system tells the peak")?.trim().trim_end_matches(" kB"));
    Ok(())
}

/// The peak of a process that reads so many jobs, in KiB.
pub fn peak(origin: &str, jobs: usize) -> Result<f64> {
    let mut reader = Command::new(std::env::current_exe()?);
    let read = reader.args(["reader", origin, &jobs.to_string()]).output()?;
    ensure!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    Ok(String::from_utf8(read.stdout)?.trim().parse()?)
}
