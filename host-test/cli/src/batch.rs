//! `penstock batch`: many calls, one a line, results in their order.

use crate::{
    report::Unfit,
    result_line::line,
    target::{MisfitChoice, Target},
    text,
};
use anyhow::{Result, bail};
use clap::Args;
use penstock_host::bindings::operations::{BatchCall, BatchOptions, BatchResult};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeMap,
    io::{self, BufWriter, Write},
};

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
    /// Calls under way at once, 1 to 64.
    #[arg(long, value_name = "COUNT")]
    concurrency: Option<u32>,
    /// Begin no further call after so many failures.
    #[arg(long, value_name = "COUNT")]
    stop_after: Option<u32>,
    /// What becomes of an answer that does not fit the contract, or of a record in it.
    #[arg(long, value_enum, default_value = "fail")]
    on_misfit: MisfitChoice,
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

impl Batch {
    pub(crate) async fn run(self) -> Result<()> {
        let calls = read(&self.calls)?;
        let plugin = self.target.plugin().await?;
        let batch = BatchOptions { concurrency: self.concurrency, stop_after: self.stop_after };
        let mut options = self.target.options(None);
        options.on_misfit = Some(self.on_misfit.into());
        let results = plugin.batch(&self.provider_name, calls, batch, Some(options)).await?;

        let mut out = BufWriter::new(io::stdout().lock());
        let (mut failed, mut left) = (0, 0);
        for result in &results {
            writeln!(out, "{}", line(result))?;
            match result {
                BatchResult::Ok(_) => {}
                BatchResult::Failed(_) => failed += 1,
                BatchResult::NotAttempted(_) => left += 1,
            }
        }
        out.flush()?;
        if failed + left > 0 {
            bail!("of {} calls {failed} failed and {left} were not attempted", results.len());
        }
        Ok(())
    }
}

fn read(file: &str) -> Result<Vec<BatchCall>> {
    let text = text::read(file)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let calls = lines.map(|(index, line)| {
        let Line { operation, parameters, body } = serde_json::from_str(line)
            .map_err(|error| Unfit(format!("{file}, line {}: {error}", index + 1)))?;
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
