//! Tables and their columns, and what is kept beside them.

use super::{Words, errors::Failed, one};
use crate::{
    clock,
    destination::sql::{FORM, add_column, averages, columns, create, indexes, quoted},
    schema::Table,
    state::{State, TableStatus},
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::{collections::BTreeMap, sync::Arc};

/// The copy's own tables.
pub(super) fn own() -> String {
    format!(
        "BEGIN IMMEDIATE;
         CREATE TABLE IF NOT EXISTS _penstock_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
         INSERT OR IGNORE INTO _penstock_meta VALUES ('form', '{FORM}');
         CREATE TABLE IF NOT EXISTS _penstock_tables
             (name TEXT PRIMARY KEY, vendor TEXT NOT NULL, operation TEXT NOT NULL, made TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS _penstock_state
             (name TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (name, owner)) STRICT;
         CREATE TABLE IF NOT EXISTS _penstock_migrations (at TEXT NOT NULL, statement TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS _penstock_misfits
             (name TEXT NOT NULL, hash TEXT NOT NULL, record TEXT NOT NULL, seen TEXT NOT NULL,
              PRIMARY KEY (name, hash)) STRICT;
         COMMIT"
    )
}

/// The version of the form that the file has; 0 where no sync has been.
pub(super) fn form(connection: &Connection) -> rusqlite::Result<i64> {
    if !exists(connection, "_penstock_meta")? {
        return Ok(0);
    }
    let form: Option<String> = one(connection, "SELECT value FROM _penstock_meta WHERE name = ?", "form")?;
    Ok(form.and_then(|form| form.parse().ok()).unwrap_or_default())
}

/// Whose records the file has: `source` from now on if it has none yet.
pub(super) fn source(connection: &Connection, source: &str) -> rusqlite::Result<String> {
    connection.execute("INSERT OR IGNORE INTO _penstock_meta VALUES ('source', ?)", [source])?;
    let found = one(connection, "SELECT value FROM _penstock_meta WHERE name = ?", "source")?;
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
    for table in tables {
        let statements = missing(&transaction, table)?;
        for statement in statements {
            transaction.execute_batch(&statement)?;
            let at = clock::text_of_ms(clock::now_ms());
            transaction.execute("INSERT INTO _penstock_migrations VALUES (?, ?)", [&at, &statement])?;
            done.push(statement);
        }
        for made in indexes(table).into_iter().chain(averages(table)) {
            transaction.execute_batch(&made)?;
        }
        let at = clock::text_of_ms(clock::now_ms());
        transaction.execute(
            "INSERT OR IGNORE INTO _penstock_tables VALUES (?, ?, ?, ?)",
            [&table.name, table.provider, table.source.name, &at],
        )?;
    }
    if !dry_run {
        transaction.commit()?;
    }
    Ok(done)
}

/// The statements that make a table what the contract wants.
fn missing(connection: &Connection, table: &Table) -> Result<Vec<String>, Failed> {
    if !exists(connection, &table.name)? {
        return Ok(vec![create::<Words>(table)]);
    }
    let ours: Option<i64> = one(connection, "SELECT 1 FROM _penstock_tables WHERE name = ?", &table.name)?;
    if ours.is_none() {
        return Err(Failed::Table { table: table.name.clone(), column: None });
    }
    let there = columns_of(connection, &table.name)?;
    let mut statements = Vec::new();
    for (name, ty) in columns::<Words>(table) {
        let wanted = ty.split(' ').next().unwrap_or_default();
        match there.get(&name.to_lowercase()) {
            None => statements.push(add_column(&table.name, &name, &ty)),
            Some(found) if found == wanted => {}
            Some(found) => {
                let column = (name, found.clone(), wanted.to_owned());
                return Err(Failed::Table { table: table.name.clone(), column: Some(column) });
            }
        }
    }
    Ok(statements)
}

/// The columns of a table and their types.
fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare("SELECT lower(name), upper(type) FROM pragma_table_info(?)")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// How far the read of a table is.
pub(super) fn state(connection: &Connection, table: &str, owner: &str) -> rusqlite::Result<Option<State>> {
    let mut statement =
        connection.prepare_cached("SELECT state FROM _penstock_state WHERE name = ? AND owner = ?")?;
    let state: Option<String> = statement.query_row([table, owner], |row| row.get(0)).optional()?;
    // One that cannot be read is none: the read begins anew, and finds its rows.
    Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
}

/// Keeps how far the read of a table is.
pub(super) fn keep(connection: &Connection, table: &str, owner: &str, state: &State) -> rusqlite::Result<()> {
    let state = serde_json::to_string(state).unwrap_or_default();
    let mut statement = connection.prepare_cached(
        "INSERT INTO _penstock_state VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
    )?;
    statement.execute(params![table, owner, state]).map(drop)
}

/// What is known of every table.
pub(super) fn status(connection: &Connection) -> rusqlite::Result<Vec<TableStatus>> {
    let mut names = connection.prepare(
        "SELECT t.name, coalesce(s.owner, ''), s.state FROM _penstock_tables t
         LEFT JOIN _penstock_state s ON s.name = t.name ORDER BY 1, 2",
    )?;
    let found = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, Option<String>)> = found.collect::<rusqlite::Result<_>>()?;
    let mut all = Vec::new();
    for (table, owner, state) in found {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE NOT _penstock_deleted), count(*) FILTER (WHERE _penstock_deleted),
                    count(*) FILTER (WHERE _penstock_misfit IS NOT NULL) FROM {}",
            quoted(&table)
        );
        let (rows, deleted, misfits) =
            connection.query_row(&sql, [], |row| Ok((count(row, 0)?, count(row, 1)?, count(row, 2)?)))?;
        let state = state.and_then(|state| serde_json::from_str(&state).ok()).unwrap_or_default();
        all.push(TableStatus { table, owner, rows, deleted, misfits, state });
    }
    Ok(all)
}

/// A count, which SQLite has as a number with a sign.
pub(super) fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default())
}
