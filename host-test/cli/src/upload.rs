//! `penstock upload`: sends a file with an operation that takes one.

use crate::{asked::Asked, target::Target};
use anyhow::{Context, Result};
use clap::Args;
use futures_util::stream;
use penstock_host::Outgoing;
use std::{
    fs::File,
    io::{self, Read, Write},
    iter,
    path::PathBuf,
};

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

#[derive(Args)]
pub(crate) struct Upload {
    #[command(flatten)]
    asked: Asked,
    /// The file.
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// The name that the vendor shall give it. The file's own unless set.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its media type, for instance `image/png`.
    #[arg(long = "type", value_name = "TYPE")]
    content_type: Option<String>,
    #[command(flatten)]
    target: Target,
}

impl Upload {
    pub(crate) async fn run(self) -> Result<()> {
        let place = || format!("cannot read {}", self.file.display());
        let file = File::open(&self.file).with_context(place)?;
        let length = file.metadata().with_context(place)?.len();
        let own = || self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = self.name.clone().or_else(own).unwrap_or_default();
        let mut outgoing = Outgoing::new(name, stream::iter(pieces(file))).length(length);
        if let Some(content_type) = self.content_type {
            outgoing = outgoing.content_type(content_type);
        }
        let plugin = self.target.plugin().await?;
        let options = Some(self.target.options(None));
        let Asked { provider_name: provider, operation, parameters } = self.asked;
        let answer = plugin.upload(&provider, &operation, parameters, outgoing, options).await?;
        if let Some(body) = answer.body {
            writeln!(io::stdout(), "{body}")?;
        }
        Ok(())
    }
}

fn pieces(mut file: File) -> impl Iterator<Item = io::Result<bytes::Bytes>> {
    iter::from_fn(move || {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(piece.into()))
            }
            Err(error) => Some(Err(error)),
        }
    })
}
