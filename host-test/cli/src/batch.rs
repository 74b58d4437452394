//! `penstock batch`: many calls, one a line, results in their order as they come.

mod input;
mod making;

use crate::{
    grace::Grace,
    output::{Output, Unwritten},
    progress::Quiet,
    result_line::line,
    stopping::Stopping,
    target::{MisfitChoice, Target},
    text,
    told::{note, warning},
};
use anyhow::{Result, anyhow};
use clap::Args;
pub(crate) use making::Made;
use making::Making;
use serde_json::json;

/// How much is told of a result that the output did not take, in characters.
const MOST_SHOWN: usize = 200;

#[derive(Args)]
pub(crate) struct Batch {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// A file of calls, one JSON object a line, or `-` for standard input, 100,000 calls and 256 MiB at most:
    /// `{"operation": "jpm.jobs-get", "parameters": {"id": 4711}, "body": {}}`. Each gives a
    /// line: `ok` with the answer, and `source`, `ageMs`, `degraded`, `misfits`, `page` where there is
    /// more to say of it; `failed`; or `notAttempted`.
    #[arg(value_name = "FILE")]
    calls: String,
    /// Calls under way at once, 1 to 64. BATCH_SIZE unless set.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: Option<u32>,
    /// Begin no further call after so many failures.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    stop_after: Option<u32>,
    /// What becomes of an answer that does not fit the contract, or of a record in it.
    #[arg(long, value_enum, default_value = "fail")]
    on_misfit: MisfitChoice,
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    target: Target,
}

/// What became of the calls.
#[derive(Default)]
struct Count {
    well: usize,
    failed: usize,
    left: usize,
}

impl Count {
    fn add(&mut self, made: &Made) {
        match made {
            Made::Ok(_) => self.well += 1,
            Made::Failed(_) | Made::Unfinished(_) => self.failed += 1,
            Made::NotAttempted(_) => self.left += 1,
        }
    }
}

impl Batch {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let calls = text::from(&self.calls, stopping, input::calls).await?;
        let concurrency = match self.concurrency {
            Some(concurrency) => concurrency,
            None => self.target.batch_size().await?,
        };
        let plugin = self.target.plugin().await?;
        let mut options = self.target.options(None);
        options.on_misfit = Some(self.on_misfit.into());
        // What is wrong with all of them is told once.
        self.target.must_be_ready(&plugin, &self.provider_name).await?;
        let making = Making {
            plugin,
            provider: self.provider_name,
            options,
            concurrency: concurrency as usize,
            stop_after: self.stop_after,
            grace: self.grace,
            stopping: stopping.clone(),
        };
        let telling = Telling { grace: self.grace, quiet: self.quiet, stopping };
        telling.report(calls.len(), making.make(calls)).await
    }
}

/// How what becomes of the calls is told.
struct Telling<'a> {
    grace: Grace,
    quiet: Quiet,
    stopping: &'a Stopping,
}

impl Telling<'_> {
    /// Prints each result before a further call begins: what cannot be told is not done.
    async fn report(&self, total: usize, mut results: making::Results) -> Result<()> {
        let progress = self.quiet.progress("calls");
        progress.of(total as u64);
        let mut output = Output::stdout(self.stopping);
        let (mut count, mut unwritten, mut place) = (Count::default(), None, 0_usize);
        let mut is_told = self.quiet.quiet;
        // The note of a write goes when its result is printed.
        while let Some((made, _write)) = self.next(&mut results, &mut is_told).await {
            place += 1;
            count.add(&made);
            progress.add(1);
            let line = line(&made);
            if unwritten.is_none() {
                let written = output.line(&line).and_then(|()| output.flush());
                unwritten = written.err().inspect(|_| results.stop());
            }
            if unwritten.is_some() && !matches!(made, Made::NotAttempted(_)) {
                let line = shortened(&line);
                let members = json!({ "call": place, "result": line });
                let text = format_args!("not printed, the result of call {place}: {line}");
                warning("not-printed", members, text);
            }
        }
        drop(progress);
        self.end(total, &count, unwritten)
    }

    /// The next result. That calls are waited for after a signal is told, once: nobody could tell it from a
    /// command that hangs.
    async fn next(&self, results: &mut making::Results, is_told: &mut bool) -> Option<making::Untold> {
        if !*is_told {
            let signal = tokio::select! {
                result = results.next() => return result,
                signal = self.stopping.asked() => signal,
            };
            *is_told = true;
            match results.under_way() {
                0 => {}
                1 => self.grace.tell(signal, "a call is under way and has"),
                many => self.grace.tell(signal, &format!("{many} calls are under way and have")),
            }
        }
        results.next().await
    }

    /// What is to be said of all of them.
    fn end(&self, total: usize, count: &Count, unwritten: Option<Unwritten>) -> Result<()> {
        let Count { well, failed, left } = *count;
        let summary =
            format!("of {total} calls {well} went well, {failed} failed and {left} were not attempted");
        match unwritten {
            Some(Unwritten::Gone) => Err(anyhow!("nobody reads the output any more; {summary}")),
            Some(error) => Err(anyhow::Error::from(error).context(summary)),
            None if self.stopping.signal().is_some() && failed + left > 0 => {
                Err(self.stopping.stopped(format!("; {summary}")).into())
            }
            None if failed + left > 0 => Err(anyhow!(summary)),
            None => {
                if !self.quiet.quiet {
                    let members =
                        json!({ "calls": total, "well": well, "failed": failed, "notAttempted": left });
                    note("summary", members, format_args!("{summary}"));
                }
                Ok(())
            }
        }
    }
}

/// The beginning of a result that cannot be printed; that it is not all shows.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
