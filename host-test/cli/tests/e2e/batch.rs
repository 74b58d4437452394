//! `penstock batch`, as a person runs it.

use super::{
    commands::{penstock, provider, text},
    feed::{self, shell, signal},
    support::server::{Server, json as answer},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Stdio, time::Duration};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// Runs the calls, one after another, and gives the lines that came with the exit code.
fn run(settings: &BTreeMap<String, String>, calls: &[&str]) -> (Vec<Value>, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    std::fs::write(&file, calls.join("\n")).unwrap();
    let arguments = ["batch", "servicetitan", file.to_str().unwrap(), "--concurrency", "1"];
    let run = penstock(settings, &arguments);
    let lines = text(&run.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, run.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_in_order_and_tells_what_failed() {
    let (provider, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    let ids = provider.job_ids();
    let mut calls: Vec<String> = ids[..20]
        .iter()
        .map(|id| format!(r#"{{"operation":"jpm.jobs-get","parameters":{{"id":{id}}}}}"#))
        .collect();
    calls.insert(7, r#"{"operation":"jpm.jobs-get","parameters":{"id":"none"}}"#.to_owned());
    std::fs::write(&file, calls.join("\n")).unwrap();

    let run = penstock(&settings, &["batch", "servicetitan", file.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "one of them failed");
    let results: Vec<Value> =
        text(&run.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results[7]["failed"]["fields"][0]["field"], "id");
    assert_eq!(
        (&results[7]["failed"]["kind"], &results[7]["failed"]["outcome"]),
        (&"bad-input".into(), &"not-sent".into())
    );
    let made: Vec<i64> = results.iter().filter_map(|result| result["ok"]["id"].as_i64()).collect();
    assert_eq!(made, ids[..20]);
}

/// What `penstock call` says on standard error stands in the line of each call here.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_says_where_its_answer_is_from_and_how_to_read_on() {
    let (provider, settings) = provider().await;
    let id = provider.job_ids()[0];
    let get = format!(r#"{{"operation":"jpm.jobs-get","parameters":{{"id":{id}}}}}"#);
    let types = r#"{"operation":"jpm.job-types-page","parameters":{"pageSize":2}}"#;
    let page = r#"{"operation":"jpm.jobs-page","parameters":{"pageSize":20,"includeTotal":true}}"#;
    let (lines, code) = run(&settings, &[&get, types, types, page]);
    assert_eq!(code, Some(0), "{lines:?}");
    let names = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&lines[0]), ["ok"], "fresh from the vendor, and no page");
    assert_eq!(names(&lines[1]), ["ok", "page"]);
    assert_eq!((&lines[2]["source"], &lines[2]["ok"]), (&json!("cache"), &lines[1]["ok"]));
    assert!(lines[2]["ageMs"].is_u64() && lines[2].get("degraded").is_none(), "{}", lines[2]);

    let place = &lines[3]["page"];
    assert_eq!(
        (&place["page"], &place["pageSize"], &place["hasMore"]),
        (&json!(1), &json!(20), &json!(true))
    );
    assert_eq!(place["totalCount"], provider.job_ids().len());
    let resume = place["resume"].as_str().unwrap();
    let rest = penstock(&settings, &["list", "servicetitan", "jpm.jobs-list", "--resume", resume]);
    assert_eq!(text(&rest.stdout).lines().count(), provider.job_ids().len() - 20, "{}", text(&rest.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_not_begun_says_why() {
    let (_provider, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    let wrong = r#"{"operation":"jpm.jobs-get","parameters":{"id":"none"}}"#;
    std::fs::write(&file, [wrong; 3].join("\n")).unwrap();
    let arguments =
        ["batch", "servicetitan", file.to_str().unwrap(), "--concurrency", "1", "--stop-after", "1"];
    let run = penstock(&settings, &arguments);
    assert_eq!(run.status.code(), Some(1));
    let lines = text(&run.stdout);
    let left: Vec<&str> = lines.lines().skip(1).collect();
    assert_eq!(left, [r#"{"notAttempted":"failures"}"#; 2]);
}

/// Nothing was sent, and nothing can be before the file is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_line_is_input_that_does_not_fit() {
    let (provider, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    let good = format!(r#"{{"operation":"jpm.jobs-get","parameters":{{"id":{}}}}}"#, provider.job_ids()[0]);
    for wrong in [r#"{"operation":1}"#, "{", r#"{"operation":"jpm.jobs-get","parameter":{}}"#, "[]", "7", "x"]
    {
        std::fs::write(&file, format!("{good}\n{wrong}\n")).unwrap();
        let run = penstock(&settings, &["batch", "servicetitan", file.to_str().unwrap()]);
        assert_eq!(run.status.code(), Some(2), "{wrong}: {}", text(&run.stderr));
        assert!(text(&run.stderr).contains("line 2"), "{}", text(&run.stderr));
        let wants = text(&run.stderr).contains("expected an object such as {\"operation\"");
        assert_eq!(wants, !wrong.starts_with('{'), "{}", text(&run.stderr));
        assert!(run.stdout.is_empty());
    }
    assert_eq!(provider.stats().requests, 0);
    // Nor with one that cannot be read.
    let gone = folder.path().join("gone").to_str().unwrap().to_owned();
    assert_eq!(penstock(&settings, &["batch", "servicetitan", &gone]).status.code(), Some(2));
}

/// Notes that are written slowly.
async fn slow() -> Server {
    Server::start(|request| async move {
        if request.uri().path() == "/connect/token" {
            return answer(200, &json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer(200, &json!({"text": "n".repeat(300)}))
    })
    .await
}

fn notes(folder: &Path, count: usize) {
    let note = |id| {
        format!(r#"{{"operation":"jpm.jobs-create-note","parameters":{{"id":{id}}},"body":{{"text":"n"}}}}"#)
    };
    fs::write(folder.join("calls"), (0..count).map(note).collect::<Vec<_>>().join("\n")).unwrap();
}

const BATCH: [&str; 7] = ["batch", "servicetitan", "calls", "--role", "operator", "--concurrency", "2"];

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn results_come_as_they_are_made_and_a_signal_loses_none() {
    let vendor = slow().await;
    let folder = tempfile::tempdir().unwrap();
    notes(folder.path(), 60);
    let mut command = feed::penstock(&vendor, folder.path());
    let mut child = command.args(BATCH).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut results = String::new();
    for _ in 0..3 {
        lines.read_line(&mut results).await.unwrap();
    }
    assert!(vendor.requests() < 12, "{} requests before the third result", vendor.requests());
    signal(&child, "INT");
    lines.read_to_string(&mut results).await.unwrap();
    let run = child.wait_with_output().await.unwrap();
    assert_eq!(run.status.code(), Some(130), "{}", text(&run.stderr));
    let made = results.lines().filter(|line| line.starts_with(r#"{"ok":"#)).count();
    let left = results.lines().filter(|line| *line == r#"{"notAttempted":"stopped"}"#).count();
    // One request for the token.
    assert_eq!((made, made + left), (vendor.requests() - 1, 60));
    assert!(text(&run.stderr).contains(&format!("{made} went well")), "{}", text(&run.stderr));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_takes_nothing_ends_a_batch_before_the_next_call() {
    let vendor = slow().await;
    let folder = tempfile::tempdir().unwrap();
    notes(folder.path(), 60);
    let line = format!("\"$penstock\" {} > /dev/full", BATCH.join(" "));
    let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(vendor.requests() <= 3, "{} requests", vendor.requests());
    let told = text(&run.stderr);
    let lost =
        told.lines().find(|line| line.contains("not printed, the result of call 1: {\"ok\":")).unwrap();
    assert!(lost.starts_with("warning: not printed") && lost.ends_with("nnn…"), "{told}");
    assert!(told.contains("58 were not attempted"), "{told}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_cannot_be_printed_says_that_it_took_effect() {
    let vendor = slow().await;
    let folder = tempfile::tempdir().unwrap();
    let note =
        "call servicetitan jpm.jobs-create-note --role operator --param id=7 --body '{\"text\":\"n\"}'";
    for json in ["", "--json-errors"] {
        let line = format!("\"$penstock\" {note} {json} > /dev/full");
        let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
        assert_eq!(run.status.code(), Some(1));
        let told = text(&run.stderr);
        let expected = if json.is_empty() { "It took effect" } else { "\"outcome\":\"applied\"" };
        assert!(told.contains(expected), "{told}");
    }
}
