//! `penstock upload`: sends a file with an operation that takes one.

use crate::{
    asked::Asked,
    grace::Grace,
    output::Output,
    progress::{Progress, Quiet},
    report::{Unfit, Unprinted},
    stopping::{Stopped, Stopping},
    target::Target,
};
use anyhow::{Context, Result};
use bytes::Bytes;
use clap::Args;
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use penstock_host::{Outgoing, bindings::types::Outcome};
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
        let begins = async {
            let plugin = self.target.plugin().await?;
            anyhow::Ok((plugin, outgoing.begun(&self.file).await?))
        };
        let (plugin, outgoing) = tokio::select! {
            begun = begins => begun?,
            _ = stopping.asked() => {
                let outcome = Some(Outcome::NotSent);
                return Err(Stopped { outcome, ..stopping.stopped("; nothing was sent") }.into());
            }
        };
        let options = Some(self.target.options(None));
        let Asked { provider_name, operation, parameters } = &self.asked;
        let call = plugin.upload(provider_name, operation, parameters.clone(), outgoing, options);
        let _write = self.asked.begin(stopping);
        let answer = self.grace.call(&self.asked, stopping, &plugin, call).await??;
        drop(progress);
        if let Some(body) = answer.body {
            let mut output = Output::stdout(stopping);
            let written = output.line(&body).and_then(|()| output.flush());
            written.with_context(|| Unprinted::of(provider_name, operation))?;
        }
        Ok(())
    }

    /// What is sent, once it is known that it is no folder and that a file can be read.
    fn outgoing(&self, progress: &Progress) -> Result<Unbegun, Unfit> {
        let unfit = |why: &dyn std::fmt::Display| unreadable(&self.file, why);
        let by_name = self.file != Path::new("-");
        let own = self.file.file_name().filter(|_| by_name).map(|name| name.to_string_lossy().into_owned());
        let name = self.name.clone().or(own).ok_or_else(|| unfit(&"--name must say what to call it"))?;
        let status = by_name.then(|| fs::metadata(&self.file)).transpose().map_err(|error| unfit(&error))?;
        let count = progress.counter();
        let mut length = None;
        let pieces = match status {
            None => pieces(|| Ok(io::stdin()), count).boxed(),
            Some(status) if status.is_dir() => return Err(unfit(&"it is a folder")),
            Some(status) if status.is_file() => {
                // Opened now: what cannot be read is not sent.
                let file = File::open(&self.file).map_err(|error| unfit(&error))?;
                length = Some(status.len());
                progress.of(status.len());
                pieces(|| Ok(file), count).boxed()
            }
            // To open a pipe waits for its writer.
            Some(_) => {
                let file = self.file.clone();
                pieces(|| File::open(file), count).boxed()
            }
        };
        Ok(Unbegun { name, content_type: self.content_type.clone(), length, pieces })
    }
}

fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Unfit {
    Unfit(format!("cannot read {}: {why}", file.display()))
}

/// A file of which nothing has been read yet.
struct Unbegun {
    name: String,
    content_type: Option<String>,
    length: Option<u64>,
    pieces: BoxStream<'static, io::Result<Bytes>>,
}

impl Unbegun {
    /// Waits for its first bytes, so that no request is begun for a pipe that has none: whoever stops it
    /// there knows that nothing was sent.
    async fn begun(mut self, file: &Path) -> Result<Outgoing, Unfit> {
        let first = self.pieces.next().await;
        let first = first.transpose().map_err(|error| unreadable(file, &error))?;
        let pieces = stream::iter(first.map(Ok)).chain(self.pieces);
        let mut outgoing = Outgoing::new(self.name, pieces);
        if let Some(length) = self.length {
            outgoing = outgoing.length(length);
        }
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
) -> impl Stream<Item = io::Result<Bytes>> {
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
