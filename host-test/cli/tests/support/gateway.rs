//! A gateway in a process of its own, and what kills it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::sleep;

pub struct Gateway {
    process: Child,
    folder: PathBuf,
    settings: BTreeMap<String, String>,
    /// The origin that it may call.
    allowed: String,
    address: String,
}

impl Gateway {
    pub fn start(folder: &Path, settings: BTreeMap<String, String>, allowed: &str) -> Gateway {
        let (process, address) = run(folder, &settings, allowed, "127.0.0.1:0");
        Gateway { process, folder: folder.to_owned(), settings, allowed: allowed.to_owned(), address }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// It dies, and another one takes its place and its address.
    pub fn restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        (self.process, _) = run(&self.folder, &self.settings, &self.allowed, &self.address);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(folder: &Path, settings: &BTreeMap<String, String>, allowed: &str, listen: &str) -> (Child, String) {
    let state = folder.join("state.db");
    let mut process = Command::new(env!("CARGO_BIN_EXE_penstock"))
        .args(["serve", "--real", "--listen", listen, "--allow", allowed, "--state"])
        .arg(state)
        .envs(settings)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.next().expect("it starts");
    let address = first.split_once("http://").unwrap().1.split_once(". ").unwrap().0.to_owned();
    std::thread::spawn(move || lines.for_each(drop));
    (process, address)
}

/// Kills a gateway (SIGKILL) every so often, and starts another in its place. How many.
pub async fn kill_now_and_then(gateways: Arc<[Mutex<Gateway>]>, every: Duration, until: Instant) -> usize {
    let mut kills = 0;
    while Instant::now() + every < until {
        sleep(every).await;
        let chosen = fastrand::usize(..gateways.len());
        let again = Arc::clone(&gateways);
        tokio::task::spawn_blocking(move || again[chosen].lock().unwrap().restart()).await.unwrap();
        kills += 1;
    }
    kills
}
