//! `penstock list`: every record of a list, as NDJSON.

use crate::{
    asked::Asked,
    misfits::count_on_stderr,
    part::part_of,
    target::{MisfitChoice, Target},
    text,
};
use anyhow::{Context, Result};
use clap::Args;
use futures_util::StreamExt;
use penstock_host::{Records, bindings::types::ListEnd};
use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    asked: Asked,
    /// The body as JSON, for a list that takes one.
    #[arg(long, value_name = "JSON")]
    body: Option<String>,
    /// Stop after this many records.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Records a page.
    #[arg(long, value_name = "COUNT")]
    page_size: Option<u32>,
    /// Pages to fetch ahead.
    #[arg(long, value_name = "PAGES")]
    window: Option<u32>,
    /// Go on where an earlier run stopped: the text that it printed.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    resume: Option<String>,
    /// Go on from the text in this file if there is one, and write the new one to it.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    resume_file: Option<PathBuf>,
    /// What becomes of a record that does not fit the contract.
    #[arg(long, value_enum, default_value = "raw")]
    on_misfit: MisfitChoice,
    #[command(flatten)]
    target: Target,
}

impl List {
    pub(crate) async fn run(self) -> Result<()> {
        let resume = match &self.resume_file {
            Some(file) if file.exists() => Some(text::read(&file.display().to_string())?.trim().to_owned()),
            _ => self.resume.clone(),
        };
        let plugin = self.target.plugin().await?;
        let mut options = self.target.options(resume);
        options.page_size = self.page_size;
        options.window = self.window;
        options.on_misfit = Some(self.on_misfit.into());
        let Asked { provider_name: provider, operation, parameters } = &self.asked;
        let (parameters, body) = (parameters.clone(), self.body.clone());
        let records = plugin.list_with(provider, operation, parameters, body, Some(options)).await?;
        self.print(records).await
    }

    async fn print(&self, mut records: Records<String>) -> Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut printed = 0_u64;
        while self.limit.is_none_or(|limit| printed < limit) {
            match records.next().await {
                Some(Ok(record)) => writeln!(out, "{record}")?,
                Some(Err(error)) => {
                    out.flush()?;
                    if let Some(resume) = error.failure().and_then(|failure| failure.resume.as_ref()) {
                        self.keep(resume)?;
                    }
                    return Err(error.into());
                }
                None => break,
            }
            printed += 1;
        }
        out.flush()?;
        if let Some(end) = records.end() {
            warn(end);
            return self.keep(&end.resume);
        }
        // Records that were on their way are not printed, so the position after them
        // must not be kept.
        let stopped = records.stop().await;
        if self.resume_file.is_some() && stopped.rest.is_empty() {
            let end = stopped.end?;
            warn(&end);
            self.keep(&end.resume)?;
        }
        Ok(())
    }

    /// Writes the position for the next run, whole or not at all.
    fn keep(&self, resume: &str) -> Result<()> {
        let Some(file) = &self.resume_file else { return Ok(()) };
        let kept = part_of(file).and_then(|mut part| {
            writeln!(part, "{resume}")?;
            part.persist(file).map_err(|error| error.error)
        });
        kept.map(drop).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// The read ended well, and yet records may be missing or not be what they should: whoever only
/// looks at the exit code and the lines would not know.
fn warn(end: &ListEnd) {
    count_on_stderr(end.misfits, &end.first_misfits);
    if end.drifted {
        eprintln!("warning: the list changed while it was read, and records may be missing from it.");
        eprintln!("Read it again, or use the export of it if there is one.");
    }
}
