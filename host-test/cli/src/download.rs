//! `penstock download`: the file of an operation, whole or not at all.

use crate::{asked::Asked, part::part_of, target::Target};
use anyhow::{Context, Result, bail};
use clap::Args;
use futures_util::TryStreamExt;
use penstock_host::{File, bindings::files::FileInfo};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(crate) struct Download {
    #[command(flatten)]
    asked: Asked,
    /// Where to put it, `-` for standard output. A file that is there is replaced. Without
    /// this it gets the vendor's name for it, in this folder, unless that is there.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Follow the vendor's redirects to this origin too, `https://files.example.com`. May be
    /// repeated.
    #[arg(long, value_name = "URL")]
    allow: Vec<String>,
    #[command(flatten)]
    target: Target,
}

impl Download {
    pub(crate) async fn run(self) -> Result<()> {
        let plugin = self.target.plugin_that_may_reach(&self.allow).await?;
        let options = Some(self.target.options(None));
        let Asked { provider_name: provider, operation, parameters } = self.asked;
        let file = plugin.download(&provider, &operation, parameters, options).await?;
        let info = file.info.clone();
        if self.output.as_deref() == Some(Path::new("-")) {
            // What was printed cannot be taken back; the exit code says whether it is all.
            return write(file, &mut io::stdout().lock()).await.map(drop);
        }
        let (output, replace) = match self.output {
            Some(output) => (output, true),
            None => (name(&info)?, false),
        };
        let place = || output.display().to_string();
        let mut part = part_of(&output).with_context(place)?;
        let length = write(file, part.as_file_mut()).await?;
        part.as_file().sync_all().with_context(place)?;
        let kept = if replace { part.persist(&output) } else { part.persist_noclobber(&output) };
        kept.map_err(|error| error.error).with_context(place)?;
        let kind = info.content_type.map_or_else(String::new, |kind| format!(", {kind}"));
        eprintln!("{length} bytes{kind}, in {}", output.display());
        Ok(())
    }
}

async fn write(mut file: File, to: &mut impl Write) -> Result<u64> {
    let mut length = 0;
    while let Some(piece) = file.try_next().await? {
        to.write_all(&piece)?;
        length += piece.len() as u64;
    }
    to.flush()?;
    Ok(length)
}

/// The vendor's own name, which is one without a path.
fn name(info: &FileInfo) -> Result<PathBuf> {
    let Some(name) = &info.file_name else { bail!("the vendor gives the file no name: use --output") };
    let path = PathBuf::from(name);
    if path.exists() {
        bail!("{name} is there already: use --output to replace it");
    }
    Ok(path)
}
