//! Tables and their columns, and what is kept beside them.

use super::{Words, errors::Failed, one};
use crate::{
    clock,
    destination::sql::{
        FORGET_STATE, KEEP_STATE, META, OURS, OWNERS, PUT_META, STATE, STATES, There, averages, counts,
        indexes, known, migration, missing,
    },
    schema::Table,
    state::{State, TableStatus},
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::{collections::BTreeMap, sync::Arc};

/// The version of the form that the file has; 0 where no sync has been.
pub(super) fn form(connection: &Connection) -> rusqlite::Result<i64> {
    if !exists(connection, "_penstock_meta")? {
        return Ok(0);
    }
    let form: Option<String> = one(connection, META, "form")?;
    Ok(form.and_then(|form| form.parse().ok()).unwrap_or_default())
}

/// Whose records the file has: `source` from now on if it has none yet.
pub(super) fn source(connection: &Connection, source: &str) -> rusqlite::Result<String> {
    connection.execute(PUT_META, ["source", source])?;
    let found = one(connection, META, "source")?;
    Ok(found.unwrap_or_default())
}

fn exists(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE";
    Ok(one::<i64>(connection, sql, table)?.is_some())
}

/// Makes what is missing, all or nothing. What was done, or with `dry_run` would be.
pub(super) fn prepare(
    connection: &mut Connection,
    tables: &[Arc<Table>],
    dry_run: bool,
) -> Result<Vec<String>, Failed> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut done = Vec::new();
    let now = clock::text_of_ms(clock::now_ms());
    for table in tables {
        let there = there(&transaction, table)?;
        if there.is_nothing() {
            transaction.execute(FORGET_STATE, [&table.name])?;
        }
        let statements = missing::<Words>(table, &there)?;
        if !there.is_nothing() && !statements.is_empty() {
            begin_anew(&transaction, &table.name)?;
        }
        for statement in statements {
            transaction.execute_batch(&statement)?;
            transaction.execute(&migration::<Words>(), [&statement, &now])?;
            done.push(statement);
        }
        for index in indexes(table) {
            transaction.execute_batch(&index)?;
        }
        if let Some((name, view)) = averages(table)
            && !exists(&transaction, &name)?
        {
            transaction.execute_batch(&view)?;
        }
        transaction
            .execute(&known::<Words>(), [table.name.as_str(), table.provider, table.source.name, &now])?;
    }
    if !dry_run {
        transaction.commit()?;
    }
    Ok(done)
}

/// What is there by the name of a table.
fn there(connection: &Connection, table: &Table) -> rusqlite::Result<There> {
    if !exists(connection, &table.name)? {
        return Ok(There::Nothing);
    }
    Ok(match one::<String>(connection, OURS, &table.name)? {
        None => There::Foreign,
        Some(_) => There::Ours(columns_of(connection, &table.name)?),
    })
}

/// The columns of a table and their types.
fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare("SELECT lower(name), upper(type) FROM pragma_table_info(?)")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// How far the read of a table is.
pub(super) fn state(connection: &Connection, table: &str, owner: &str) -> rusqlite::Result<Option<State>> {
    let mut statement = connection.prepare_cached(STATE)?;
    let state: Option<String> = statement.query_row([table, owner], |row| row.get(0)).optional()?;
    // One that cannot be read is none: the read begins anew, and finds its rows.
    Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
}

/// Keeps how far the read of a table is.
pub(super) fn keep(connection: &Connection, table: &str, owner: &str, state: &State) -> rusqlite::Result<()> {
    let state = serde_json::to_string(state).unwrap_or_default();
    let mut statement = connection.prepare_cached(KEEP_STATE)?;
    statement.execute(params![table, owner, state]).map(drop)
}

/// The next read of a table reads everything: rows that are there have nothing in a column that is new.
fn begin_anew(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(OWNERS)?;
    let owners =
        statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    for owner in owners {
        if let Some(found) = state(connection, table, &owner)? {
            keep(connection, table, &owner, &found.from_the_beginning())?;
        }
    }
    Ok(())
}

/// What is known of every table.
pub(super) fn status(connection: &Connection) -> rusqlite::Result<Vec<TableStatus>> {
    let mut names = connection.prepare(STATES)?;
    let found = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, Option<String>)> = found.collect::<rusqlite::Result<_>>()?;
    let mut all = Vec::new();
    for (table, owner, state) in found {
        let (rows, deleted, misfits) = connection
            .query_row(&counts(&table), [], |row| Ok((count(row, 0)?, count(row, 1)?, count(row, 2)?)))?;
        let state = state.and_then(|state| serde_json::from_str(&state).ok()).unwrap_or_default();
        all.push(TableStatus { table, owner, rows, deleted, misfits, state });
    }
    Ok(all)
}

/// A count, which SQLite has as a number with a sign.
pub(super) fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default())
}
