//! What somebody at a terminal sees: a real one, at whose other end the test reads.
#![cfg(unix)]

use crate::{
    commands::text,
    feed::{ids, penstock},
    support::server::{Server, json},
};
use rustix::{
    fs::{Mode, OFlags, open},
    io::Errno,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use serde_json::json;
use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

/// Long after anything has been drawn.
const LONG: Duration = Duration::from_secs(60);

/// A terminal, and what is written to it.
struct Terminal {
    its_side: OwnedFd,
    seen: JoinHandle<String>,
}

impl Terminal {
    /// Tells `found` as soon as all of `wanted` was written to it.
    fn open(wanted: &'static [&'static str], found: Arc<Notify>) -> Terminal {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let its_side = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(&its_side, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let seen = tokio::task::spawn_blocking(move || {
            let (mut ours, mut seen, mut piece) = (File::from(ours), Vec::new(), [0; 4096]);
            loop {
                match ours.read(&mut piece) {
                    // Linux says so when nobody has the other side open any more.
                    Ok(0) => break,
                    Err(error) if Errno::from_io_error(&error) == Some(Errno::IO) => break,
                    Ok(length) => seen.extend_from_slice(&piece[..length]),
                    Err(error) => panic!("{error}"),
                }
                let so_far = String::from_utf8_lossy(&seen);
                if wanted.iter().all(|wanted| so_far.contains(wanted)) {
                    found.notify_one();
                }
            }
            String::from_utf8_lossy(&seen).into_owned()
        });
        Terminal { its_side, seen }
    }

    fn side(&self) -> Stdio {
        self.its_side.try_clone().unwrap().into()
    }

    /// All that was written, once nobody writes any more.
    async fn seen(self) -> String {
        drop(self.its_side);
        timeout(LONG, self.seen).await.unwrap().unwrap()
    }
}

/// A feed of two pages of 20, the second of which is held until somebody has seen the first.
async fn held(released: Arc<Notify>, holds: Arc<AtomicBool>) -> Server {
    Server::start(move |request| {
        let (released, holds) = (released.clone(), holds.clone());
        async move {
            if request.uri().path() == "/connect/token" {
                return json(200, &json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}));
            }
            let is_second = request.uri().query().unwrap_or_default().contains("from=t20");
            if is_second && holds.load(SeqCst) {
                timeout(LONG, released.notified()).await.expect("no progress was seen");
            }
            let first = if is_second { 20 } else { 0 };
            let data: Vec<_> = (first..first + 20).map(|id| json!({"id": id, "name": "a"})).collect();
            let next = format!("t{}", first + 20);
            json(200, &json!({"hasMore": !is_second, "continueFrom": next, "data": data}))
        }
    })
    .await
}

const LIST: [&str; 3] = ["list", "servicetitan", "crm.export-customers-list"];

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_drawn_on_a_terminal_while_the_list_runs_and_is_gone_at_its_end() {
    let seen = Arc::<Notify>::default();
    let vendor = held(seen.clone(), Arc::new(true.into())).await;
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal::open(&["20 records", "1 pages", "/s"], seen);
    let mut command = penstock(&vendor, folder.path());
    command.args(LIST).env("TERM", "xterm").env_remove("NO_COLOR");
    let child = command.stderr(terminal.side()).stdout(Stdio::piped()).spawn().unwrap();
    drop(command);
    let run = timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
    assert!(run.status.success());
    assert_eq!(ids(&run.stdout), (0..40).collect::<Vec<u64>>());
    let seen = terminal.seen().await;
    // Cleared: the line is erased (ECMA-48, EL), and nothing follows.
    assert!(seen.trim_end().ends_with("\u{1b}[2K") || seen.ends_with("\u{1b}[K"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_progress_is_drawn_where_it_was_not_wanted_or_the_records_are_seen() {
    let vendor = held(Arc::default(), Arc::default()).await;
    let folder = tempfile::tempdir().unwrap();
    for (option, records_too) in [("--quiet", false), ("--json-errors", false), ("--window=1", true)] {
        let terminal = Terminal::open(&[], Arc::default());
        let mut command = penstock(&vendor, folder.path());
        command.args(LIST).arg(option).env("TERM", "xterm").stderr(terminal.side());
        command.stdout(if records_too { terminal.side() } else { Stdio::piped() });
        let child = command.spawn().unwrap();
        drop(command);
        let run = timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
        assert!(run.status.success(), "{option}");
        let seen = terminal.seen().await;
        assert!(!seen.contains(" records") && !seen.contains('\u{1b}'), "{option}: {seen:?}");
        match records_too {
            true => assert_eq!(seen.lines().count(), 40, "{seen:?}"),
            false => assert_eq!((seen.as_str(), text(&run.stdout).lines().count()), ("", 40), "{option}"),
        }
    }
}
