//! Rows, in and out.

use super::{Words, tables};
use crate::{
    batch::Batch,
    clock,
    destination::sql::{columns, misfit, names, on_conflict, quoted, sampled},
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
        let columns = columns::<Words>(table);
        let values = vec!["?"; columns.len()].join(", ");
        let (name, key) = (quoted(&table.name), quoted(table.key_name()));
        Statements {
            upsert: format!(
                "INSERT INTO {name} ({}) VALUES ({values}) {}",
                names(&columns),
                on_conflict::<Words>(table, trusted)
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
        let mut misfit = transaction.prepare_cached(&misfit::<Words>())?;
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

/// Ends a read; `reconcile` is the statement for what it has not seen, and whether it asks for the owner.
pub(super) fn finish(
    connection: &mut Connection,
    table: &str,
    owner: &str,
    state: &State,
    reconcile: Option<(String, bool)>,
) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now = clock::text_of_ms(clock::now_ms());
    let gone = match reconcile {
        None => 0,
        Some((sql, true)) => transaction.execute(&sql, params![now, state.generation, owner])?,
        Some((sql, false)) => transaction.execute(&sql, params![now, state.generation])?,
    };
    tables::keep(&transaction, table, owner, state)?;
    transaction.commit()?;
    Ok(gone as u64)
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
    rows.filter_map(|row| row.map(sampled).transpose()).collect()
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
