//! The guide to ServiceTitan, as a person follows it: its commands are taken from the
//! document and run in one shell after another, in one folder.

use crate::steps::{Step, steps};
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

const GUIDE: &str = include_str!("../../../../docs/guide-servicetitan.md");

/// Where the steps are taken.
struct Walk {
    folder: tempfile::TempDir,
    settings: BTreeMap<String, String>,
}

impl Walk {
    fn begin(provider: &SimulatedServiceTitan) -> Walk {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_penstock"), folder.path().join("bin/penstock"))
            .unwrap();
        let mut settings = provider.settings();
        settings.insert("SERVICETITAN_TIMEZONE".to_owned(), "America/New_York".to_owned());
        Walk { folder, settings }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes a step, and compares the lines that the guide shows with what came.
    fn take(&self, step: &Step) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let Output { status, stdout, stderr } = Command::new("sh")
            .args(["-euc", step.script])
            .current_dir(self.folder())
            .env("PATH", format!("{}:{path}", self.folder().join("bin").display()))
            .envs(&self.settings)
            .output()
            .unwrap();
        let told = format!("{}{}", String::from_utf8(stderr).unwrap(), String::from_utf8(stdout).unwrap());
        assert!(status.success(), "{}: {told}", step.name);
        for line in step.shown.unwrap_or_default().lines() {
            assert!(told.lines().any(|came| came == line), "{}: {line:?} did not come:\n{told}", step.name);
        }
        told
    }

    /// The records in a file that a step wrote.
    fn records(&self, file: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder().join(file)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The provider of the guide, with two jobs that were completed just inside of the guide's day
/// in New York, and two just outside.
async fn provider() -> (SimulatedServiceTitan, [i64; 2]) {
    let provider = SimulatedServiceTitan::start(Config { jobs: 200, ..Config::default() }).await.unwrap();
    let jobs = provider.job_ids();
    let ends =
        ["2025-04-13T04:00:00Z", "2025-04-14T03:59:59Z", "2025-04-13T03:59:59Z", "2025-04-14T04:00:00Z"];
    for (id, at) in jobs[50..].iter().zip(ends) {
        assert!(provider.modify(Resource::Jobs, *id, &json!({"jobStatus": "Completed", "completedOn": at})));
    }
    (provider, [jobs[50], jobs[51]])
}

fn answer(told: &str) -> Value {
    serde_json::from_str(told.lines().last().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_guide_does_what_it_says() {
    let (provider, completed) = provider().await;
    let walk = Walk::begin(&provider);
    let mut taken = Vec::new();
    for step in steps(GUIDE) {
        let told = walk.take(&step);
        taken.push(step.name);
        match step.name {
            "jobs" => {
                let ids: Vec<i64> =
                    walk.records("jobs.ndjson").iter().map(|job| job["id"].as_i64().unwrap()).collect();
                assert!(completed.iter().all(|id| ids.contains(id)), "{ids:?}");
                let wrong = |job: &Value| {
                    let at = job["completedOn"].as_str().unwrap();
                    !("2025-04-13T04:00:00Z".."2025-04-14T04:00:00Z").contains(&at)
                };
                assert!(!walk.records("jobs.ndjson").iter().any(wrong), "{told}");
            }
            "sales" => assert!(answer(&told)["estimates"].as_u64().unwrap() > 0, "{told}"),
            "export" => {
                assert_eq!(walk.records("customers.ndjson").len(), provider.config().records);
                change_a_customer(&walk);
            }
            "tomorrow" => {
                let changed = walk.records("changed.ndjson");
                assert_eq!((changed.len(), &changed[0]["id"]), (1, &json!(100_003)), "{told}");
            }
            "find-report" => assert!(answer(&told)["parameters"].is_array(), "{told}"),
            "report" => {
                let rows = walk.records("report.ndjson");
                assert!(rows.len() >= 2, "{told}");
                assert!(rows.iter().all(|row| row["Day"] == "2025-04-13"), "{rows:?}");
            }
            "report-later" => assert!(walk.records("all.ndjson").len() > 100, "{told}"),
            "note" => assert_eq!(answer(&told)["text"], "Gate code is 1234"),
            "reasons" => assert_eq!(answer(&told)["id"], 3001),
            "cancel" => assert_eq!(answer(&told)["jobStatus"], "Canceled"),
            "recording" => {
                let bytes = fs::read(walk.folder().join("call.mp3")).unwrap();
                assert_eq!(bytes.len(), provider.config().file_bytes);
            }
            "batch" => {
                let results = walk.records("results.ndjson");
                assert_eq!((results.len(), &results[0]["ok"]["id"]), (3, &json!(50_000_003)), "{told}");
                assert!(results[1]["page"]["resume"].is_string(), "{}", results[1]);
                assert_eq!(results[2]["failed"]["kind"], "bad-input");
            }
            "cancel-again" => assert!(told.contains("exit code 1"), "{told}"),
            _ => assert!(step.shown.is_some(), "nobody looks at what {} does", step.name),
        }
    }
    let stats = provider.stats();
    assert_eq!((stats.written("Jobs_CreateNote"), stats.written("Jobs_Cancel")), (1, 1));
    assert_eq!(taken.len(), GUIDE.matches("```sh step=").count());
}

/// The shell goes on as soon as the simulator can be called, and not before.
#[test]
fn the_simulator_of_the_guide_is_waited_for() {
    let mut blocks = GUIDE.split("\n```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let begin = blocks.find(|block| block.contains("penstock vendor")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_penstock"), folder.path().join("bin/penstock")).unwrap();
    // What is left of yesterday's is not taken for today's.
    fs::write(folder.path().join("simulated.env"), "SERVICETITAN_API_URL=http://127.0.0.1:1\n").unwrap();
    let probe = "penstock ready servicetitan --probe settings.business-units-list";
    let script = format!("trap 'kill $!' EXIT\n{begin}\n{probe}");
    let path = std::env::var("PATH").unwrap_or_default();
    let run = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", folder.path().join("bin").display()))
        .output()
        .unwrap();
    let told = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{told}");
    assert!(
        String::from_utf8(run.stdout).unwrap().contains("settings.business-units-list: HTTP 200"),
        "{told}"
    );
}

/// What somebody does between today and tomorrow.
fn change_a_customer(walk: &Walk) {
    let script = r#"penstock call servicetitan crm.customers-update --role operator --param id=100003 \
        --body '{"name": "Ann Nguyen"}'"#;
    walk.take(&Step { name: "between", script, shown: None });
}
