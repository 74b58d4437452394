//! `penstock batch`: many calls, one a line, results in their order as they come.

mod making;

use crate::{
    grace::Grace,
    output::{Output, Unwritten},
    progress::Quiet,
    ready::NotReady,
    report::Unfit,
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
use penstock_host::bindings::operations::BatchCall;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{collections::BTreeMap, fmt::Display};

/// How much is told of a result that the output did not take, in characters.
const MOST_SHOWN: usize = 200;

/// What a line of a batch is, for whoever wrote another thing.
const WANTED: &str =
    r#"an object such as {"operation": "jpm.jobs-get", "parameters": {"id": 4711}, "body": {}}"#;

#[derive(Args)]
pub(crate) struct Batch {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// A file of calls, one JSON object a line, or `-` for standard input:
    /// `{"operation": "jpm.jobs-get", "parameters": {"id": 4711}, "body": {}}`. Each gives a
    /// line: `ok` with the answer, and `source`, `ageMs`, `degraded`, `misfits`, `page` where there is
    /// more to say of it; `failed`; or `notAttempted`.
    #[arg(value_name = "FILE")]
    calls: String,
    /// Calls under way at once, 1 to 64. BATCH_SIZE unless set.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: Option<u32>,
    /// Begin no further call after so many failures.
    #[arg(long, value_name = "COUNT")]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    operation: String,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
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
        let calls = read(&self.calls, stopping).await?;
        let concurrency = match self.concurrency {
            Some(concurrency) => concurrency,
            None => self.target.batch_size().await?,
        };
        let plugin = self.target.plugin().await?;
        let mut options = self.target.options(None);
        options.on_misfit = Some(self.on_misfit.into());
        // What is wrong with all of them is told once.
        let readiness = plugin.ready(&self.provider_name, options.account.as_deref()).await?;
        if !readiness.ready {
            return Err(NotReady(readiness.missing).into());
        }
        let making = Making {
            plugin,
            provider: self.provider_name,
            options,
            concurrency: concurrency as usize,
            stop_after: self.stop_after,
            grace: self.grace,
            stopping: stopping.clone(),
        };
        report(calls.len(), making.make(calls), stopping, self.quiet).await
    }
}

/// Prints each result before a further call begins: what cannot be told is not done.
async fn report(total: usize, mut results: making::Results, stopping: &Stopping, quiet: Quiet) -> Result<()> {
    let progress = quiet.progress("calls");
    progress.of(total as u64);
    let mut output = Output::stdout(stopping);
    let (mut count, mut unwritten, mut place) = (Count::default(), None, 0_usize);
    while let Some(made) = results.next().await {
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
    let Count { well, failed, left } = count;
    let summary = format!("of {total} calls {well} went well, {failed} failed and {left} were not attempted");
    match unwritten {
        Some(Unwritten::Gone) => Err(anyhow!("nobody reads the output any more; {summary}")),
        Some(error) => Err(anyhow::Error::from(error).context(summary)),
        None if stopping.signal().is_some() && failed + left > 0 => {
            Err(stopping.stopped(format!("; {summary}")).into())
        }
        None if failed + left > 0 => Err(anyhow!(summary)),
        None => {
            if !quiet.quiet {
                let members = json!({ "calls": total, "well": well, "failed": failed, "notAttempted": left });
                note("summary", members, format_args!("{summary}"));
            }
            Ok(())
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

async fn read(file: &str, stopping: &Stopping) -> Result<Vec<BatchCall>> {
    let text = text::read(file, stopping).await?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let calls = lines.map(|(index, line)| {
        let unfit = |why: &dyn Display| Unfit(format!("{file}, line {}: {why}", index + 1));
        // serde takes an array for the members in their order.
        if !line.trim_start().starts_with('{') {
            return Err(unfit(&format_args!("expected {WANTED}")).into());
        }
        let Line { operation, parameters, body } =
            serde_json::from_str(line).map_err(|error| unfit(&error))?;
        let parameters = parameters.into_iter().map(|(name, value)| (name, plain(value)));
        let body = body.map(|body| body.get().to_owned());
        Ok(BatchCall { operation, parameters: parameters.collect(), body })
    });
    calls.collect()
}

/// A parameter is text on the wire: `4711` and `"4711"` are the same.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
