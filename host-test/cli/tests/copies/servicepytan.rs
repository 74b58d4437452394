//! What ServicePytan is used for, as `docs/from-servicepytan.md` shows it: each command is taken from the document and
//! run, in one folder and one after another.

use crate::{
    python::environment,
    steps::{Step, steps},
    support::{run, text, well},
};
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, process::Command};

const DOCUMENT: &str = include_str!("../../../../docs/from-servicepytan.md");

/// What is in `frames`.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/copies/frames");

/// A vendor with two jobs that were completed just inside of the document's day in New York, and two just outside.
async fn vendor() -> SimulatedServiceTitan {
    let vendor = SimulatedServiceTitan::start(Config::small(200)).await.unwrap();
    let jobs = vendor.job_ids();
    let ends =
        ["2025-04-13T04:00:00Z", "2025-04-14T03:59:59Z", "2025-04-13T03:59:59Z", "2025-04-14T04:00:00Z"];
    for (id, at) in jobs[50..].iter().zip(ends) {
        let members = json!({ "jobStatus": "Completed", "completedOn": at });
        assert!(vendor.modify(Resource::Jobs, *id, &members));
    }
    vendor
}

/// Takes a step; what it printed.
fn take(step: &Step, settings: &BTreeMap<String, String>, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_penstock")).parent().unwrap();
    let python = environment(FOLDER, "pandas").join("bin");
    let path = format!("{}:{}:{}", program.display(), python.display(), std::env::var("PATH").unwrap());
    let done = Command::new("sh")
        .args(["-euc", step.script])
        .current_dir(folder)
        .envs(settings)
        .env("PATH", path)
        .env("SERVICETITAN_TIMEZONE", "America/New_York")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    well(&done);
    text(&done.stdout)
}

/// The estimates in use that the vendor says were sold in April 2025 and in 2025, in New York.
async fn sold(settings: &BTreeMap<String, String>, folder: &Path) -> (usize, f64) {
    let all = run(settings, folder, &["list", "servicetitan", "sales.estimates-list"]).await;
    well(&all);
    let (mut april, mut year) = (0, 0.0);
    for line in text(&all.stdout).lines() {
        let estimate: Value = serde_json::from_str(line).unwrap();
        let at = estimate["soldOn"].as_str().unwrap_or_default();
        if estimate["active"] == true {
            april += usize::from(("2025-04-01T04:00:00Z".."2025-05-01T04:00:00Z").contains(&at));
            if ("2025-01-01T05:00:00Z".."2026-01-01T05:00:00Z").contains(&at) {
                let items = estimate["items"].as_array().unwrap();
                year += items
                    .iter()
                    .map(|item| item["total"].as_str().unwrap().parse::<f64>().unwrap())
                    .sum::<f64>();
            }
        }
    }
    (april, year)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3-venv: .ci/leg sync"]
async fn each_use_of_servicepytan_is_shown_by_commands_that_run() {
    let vendor = vendor().await;
    let (settings, folder) = (vendor.settings(), tempfile::tempdir().unwrap());
    let (april, year) = sold(&settings, folder.path()).await;
    let mut printed = BTreeMap::new();
    for step in steps(DOCUMENT) {
        let told = tokio::task::block_in_place(|| take(&step, &settings, folder.path()));
        assert!(printed.insert(step.name, told).is_none(), "{}", step.name);
    }
    let numbers = |step: &str| -> Vec<usize> {
        printed[step].split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    assert_eq!(printed["jobs-list"], printed["jobs-sync"]);
    assert!(numbers("jobs-list")[0] >= 2, "{}", printed["jobs-list"]);
    let (list, sync) = (numbers("spans-list"), numbers("spans-sync"));
    // The simulated vendor does not know when estimates were sold.
    assert_eq!(([&list[..3], &list[4..]].concat(), april), ([&sync[..3], &sync[4..]].concat(), sync[3]));
    let total: f64 = printed["sales-sync"].trim().parse().unwrap();
    assert!((total - year).abs() < 0.005, "{total} {year}");
    assert!(printed["sales-list"].contains("\"total\":\""), "{}", printed["sales-list"]);
    assert_eq!(numbers("people-list"), numbers("people-sync"));
    assert_eq!(numbers("endpoint-list").last(), numbers("endpoint-sync").last());
    assert!(numbers("report")[0] > 0, "{}", printed["report"]);
    assert_eq!(numbers("export-list"), [vendor.truth_exported(Resource::Jobs).len(), 0]);
    assert!(printed["export-sync"].starts_with("ok"), "{}", printed["export-sync"]);
    assert_eq!(std::fs::metadata(folder.path().join("photo.bin")).unwrap().len(), 100_000);
    assert_eq!(printed.len(), DOCUMENT.matches("```sh").count(), "every command is a step");
}
