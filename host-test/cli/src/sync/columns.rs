//! `penstock sync columns`: columns of members that the contract does not know.

use super::{place, told};
use crate::{
    report::Unfit,
    target::Target,
    told::{note, say},
};
use anyhow::Result;
use clap::Args;
use penstock_sync::{
    destination::{Destination, Opening, Place},
    plan,
    run::Read,
};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

#[derive(Args)]
pub(crate) struct Columns {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// The copy, as `sync --to` names it.
    #[arg(long = "of", visible_alias = "to", value_name = "DESTINATION")]
    copy: Place,
    /// Only these tables; all that the copy has unless set.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    select: Vec<String>,
    /// Make columns of them, for good, and move there what rows have of them.
    #[arg(long)]
    add: bool,
    #[command(flatten)]
    target: Target,
}

impl Columns {
    pub(super) async fn run(self) -> Result<()> {
        let source = self.target.whose(&self.provider_name).await?;
        let opening = Opening { source, look: !self.add, ..Opening::default() };
        let destination = place::open(&self.copy, opening, self.target.env_file()).await?;
        let known = destination.status().await.map_err(told)?;
        let known: BTreeSet<String> = known.into_iter().map(|status| status.table).collect();
        let mut tables = plan::tables(&self.provider_name, &[], &self.select).map_err(told)?;
        tables.retain(|table| known.contains(&table.name));
        if tables.is_empty() {
            return Err(Unfit(format!("the copy has no such table of {}", self.provider_name)).into());
        }
        let reads = tables.into_iter().map(|table| Read { table, owner: String::new() }).collect();
        for Read { table, .. } in with_added(reads, destination.as_ref()).await? {
            let members = destination.extra(&table).await.map_err(told)?;
            if self.add {
                for statement in destination.add(&table, &members).await.map_err(told)? {
                    note("migration", json!({ "statement": statement }), format_args!("{statement}"));
                }
                continue;
            }
            for member in members {
                let kind = serde_json::to_string(&member.column.kind)?;
                let (name, kind, rows) = (&member.column.wire, kind.trim_matches('"'), member.rows);
                say!("{}: {name}, {kind}, in {rows} rows", table.name)?;
            }
        }
        Ok(())
    }
}

/// The same reads, into tables that have the columns that were added to them.
pub(super) async fn with_added(reads: Vec<Read>, destination: &dyn Destination) -> Result<Vec<Read>> {
    let added = destination.added().await.map_err(told)?;
    if added.is_empty() {
        return Ok(reads);
    }
    let of = |read: Read| {
        let columns = added.iter().filter(|(table, _)| *table == read.table.name);
        let columns = columns.map(|(_, column)| column.clone());
        Read { table: Arc::new(read.table.with(columns)), ..read }
    };
    Ok(reads.into_iter().map(of).collect())
}
