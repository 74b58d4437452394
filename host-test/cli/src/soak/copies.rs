//! Copies of a feed by `penstock list --resume-file`, which is stopped and killed on its way.

use super::{
    served::{program, signal},
    tally::{Tally, add},
};
use anyhow::{Context, Result};
use rustix::process::Signal;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

const ARGUMENTS: [&str; 5] = ["list", "servicetitan", "jpm.export-jobs-list", "--resume-file", "position"];

const KILLED: &str = "SIGKILL";

/// The longest that a run goes on undisturbed, in milliseconds.
const UNDISTURBED: u64 = 2_500;

pub(super) struct Copier {
    pub(super) truth: Arc<Vec<i64>>,
    pub(super) folder: PathBuf,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) random: fastrand::Rng,
    pub(super) tally: Arc<Tally>,
    pub(super) until: Instant,
}

impl Copier {
    pub(super) async fn run(mut self) -> Result<()> {
        while Instant::now() < self.until {
            let folder = tempfile::tempdir_in(&self.folder)?;
            let ends = self.copy(folder.path()).await?;
            let ids = ids(&folder.path().join("copy"))?;
            let was_killed = ends.iter().any(|end| end == KILLED);
            if self.tally.compare(&self.truth, &ids, was_killed) > 0 && !was_killed {
                self.tally.failed(format!("copy with records twice, after {}", ends.join(", ")));
            }
            add(&self.tally.copies, 1);
        }
        Ok(())
    }

    /// Runs until the feed is at its end. What ended the runs on the way.
    async fn copy(&mut self, folder: &Path) -> Result<Vec<String>> {
        let mut ends = Vec::new();
        loop {
            let copy = fs::File::options().create(true).append(true).open(folder.join("copy"))?;
            let mut child = program(&self.settings, folder)?
                .args(ARGUMENTS)
                .stdout(copy)
                .stderr(Stdio::null())
                .spawn()?;
            let time = Duration::from_millis(self.random.u64(..UNDISTURBED));
            if let Ok(ended) = tokio::time::timeout(time, child.wait()).await {
                match ended?.code() {
                    Some(0) => return Ok(ends),
                    code => ends.push(format!("exit code {code:?}")),
                }
                self.tally.failed("copy".to_owned());
                continue;
            }
            let all = [("SIGINT", Signal::INT), ("SIGTERM", Signal::TERM), (KILLED, Signal::KILL)];
            let (name, kill) = *self.random.choice(&all).context("no signal")?;
            signal(&child, kill);
            add(&self.tally.kills, 1);
            ends.push(name.to_owned());
            child.wait().await?;
            without_the_last_half_line(&folder.join("copy"))?;
        }
    }
}

/// What SIGKILL cut off comes again.
fn without_the_last_half_line(copy: &Path) -> Result<()> {
    let lines = fs::read(copy)?;
    let whole = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Ok(fs::File::options().write(true).open(copy)?.set_len(whole as u64)?)
}

fn ids(copy: &Path) -> Result<Vec<i64>> {
    #[derive(Deserialize)]
    struct Line {
        id: i64,
    }
    let text = fs::read_to_string(copy)?;
    text.lines().map(|line| Ok(serde_json::from_str::<Line>(line)?.id)).collect()
}
