//! A gateway in a process of its own.

use crate::key;
use anyhow::{Context, Result, ensure};
use penstock::api_key;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::{collections::BTreeMap, env, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// What a process needs of the environment; settings of the caller's are none of it.
const KEPT: [&str; 5] = ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH"];

/// How long a gateway may take to end: its own grace, and a little more.
const STOP: Duration = Duration::from_secs(30);

/// Raises the number of descriptors as far as it may be raised. What it is then, where there is a
/// limit.
pub(super) fn raise_descriptors() -> Option<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // What may not be raised stays; too few show as connections that fail.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}

/// This program in this folder, with these settings and no others.
pub(super) fn program(settings: &BTreeMap<String, String>, folder: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("where this program is")?);
    command.env_clear().envs(settings).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command.envs(KEPT.into_iter().filter_map(|name| Some((name, env::var_os(name)?))));
    Ok(command)
}

/// Sends a signal, unless the process has ended.
pub(super) fn signal(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
    // One that has just ended is not there any more.
    let _ = id.map(|id| kill_process(id, signal));
}

pub(super) struct Served {
    child: Child,
    id: u32,
    pub(super) address: SocketAddr,
    pub(super) key: String,
}

impl Served {
    pub(super) async fn start(settings: &BTreeMap<String, String>, folder: &Path) -> Result<Self> {
        let key = key::fresh()?.expose().to_owned();
        let mut command = program(settings, folder)?;
        command.env("PENSTOCK_API_KEY_HASH", api_key::hash(&key));
        command.args(["serve", "--real", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start `penstock serve`")?;
        let output = child.stdout.take().context("no output")?;
        let mut first = String::new();
        BufReader::new(output).read_line(&mut first).await?;
        let address = first.split("http://").nth(1).and_then(|rest| {
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter))?;
            rest.get(..end)?.trim_end_matches('.').parse().ok()
        });
        let address = address.with_context(|| format!("`penstock serve` did not start: {first}"))?;
        let id = child.id().context("`penstock serve` has ended")?;
        Ok(Self { child, id, address, key })
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Stops it as whatever runs it would, and sees that it ends well.
    pub(super) async fn stop(mut self) -> Result<()> {
        signal(&self.child, Signal::TERM);
        let ended = tokio::time::timeout(STOP, self.child.wait()).await;
        let status = ended.context("the gateway did not end after SIGTERM")??;
        ensure!(status.success(), "the gateway ended with {status}");
        Ok(())
    }
}
