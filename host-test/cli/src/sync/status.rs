//! `penstock sync status`: what a copy has.

use super::{place, told};
use crate::{settings::EnvFile, told::say};
use anyhow::Result;
use clap::Args;
use penstock::client::Exposition;
use penstock_sync::{
    destination::{Opening, Place},
    state::TableStatus,
};
use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

#[derive(Args)]
pub(crate) struct Status {
    /// The copy, as `sync --to` names it.
    #[arg(long = "of", visible_alias = "to", value_name = "DESTINATION")]
    copy: Place,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// In the text format of Prometheus, for a textfile collector.
    #[arg(long, conflicts_with = "json")]
    prometheus: bool,
    #[command(flatten)]
    env_file: EnvFile,
}

impl Status {
    pub(super) async fn run(self) -> Result<()> {
        let opening = Opening { look: true, ..Opening::default() };
        let destination = place::open(&self.copy, opening, &self.env_file).await?;
        let all = destination.status().await.map_err(told)?;
        if self.prometheus {
            return prometheus(&all);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        for status in &all {
            match self.json {
                true => say!("{}", serde_json::to_string(status)?)?,
                false => say!("{}", line(status, now))?,
            }
        }
        Ok(())
    }
}

fn line(status: &TableStatus, now: i64) -> String {
    let TableStatus { table, owner, rows, deleted, misfits, state } = status;
    let owner = if owner.is_empty() { String::new() } else { format!(" of {owner}") };
    let age = match state.finished {
        0 => "never read whole".to_owned(),
        finished => format!("{} s old", now.saturating_sub(finished).max(0) / 1_000),
    };
    let going =
        if state.reading { format!(", on its way: {} records read", state.records) } else { String::new() };
    let only = state.since.as_ref().map_or_else(String::new, |since| format!(", only since {since}"));
    let drifted = if state.drifted { ", changed under its last read" } else { "" };
    let error = state.error.as_ref().map_or_else(String::new, |error| format!(", last error: {error}"));
    format!(
        "{table}{owner}: {rows} rows, {deleted} deleted, {misfits} misfits, {age}{only}{going}{drifted}{error}"
    )
}

/// What a metric has of a table, of all owners together.
type Value = fn(&[&TableStatus]) -> u64;

/// Counts of tables, and times of reads that ended.
const METRICS: [(&str, &str, Value); 4] = [
    ("sync_rows", "Rows of a table that are not deleted.", |table| {
        table.iter().map(|status| status.rows).max().unwrap_or_default()
    }),
    ("sync_misfits", "Rows of a table that do not fit the contract.", |table| {
        table.iter().map(|status| status.misfits).max().unwrap_or_default()
    }),
    ("sync_finished_seconds", "When the oldest of a table's last whole reads ended.", |table| {
        let oldest = table.iter().map(|status| status.state.finished).min().unwrap_or_default();
        u64::try_from(oldest / 1_000).unwrap_or_default()
    }),
    ("sync_failed", "Whether a table's last read ended early.", |table| {
        u64::from(table.iter().any(|status| status.state.error.is_some()))
    }),
];

fn prometheus(all: &[TableStatus]) -> Result<()> {
    let mut tables: BTreeMap<&str, Vec<&TableStatus>> = BTreeMap::new();
    for status in all {
        tables.entry(&status.table).or_default().push(status);
    }
    let mut text = Exposition::default();
    for (name, help, value) in METRICS {
        text.metric(name, "gauge", help);
        for (table, statuses) in &tables {
            text.sample(name, &[("table", table)], value(statuses));
        }
    }
    say!("{}", text.into_text().trim_end())?;
    Ok(())
}
