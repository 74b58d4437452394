//! What a copy takes of memory does not grow with its records.

use crate::support::{Copied, Kind, number, penstock, run, well};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::{fs, process::Stdio, time::Duration};

/// The most that it may be, in KiB.
const MOST: u64 = 150 << 10;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: .ci/long sync-memory"]
async fn memory_is_level_from_few_records_to_many() {
    let (few, many) = (number("PENSTOCK_TEST_FEW", 20_000), number("PENSTOCK_TEST_MANY", 1_000_000));
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (small, large) = (peak(kind, few).await, peak(kind, many).await);
        println!("{kind:?}: {small} KiB at most with {few} records, {large} KiB with {many}");
        assert!(large * 100 <= small * 105, "it grows");
        assert!(large < MOST, "it is too much");
    }
}

/// The most memory that the program had while it copied so many records, in KiB.
async fn peak(kind: Kind, records: usize) -> u64 {
    let vendor = SimulatedServiceTitan::start(Config::small(records)).await.unwrap();
    let copied = Copied::new(kind).await;
    let (settings, folder) = (copied.settings(&vendor.settings()), copied.folder.path());
    // The component is compiled once, which takes more.
    well(&run(&settings, folder, &["ready", "servicetitan"]).await);
    let mut command = penstock(&settings, folder);
    command.args(["sync", "servicetitan", "--select", "jpm_jobs", "--quiet", "--to", copied.to]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let lines = fs::read_to_string(&status).unwrap_or_default();
        let line = lines.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        match child.try_wait().unwrap() {
            Some(ended) => break ended,
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(ended.success());
    copied.assert_jobs(&vendor).await;
    peak
}
