//! Whether some records are what the vendor says they are.

use super::{Check, Checked, count::parameters};
use crate::{
    Error,
    record::{self, Key, Limits, Row, Value},
    schema::{ColumnKind, Table, record_of},
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
                compare(table, key, own, theirs.get(key), self.destination.limits(), checked);
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
        let limits = self.destination.limits();
        let rows = records.into_iter().filter_map(|json| record::row(table, json, "", limits).ok());
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

fn compare(
    table: &Table,
    key: &Key,
    own: &[Value],
    theirs: Option<&Row>,
    limits: Limits,
    checked: &mut Checked,
) {
    let id = match key {
        Key::Integer(id) => id.to_string(),
        Key::Text(id) => id.clone(),
    };
    let Some(theirs) = theirs else {
        checked.differ.push(format!("{id}: the vendor has no such record"));
        return;
    };
    let list = record_of(table.list.unwrap_or(table.source));
    let modified = table.modified.and_then(|at| own.get(at).zip(theirs.values.get(at)));
    if modified.is_some_and(|(own, theirs)| !is_same(ColumnKind::Instant, own, theirs, limits)) {
        checked.behind += 1;
        return;
    }
    // A feed and a list do not tell the same members.
    let common = table
        .columns
        .iter()
        .zip(own.iter().zip(&theirs.values))
        .filter(|(column, _)| list.is_some_and(|list| list.field(&column.wire, 0).is_some()));
    for (column, (own, theirs)) in common {
        if !is_same(column.kind, own, theirs, limits) {
            checked.differ.push(format!("{id}: {} is {own:?}, and {theirs:?} at the vendor", column.name));
        }
    }
}

/// Whether two values are the same to a destination, which may write them in its own way.
fn is_same(kind: ColumnKind, own: &Value, theirs: &Value, limits: Limits) -> bool {
    let (Value::Text(own), Value::Text(theirs)) = (own, theirs) else { return own == theirs };
    match kind {
        ColumnKind::Instant => {
            let kept = |text: &str| text.get(..BEFORE_FRACTION + limits.fraction).map(str::to_owned);
            kept(own) == kept(theirs)
        }
        ColumnKind::Decimal => digits(own) == digits(theirs),
        ColumnKind::Json => {
            let parsed = |text| serde_json::from_str::<serde_json::Value>(text).ok();
            own == theirs
                || matches!((parsed(own), parsed(theirs)), (Some(a), Some(b)) if is_same_json(&a, &b))
        }
        _ => own == theirs,
    }
}

/// The length of `2026-11-30T05:00:00.`
const BEFORE_FRACTION: usize = 20;

/// A decimal without zeros in front of its first digit, and without the sign of zero.
fn digits(text: &str) -> String {
    let (is_negative, plain) = text.strip_prefix('-').map_or((false, text), |plain| (true, plain));
    let plain = plain.trim_start_matches('0');
    let plain =
        if plain.is_empty() || plain.starts_with('.') { format!("0{plain}") } else { plain.to_owned() };
    let is_zero = plain.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_negative && !is_zero { format!("-{plain}") } else { plain }
}

/// Whether two values of JSON are the same, numbers by their value.
fn is_same_json(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_json(a, b)),
        (Object(a), Object(b)) => {
            let is_in =
                |(name, a): (&String, &serde_json::Value)| b.get(name).is_some_and(|b| is_same_json(a, b));
            a.len() == b.len() && a.iter().all(is_in)
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_may_write_values_in_its_own_way() {
        let limits = Limits { fraction: 6, ..Limits::NONE };
        for (kind, own, theirs, expected) in [
            (ColumnKind::Decimal, "7.50", "007.50", true),
            (ColumnKind::Decimal, "0.00", "-0.00", true),
            (ColumnKind::Decimal, "7.5", "-7.5", false),
            (ColumnKind::Json, r#"{"a": 100, "b": [1]}"#, r#"{"b":[1.0],"a":1e2}"#, true),
            (ColumnKind::Json, r#"{"a": 100}"#, r#"{"a":101}"#, false),
            (ColumnKind::Instant, "2026-11-30T05:00:00.123456000Z", "2026-11-30T05:00:00.123456700Z", true),
            (ColumnKind::Instant, "2026-11-30T05:00:00.123456000Z", "2026-11-30T05:00:00.123457000Z", false),
            (ColumnKind::Text, "7.50", "007.50", false),
        ] {
            let (own, theirs) = (Value::Text(own.to_owned()), Value::Text(theirs.to_owned()));
            assert_eq!(is_same(kind, &own, &theirs, limits), expected, "{own:?} {theirs:?}");
        }
    }
}
