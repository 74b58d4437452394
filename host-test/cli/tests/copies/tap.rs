//! `penstock tap`, as any target reads it.

use crate::support::{penstock, run, text, well};
use penstock_simulated::{
    Faults, asleep,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

/// What a target keeps: records by stream and key, and the state behind them.
#[derive(Default)]
struct Target {
    schemas: BTreeMap<String, Value>,
    rows: BTreeMap<String, BTreeMap<String, Value>>,
    versions: BTreeMap<String, BTreeMap<String, i64>>,
    /// What came since the last state, and does not count before the next.
    coming: Vec<Value>,
    state: Option<Value>,
    records: usize,
}

impl Target {
    fn take_all(&mut self, output: &Output) {
        well(output);
        text(&output.stdout).lines().for_each(|line| self.take(line));
        assert!(self.coming.is_empty(), "a state is behind everything");
    }

    fn take(&mut self, line: &str) {
        let message: Value = serde_json::from_str(line).unwrap();
        match message["type"].as_str().unwrap() {
            "STATE" => {
                for message in std::mem::take(&mut self.coming) {
                    self.keep(&message);
                }
                self.state = Some(message["value"].clone());
            }
            "SCHEMA" => {
                self.schemas.insert(message["stream"].as_str().unwrap().to_owned(), message);
            }
            _ => self.coming.push(message),
        }
    }

    fn keep(&mut self, message: &Value) {
        let stream = message["stream"].as_str().unwrap().to_owned();
        let (rows, versions) =
            (self.rows.entry(stream.clone()).or_default(), self.versions.entry(stream.clone()).or_default());
        if message["type"] == "ACTIVATE_VERSION" {
            let version = message["version"].as_i64().unwrap();
            rows.retain(|key, _| versions[key] == version);
            return;
        }
        assert_eq!(message["type"], "RECORD");
        let schema = &self.schemas[&stream];
        let record = &message["record"];
        let named = schema["schema"]["properties"].as_object().unwrap();
        assert!(record.as_object().unwrap().keys().all(|name| named.contains_key(name)), "{record}");
        let key = record[schema["key_properties"][0].as_str().unwrap()].to_string();
        versions.insert(key.clone(), message["version"].as_i64().unwrap_or_default());
        rows.insert(key, record.clone());
        self.records += 1;
    }

    /// The ids of a stream's records that are not deleted.
    fn ids(&self, stream: &str) -> BTreeSet<i64> {
        let rows = self.rows.get(stream).into_iter().flat_map(BTreeMap::values);
        rows.filter(|row| row["_penstock_deleted"] == false).map(|row| row["id"].as_i64().unwrap()).collect()
    }

    fn write_state(&self, folder: &Path) {
        let state = self.state.clone().unwrap_or_else(|| json!({}));
        fs::write(folder.join("state.json"), state.to_string()).unwrap();
    }
}

fn ids(vendor: &SimulatedServiceTitan, resource: Resource) -> BTreeSet<i64> {
    vendor.truth(resource).into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_goes_on_from_its_state_and_tells_what_was_removed() {
    let vendor = SimulatedServiceTitan::start(Config::small(300)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = json!({ "select": "jpm_jobs,jpm_job_types", "tenant_id": vendor.settings()["SERVICETITAN_TENANT_ID"] });
    fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let mut settings = vendor.settings();
    settings.remove("SERVICETITAN_TENANT_ID");
    let mut target = Target::default();
    target.write_state(folder.path());
    let tap = ["tap", "servicetitan", "--config", "config.json", "--state", "state.json"];
    target.take_all(&run(&settings, folder.path(), &tap).await);
    assert_eq!(target.ids("jpm_jobs"), ids(&vendor, Resource::Jobs));
    assert_eq!(target.ids("jpm_job_types"), ids(&vendor, Resource::JobTypes));
    let all = target.records;

    let (job, job_type) = (vendor.job_ids()[0], vendor.truth(Resource::JobTypes)[0]);
    vendor.world().modify(Resource::Jobs, job, &json!({ "summary": "changed" }));
    vendor.remove(Resource::JobTypes, job_type);
    target.write_state(folder.path());
    target.take_all(&run(&settings, folder.path(), &tap).await);
    assert_eq!(target.rows["jpm_jobs"][&job.to_string()]["summary"], "changed");
    assert_eq!(target.ids("jpm_job_types"), ids(&vendor, Resource::JobTypes), "a list is whole each time");
    assert!(target.records < all + 100, "a feed tells what has changed alone: {all}, {}", target.records);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_selects_streams_and_their_properties() {
    let vendor = SimulatedServiceTitan::start(Config::small(20)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let discovered = run(&BTreeMap::new(), folder.path(), &["tap", "servicetitan", "--discover"]).await;
    well(&discovered);
    let mut catalog: Value = serde_json::from_slice(&discovered.stdout).unwrap();
    for entry in catalog["streams"].as_array_mut().unwrap() {
        let is_wanted = entry["tap_stream_id"] == "jpm_jobs";
        let metadata = entry["metadata"].as_array_mut().unwrap();
        metadata[0]["metadata"]["selected"] = is_wanted.into();
        for one in metadata.iter_mut().filter(|one| one["breadcrumb"][1] == "summary") {
            one["metadata"]["selected"] = false.into();
        }
    }
    fs::write(folder.path().join("catalog.json"), catalog.to_string()).unwrap();
    let mut target = Target::default();
    let tap = ["tap", "servicetitan", "--catalog", "catalog.json"];
    target.take_all(&run(&vendor.settings(), folder.path(), &tap).await);
    assert_eq!(target.schemas.keys().collect::<Vec<_>>(), ["jpm_jobs"]);
    assert!(target.schemas["jpm_jobs"]["schema"]["properties"].get("summary").is_none());
    assert_eq!(target.ids("jpm_jobs"), ids(&vendor, Resource::Jobs));

    catalog["streams"][0]["tap_stream_id"] = "jobs".into();
    catalog["streams"][0]["metadata"][0]["metadata"]["selected"] = true.into();
    fs::write(folder.path().join("catalog.json"), catalog.to_string()).unwrap();
    let refused = run(&vendor.settings(), folder.path(), &tap).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("\"jobs\" that is not there"), "{}", text(&refused.stderr));
}

/// As Meltano runs it, which names a program and no command of one.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_called_by_the_name_of_a_tap_is_that_tap() {
    let vendor =
        asleep::SimulatedAsleep::start(asleep::Config { users: 2, ..Default::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tap-asleep");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_penstock"), &program).unwrap();
    fs::write(folder.path().join("users"), vendor.user_ids().join("\n")).unwrap();
    fs::write(folder.path().join("config.json"), r#"{"users_file":"users"}"#).unwrap();
    let mut target = Target::default();
    for expected in [500, 1_000] {
        target.write_state(folder.path());
        let mut command = std::process::Command::new(&program);
        command.args(["--config", "config.json", "--state", "state.json"]);
        command.current_dir(folder.path()).envs(vendor.settings()).env("LOG_LEVEL", "error");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        target.take_all(&output);
        assert_eq!((target.rows["sleep_sessions"].len(), target.records), (500, expected));
    }
    let state = target.state.unwrap();
    let partitions = state["bookmarks"]["sleep_sessions"]["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 2);
    assert_eq!(partitions[0]["context"]["user_id"], vendor.user_ids()[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_of_a_tap_that_is_killed() {
    let vendor = SimulatedServiceTitan::start(Config {
        faults: Faults { max_in_a_row: 2, ..Faults::mixed(0.1) },
        latency: Duration::from_millis(5),
        export_page: 100,
        ..Config::small(2_000)
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(21);
    let mut target = Target::default();
    let jobs = vendor.job_ids();
    let tap = ["tap", "servicetitan", "--state", "state.json", "--quiet"];
    fs::write(folder.path().join("config.json"), r#"{"select":["jpm_jobs","jpm_job_types"]}"#).unwrap();
    let tap = [&tap[..], &["--config", "config.json"]].concat();
    for _ in 0..10 {
        target.write_state(folder.path());
        let mut child =
            penstock(&vendor.settings(), folder.path()).args(&tap).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let most = random.usize(1..1_500);
        tokio::task::block_in_place(|| lines.by_ref().take(most).for_each(|line| target.take(&line)));
        child.kill().unwrap();
        child.wait().unwrap();
        // A target that dies with it has what is before the last state.
        target.coming.clear();
        vendor.world().modify(
            Resource::Jobs,
            jobs[random.usize(..jobs.len())],
            &json!({ "summary": "changed" }),
        );
    }
    target.write_state(folder.path());
    target.take_all(&run(&vendor.settings(), folder.path(), &tap).await);
    assert_eq!(target.ids("jpm_jobs"), ids(&vendor, Resource::Jobs));
    for id in &jobs {
        let theirs = vendor.world().record(Resource::Jobs, *id).unwrap();
        assert_eq!(target.rows["jpm_jobs"][&id.to_string()]["summary"], theirs["summary"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tap_is_given_and_does_not_fit_is_refused_without_what_is_secret() {
    let folder = tempfile::tempdir().unwrap();
    for (name, document, told) in [
        ("config.json", r#"{"client_secret": "canary""#, "is not JSON"),
        ("config.json", r#"{"client_secret": ["canary"]}"#, "client_secret"),
        ("config.json", r#"{"select": "jpm_job"}"#, "do you mean \"jpm_jobs\"?"),
        ("config.json", r#"{"select": "jpm_jobs", "start_date": "nonsense"}"#, "start_date"),
        ("catalog.json", r#"{"streams": "canary"}"#, "does not have the form"),
        ("catalog.json", r#"{"streams": []}"#, "selects no stream"),
        ("state.json", "canary", "is not JSON"),
    ] {
        fs::write(folder.path().join(name), document).unwrap();
        let option = format!("--{}", name.trim_end_matches(".json"));
        let refused = run(&BTreeMap::new(), folder.path(), &["tap", "servicetitan", &option, name]).await;
        let stderr = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{document}: {stderr}");
        assert!(stderr.contains(told) && !stderr.contains("canary"), "{document}: {stderr}");
        assert!(refused.stdout.is_empty(), "{document}");
    }
}
