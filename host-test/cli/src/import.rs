//! `penstock import`

use crate::{report::Unfit, told::say};
use anyhow::Result;
use penstock_import::run;
use std::path::PathBuf;

/// The vendor's documents, and where the contract is.
#[derive(clap::Args)]
pub struct Import {
    /// The vendor's OpenAPI 3.0 documents, in JSON.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
    /// The vendor's folder: the modules are written there, `overrides.toml` and `additions/`
    /// are read there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Writes nothing, and prints what the documents have added, removed and changed.
    #[arg(long)]
    check: bool,
}

impl Import {
    pub fn run(self) -> Result<()> {
        let command = run::Command { documents: self.documents, out: self.out, check: self.check };
        let prepared = run::prepare(&command).map_err(|error| Unfit(format!("{error:#}")))?;
        prepared.write()?;
        if !prepared.told.is_empty() {
            say!("{}", prepared.told.trim_end())?;
        }
        Ok(())
    }
}
