//! `--json-errors`: whatever is told on standard error is told to a program.
#![cfg(unix)]

use crate::{
    commands::{provider, text},
    feed::{LIST, feed, ids, penstock, signal},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

/// What was told, each line an object: `note`, `warning` or `error`, or a log line.
fn told(stderr: &[u8]) -> Vec<(String, Value)> {
    let lines = text(stderr);
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let members = line.as_object().unwrap();
        if members.contains_key("level") {
            return ("log".to_owned(), line);
        }
        assert_eq!(members.len(), 1, "{line}");
        let (what, told) = members.iter().next().unwrap();
        assert!(["note", "warning", "error"].contains(&what.as_str()), "{line}");
        assert!(told["kind"].is_string() && told["message"].is_string(), "{line}");
        (what.clone(), told.clone())
    };
    lines.lines().map(read).collect()
}

/// The one line that is no log line.
fn only(run: &Output) -> (String, Value) {
    let mut told: Vec<_> = told(&run.stderr).into_iter().filter(|(what, _)| what != "log").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_list_goes_on_is_told_as_data() {
    let vendor = feed(90, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let list = async |arguments: &[&str]| {
        let mut command = penstock(&vendor, folder.path());
        command.args(LIST).arg("--json-errors").args(arguments).output().await.unwrap()
    };
    let run = list(&["--limit", "33", "--log-level", "debug"]).await;
    assert!(run.status.success());
    let (what, note) = only(&run);
    assert_eq!((what.as_str(), &note["kind"]), ("note", &json!("resume")));
    let rest = list(&["--resume", note["resume"].as_str().unwrap()]).await;
    assert_eq!(ids(&rest.stdout), (33..90).collect::<Vec<u64>>());
    assert!(rest.stderr.is_empty(), "{}", text(&rest.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_stopped_says_as_data_where_it_goes_on() {
    let vendor = feed(600, 20, Duration::from_millis(50)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = penstock(&vendor, folder.path());
    command.args(LIST).arg("--json-errors").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut got = String::new();
    output.read_line(&mut got).await.unwrap();
    signal(&child, "TERM");
    output.read_to_string(&mut got).await.unwrap();
    let run = child.wait_with_output().await.unwrap();
    let (what, error) = only(&run);
    let expected = ("error", &json!("stopped"), &json!(143), Some(143));
    assert_eq!((what.as_str(), &error["kind"], &error["exitCode"], run.status.code()), expected);
    let so_far = ids(got.as_bytes()).len() as u64;
    let mut command = penstock(&vendor, folder.path());
    let rest =
        command.args(LIST).args(["--resume", error["resume"].as_str().unwrap()]).output().await.unwrap();
    assert_eq!(ids(&rest.stdout), (so_far..600).collect::<Vec<u64>>());
}

async fn run(settings: &BTreeMap<String, String>, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.arg("--json-errors").args(arguments).envs(settings).current_dir(folder);
    command.output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_tell_besides_is_data_too() {
    let (_vendor, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let calls = r#"{"operation": "jpm.jobs-page", "parameters": {"pageSize": 2}}"#;
    fs::write(folder.path().join("calls"), calls).unwrap();
    for (arguments, kind, members) in [
        (
            &["call", "servicetitan", "jpm.jobs-page", "-p", "pageSize=2"][..],
            "page",
            &["resume", "hasMore"][..],
        ),
        (&["batch", "servicetitan", "calls"], "summary", &["calls", "well", "failed", "notAttempted"]),
        (&["operations", "jobs-get"], "summary", &["operations", "otherForms"]),
        (&["simulate", "--seeds", "5", "--json"], "text", &["message"]),
        (
            &[
                "download",
                "servicetitan",
                "telecom.calls-download-recording",
                "-p",
                "id=100001",
                "--output",
                "call.mp3",
            ],
            "file",
            &["bytes", "contentType", "file"],
        ),
    ] {
        let run = run(&settings, folder.path(), arguments).await;
        assert!(run.status.success(), "{arguments:?}: {}", text(&run.stderr));
        let (what, note) = only(&run);
        assert_eq!((what.as_str(), note["kind"].as_str()), ("note", Some(kind)), "{note}");
        assert!(members.iter().all(|name| !note[*name].is_null()), "{note}");
    }
    let refused = run(&settings, folder.path(), &["operations", "nosuch"]).await;
    let (what, error) = only(&refused);
    assert_eq!((what.as_str(), &error["exitCode"], refused.status.code()), ("error", &json!(2), Some(2)));
}

/// What a person is told in several lines is one for a program.
#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_vendor_counts_in_one_line() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.args(["vendor", "--jobs", "10", "--json-errors"]).kill_on_drop(true);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).await.unwrap();
    signal(&child, "TERM");
    let run = child.wait_with_output().await.unwrap();
    // A server that was told to end and has, is done.
    assert_eq!(run.status.code(), Some(0));
    let (what, note) = only(&run);
    assert_eq!(
        (what.as_str(), &note["kind"], &note["stats"]["requests"]),
        ("note", &json!("stats"), &json!(0))
    );
}
