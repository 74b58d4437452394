//! What is printed, and exit codes.

use crate::support::{Copied, Kind, run, text, well};
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::Value;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_a_database_and_prints_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["sync", "servicetitan", "--demo", "--to", "sqlite:demo.db"];
    let demo = run(&BTreeMap::new(), folder.path(), &arguments).await;
    well(&demo);
    let printed = text(&demo.stdout);
    let jobs = printed.lines().find(|line| line.contains("jpm_jobs:")).unwrap();
    assert!(jobs.starts_with("ok") && jobs.contains("50 compared"), "{printed}");
    assert!(!printed.contains("DIFFERS"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_sqlite_is_checked_and_its_status_is_told() {
    is_checked_and_its_status_is_told(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_ndjson_is_checked_and_its_status_is_told() {
    is_checked_and_its_status_is_told(Kind::Ndjson).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn a_copy_in_postgres_is_checked_and_its_status_is_told() {
    is_checked_and_its_status_is_told(Kind::Postgres).await;
}

async fn is_checked_and_its_status_is_told(kind: Kind) {
    let vendor = SimulatedServiceTitan::start(Config::small(300)).await.unwrap();
    let copied = Copied::new(kind).await;
    let (settings, to) = (copied.settings(&vendor.settings()), copied.to);
    let run = async |arguments: &[&str]| run(&settings, copied.folder.path(), arguments).await;
    let dry = run(&["sync", "servicetitan", "--modules", "jpm", "--to", to, "--dry-run"]).await;
    well(&dry);
    assert!(text(&dry.stdout).contains("jpm_jobs from jpm.export-jobs-list"), "{}", text(&dry.stdout));
    assert!(vendor.requests().is_empty(), "nothing is read");
    well(&run(&["sync", "servicetitan", "--modules", "jpm", "--to", to]).await);
    let check = ["sync", "check", "servicetitan", "--of", to, "--json"];
    let checked = run(&check).await;
    well(&checked);
    let lines: Vec<Value> =
        text(&checked.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 10 && lines.iter().all(|line| line["rows"] == line["vendor"]), "{lines:?}");
    let status = run(&["sync", "status", "--of", to, "--json"]).await;
    well(&status);
    let status: Vec<Value> =
        text(&status.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let jobs = status.iter().find(|status| status["table"] == "jpm_jobs").unwrap();
    assert_eq!(jobs["rows"], vendor.job_ids().len());
    assert!(jobs["state"]["error"].is_null() && jobs["state"]["reading"] == false, "{jobs}");
    let figures = run(&["sync", "status", "--of", to, "--prometheus"]).await;
    let line = format!("penstock_sync_rows{{table=\"jpm_jobs\"}} {}", vendor.job_ids().len());
    assert!(text(&figures.stdout).lines().any(|told| told == line), "{}", text(&figures.stdout));

    let types = vendor.truth(Resource::JobTypes);
    vendor.remove(Resource::JobTypes, types[0]);
    let checked = run(&check).await;
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked.stderr).contains("1 of "), "{}", text(&checked.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        (&["sync"][..], "Usage"),
        (&["sync", "servicetitan"], "--to"),
        (&["sync", "servicetitan", "--to", "mysql:x"], "this is no destination"),
        (&["sync", "servicetitan", "--modules", "jpn", "--to", "sqlite:c.db"], "do you mean \"jpm\"?"),
        (&["sync", "servicetitan", "--to", "sqlite:c.db", "--watch", "5"], "30s, 5m, 2h"),
        (&["sync", "servicetitan", "--to", "postgres"], "DATABASE_URL is not set"),
        (&["sync", "servicetitan", "--to", "ndjson:"], "no folder is named"),
        (&["sync", "status", "--of", "ndjson:c"], "sync to it first"),
        (&["sync", "asleep", "--to", "sqlite:c.db"], "--users"),
        (&["sync", "status", "--of", "sqlite:c.db"], "sync to it first"),
    ] {
        let refused = run(&BTreeMap::new(), folder.path(), arguments).await;
        let stderr = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Whatever is wrong with an address, nothing says the password that is in it.
#[tokio::test(flavor = "multi_thread")]
async fn no_password_of_a_database_is_shown() {
    let vendor = SimulatedServiceTitan::start(Config::small(5)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "postgres://u:canary@127.0.0.1:1/d",
        "postgres://u:canary@127.0.0.1:1/d?nonsense=1",
        "postgres:u:canary@h",
        "postgres://u:can/ary?canary#canary@h/d",
        "postgres:///d?host=/nowhere&password=canary",
        "mysql://u:canary@h/d",
    ] {
        let by_argument = ["sync", "servicetitan", "--select", "jpm_jobs", "--to", url];
        let misplaced = ["sync", "servicetitan", url];
        let by_setting = ["sync", "servicetitan", "--select", "jpm_jobs", "--to", "postgres"];
        let status = ["sync", "status", "--of", url];
        for arguments in [&by_argument[..], &misplaced, &by_setting, &status] {
            for json in [None, Some("--json-errors")] {
                let mut settings = vendor.settings();
                settings.insert("DATABASE_URL".to_owned(), url.to_owned());
                let arguments: Vec<_> = arguments.iter().copied().chain(json).collect();
                let refused = run(&settings, folder.path(), &arguments).await;
                let shown = text(&refused.stdout) + &text(&refused.stderr);
                assert!(!refused.status.success() && !shown.contains("canary"), "{arguments:?}: {shown}");
            }
        }
    }
}
