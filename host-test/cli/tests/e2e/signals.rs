//! What signals do to a single call.
#![cfg(unix)]

use super::{
    commands::text,
    feed::{penstock, shell, signal},
    support::server::{Server, json},
};
use serde_json::json;
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr},
    sync::Notify,
};

const NOTE: [&str; 7] = [
    "call",
    "servicetitan",
    "jpm.jobs-create-note",
    "--param=id=7",
    "--role=operator",
    "--body",
    "{\"text\":\"n\"}",
];

/// A vendor that answers when it is told to.
struct Held {
    vendor: Server,
    asked: Arc<Notify>,
    answers: Arc<Notify>,
}

impl Held {
    async fn new() -> Held {
        let (asked, answers) = (Arc::<Notify>::default(), Arc::<Notify>::default());
        let (tell, told) = (asked.clone(), answers.clone());
        let vendor = Server::start(move |request| {
            let (tell, told) = (tell.clone(), told.clone());
            async move {
                if request.uri().path() == "/connect/token" {
                    let token = json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"});
                    return json(200, &token);
                }
                tell.notify_one();
                told.notified().await;
                json(200, &json!({"text": "n", "id": 7}))
            }
        })
        .await;
        Held { vendor, asked, answers }
    }

    /// Begins this call, and comes back when the vendor has the request.
    async fn call(&self, arguments: &[&str]) -> Child {
        let mut command = penstock(&self.vendor, std::env::temp_dir().as_path());
        let command = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        self.asked.notified().await;
        child
    }
}

/// What is told first, and what there is to be read behind it.
async fn first_line(child: &mut Child) -> (BufReader<ChildStderr>, String) {
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).await.unwrap();
    (told, line)
}

/// What is told when somebody signals again, and again until it is heard: two in the same instant are one.
async fn told_at_last(child: &Child, name: &str, told: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    let reading = told.read_line(&mut line);
    tokio::pin!(reading);
    loop {
        tokio::select! {
            read = &mut reading => {
                read.unwrap();
                break;
            }
            () = tokio::time::sleep(Duration::from_millis(20)) => signal(child, name),
        }
    }
    line
}

/// GNU's `timeout` signals the process and its group, of which it is one.
#[tokio::test(flavor = "multi_thread")]
async fn two_signals_in_one_instant_are_one() {
    let held = Held::new().await;
    let mut child = held.call(&NOTE).await;
    let (id, name) = (child.id().unwrap().to_string(), ["-s", "TERM"]);
    let twice = [&name[..], &[&id, &id]].concat();
    assert!(std::process::Command::new("kill").args(twice).status().unwrap().success());
    let (_, line) = first_line(&mut child).await;
    assert_eq!(line, "SIGTERM: the call is under way and has 10 s to end\n");
    held.answers.notify_one();
    assert_eq!(child.wait_with_output().await.unwrap().status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_under_way_may_end() {
    let held = Held::new().await;
    let mut child = held.call(&NOTE).await;
    signal(&child, "TERM");
    let (_, line) = first_line(&mut child).await;
    assert_eq!(line, "SIGTERM: the call is under way and has 10 s to end\n");
    held.answers.notify_one();
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), text(&run.stdout).contains("\"text\":\"n\"")), (Some(0), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_does_not_end_in_time_may_have_taken_effect() {
    let held = Held::new().await;
    let child = held.call(&[&NOTE[..], &["--grace=0"]].concat()).await;
    signal(&child, "INT");
    let run = child.wait_with_output().await.unwrap();
    let told = text(&run.stderr);
    assert_eq!((run.status.code(), run.stdout.len()), (Some(130), 0), "{told}");
    assert!(told.contains("may have taken effect. Look before you repeat it"), "{told}");
}

/// Nobody waits for the answer any more, which does not undo the call.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_at_once_and_says_what_may_have_taken_effect() {
    let held = Held::new().await;
    for json in [false, true] {
        let mut child = held.call(&[&NOTE[..], if json { &["--json-errors"] } else { &[] }].concat()).await;
        signal(&child, "INT");
        let (mut told, _) = first_line(&mut child).await;
        let line = told_at_last(&child, "TERM", &mut told).await;
        assert_eq!(child.wait().await.unwrap().code(), Some(143), "{line}");
        let message = "stopped at once by SIGTERM; a call was under way and may have taken effect. \
                       Look before you repeat it";
        if !json {
            assert_eq!(line, format!("{message}\n"));
            continue;
        }
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "kind": "stopped", "message": message, "outcome": "unknown", "underWay": 1, "exitCode": 143
        });
        assert_eq!(told, json!({ "error": expected }));
    }
}

