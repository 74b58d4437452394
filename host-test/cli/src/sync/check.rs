//! `penstock sync check`: a copy against the vendor.

use super::{place, told};
use crate::{report::Unfit, target::Target, told::say};
use anyhow::{Result, bail};
use clap::Args;
use penstock_host::Plugin;
use penstock_sync::{
    check,
    destination::{Destination, Opening, Place},
    plan,
    schema::Table,
};
use std::{collections::BTreeSet, sync::Arc};

/// How many differences of a table are told.
const MOST_TOLD: usize = 5;

#[derive(Args)]
pub(crate) struct Check {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// The copy, as `sync --to` names it.
    #[arg(long = "of", visible_alias = "to", value_name = "DESTINATION")]
    copy: Place,
    /// Only these tables or operations; all that the copy has unless set.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    select: Vec<String>,
    /// How many records of each table are compared.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    sample: u32,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

impl Check {
    pub(super) async fn run(self) -> Result<()> {
        let opening = Opening { look: true, ..Opening::default() };
        let destination = place::open(&self.copy, opening, self.target.env_file()).await?;
        let known = destination.status().await.map_err(told)?;
        let known: BTreeSet<String> = known.into_iter().map(|status| status.table).collect();
        let tables = plan::tables(&self.provider_name, &[], &self.select).map_err(told)?;
        let (tables, others): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|table| known.contains(&table.name));
        if !self.select.is_empty()
            && let Some(other) = others.first()
        {
            return Err(Unfit(format!("the copy has no table {}", other.name)).into());
        }
        if tables.is_empty() {
            return Err(Unfit(format!("the copy has no table of {}", self.provider_name)).into());
        }
        let plugin = self.target.plugin().await?;
        tell(&plugin, destination.as_ref(), &tables, self.target.account(), self.sample, self.json).await
    }
}

/// Checks tables, and prints a line for each.
///
/// # Errors
/// They differ, or could not be compared.
pub(super) async fn tell(
    plugin: &Plugin,
    destination: &dyn Destination,
    tables: &[Arc<Table>],
    account: Option<String>,
    sample: u32,
    json: bool,
) -> Result<()> {
    let check = check::Check { plugin, destination, account, sample };
    let mut wrong = 0;
    for table in tables {
        let checked = check.table(table).await.map_err(told)?;
        wrong += usize::from(!checked.is_right());
        if json {
            say!("{}", serde_json::to_string(&checked)?)?;
            continue;
        }
        let verdict = if checked.is_right() { "ok" } else { "DIFFERS" };
        let check::Checked { table, counted, rows, vendor, sampled, behind, differ } = &checked;
        say!("{verdict:8}{table}: {rows} of {vendor} {counted}, {sampled} compared, {behind} changed since")?;
        for difference in differ.iter().take(MOST_TOLD) {
            say!("          {difference}")?;
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} tables differ from the vendor's", tables.len());
    }
    Ok(())
}
