//! `penstock tap` before what others wrote: the tests that Meltano's SDK has for taps, and existing targets.

use crate::{
    python::environment,
    support::{
        server::{self, Server},
        text, well,
    },
};
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output},
};

/// What is in `singer`.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/copies/singer");

/// Streams from a feed and from lists, one of records without an id among them.
const STREAMS: &str = "jpm_jobs,jpm_appointments,jpm_job_types,sales_estimates";

/// The standard tests, of a program.
async fn standard_tests(vendor: &SimulatedServiceTitan, program: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), json!({ "select": STREAMS }).to_string()).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_penstock")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let tap =
        json!([program, "tap", "servicetitan", "--quiet", "--config", folder.path().join("config.json")]);
    let mut command = Command::new(environment(FOLDER, "sdk").join("bin/pytest"));
    command.args(["-q", "-p", "no:cacheprovider", "--rootdir", FOLDER, "-W", "error::UserWarning"]);
    command.arg(format!("{FOLDER}/test_standard.py"));
    command.envs(vendor.settings()).env("PENSTOCK_TAP", tap.to_string());
    command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(folder.path());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3-venv: .ci/leg sync"]
async fn singers_standard_tests_pass_and_fail_where_a_schema_is_left_out() {
    let vendor = SimulatedServiceTitan::start(Config::small(40)).await.unwrap();
    let passed = standard_tests(&vendor, "penstock").await;
    println!("{}", text(&passed.stdout).lines().last().unwrap_or_default());
    well(&passed);
    let failed = standard_tests(&vendor, &format!("{FOLDER}/without_schema.sh")).await;
    let told = text(&failed.stdout);
    assert!(!failed.status.success() && told.contains("RecordsWithoutSchemaException"), "{told}");
}

/// Runs the tap into a target, and keeps the state that comes back, as whatever runs pipelines does.
async fn pipe(settings: &BTreeMap<String, String>, folder: &Path, target: &Path, config: &Value) {
    fs::write(folder.join("tap.json"), json!({ "select": STREAMS }).to_string()).unwrap();
    fs::write(folder.join("target.json"), config.to_string()).unwrap();
    if !folder.join("state.json").exists() {
        fs::write(folder.join("state.json"), "{}").unwrap();
    }
    let script = "set -o pipefail; \"$PENSTOCK\" tap servicetitan --quiet --config tap.json --state state.json \
                  | \"$TARGET\" --config target.json > states && tail -n 1 states > state.json";
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(folder).envs(settings);
    command.env("PENSTOCK", env!("CARGO_BIN_EXE_penstock")).env("TARGET", target).env("LOG_LEVEL", "error");
    well(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3-venv: .ci/leg sync"]
async fn a_singer_target_writes_files_of_what_has_changed() {
    let vendor = SimulatedServiceTitan::start(Config::small(200)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = environment(FOLDER, "jsonl").join("bin/target-jsonl");
    let lines = |run: &str| -> Vec<Value> {
        let file = folder.path().join(run).join("jpm_jobs.jsonl");
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let into = |run: &str| json!({ "destination_path": folder.path().join(run), "do_timestamp_file": false });
    pipe(&vendor.settings(), folder.path(), &target, &into("first")).await;
    let first = lines("first").into_iter().filter(|job| job["_penstock_deleted"] == false);
    let ids: BTreeSet<_> = first.map(|job| job["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, vendor.truth(Resource::Jobs).into_iter().collect());
    vendor.world().modify(Resource::Jobs, vendor.job_ids()[3], &json!({ "summary": "changed" }));
    pipe(&vendor.settings(), folder.path(), &target, &into("second")).await;
    let again = lines("second");
    assert!(again.iter().any(|job| job["summary"] == "changed") && again.len() < 20, "{}", again.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and python3-venv: .ci/leg sync"]
async fn a_singer_target_has_the_vendors_truth_in_postgres() {
    let vendor = SimulatedServiceTitan::start(Config::small(200)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::task::spawn_blocking(Server::shared).await.unwrap();
    let url = server.database().await;
    let target = environment(FOLDER, "postgres").join("bin/target-postgres");
    let config = json!({
        "sqlalchemy_url": url.replace("postgres://", "postgresql+psycopg://"),
        "default_target_schema": "titan", "hard_delete": true,
    });
    for run in ["first", "second"] {
        pipe(&vendor.settings(), folder.path(), &target, &config).await;
        let count = |table: &str| format!("SELECT count(*) FROM titan.{table} WHERE NOT _penstock_deleted");
        for (table, resource) in [("jpm_jobs", Resource::Jobs), ("jpm_job_types", Resource::JobTypes)] {
            let rows = server::query(&url, &count(table)).await;
            assert_eq!(rows, [vendor.truth(resource).len().to_string()], "{table}, {run}");
        }
        // The second run has to take it away.
        vendor.remove(Resource::JobTypes, vendor.truth(Resource::JobTypes)[0]);
        vendor.world().modify(Resource::Jobs, vendor.job_ids()[3], &json!({ "summary": "changed" }));
        pipe(&vendor.settings(), folder.path(), &target, &config).await;
        let changed = "SELECT count(*) FROM titan.jpm_jobs WHERE summary = 'changed'";
        assert_eq!(server::query(&url, changed).await, ["1"]);
    }
    for (column, expected) in
        [("subtotal", "numeric"), ("modifiedOn", "timestamp without time zone"), ("items", "ARRAY")]
    {
        let sql = format!(
            "SELECT data_type FROM information_schema.columns
             WHERE table_schema = 'titan' AND table_name = 'sales_estimates' AND column_name = '{column}'"
        );
        assert_eq!(server::query(&url, &sql).await, [expected], "{column}");
    }
}
