//! Files that keep positions, and pipes that acknowledge: what is refused before anything is asked.
#![cfg(unix)]

use crate::{
    feed::{LIST, feed, ids, penstock, shell, signal},
    support::server::Server,
};
use std::{
    fs::{self, File},
    io::Write,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, BufReader};

fn told(run: &Output) -> String {
    String::from_utf8(run.stderr.clone()).unwrap()
}

/// A line of the shell that lists into this position.
async fn list(vendor: &Server, folder: &Path, further: &str) -> Output {
    let line = format!("exec \"$penstock\" {} --resume-file position {further}", LIST.join(" "));
    shell(vendor, folder, &line).output().await.unwrap()
}

/// What an earlier run left in it is not what this one's reader has stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_acknowledges_nothing() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("numbers"), "40\n").unwrap();
    for further in
        ["--ack numbers", "--ack 3 3< numbers", "--ack /dev/null", "--ack 3 3< /dev/null", "--ack ."]
    {
        let run = list(&vendor, folder.path(), further).await;
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{further}: {}", told(&run));
        assert!(told(&run).contains("--ack: ") && told(&run).contains("is no pipe"), "{}", told(&run));
    }
    let run = list(&vendor, folder.path(), "--ack 9 9<&-").await;
    assert!(run.status.code() == Some(2) && told(&run).contains("there is no /dev/fd/9"), "{}", told(&run));
    assert_eq!((vendor.requests(), folder.path().join("position").exists()), (0, false));
}

/// As Node.js has it for the descriptors of its children.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_the_program_was_given_acknowledges() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut command = penstock(&vendor, folder.path());
    command.args(LIST).args(["--resume-file", "position", "--ack", "0"]).stdin(OwnedFd::from(theirs));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    ours.write_all(b"40\n").unwrap();
    let run = child.wait_with_output().await.unwrap();
    assert_eq!((run.status.code(), ids(&run.stdout).len()), (Some(0), 40), "{}", told(&run));
    let rest = list(&vendor, folder.path(), "").await;
    assert_eq!(ids(&rest.stdout), [0; 0], "{}", told(&rest));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_at_a_time_goes_on_from_a_position() {
    let vendor = feed(4_000, 20, Duration::from_millis(50)).await;
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("position", folder.path().join("link")).unwrap();
    let begun = async |file: &str| {
        let mut command = penstock(&vendor, folder.path());
        command.args(LIST).args(["--resume-file", file]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut String::new()).await.unwrap();
        (child, output)
    };
    let (mut first, _output) = begun("link").await;
    let other = feed(40, 20, Duration::ZERO).await;
    for file in ["position", "link", "./position"] {
        let mut command = penstock(&other, folder.path());
        let run = command.args(LIST).args(["--resume-file", file]).output().await.unwrap();
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{}", told(&run));
        let expected = format!("the position file {file} is in use by another run");
        assert!(told(&run).contains(&expected), "{}", told(&run));
    }
    assert_eq!(other.requests(), 0);
    // Neither does one that was killed hold anybody up.
    signal(&first, "KILL");
    first.wait().await.unwrap();
    let (second, output) = begun("position").await;
    signal(&second, "TERM");
    drop(output);
    let run = second.wait_with_output().await.unwrap();
    assert_ne!(run.status.code(), Some(2), "{}", told(&run));
    assert!(!folder.path().join("position.lock").exists(), "nothing is left beside it");
}

/// A position is replaced as a whole: the other name would keep the old one, and its run another place.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_with_two_names_is_refused() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    assert!(list(&vendor, folder.path(), "--limit 3").await.status.success());
    let position = folder.path().join("position");
    let kept = std::fs::read(&position).unwrap();
    std::fs::hard_link(&position, folder.path().join("other")).unwrap();
    let asked = vendor.requests();
    let run = list(&vendor, folder.path(), "").await;
    assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{}", told(&run));
    assert!(told(&run).contains("the position file position has another name"), "{}", told(&run));
    assert_eq!((vendor.requests(), std::fs::read(&position).unwrap()), (asked, kept));
}

/// It takes no room on the disk, and would take all of the memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_any_size_is_not_read() {
    let vendor = feed(40, 20, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    File::create(folder.path().join("position")).unwrap().set_len(3 << 30).unwrap();
    let run = list(&vendor, folder.path(), "").await;
    assert_eq!(run.status.code(), Some(2), "{}", told(&run));
    assert!(told(&run).contains("the position file position is larger than"), "{}", told(&run));
    assert_eq!(vendor.requests(), 0);
}
