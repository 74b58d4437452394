//! `penstock download`: the file of an operation, whole or not at all.

mod place;

use crate::{
    asked::Asked,
    output::{Output, Unwritten},
    progress::{Progress, Quiet},
    stopping::Stopping,
    target::Target,
    told::note,
};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use futures_util::TryStreamExt;
use penstock_host::{File, bindings::files::FileInfo};
use place::Place;
use serde_json::json;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

#[derive(Args)]
pub(crate) struct Download {
    #[command(flatten)]
    asked: Asked,
    /// Where to put it, `-` for standard output. A file that is there is replaced and keeps its
    /// mode, a link is followed, a pipe or device is written to. Without this it gets the vendor's
    /// name for it, in this folder, unless that is there.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Follow the vendor's redirects to this origin too, `https://files.example.com`. May be
    /// repeated.
    #[arg(long, value_name = "URL")]
    allow: Vec<String>,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    target: Target,
}

impl Download {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        // What cannot be written is not asked for.
        let place = self.output.as_deref().map(Place::of).transpose()?;
        let plugin = self.target.plugin_that_may_reach(&self.allow).await?;
        let options = Some(self.target.options(None));
        let Asked { provider_name: provider, operation, parameters } = self.asked;
        let file = plugin.download(&provider, &operation, parameters, options).await?;
        let info = file.info.clone();
        let progress = self.quiet.progress("bytes");
        if let Some(length) = info.length {
            progress.of(length);
        }
        let (length, shown) = match place {
            // What was printed cannot be taken back; the exit code says whether it is all.
            Some(Place::Stdout) => return pass_on(file, Output::stdout(stopping), &progress).await.map(drop),
            Some(Place::Stream(stream)) => {
                let shown = stream.display().to_string();
                let passed = pass_on(file, stream_to(stream, stopping).await?, &progress).await;
                match passed {
                    Err(error) if error.is::<Unwritten>() => return Err(anyhow!("{shown}: {error:#}")),
                    passed => (passed?, shown),
                }
            }
            Some(Place::File { part, place }) => {
                let shown = place.display().to_string();
                let (part, length) = fill(file, part, &place, &progress).await?;
                part.persist(&place).map_err(|error| error.error).context(shown.clone())?;
                (length, shown)
            }
            None => {
                let name = name(&info)?;
                let shown = name.display().to_string();
                let (part, length) = fill(file, place::part(&name)?, &name, &progress).await?;
                part.persist_noclobber(&name).map_err(|error| error.error).context(shown.clone())?;
                (length, shown)
            }
        };
        drop(progress);
        if self.quiet.quiet {
            return Ok(());
        }
        let kind = info.content_type.as_ref().map_or_else(String::new, |kind| format!(", {kind}"));
        let members = json!({ "bytes": length, "contentType": info.content_type, "file": shown });
        note("file", members, format_args!("{length} bytes{kind}, in {shown}"));
        Ok(())
    }
}

/// Opens a pipe or a device. A pipe may have to wait for its reader, and signals are heard
/// meanwhile.
async fn stream_to(place: PathBuf, stopping: &Stopping) -> Result<Output> {
    let shown = place.display().to_string();
    let opened = tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(place));
    Ok(Output::opened(opened.await?.context(shown)?, stopping))
}

async fn pass_on(mut file: File, mut to: Output, progress: &Progress) -> Result<u64> {
    let mut length = 0;
    while let Some(piece) = file.try_next().await? {
        to.bytes(&piece)?;
        length += piece.len() as u64;
        progress.add(piece.len() as u64);
    }
    Ok(length)
}

/// A part of what is to be at this place.
async fn fill(
    mut file: File,
    mut part: NamedTempFile,
    place: &Path,
    progress: &Progress,
) -> Result<(NamedTempFile, u64)> {
    // By the name that was given: nobody has heard of the part's.
    let unwritten = |error: io::Error| anyhow!("{}: {error}", place.display());
    let mut length = 0;
    while let Some(piece) = file.try_next().await? {
        part.as_file_mut().write_all(&piece).map_err(unwritten)?;
        length += piece.len() as u64;
        progress.add(piece.len() as u64);
    }
    part.as_file().sync_all().map_err(unwritten)?;
    Ok((part, length))
}

/// The vendor's own name, which is one without a path.
fn name(info: &FileInfo) -> Result<PathBuf> {
    let Some(name) = &info.file_name else { bail!("the vendor gives the file no name: use --output") };
    let path = Path::new(name);
    if path.symlink_metadata().is_ok() {
        bail!("{name} is there already: use --output to replace it");
    }
    Ok(path.to_owned())
}
