//! A feed that is copied while everything that has part in it dies at times.
#![cfg(unix)]

use super::feed::{LIST, feed, penstock};
use crate::support::server::Server;
use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const RECORDS: u64 = 20_000;
const PAGE: usize = 200;

/// How a run is to end, if it does not come to the feed's end before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The program gets this signal.
    Signal(&'static str),
    /// The consumer dies, with records that it has taken and not stored.
    Consumer,
}

const ENDS: [End; 4] = [End::Signal("INT"), End::Signal("TERM"), End::Signal("KILL"), End::Consumer];

/// Runs the program once. What its consumer stored is added to `durable`. The exit code, none
/// after SIGKILL.
fn run(vendor: &Server, folder: &Path, end: End, moment: Duration, durable: &mut Vec<u64>) -> Option<i32> {
    let fifo = folder.join("ack");
    let _ = std::fs::remove_file(&fifo);
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // For both ends: the program may be dead before it opens it.
    let mut ack = File::options().read(true).write(true).open(&fifo).unwrap();
    let mut command = penstock(vendor, folder);
    command.args(LIST).args(["--resume-file", "position", "--ack", "ack"]);
    let command = command.as_std_mut().stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let dies = Instant::now() + moment;
    if let End::Signal(name) = end {
        let id = child.id().to_string();
        thread::spawn(move || {
            thread::sleep(moment);
            // It may have ended by itself.
            let _ = Command::new("kill").args(["-s", name, &id]).stderr(Stdio::null()).status();
        });
    }
    let (mut stored, mut line) = (0_u64, Vec::new());
    let mut output = BufReader::new(child.stdout.take().unwrap());
    loop {
        line.clear();
        output.read_until(b'\n', &mut line).unwrap();
        if !line.ends_with(b"\n") || end == End::Consumer && Instant::now() >= dies {
            break;
        }
        let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
        durable.push(record["id"].as_u64().unwrap());
        stored += 1;
        if stored.is_multiple_of(100) || output.buffer().is_empty() {
            writeln!(ack, "{stored}").unwrap();
        }
    }
    drop((output, ack));
    child.wait().unwrap().code()
}

/// So many runs, of which most do not come to their end. In CI few, by hand more:
/// `PENSTOCK_TEST_KILLS=200`.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_consumer_has_stored_is_the_whole_feed_whoever_dies() {
    let kills = std::env::var("PENSTOCK_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let vendor = feed(RECORDS as usize, PAGE, Duration::from_millis(5)).await;
    let copying = tokio::task::spawn_blocking(move || {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut made, mut copies) = (0, 0);
        while made < kills || copies == 0 {
            let folder = tempfile::tempdir().unwrap();
            let (mut durable, mut exactly) = (Vec::new(), Some(0));
            loop {
                let end = ENDS[random.usize(..ENDS.len())];
                let moment = Duration::from_millis(random.u64(..1_500));
                let before = durable.len();
                let further = durable.iter().max().map_or(0, |last| last + 1);
                let code = run(&vendor, folder.path(), end, moment, &mut durable);
                if let Some(&first) = durable.get(before) {
                    assert!(first <= further, "{end:?}: what is between {further} and {first} is lost");
                    if let Some(exactly) = exactly {
                        assert_eq!(first, exactly, "{end:?}: after an end in good order nothing comes again");
                    }
                }
                if code == Some(0) {
                    break;
                }
                made += 1;
                // A run that ended before it gave anything leaves the position as it was.
                exactly = match (code, durable.get(before..).and_then(<[u64]>::last)) {
                    (Some(130 | 143), Some(last)) => Some(last + 1),
                    (Some(130 | 143) | None, None) => exactly,
                    _ => None,
                };
            }
            let set: BTreeSet<u64> = durable.iter().copied().collect();
            assert!(set.iter().copied().eq(0..RECORDS), "{} of {RECORDS} records", set.len());
            copies += 1;
        }
        (made, copies)
    });
    let (made, copies) = copying.await.unwrap();
    println!("{made} runs were ended on their way, {copies} copies are whole");
}
