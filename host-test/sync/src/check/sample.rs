//! Whether some records are what the vendor says they are.

use super::{Check, Checked, count::parameters};
use crate::{
    Error,
    record::{self, Key, Row, Value},
    schema::{Table, record_of},
};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// How many records are asked for at once: lists take as many ids.
const AT_ONCE: usize = 50;

/// The page of an answer.
#[derive(serde::Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

impl Check<'_> {
    pub(super) async fn compare(&self, table: &Table, checked: &mut Checked) -> Result<(), Error> {
        let list = table.list.unwrap_or(table.source);
        let takes_ids = list.query.is_some_and(|query| query.field("ids", 0).is_some());
        if !takes_ids || table.key.is_none() || self.sample == 0 {
            return Ok(());
        }
        let rows = self.destination.sample(table, self.sample).await?;
        for some in rows.chunks(AT_ONCE) {
            let theirs = self.by_ids(table, some).await?;
            for (key, own) in some {
                checked.sampled += 1;
                compare(table, key, own, theirs.get(key), checked);
            }
        }
        Ok(())
    }

    async fn by_ids(&self, table: &Table, rows: &[(Key, Vec<Value>)]) -> Result<HashMap<Key, Row>, Error> {
        let list = table.list.unwrap_or(table.source);
        let ids = rows.iter().map(|(key, _)| match key {
            Key::Integer(id) => id.to_string(),
            Key::Text(id) => id.clone(),
        });
        let ids = ids.collect::<Vec<_>>().join(",");
        let mut asked: Vec<(&str, String)> =
            parameters(list, false).into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        asked.extend([("ids", ids), ("pageSize", AT_ONCE.to_string())]);
        let answer = self.plugin.invoke(table.provider, list.name, asked, None, Some(self.options())).await?;
        let body = answer.body.unwrap_or_default();
        let Ok(records) = records(&body) else { return Ok(HashMap::new()) };
        let rows = records.into_iter().filter_map(|json| record::row(table, json, "").ok());
        Ok(rows.map(|row| (row.key.clone(), row)).collect())
    }
}

/// The records of a page, which is an envelope or a plain list.
fn records(body: &str) -> Result<Vec<&str>, serde_json::Error> {
    let raw: Vec<&RawValue> = match serde_json::from_str::<Page<'_>>(body) {
        Ok(page) => page.data,
        Err(_) => serde_json::from_str(body)?,
    };
    Ok(raw.into_iter().map(RawValue::get).collect())
}

fn compare(table: &Table, key: &Key, own: &[Value], theirs: Option<&Row>, checked: &mut Checked) {
    let id = match key {
        Key::Integer(id) => id.to_string(),
        Key::Text(id) => id.clone(),
    };
    let Some(theirs) = theirs else {
        checked.differ.push(format!("{id}: the vendor has no such record"));
        return;
    };
    let list = record_of(table.list.unwrap_or(table.source));
    let modified = |values: &[Value]| table.modified.and_then(|at| values.get(at)).cloned();
    if table.modified.is_some() && modified(own) != modified(&theirs.values) {
        checked.behind += 1;
        return;
    }
    // A feed and a list do not tell the same members.
    let common = table
        .columns
        .iter()
        .zip(own.iter().zip(&theirs.values))
        .filter(|(column, _)| list.is_some_and(|list| list.field(column.wire, 0).is_some()));
    for (column, (own, theirs)) in common {
        if own != theirs {
            checked.differ.push(format!("{id}: {} is {own:?}, and {theirs:?} at the vendor", column.name));
        }
    }
}
