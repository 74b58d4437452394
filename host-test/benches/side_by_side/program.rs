//! `penstock list` to a file, and the native client that writes the same lines.

use crate::{
    component,
    native::{JobPage, Line as _, List, Native},
};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// The program that was built beside this bench.
pub fn find() -> Result<PathBuf> {
    let bench = std::env::current_exe()?;
    // target/release/deps/side_by_side-0123456789abcdef
    let folder = bench.parent().and_then(Path::parent).context("a folder of programs")?;
    Ok(folder.join("penstock"))
}

/// Runs `penstock list` with its output in a file.
pub async fn list(program: &Path, list: &List, to: &Path) -> Result<()> {
    ensure!(
        program.exists(),
        "there is no {}: cargo build --release -p penstock-cli makes it",
        program.display()
    );
    let mut command = Command::new(program);
    command
        .args(["list", "servicetitan", "jpm.jobs-list", "--quiet"])
        .args(["--page-size", &list.page_size.to_string(), "--window", &list.window.to_string()])
        .envs(component::settings(&list.origin, list.jobs))
        .stdout(File::create(to)?);
    let ran = tokio::task::spawn_blocking(move || command.status()).await??;
    ensure!(ran.success(), "penstock list: {ran}");
    Ok(())
}

/// Writes what it writes.
pub async fn native(client: &Native, list: &List, to: &Path) -> Result<()> {
    let mut file = File::create(to)?;
    let mut out = Vec::new();
    client
        .pages(list, |page: JobPage| {
            out.clear();
            page.data.iter().for_each(|job| job.line(&mut out));
            Ok(file.write_all(&out)?)
        })
        .await
}
