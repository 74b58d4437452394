//! What is printed, and exit codes.

use crate::support::{Copied, Kind, run, server, text, well};
use penstock_simulated::{
    Matcher,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, os::unix::fs::PermissionsExt};

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
    let names = ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"];
    let settings = names.map(|name| (format!("SERVICETITAN_{name}"), "7".to_owned())).into();
    for (arguments, told) in [
        (&["sync"][..], "Usage"),
        (&["sync", "servicetitan"], "--to"),
        (&["sync", "servicetitan", "--to", "mysql:x"], "this is no destination"),
        (&["sync", "servicetitan", "--modules", "jpn", "--to", "sqlite:c.db"], "do you mean \"jpm\"?"),
        (&["sync", "servicetitan", "--to", "sqlite:c.db", "--watch", "5"], "30s, 5m, 2h"),
        (&["sync", "servicetitan", "--to", "sqlite:c.db", "--since", "nonsense"], "must be a day or a time"),
        (&["sync", "all", "--file", "syncs.toml"], "cannot read syncs.toml"),
        (&["sync", "servicetitan", "--to", "postgres"], "DATABASE_URL is not set"),
        (&["sync", "servicetitan", "--to", "ndjson:"], "no folder is named"),
        (&["sync", "status", "--of", "ndjson:c"], "sync to it first"),
        (&["sync", "asleep", "--to", "sqlite:c.db"], "--users"),
        (&["sync", "status", "--of", "sqlite:c.db"], "sync to it first"),
    ] {
        let refused = run(&settings, folder.path(), arguments).await;
        let stderr = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Whose records a destination has is said by the settings, for good.
#[tokio::test(flavor = "multi_thread")]
async fn without_settings_a_destination_is_left_as_it_is() {
    let vendor = SimulatedServiceTitan::start(Config::small(20)).await.unwrap();
    for kind in [Kind::Sqlite, Kind::Ndjson] {
        let copied = Copied::new(kind).await;
        let settings = copied.settings(&vendor.settings());
        let (missing, mut odd) = (BTreeMap::new(), settings.clone());
        odd.insert("SERVICETITAN_TENANT_ID".to_owned(), "100x".to_owned());
        let sync = ["sync", "servicetitan", "--select", "jpm_job_types", "--to", copied.to];
        for (settings, told) in [(&missing, "SERVICETITAN_CLIENT_ID"), (&odd, "SERVICETITAN_TENANT_ID")] {
            for more in [&[][..], &["--dry-run"]] {
                let refused = run(settings, copied.folder.path(), &[&sync[..], more].concat()).await;
                let stderr = text(&refused.stderr);
                assert!(refused.status.code() == Some(2) && stderr.contains(told), "{stderr}");
                assert!(stderr.lines().count() < 8, "{stderr}");
            }
        }
        assert_eq!(std::fs::read_dir(copied.folder.path()).unwrap().count(), 0);
        well(&run(&settings, copied.folder.path(), &sync).await);
    }
}

/// What the documents begin with: a feed and a list show a record in two shapes, of which all has the same values.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_command_of_the_documents_is_checked_well() {
    let vendor = SimulatedServiceTitan::start(Config::small(50)).await.unwrap();
    let copied = Copied::new(Kind::Sqlite).await;
    let settings = copied.settings(&vendor.settings());
    let run = async |arguments: &[&str]| run(&settings, copied.folder.path(), arguments).await;
    well(&run(&["sync", "servicetitan", "--modules", "jpm,crm", "--to", copied.to]).await);
    well(&run(&["sync", "check", "servicetitan", "--of", copied.to]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_syncs_of_a_file_run_one_after_another_and_none_keeps_the_others() {
    let vendor = SimulatedServiceTitan::start(Config::small(50)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = r#"
        [broken]
        vendor = "servicetitan"
        to = "sqlite:nowhere/copy.db"
        select = ["jpm_jobs"]

        [files]
        vendor = "servicetitan"
        to = "ndjson:copy"
        select = ["jpm_jobs", "jpm_job_types"]

        [titan]
        vendor = "servicetitan"
        to = "sqlite:titan.db"
        select = ["jpm_jobs"]
    "#;
    std::fs::write(folder.path().join("sync.toml"), file).unwrap();
    let all = async |more: &[&str]| {
        run(&vendor.settings(), folder.path(), &[&["sync", "all"], more].concat()).await
    };
    let dry = all(&["--only", "files,titan", "--dry-run"]).await;
    well(&dry);
    assert!(text(&dry.stdout).contains("# titan\nCREATE TABLE \"jpm_jobs\""), "{}", text(&dry.stdout));
    assert!(vendor.requests().is_empty(), "nothing is read");
    let run = all(&[]).await;
    let told = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{told}");
    assert!(
        told.contains("warning: broken: sqlite:nowhere/copy.db") && told.contains("1 of 3 syncs failed"),
        "{told}"
    );
    well(&all(&["--only", "files,titan", "--full"]).await);
    let jobs = rusqlite::Connection::open(folder.path().join("titan.db")).unwrap();
    let jobs: i64 = jobs.query_row("SELECT count(*) FROM jpm_jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(jobs, vendor.truth_exported(Resource::Jobs).len() as i64);
    assert!(folder.path().join("copy/jpm_job_types.ndjson").exists());
    let unknown = all(&["--only", "titans"]).await;
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_the_contract_does_not_know_become_columns_when_it_is_asked_for() {
    let vendor = SimulatedServiceTitan::start(Config::small(50)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let jobs = vendor.job_ids();
    let run = async |arguments: &[&str]| {
        let ran = run(&vendor.settings(), folder.path(), arguments).await;
        well(&ran);
        ran
    };
    let sync = ["sync", "servicetitan", "--select", "jpm_jobs", "--to", "sqlite:c.db"];
    let columns = ["sync", "columns", "servicetitan", "--of", "sqlite:c.db"];
    vendor.modify(Resource::Jobs, jobs[0], &json!({ "dispatchGrade": 7 }));
    run(&sync).await;
    let shown = text(&run(&columns).await.stdout);
    assert!(shown.contains("jpm_jobs: dispatchGrade, integer, in 1 rows\n"), "{shown}");
    let added = text(&run(&[&columns[..], &["--add"]].concat()).await.stderr);
    assert!(added.contains("ALTER TABLE \"jpm_jobs\" ADD COLUMN \"dispatch_grade\" INTEGER"), "{added}");
    vendor.modify(Resource::Jobs, jobs[1], &json!({ "dispatchGrade": 8 }));
    run(&sync).await;
    let database = rusqlite::Connection::open(folder.path().join("c.db")).unwrap();
    let sum = "SELECT sum(dispatch_grade) FROM jpm_jobs WHERE _penstock_extra IS NULL";
    let sum: i64 = database.query_row(sum, [], |row| row.get(0)).unwrap();
    assert_eq!(sum, 15);
    assert_eq!(text(&run(&columns).await.stdout), "");
}

/// SQLite makes files beside the one that it reads, which a folder that is read-only has no room for.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_sqlite_is_looked_at_where_nothing_can_be_written() {
    let vendor = SimulatedServiceTitan::start(Config::small(50)).await.unwrap();
    let copied = Copied::new(Kind::Sqlite).await;
    let folder = copied.folder.path();
    let sync = ["sync", "servicetitan", "--select", "jpm_jobs", "--to", copied.to];
    well(&run(&vendor.settings(), folder, &sync).await);
    // Nothing is read-only to a superuser.
    let program = folder.join("penstock");
    std::fs::copy(env!("CARGO_BIN_EXE_penstock"), &program).unwrap();
    let status = || {
        let mut command = std::process::Command::new(&program);
        if server::is_root() {
            command = std::process::Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        }
        command.args(["sync", "status", "--of", copied.to]).current_dir(folder).output().unwrap()
    };
    let set = |mode: u32| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    let told = status();
    well(&told);
    assert!(text(&told.stdout).contains("jpm_jobs: "), "{}", text(&told.stdout));
    // What a program has left that ended early would be missing.
    set(0o755);
    std::fs::write(folder.join("copy.db-wal"), "x").unwrap();
    set(0o555);
    let refused = status();
    set(0o755);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stdout));
}

/// Where to go on is in the destination: no option of `sync` takes what other commands are told to go on with.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_names_no_option_that_there_is_not() {
    let vendor =
        SimulatedServiceTitan::start(Config { export_page: 20, ..Config::small(200) }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = vendor.settings()["SERVICETITAN_CLIENT_SECRET"].clone();
    vendor.after(Matcher::path("export/jobs"), 3, move |world| {
        world.withdraw(&secret);
        world.revoke_all();
    });
    for json in [None, Some("--json-errors")] {
        let sync = ["sync", "servicetitan", "--select", "jpm_jobs", "--to", "sqlite:c.db"];
        let sync: Vec<_> = sync.into_iter().chain(json).collect();
        let failed = run(&vendor.settings(), folder.path(), &sync).await;
        let told = text(&failed.stderr);
        let is_told = told.contains("--resume") || told.contains("\"resume\":\"");
        assert!(!failed.status.success() && !is_told, "{told}");
    }
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
