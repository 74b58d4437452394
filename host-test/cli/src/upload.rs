//! `penstock upload`: sends a file with an operation that takes one.

use crate::{
    asked::Asked,
    grace::Grace,
    output::Output,
    progress::{Progress, Quiet},
    report::{Unfit, Unprinted},
    stopping::Stopping,
    target::Target,
};
use anyhow::{Context, Result};
use clap::Args;
use futures_util::{Stream, stream};
use penstock_host::Outgoing;
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    thread,
};
use tokio::sync::mpsc;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

#[derive(Args)]
pub(crate) struct Upload {
    #[command(flatten)]
    asked: Asked,
    /// The file: also a pipe, or `-` for standard input, which needs --name.
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// The name that the vendor shall give it. The file's own unless set.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its media type, for instance `image/png`.
    #[arg(long = "type", value_name = "TYPE")]
    content_type: Option<String>,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    target: Target,
}

impl Upload {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let progress = self.quiet.progress("bytes");
        let outgoing = self.outgoing(&progress)?;
        let plugin = stopping.unless_asked(self.target.plugin()).await??;
        let options = Some(self.target.options(None));
        let Asked { provider_name, operation, parameters } = &self.asked;
        let call = plugin.upload(provider_name, operation, parameters.clone(), outgoing, options);
        let answer = self.grace.call(&self.asked, stopping, call).await??;
        drop(progress);
        if let Some(body) = answer.body {
            let mut output = Output::stdout(stopping);
            let written = output.line(&body).and_then(|()| output.flush());
            written.with_context(|| Unprinted::of(provider_name, operation))?;
        }
        Ok(())
    }

    fn outgoing(&self, progress: &Progress) -> Result<Outgoing, Unfit> {
        let unfit =
            |why: &dyn std::fmt::Display| Unfit(format!("cannot read {}: {why}", self.file.display()));
        let by_name = self.file != Path::new("-");
        let own = self.file.file_name().filter(|_| by_name).map(|name| name.to_string_lossy().into_owned());
        let name = self.name.clone().or(own).ok_or_else(|| unfit(&"--name must say what to call it"))?;
        let status = by_name.then(|| fs::metadata(&self.file)).transpose().map_err(|error| unfit(&error))?;
        let count = progress.counter();
        let mut outgoing = match status {
            None => Outgoing::new(name, pieces(|| Ok(io::stdin()), count)),
            Some(status) if status.is_dir() => return Err(unfit(&"it is a folder")),
            Some(status) if status.is_file() => {
                // Opened now: what cannot be read is not sent.
                let file = File::open(&self.file).map_err(|error| unfit(&error))?;
                progress.of(status.len());
                Outgoing::new(name, pieces(|| Ok(file), count)).length(status.len())
            }
            // To open a pipe waits for its writer.
            Some(_) => {
                let file = self.file.clone();
                Outgoing::new(name, pieces(|| File::open(file), count))
            }
        };
        if let Some(content_type) = &self.content_type {
            outgoing = outgoing.content_type(content_type);
        }
        Ok(outgoing)
    }
}

/// Reads on a thread of its own: what comes from a pipe comes when it comes.
fn pieces<R: Read>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    count: impl Fn(u64) + Send + 'static,
) -> impl Stream<Item = io::Result<bytes::Bytes>> {
    let (sender, mut pieces) = mpsc::channel(1);
    thread::spawn(move || {
        let mut file = match open() {
            Ok(file) => file,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            let mut piece = vec![0; PIECE];
            let read = match file.read(&mut piece) {
                Ok(0) => return,
                Ok(length) => {
                    count(length as u64);
                    piece.truncate(length);
                    Ok(piece.into())
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            // Nobody wants more of it when the call is over.
            let ends = read.is_err();
            if sender.blocking_send(read).is_err() || ends {
                return;
            }
        }
    });
    stream::poll_fn(move |context| pieces.poll_recv(context))
}
