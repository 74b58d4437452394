//! A copy whose program is killed at any moment.

use crate::support::{Copied, Kind, number, penstock, run, well};
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

const TABLES: &str = "jpm_jobs,jpm_job_types,jpm_appointments";

/// After so many kills a copy is let come to its end, and looked at.
const KILLS_OF_A_COPY: usize = 5;

/// In CI few kills and records, by hand more: `PENSTOCK_TEST_KILLS=200 PENSTOCK_TEST_RECORDS=100000`.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_sqlite_is_the_vendors_truth_whenever_its_program_is_killed() {
    is_the_vendors_truth_whenever_its_program_is_killed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_ndjson_is_the_vendors_truth_whenever_its_program_is_killed() {
    is_the_vendors_truth_whenever_its_program_is_killed(Kind::Ndjson).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn a_copy_in_postgres_is_the_vendors_truth_whenever_its_program_is_killed() {
    is_the_vendors_truth_whenever_its_program_is_killed(Kind::Postgres).await;
}

async fn is_the_vendors_truth_whenever_its_program_is_killed(kind: Kind) {
    let (kills, jobs) = (number("PENSTOCK_TEST_KILLS", 20), number("PENSTOCK_TEST_RECORDS", 5_000));
    let vendor = SimulatedServiceTitan::start(Config {
        faults: Faults { max_in_a_row: 2, ..Faults::mixed(0.1) },
        latency: Duration::from_millis(10),
        export_page: 200,
        ..Config::small(jobs)
    })
    .await
    .unwrap();
    let mut random = fastrand::Rng::with_seed(21);
    let (mut made, mut copies) = (0, 0);
    while made < kills {
        let copied = Copied::new(kind).await;
        let (settings, folder) = (copied.settings(&vendor.settings()), copied.folder.path());
        let sync = ["sync", "servicetitan", "--select", TABLES, "--to", copied.to];
        let changing = Arc::new(AtomicBool::new(true));
        let changes = change(&vendor, &changing, random.u64(..));
        for _ in 0..KILLS_OF_A_COPY {
            let mut command = penstock(&settings, folder);
            command.args(sync).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(random.u64(..1_500))).await;
            // SIGKILL. One that has ended by itself is none.
            made += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        changing.store(false, Relaxed);
        changes.await.unwrap();
        well(&run(&settings, folder, &sync).await);
        copied.assert_whole(&vendor).await;
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
