//! A file that may not grow.

use crate::support::{Copied, Kind, run, text, well};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::process::Command;

const TABLES: &str = "jpm_jobs,jpm_job_types,jpm_appointments";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_has_no_room_says_so_and_goes_on_when_there_is() {
    let vendor = SimulatedServiceTitan::start(Config::small(12_000)).await.unwrap();
    let copied = Copied::new(Kind::Sqlite).await;
    let (settings, folder) = (vendor.settings(), &copied.folder);
    let mut command = Command::new("sh");
    // 10 MiB for each file, more than the program itself needs.
    let limited = "ulimit -f 20480; exec \"$@\"";
    command.args([
        "-c",
        limited,
        "sh",
        env!("CARGO_BIN_EXE_penstock"),
        "sync",
        "servicetitan",
        "--select",
        TABLES,
    ]);
    command.args(["--to", "sqlite:copy.db"]).current_dir(folder.path()).envs(&settings);
    // The compiled component is there: its file is larger.
    well(&run(&settings, folder.path(), &["ready", "servicetitan"]).await);
    let refused = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("error: sqlite:copy.db: "), "{told}");
    assert!(told.contains("its disk fails") || told.contains("there is no room for more"), "{told}");
    let arguments = ["sync", "servicetitan", "--select", TABLES, "--to", "sqlite:copy.db"];
    well(&run(&settings, folder.path(), &arguments).await);
    copied.assert_whole(&vendor).await;
}
