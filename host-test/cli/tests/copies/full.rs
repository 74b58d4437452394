//! Files that may not grow.

use crate::support::{Copied, Kind, run, text, well};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::process::Command;

const TABLES: &str = "jpm_jobs,jpm_job_types,jpm_appointments";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_sqlite_that_has_no_room_says_so_and_goes_on_when_there_is() {
    says_so_and_goes_on(Kind::Sqlite, &["its disk fails", "there is no room for more"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_ndjson_that_has_no_room_says_so_and_goes_on_when_there_is() {
    says_so_and_goes_on(Kind::Ndjson, &["cannot write copy/jpm_", "there is no room for more in copy/"])
        .await;
}

async fn says_so_and_goes_on(kind: Kind, words: &[&str]) {
    let vendor = SimulatedServiceTitan::start(Config::small(12_000)).await.unwrap();
    let copied = Copied::new(kind).await;
    let (settings, folder) = (vendor.settings(), &copied.folder);
    let sync = ["sync", "servicetitan", "--select", TABLES, "--to", copied.to];
    let mut command = Command::new("sh");
    // 10 MiB for each file, more than the program itself needs.
    command.args(["-c", "ulimit -f 20480; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_penstock")]);
    command.args(sync).current_dir(folder.path()).envs(&settings);
    // The compiled component is there: its file is larger.
    well(&run(&settings, folder.path(), &["ready", "servicetitan"]).await);
    let refused = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains(&format!("error: {}: ", copied.to)), "{told}");
    assert!(words.iter().any(|words| told.contains(words)), "{told}");
    well(&run(&settings, folder.path(), &sync).await);
    copied.assert_whole(&vendor).await;
}
