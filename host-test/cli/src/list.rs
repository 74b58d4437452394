//! `penstock list`: every record of a list, as NDJSON.

mod reading;

use crate::{
    asked::Asked,
    grace::Grace,
    misfits::count_on_stderr,
    output::Patience,
    position::{Acknowledged, Follows, Keeper, PositionFile},
    progress::Quiet,
    report::tell_resume,
    stopping::Stopping,
    target::{MisfitChoice, Target},
    text,
    told::{note, warning_in_lines},
};
use anyhow::Result;
use clap::Args;
use penstock_host::{
    Error,
    bindings::types::{FailureKind, ListEnd},
};
use reading::{Ended, Reading, Seen};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    asked: Asked,
    /// The body, for a list that takes one: JSON, `@FILE`, or `@-` for standard input; 64 MiB at most.
    #[arg(long, value_name = "JSON|@FILE")]
    body: Option<String>,
    /// Stop after this many records. The position is exactly behind the last one.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Records a page.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    page_size: Option<u32>,
    /// Pages to fetch ahead.
    #[arg(long, value_name = "PAGES", value_parser = clap::value_parser!(u32).range(1..))]
    window: Option<u32>,
    /// Go on where an earlier run stopped: the text that it printed.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    resume: Option<String>,
    /// Go on from the position in this file if there is one, and keep the new one in it while the
    /// list runs: behind what a file has or the reader of a pipe has taken, or what --ack says.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    resume_file: Option<PathBuf>,
    /// Keep no position past what the reader of the output acknowledges here: on a descriptor that
    /// this command was given, by its number, or a named pipe; on each line how many records of this
    /// run are durable. The command ends when all are, or with the last acknowledgement.
    #[arg(long, value_name = "FD|FIFO", requires = "resume_file")]
    ack: Option<String>,
    /// What becomes of a record that does not fit the contract.
    #[arg(long, value_enum, default_value = "raw")]
    on_misfit: MisfitChoice,
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    target: Target,
}

impl List {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let (file, resume) = match &self.resume_file {
            Some(named) => {
                let (file, resume) = PositionFile::find(named)?;
                (Some(file), resume)
            }
            None => (None, self.resume.clone()),
        };
        let from_file = file.is_some() && resume.is_some();
        let follows = match &self.ack {
            Some(given) => Follows::Acknowledged(Acknowledged::listen(given)?),
            None => Follows::Output,
        };
        let body = text::body(self.body.as_deref(), stopping).await?;
        // What was read before does not count, but is in the total.
        let is_whole = resume.is_none();
        let plugin = self.target.plugin().await?;
        let mut options = self.target.options(resume.clone());
        options.page_size = self.page_size;
        options.window = self.window;
        options.on_misfit = Some(self.on_misfit.into());
        let Asked { provider_name: provider, operation, parameters } = self.asked;
        let records =
            plugin.list_with_positions(&provider, &operation, parameters, body, Some(options), self.limit);
        let records = records.await?;
        let progress = self.quiet.progress("records");
        let most = if is_whole { Some(self.limit.unwrap_or(u64::MAX)) } else { self.limit };
        let seen = Seen { progress, most, is_total_known: is_whole };
        let patience = Patience { grace: self.grace.time(), is_told: !self.quiet.quiet };
        let reading = Reading::new(records, Keeper::new(file, follows, resume), stopping, patience, seen);
        let ended = reading.run().await;
        if let (Err(error), Some(named), true) = (&ended, &self.resume_file, from_file)
            && is_of_position(error)
        {
            let file = named.display();
            let members = json!({ "file": file.to_string() });
            let text =
                format_args!("The position is that in {file}. Remove it to begin with the first record.");
            note("position", members, text);
        }
        if let Ended { end: Some(end), resume } = ended? {
            warn(&end);
            if let Some(resume) = resume.filter(|_| !end.complete) {
                tell_resume(&resume);
            }
        }
        Ok(())
    }
}

/// Whether it is the position that is refused.
fn is_of_position(error: &anyhow::Error) -> bool {
    error.downcast_ref().and_then(Error::failure).is_some_and(|failure| {
        failure.kind == FailureKind::BadInput && failure.fields.iter().any(|field| field.field == "resume")
    })
}

/// The read ended well, and yet records may be missing or not be what they should: whoever only
/// looks at the exit code and the lines would not know.
fn warn(end: &ListEnd) {
    count_on_stderr(end.misfits, &end.first_misfits);
    if end.drifted {
        let lines = [
            "the list changed while it was read, and records may be missing from it.",
            "Read it again, or use the export of it if there is one.",
        ];
        warning_in_lines("drifted", json!({}), &lines.map(str::to_owned));
    }
}
