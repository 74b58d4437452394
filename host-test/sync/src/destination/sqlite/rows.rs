//! Rows, in and out.

use super::{Words, tables};
use crate::{
    batch::Batch,
    clock,
    destination::sql::{OWN, is_no_older, quoted, set_all},
    record::{Key, Row, Value},
    schema::{ColumnKind, Table},
    state::{State, Written},
};
use rusqlite::{
    CachedStatement, Connection, ToSql, TransactionBehavior, params,
    types::{ToSqlOutput, ValueRef},
};

/// What is said to write rows of one table.
pub(super) struct Statements {
    table: String,
    upsert: String,
    seen: String,
}

impl Statements {
    pub(super) fn of(table: &Table, trusted: bool) -> Statements {
        let own = OWN.iter().map(|name| (*name).to_owned());
        let names: Vec<_> = table.columns.iter().map(|column| column.name.clone()).chain(own).collect();
        let columns: Vec<_> = names.iter().map(|name| quoted(name)).collect();
        let values = vec!["?"; names.len()].join(", ");
        let (name, key) = (quoted(&table.name), quoted(table.key_name()));
        let guard = if trusted { String::new() } else { format!(" WHERE {}", is_no_older(table)) };
        Statements {
            upsert: format!(
                "INSERT INTO {name} ({}) VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {}{guard}",
                columns.join(", "),
                set_all::<Words>(table)
            ),
            seen: format!("UPDATE {name} SET _penstock_generation = ? WHERE {key} = ?"),
            table: table.name.clone(),
        }
    }
}

/// Writes a batch and the state behind it in one transaction.
pub(super) fn write(
    connection: &mut Connection,
    statements: &Statements,
    owner: &str,
    batch: &Batch,
    state: &State,
) -> rusqlite::Result<Written> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut written = Written { misfits: batch.unkeyed.len() as u64, ..Written::default() };
    let now = clock::text_of_ms(clock::now_ms());
    {
        let mut upsert = transaction.prepare_cached(&statements.upsert)?;
        let mut seen = transaction.prepare_cached(&statements.seen)?;
        for row in batch.rows() {
            bind(&mut upsert, row, state.generation, &now)?;
            if upsert.raw_execute()? == 0 {
                seen.execute(params![state.generation, row.key])?;
                written.older += 1;
            } else {
                written.rows += 1;
            }
            written.misfits += u64::from(row.misfit.is_some());
        }
        let mut misfit =
            transaction.prepare_cached("INSERT OR REPLACE INTO _penstock_misfits VALUES (?, ?, ?, ?)")?;
        for unkeyed in &batch.unkeyed {
            misfit.execute(params![statements.table, unkeyed.hash, unkeyed.record, now])?;
        }
    }
    tables::keep(&transaction, &statements.table, owner, state)?;
    transaction.commit()?;
    Ok(written)
}

fn bind(upsert: &mut CachedStatement<'_>, row: &Row, generation: i64, now: &str) -> rusqlite::Result<()> {
    let mut at = 0;
    let mut next = |value: &dyn ToSql| {
        at += 1;
        upsert.raw_bind_parameter(at, value)
    };
    for value in &row.values {
        next(value)?;
    }
    next(&row.hash)?;
    next(&row.version)?;
    next(&generation)?;
    // Made and seen: what is there keeps when it was made.
    next(&now)?;
    next(&now)?;
    next(&row.deleted)?;
    next(&row.inactive)?;
    next(&row.extra)?;
    next(&row.misfit)
}

/// Ends a read.
pub(super) fn finish(
    connection: &mut Connection,
    table: &str,
    owned: Option<&str>,
    owner: &str,
    state: &State,
    reconcile: bool,
) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut gone = 0;
    if reconcile {
        let of_owner =
            owned.map_or_else(|| "?3 = ?3".to_owned(), |column| format!("{} = ?3", quoted(column)));
        let sql = format!(
            "UPDATE {} SET _penstock_deleted = 1, _penstock_seen = ?2
             WHERE _penstock_generation < ?1 AND NOT _penstock_deleted AND {of_owner}",
            quoted(table)
        );
        let now = clock::text_of_ms(clock::now_ms());
        gone = transaction.execute(&sql, params![state.generation, now, owner])?;
    }
    tables::keep(&transaction, table, owner, state)?;
    transaction.commit()?;
    Ok(gone as u64)
}

/// What is said to look at some rows, and the kinds of what comes: the key first.
pub(super) fn sampling(table: &Table) -> (String, Vec<ColumnKind>) {
    let columns: Vec<_> = std::iter::once(table.key_name())
        .chain(table.columns.iter().map(|column| column.name.as_str()))
        .map(quoted)
        .collect();
    let kinds =
        std::iter::once(table.key_kind()).chain(table.columns.iter().map(|column| column.kind)).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE NOT _penstock_deleted AND _penstock_misfit IS NULL ORDER BY random() LIMIT ?",
        columns.join(", "),
        quoted(&table.name)
    );
    (sql, kinds)
}

/// Some rows.
pub(super) fn sample(
    connection: &Connection,
    select: &str,
    kinds: &[ColumnKind],
    most: u32,
) -> rusqlite::Result<Vec<(Key, Vec<Value>)>> {
    let mut statement = connection.prepare(select)?;
    let rows = statement.query_map([most], |row| {
        let mut values = Vec::with_capacity(kinds.len());
        for (at, kind) in kinds.iter().enumerate() {
            values.push(value(row.get_ref(at)?, *kind));
        }
        Ok(values)
    })?;
    let keyed = rows.filter_map(|row| match row {
        Ok(mut values) if !values.is_empty() => match values.remove(0) {
            Value::Integer(id) => Some(Ok((Key::Integer(id), values))),
            Value::Text(id) => Some(Ok((Key::Text(id), values))),
            _ => None,
        },
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    keyed.collect()
}

fn value(found: ValueRef<'_>, kind: ColumnKind) -> Value {
    match found {
        ValueRef::Integer(number) if kind == ColumnKind::Boolean => Value::Boolean(number != 0),
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Null => Ok(ToSqlOutput::Borrowed(ValueRef::Null)),
            Value::Boolean(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*value)))),
            Value::Integer(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Integer(*value))),
            Value::Real(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Real(*value))),
            Value::Text(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes()))),
        }
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Key::Integer(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Integer(*value))),
            Key::Text(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes()))),
        }
    }
}
