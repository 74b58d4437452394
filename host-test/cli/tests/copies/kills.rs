//! A copy whose program is killed at any moment.

use crate::support::{assert_whole, penstock, run, well};
use penstock_simulated::{
    Faults,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::json;
use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

const TABLES: &[&str] = &[
    "sync",
    "servicetitan",
    "--select",
    "jpm_jobs,jpm_job_types,jpm_appointments",
    "--to",
    "sqlite:copy.db",
];

/// After so many kills a copy is let come to its end, and looked at.
const KILLS_OF_A_COPY: usize = 5;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

/// In CI few kills and records, by hand more: `PENSTOCK_TEST_KILLS=200 PENSTOCK_TEST_RECORDS=100000`.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_the_vendors_truth_whenever_its_program_is_killed() {
    let (kills, jobs) = (number("PENSTOCK_TEST_KILLS", 20), number("PENSTOCK_TEST_RECORDS", 5_000));
    let vendor = SimulatedServiceTitan::start(Config {
        faults: Faults { max_in_a_row: 2, ..Faults::mixed(0.1) },
        latency: Duration::from_millis(10),
        export_page: 200,
        ..Config::small(jobs)
    })
    .await
    .unwrap();
    let settings = vendor.settings();
    let mut random = fastrand::Rng::with_seed(21);
    let (mut made, mut copies) = (0, 0);
    while made < kills {
        let folder = tempfile::tempdir().unwrap();
        let changing = Arc::new(AtomicBool::new(true));
        let changes = change(&vendor, &changing, random.u64(..));
        for _ in 0..KILLS_OF_A_COPY {
            let mut command = penstock(&settings, folder.path());
            command.args(TABLES).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(random.u64(..1_500))).await;
            // SIGKILL. One that has ended by itself is none.
            made += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        changing.store(false, Relaxed);
        changes.await.unwrap();
        well(&run(&settings, folder.path(), TABLES).await);
        assert_whole(&folder.path().join("copy.db"), &vendor);
        copies += 1;
    }
    println!("{made} runs were killed, {copies} copies are whole");
}

/// Changes and removes records for as long as it is to.
fn change(vendor: &SimulatedServiceTitan, going: &Arc<AtomicBool>, seed: u64) -> tokio::task::JoinHandle<()> {
    let (world, going) = (vendor.world(), Arc::clone(going));
    tokio::spawn(async move {
        let mut random = fastrand::Rng::with_seed(seed);
        let ids = world.job_ids();
        while going.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let id = ids[random.usize(..ids.len())];
            match random.u8(..10) {
                0 => world.remove(Resource::Jobs, id),
                _ => world.modify(Resource::Jobs, id, &json!({ "summary": format!("{}", random.u32(..)) })),
            };
        }
    })
}
