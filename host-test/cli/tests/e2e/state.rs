//! What several runs of the program share.

use crate::commands::{penstock, provider, text};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Output};

const JOBS: [&str; 5] = ["list", "servicetitan", "jpm.jobs-list", "--limit", "1"];

fn stored(run: &Output) -> Vec<Value> {
    assert!(run.status.success(), "{}", text(&run.stderr));
    text(&run.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_share_a_token_through_a_file_and_it_can_be_cleared() {
    let (provider, mut settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shared/state.db");
    settings.insert("PENSTOCK_STATE_FILE".to_owned(), file.to_str().unwrap().to_owned());
    let tokens = || provider.stats().token_requests;
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| penstock(&settings, arguments));

    for _ in 0..3 {
        let run = run(&JOBS);
        assert!(run.status.success(), "{}", text(&run.stderr));
    }
    assert_eq!(tokens(), 1, "the later runs found it");
    let secret = &settings["SERVICETITAN_CLIENT_SECRET"];
    let content = std::fs::read(&file).unwrap();
    assert!(!content.windows(secret.len()).any(|window| window == secret.as_bytes()));

    let list = ["state", "list", "servicetitan"];
    let of = |kind: &str| json!({"kind": kind, "keys": 1});
    assert_eq!(stored(&run(&list)), [of("limit"), of("token")]);
    let wrong = run(&["state", "clear", "servicetitan", "tokens"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
    assert!(
        text(&wrong.stderr).contains("breaker, cache, idempotency, limit, token, webhook"),
        "{}",
        text(&wrong.stderr)
    );
    let cleared = run(&["state", "clear", "servicetitan", "token"]);
    assert!(
        cleared.status.success() && text(&cleared.stderr).contains("1 keys removed"),
        "{}",
        text(&cleared.stderr)
    );
    assert_eq!(stored(&run(&list)), [of("limit")]);
    assert!(run(&JOBS).status.success());
    assert_eq!(tokens(), 2);
    provider.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_used_is_told_before_anything_is_asked() {
    let (provider, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, value: &str| {
        let mut settings = settings.clone();
        settings.insert(name.to_owned(), value.to_owned());
        // No file of the user's.
        settings.insert("XDG_STATE_HOME".to_owned(), folder.path().to_str().unwrap().to_owned());
        settings
    };
    let refused = |settings: &BTreeMap<String, String>, arguments: &[&str]| {
        let run = tokio::task::block_in_place(|| penstock(settings, arguments));
        assert_eq!(run.status.code(), Some(2), "{}", text(&run.stderr));
        text(&run.stderr)
    };
    let none = refused(&with("LOG_LEVEL", "error"), &["state", "list", "servicetitan"]);
    assert!(none.contains("PENSTOCK_STATE_URL or PENSTOCK_STATE_FILE"), "{none}");
    let misspelt = folder.path().join("misspelt.db");
    let misspelt = misspelt.to_str().unwrap();
    for what in [&["list", "servicetitan"][..], &["clear", "servicetitan", "token"]] {
        let gone = refused(&with("PENSTOCK_STATE_FILE", misspelt), &[&["state"], what].concat());
        assert!(gone.contains(&format!("PENSTOCK_STATE_FILE: there is no file {misspelt}")), "{gone}");
    }
    assert!(!std::path::Path::new(misspelt).exists(), "it was made");
    let url = refused(&with("PENSTOCK_STATE_URL", "http://canary@host"), &JOBS);
    assert!(url.contains("PENSTOCK_STATE_URL") && !url.contains("canary"), "{url}");
    let text = folder.path().join("text");
    std::fs::write(&text, "no database, but longer than the header of one: ".repeat(9)).unwrap();
    let file = refused(&with("PENSTOCK_STATE_FILE", text.to_str().unwrap()), &JOBS);
    assert!(file.contains("PENSTOCK_STATE_FILE") && file.contains("not a database"), "{file}");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--jobs", "5"];
    let option = [&serve[..], &["--state", text.to_str().unwrap()]].concat();
    let option = refused(&with("LOG_LEVEL", "error"), &option);
    assert!(option.contains("(--state)") && !option.contains("PENSTOCK_STATE_FILE"), "{option}");
    let file = refused(&with("PENSTOCK_STATE_FILE", text.to_str().unwrap()), &serve);
    assert!(file.contains("(PENSTOCK_STATE_FILE)") && file.contains("not a database"), "{file}");
    assert_eq!(provider.stats().requests, 0);
    provider.shutdown().await;
}
