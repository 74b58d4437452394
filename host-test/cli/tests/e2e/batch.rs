//! `penstock batch`, as a person runs it.

use super::commands::{penstock, provider, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    for wrong in [r#"{"operation":1}"#, "{", r#"{"operation":"jpm.jobs-get","parameter":{}}"#] {
        std::fs::write(&file, format!("{good}\n{wrong}\n")).unwrap();
        let run = penstock(&settings, &["batch", "servicetitan", file.to_str().unwrap()]);
        assert_eq!(run.status.code(), Some(2), "{wrong}: {}", text(&run.stderr));
        assert!(text(&run.stderr).contains("line 2"), "{}", text(&run.stderr));
        assert!(run.stdout.is_empty());
    }
    assert_eq!(provider.stats().requests, 0);
    // A file that cannot be read is no input that does not fit.
    let gone = folder.path().join("gone").to_str().unwrap().to_owned();
    assert_eq!(penstock(&settings, &["batch", "servicetitan", &gone]).status.code(), Some(1));
}
