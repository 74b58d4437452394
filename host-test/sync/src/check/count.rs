//! How many there are.

use super::{Check, Checked};
use crate::{Error, record, schema::Table};
use futures_util::TryStreamExt;
use penstock::contract::catalogue::{Operation, Paging};
use std::collections::HashSet;

impl Check<'_> {
    pub(super) async fn count(&self, table: &Table, checked: &mut Checked) -> Result<(), Error> {
        let list = table.list.unwrap_or(table.source);
        let takes_active = list.query.is_some_and(|query| query.field("active", 0).is_some());
        let is_feed = table.source.paging == Paging::Export;
        let active = is_feed
            && table.list.is_some()
            && table.active.is_some()
            && !table.inactive_is_deleted
            && takes_active;
        checked.counted = if active { "records in use" } else { "records" };
        checked.rows = self.destination.count(table, active).await?;
        checked.vendor = match self.total(table.provider, list, active).await? {
            Some(total) => total,
            None => self.one_by_one(table, list, active).await?,
        };
        Ok(())
    }

    /// The vendor's own count, if it has one.
    async fn total(&self, provider: &str, list: &Operation, active: bool) -> Result<Option<u64>, Error> {
        // A feed has no pages to count.
        if !list.counted || list.paging == Paging::Export {
            return Ok(None);
        }
        let mut parameters = parameters(list, active);
        parameters.extend([("pageSize", "1"), ("includeTotal", "true")]);
        let answer = self.plugin.invoke(provider, list.name, parameters, None, Some(self.options())).await?;
        Ok(answer.page.and_then(|page| page.total_count))
    }

    async fn one_by_one(&self, table: &Table, list: &Operation, active: bool) -> Result<u64, Error> {
        let options = Some(self.options());
        let mut records =
            self.plugin.list(table.provider, list.name, parameters(list, active), options).await?;
        let mut seen = HashSet::new();
        while let Some(json) = records.try_next().await? {
            match record::row(table, &json, "", self.destination.limits()) {
                Ok(row) if row.deleted => seen.remove(&row.key),
                Ok(row) => seen.insert(row.key),
                Err(_) => false,
            };
        }
        Ok(seen.len() as u64)
    }
}

/// What a list is asked with so that it leaves nothing out, or what is not in use alone.
pub(super) fn parameters(list: &Operation, active: bool) -> Vec<(&'static str, &'static str)> {
    let fields = list.query.map_or(&[][..], |query| query.fields);
    let defaults = fields.iter().filter_map(|field| {
        let value = if active && field.wire == "active" { Some("True") } else { field.list_default };
        Some((field.wire, value?))
    });
    defaults.collect()
}
