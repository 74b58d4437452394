//! Lists that are stopped, piped and left by their readers, and where they go on.
#![cfg(unix)]

use crate::{
    feed::{LIST, feed, ids, penstock, shell, signal},
    support::server::{Server, json},
};
use serde_json::json;
use std::{
    fs::{self, File},
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

fn told(run: &Output) -> String {
    String::from_utf8(run.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_goes_on_exactly_behind_the_last_record() {
    let vendor = feed(90, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let mut got = Vec::new();
    loop {
        let mut command = penstock(&vendor, folder.path());
        let run =
            command.args(LIST).args(["--limit", "7", "--resume-file", "position"]).output().await.unwrap();
        assert!(run.status.success(), "{}", told(&run));
        let part = ids(&run.stdout);
        if part.is_empty() {
            break;
        }
        got.extend(part);
    }
    assert_eq!(got, (0..90).collect::<Vec<u64>>());

    let run = penstock(&vendor, folder.path()).args(LIST).args(["--limit", "33"]).output().await.unwrap();
    let told = told(&run);
    let (_, resume) = told.split_once("--resume ").unwrap();
    let rest = penstock(&vendor, folder.path()).args(LIST).args(["--resume", resume.trim()]).output().await;
    assert_eq!(ids(&rest.unwrap().stdout), (33..90).collect::<Vec<u64>>());
}

/// What fits into the pipe is not read by anybody.
#[tokio::test(flavor = "multi_thread")]
async fn the_position_waits_for_the_reader_of_a_pipe() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let list = format!("\"$penstock\" {} --resume-file position", LIST.join(" "));
    let line = format!("({list}; echo $? > code) | (sleep 1; exit 7)");
    let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
    assert!(told(&run).contains("not read"), "{}", told(&run));
    let code = || fs::read_to_string(folder.path().join("code")).unwrap();
    assert_eq!(code(), "1\n");
    // The next reader takes its time, and takes all.
    let line = format!("({list}; echo $? > code) | (sleep 1; cat)");
    let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
    assert_eq!((ids(&run.stdout), code().as_str()), ((0..40).collect(), "0\n"), "{}", told(&run));
    let run = shell(&vendor, folder.path(), &format!("{list} | cat")).output().await.unwrap();
    assert_eq!(ids(&run.stdout), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_stopped_goes_on_where_it_was() {
    let vendor = feed(600, 20, Duration::from_millis(50)).await;
    let folder = tempfile::tempdir().unwrap();
    let out = || File::options().create(true).append(true).open(folder.path().join("out")).unwrap();
    let lines = || fs::read(folder.path().join("out")).unwrap();
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let before = out().metadata().unwrap().len();
        let mut command = penstock(&vendor, folder.path());
        command.args(LIST).args(["--resume-file", "position"]).stdout(out()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        while out().metadata().unwrap().len() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        signal(&child, name);
        let run = child.wait_with_output().await.unwrap();
        assert_eq!(run.status.code(), Some(code), "{}", told(&run));
        assert!(
            told(&run).contains(&format!("SIG{name}")) && told(&run).contains("position"),
            "{}",
            told(&run)
        );
    }
    let so_far = ids(&lines()).len();
    assert!(so_far < 600, "all were stopped on the way");
    let mut command = penstock(&vendor, folder.path());
    let run = command.args(LIST).args(["--resume-file", "position"]).stdout(out()).status().await.unwrap();
    assert!(run.success());
    assert_eq!(ids(&lines()), (0..600).collect::<Vec<u64>>());
}

/// Nobody reads, and the pipe is full: a signal is heard all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_reads_nothing_keeps_no_list_from_ending() {
    let vendor = feed(20_000, 2_000, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = penstock(&vendor, folder.path());
    command.args(LIST).args(["--resume-file", "position"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The first record: from here on it writes against a full pipe.
    let mut reader = BufReader::with_capacity(64, child.stdout.take().unwrap());
    reader.read_line(&mut String::new()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal(&child, "TERM");
    let began = Instant::now();
    assert_eq!(child.wait().await.unwrap().code(), Some(143));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(!folder.path().join("position").exists(), "not even a page was read");
}

/// Nobody could tell it from a command that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_waits_for_its_reader_says_so_and_how_long() {
    // Little enough for the pipe, so that it waits at the end; and more than it holds.
    for (records, quiet) in [(40, false), (40, true), (20_000, false)] {
        let vendor = feed(records, 2_000.min(records), Duration::ZERO).await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = penstock(&vendor, folder.path());
        command.args(LIST).args(["--resume-file", "position", "--grace", "1"]);
        command.args(quiet.then_some("--quiet")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut reader = BufReader::with_capacity(64, child.stdout.take().unwrap());
        reader.read_line(&mut String::new()).await.unwrap();
        signal(&child, "INT");
        let run = child.wait_with_output().await.unwrap();
        let told = told(&run);
        let waits = told.contains("SIGINT: waiting 1 s at most for the reader to take ");
        assert_eq!((waits, run.status.code()), (!quiet, Some(130)), "{records} {quiet}: {told}");
        assert!(quiet || told.contains("bytes; a second signal ends it at once"), "{told}");
        // Where it goes on is what it was stopped for.
        assert!(told.contains("stopped by SIGINT after ") && told.contains("position"), "{told}");
    }
}

/// A vendor that gives a page and then fails for good.
async fn failing() -> Server {
    Server::start(|request| async move {
        if request.uri().path() == "/connect/token" {
            return json(200, &json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}));
        }
        if request.uri().query().unwrap_or_default().contains("from=t20") {
            return json(404, &json!({"title": "gone"}));
        }
        let data: Vec<_> = (0..20).map(|id| json!({"id": id, "name": "a"})).collect();
        json(200, &json!({"hasMore": true, "continueFrom": "t20", "data": data}))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_to_go_on_with_is_told_where_no_file_has_it() {
    let vendor = failing().await;
    let folder = tempfile::tempdir().unwrap();
    let list = async |further: &[&str]| {
        let run = penstock(&vendor, folder.path()).args(LIST).args(further).output().await.unwrap();
        assert_eq!((run.status.code(), ids(&run.stdout).len()), (Some(1), 20), "{}", told(&run));
        told(&run)
    };
    for quiet in [&[][..], &["--quiet"]] {
        assert!(list(quiet).await.contains("Go on with: --resume "));
    }
    let told = list(&["--resume-file", "position"]).await;
    assert!(!told.contains("--resume") && folder.path().join("position").exists(), "{told}");
}

/// The folder can take no file any more once the list runs, as a full disk cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_cannot_be_kept_any_more_is_told() {
    let vendor = feed(40, 20, Duration::from_millis(500)).await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("kept");
    fs::create_dir(&place).unwrap();
    let mut command = penstock(&vendor, folder.path());
    command.args(LIST).args(["--resume-file", "kept/position"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut got = String::new();
    output.read_line(&mut got).await.unwrap();
    fs::remove_dir_all(&place).unwrap();
    output.read_to_string(&mut got).await.unwrap();
    let run = child.wait_with_output().await.unwrap();
    let told = told(&run);
    assert_eq!((run.status.code(), ids(got.as_bytes()).len()), (Some(1), 40), "{told}");
    assert!(told.contains("kept/position"), "{told}");
    let (_, resume) = told.split_once("Go on with: --resume ").expect(&told);
    let resume = resume.lines().next().unwrap();
    let rest = penstock(&vendor, folder.path()).args(LIST).args(["--resume", resume]).output().await.unwrap();
    assert_eq!(ids(&rest.stdout), [0; 0]);
}

/// A run whose reader takes all, and then acknowledges these numbers and no more: how many
/// records it took, the exit code, and what was told.
async fn acknowledged(vendor: &Server, folder: &Path, numbers: &str) -> (Vec<u64>, Option<i32>, String) {
    let _ = fs::remove_file(folder.join("ack"));
    assert!(std::process::Command::new("mkfifo").arg(folder.join("ack")).status().unwrap().success());
    let mut command = penstock(vendor, folder);
    command.args(LIST).args(["--resume-file", "position", "--ack", "ack"]);
    let mut list = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output: Stdio = list.stdout.take().unwrap().try_into().unwrap();
    let line = format!("exec 3> ack; cat; printf '{numbers}' >&3");
    let reader = shell(vendor, folder, &line).stdin(output).output().await.unwrap();
    let run = list.wait_with_output().await.unwrap();
    (ids(&reader.stdout), run.status.code(), told(&run))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_follows_what_the_reader_acknowledges() {
    let vendor = feed(60, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let run = async |numbers| acknowledged(&vendor, folder.path(), numbers).await;
    // Its acknowledgements end on the second page.
    let (got, code, told) = run("5\\n30\\n").await;
    assert_eq!((got.len(), code), (60, Some(1)), "{told}");
    assert!(told.contains("30 of 60"), "{told}");
    // What is not acknowledged comes again, from the page on that it is of.
    let (got, code, told) = run("40\\n").await;
    assert_eq!((got, code), ((20..60).collect(), Some(0)), "{told}");
    let (got, code, told) = run("0\\n").await;
    assert_eq!((got, code), (vec![], Some(0)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_is_none_is_told() {
    let vendor = feed(60, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    for (numbers, why) in [("some\\n", "no number of records"), ("61\\n", "61 records, of 60")] {
        let (_, code, told) = acknowledged(&vendor, folder.path(), numbers).await;
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(why), "{told}");
        assert!(!folder.path().join("position").exists() || numbers.starts_with("61"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_cannot_be_kept_or_read_is_told_before_anything_is_sent() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    fs::write(folder.path().join("damaged"), "nonsense\n").unwrap();
    std::os::unix::fs::symlink("volume/position", folder.path().join("link")).unwrap();
    for name in ["missing/position", "link", "empty", "damaged"] {
        let mut command = penstock(&vendor, folder.path());
        let run = command.args(LIST).args(["--resume-file", name]).output().await.unwrap();
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{name}");
        assert!(told(&run).contains(name), "{name}: {}", told(&run));
    }
    assert_eq!(vendor.requests(), 0);
    assert!(folder.path().join("link").is_symlink());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_there_with_their_page() {
    let vendor = feed(15, 5, Duration::from_secs(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut child = penstock(&vendor, folder.path()).args(LIST).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).await.unwrap();
    let pages = vendor.requests() - 1;
    let mut rest = String::new();
    lines.read_to_string(&mut rest).await.unwrap();
    assert!(pages < 3, "the first record came with page {pages}");
    assert_eq!(ids((first + &rest).as_bytes()).len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_error_that_takes_nothing_changes_no_exit_code() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let refused = "call servicetitan jpm.jobs-get --param id=none";
    let page = "call servicetitan crm.export-customers-page";
    for (arguments, code) in [(refused, 2), (page, 0), ("key", 0), ("operations jobs-get", 0)] {
        for closed in ["2>/dev/full", "2>&-"] {
            let line = format!("\"$penstock\" {arguments} {closed} >/dev/null");
            let run = shell(&vendor, folder.path(), &line).status().await.unwrap();
            assert_eq!(run.code(), Some(code), "{line}");
        }
        let line = format!("\"$penstock\" {arguments} >/dev/full 2>/dev/full");
        let run = shell(&vendor, folder.path(), &line).status().await.unwrap();
        assert_eq!(run.code(), Some(code.max(1)), "{line}");
    }
}