/// How many there are, somebody has to look at.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_says_how_many_calls_are_under_way_and_that_they_may_have_taken_effect() {
    let held = Held::new().await;
    let folder = tempfile::tempdir().unwrap();
    let note =
        "{\"operation\":\"jpm.jobs-create-note\",\"parameters\":{\"id\":7},\"body\":{\"text\":\"n\"}}\n";
    let read = "{\"operation\":\"jpm.jobs-get\",\"parameters\":{\"id\":7}}\n";
    std::fs::write(folder.path().join("calls"), [note, note, read, note, note].concat()).unwrap();
    let mut command = penstock(&held.vendor, folder.path());
    let command = command.args(["batch", "servicetitan", "calls", "--role=operator", "--concurrency=3"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The token, and three of the calls.
    while held.vendor.requests() < 4 {
        held.asked.notified().await;
    }
    signal(&child, "INT");
    let (mut told, line) = first_line(&mut child).await;
    assert_eq!(line, "SIGINT: 3 calls are under way and have 10 s to end\n");
    let line = told_at_last(&child, "INT", &mut told).await;
    let expected = "stopped at once by SIGINT; 2 calls were under way and may have taken effect. \
                    Look before you repeat them\n";
    assert_eq!((child.wait().await.unwrap().code(), line.as_str()), (Some(130), expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_to_a_read_has_nothing_to_look_at() {
    let held = Held::new().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("calls"), r#"{"operation":"jpm.jobs-get","parameters":{"id":7}}"#)
        .unwrap();
    let mut command = penstock(&held.vendor, folder.path());
    let command = command.args(["batch", "servicetitan", "calls"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.asked.notified().await;
    signal(&child, "TERM");
    let (mut told, line) = first_line(&mut child).await;
    assert_eq!(line, "SIGTERM: a call is under way and has 10 s to end\n");
    let line = told_at_last(&child, "TERM", &mut told).await;
    assert_eq!(line, "stopped at once by SIGTERM\n");
}

/// The terminal is closed: the kernel and the shell both say so, and nobody is in a hurry.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_ends_a_call_in_good_order() {
    let held = Held::new().await;
    let mut child = held.call(&NOTE).await;
    signal(&child, "HUP");
    let (_, line) = first_line(&mut child).await;
    assert_eq!(line, "SIGHUP: the call is under way and has 10 s to end\n");
    signal(&child, "HUP");
    held.answers.notify_one();
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), text(&run.stdout).contains("\"text\":\"n\"")), (Some(0), true));

    let child = held.call(&["call", "servicetitan", "jpm.jobs-get", "--param=id=7"]).await;
    signal(&child, "HUP");
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), text(&run.stderr).as_str()), (Some(129), "stopped by SIGHUP\n"));
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_ends_nothing_that_was_started_to_outlive_it() {
    let held = Held::new().await;
    let line = "trap '' HUP; exec \"$penstock\" call servicetitan jpm.jobs-get --param=id=7";
    let mut command = shell(&held.vendor, std::env::temp_dir().as_path(), line);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.asked.notified().await;
    signal(&child, "HUP");
    held.answers.notify_one();
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), text(&run.stderr).as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_with_the_first_signal() {
    let held = Held::new().await;
    let child = held.call(&["call", "servicetitan", "jpm.jobs-get", "--param=id=7"]).await;
    signal(&child, "TERM");
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), text(&run.stderr).as_str()), (Some(143), "stopped by SIGTERM\n"));
}

/// A vendor that gives no token, or refuses the call for now: the note waits, and has not been made.
async fn waiting(gives_token: bool) -> (Server, Arc<Notify>) {
    let asked = Arc::<Notify>::default();
    let tell = asked.clone();
    let vendor = Server::start(move |request| {
        let tell = tell.clone();
        async move {
            let for_token = request.uri().path() == "/connect/token";
            if for_token && gives_token {
                let token = json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"});
                return json(200, &token);
            }
            tell.notify_one();
            if for_token {
                std::future::pending::<()>().await;
            }
            let mut refused = json(429, &json!({}));
            refused.headers_mut().insert("retry-after", "300".parse().unwrap());
            refused
        }
    });
    (vendor.await, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_only_waited_was_not_sent() {
    let (vendor, asked) = waiting(false).await;
    for (options, told) in [
        (&[][..], "stopped by SIGTERM; nothing was sent\n"),
        (&["--json-errors"], "\"outcome\":\"not-sent\""),
    ] {
        let mut command = penstock(&vendor, std::env::temp_dir().as_path());
        let command = command.args(NOTE).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        asked.notified().await;
        signal(&child, "TERM");
        let run = child.wait_with_output().await.unwrap();
        assert_eq!((run.status.code(), run.stdout.len()), (Some(143), 0), "{}", text(&run.stderr));
        assert!(text(&run.stderr).contains(told), "{}", text(&run.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_refused_and_waits_took_no_effect() {
    let (vendor, asked) = waiting(true).await;
    let mut command = penstock(&vendor, std::env::temp_dir().as_path());
    // What was not read yet of the refusal is within the second.
    let command = command.args(NOTE).args(["--grace=1", "--deadline=600"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    asked.notified().await;
    signal(&child, "INT");
    let run = child.wait_with_output().await.unwrap();
    let told = text(&run.stderr);
    assert_eq!(run.status.code(), Some(130), "{told}");
    assert!(told.contains("had refused the call") && told.ends_with("it took no effect\n"), "{told}");
}

/// Of a batch, whatever it waits for.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_tells_what_was_not_sent() {
    let (vendor, asked) = waiting(false).await;
    let folder = tempfile::tempdir().unwrap();
    let line =
        "{\"operation\":\"jpm.jobs-create-note\",\"parameters\":{\"id\":7},\"body\":{\"text\":\"n\"}}\n";
    std::fs::write(folder.path().join("calls"), line.repeat(2)).unwrap();
    let mut command = penstock(&vendor, folder.path());
    let command = command.args(["batch", "servicetitan", "calls", "--role=operator", "--grace=0"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    asked.notified().await;
    signal(&child, "TERM");
    let run = child.wait_with_output().await.unwrap();
    let results = text(&run.stdout);
    assert_eq!(run.status.code(), Some(143), "{}", text(&run.stderr));
    assert_eq!(results.matches("\"outcome\":\"not-sent\"").count(), 2, "{results}");
}
