//! Tables and their columns, and what is kept beside them.

use super::{Words, errors::Failed};
use crate::{
    clock,
    destination::sql::{
        FORGET_STATE, KEEP_STATE, META, OURS, OWNERS, PUT_META, STATE, STATES, There, averages, counts,
        indexes, known, migration, missing, own,
    },
    schema::Table,
    state::{State, TableStatus},
};
use deadpool_postgres::{Client, GenericClient, Transaction};
use std::{collections::BTreeMap, sync::Arc};

/// The oldest version whose words are all known: `FOR SHARE`, `ON CONFLICT` and what the planner makes of
/// them are tested with it and newer ones.
const OLDEST: i32 = 120_000;

/// The object of this name in the schema that is written to.
const OBJECT: &str = "to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1))";

/// Whether it is a database that can have a copy.
pub(super) async fn inspect(client: &tokio_postgres::Client) -> Result<(), Failed> {
    let sql = "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                      current_setting('server_encoding'), current_schema()::text";
    let row = client.query_one(sql, &[]).await?;
    let (number, version): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    let (encoding, schema): (String, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
    unfit(number, &version, &encoding, schema.is_some()).map_or(Ok(()), |why| Err(Failed::Other(why)))
}

/// Why a copy cannot be in it.
fn unfit(number: i32, version: &str, encoding: &str, has_schema: bool) -> Option<String> {
    if number < OLDEST {
        Some(format!("it is PostgreSQL {version}, and a copy needs {} or newer", OLDEST / 10_000))
    } else if encoding != "UTF8" {
        Some(format!("its encoding is {encoding}, and a copy needs UTF8"))
    } else if !has_schema {
        Some("its search_path names no schema that is there".to_owned())
    } else {
        None
    }
}

async fn exists(client: &impl tokio_postgres::GenericClient, name: &str) -> Result<bool, Failed> {
    let row = client.query_one(&format!("SELECT {OBJECT} IS NOT NULL"), &[&name]).await?;
    Ok(row.try_get(0)?)
}

/// The version of the form that it has; 0 where no sync has been.
pub(super) async fn form(client: &tokio_postgres::Client) -> Result<i64, Failed> {
    if !exists(client, "_penstock_meta").await? {
        return Ok(0);
    }
    let row = client.query_opt(META, &[&"form"]).await?;
    let form: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(form.and_then(|form| form.parse().ok()).unwrap_or_default())
}

/// Makes the copy's own tables.
pub(super) async fn make_own(client: &mut tokio_postgres::Client) -> Result<(), Failed> {
    // Who may only write rows may still do so.
    if exists(client, "_penstock_misfits").await? {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(&own::<Words>().join("; ")).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whose records it has: `source` from now on if it has none yet.
pub(super) async fn source(client: &tokio_postgres::Client, source: &str) -> Result<String, Failed> {
    client.execute(PUT_META, &[&"source", &source]).await?;
    Ok(client.query_one(META, &[&"source"]).await?.try_get(0)?)
}

/// Makes what is missing. What was done.
pub(super) async fn prepare(
    transaction: &Transaction<'_>,
    tables: &[Arc<Table>],
) -> Result<Vec<String>, Failed> {
    let mut done = Vec::new();
    let now = clock::text_of_ms(clock::now_ms());
    for table in tables {
        let there = there(transaction, table).await?;
        if there.is_nothing() {
            transaction.execute(FORGET_STATE, &[&table.name]).await?;
        }
        let statements = missing::<Words>(table, &there)?;
        if !there.is_nothing() && !statements.is_empty() {
            begin_anew(transaction, &table.name).await?;
        }
        for statement in statements {
            transaction.batch_execute(&statement).await?;
            transaction.execute(&migration::<Words>(), &[&statement, &now]).await?;
            done.push(statement);
        }
        for index in indexes(table) {
            transaction.batch_execute(&index).await?;
        }
        if let Some((name, view)) = averages(table)
            && !exists(&**transaction, &name).await?
        {
            transaction.batch_execute(&view).await?;
        }
        let known = known::<Words>();
        transaction.execute(&known, &[&table.name, &table.provider, &table.source.name, &now]).await?;
    }
    Ok(done)
}

/// What is there by the name of a table.
async fn there(transaction: &Transaction<'_>, table: &Table) -> Result<There, Failed> {
    if !exists(&**transaction, &table.name).await? {
        return Ok(There::Nothing);
    }
    if transaction.query_opt(OURS, &[&table.name]).await?.is_none() {
        return Ok(There::Foreign);
    }
    let sql = format!(
        "SELECT attname::text, upper(format_type(atttypid, atttypmod)) FROM pg_attribute
         WHERE attrelid = {OBJECT} AND attnum > 0 AND NOT attisdropped"
    );
    let mut columns = BTreeMap::new();
    for row in transaction.query(&sql, &[&table.name]).await? {
        columns.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(There::Ours(columns))
}

/// How far the read of a table is.
pub(super) async fn state(
    client: &impl GenericClient,
    table: &str,
    owner: &str,
) -> Result<Option<State>, Failed> {
    let statement = client.prepare_cached(STATE).await?;
    let row = client.query_opt(&statement, &[&table, &owner]).await?;
    let state: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
    // One that cannot be read is none: the read begins anew, and finds its rows.
    Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
}

/// Keeps how far the read of a table is.
pub(super) async fn keep(
    transaction: &Transaction<'_>,
    table: &str,
    owner: &str,
    state: &State,
) -> Result<(), Failed> {
    let state = serde_json::to_string(state).unwrap_or_default();
    let statement = transaction.prepare_cached(KEEP_STATE).await?;
    transaction.execute(&statement, &[&table, &owner, &state]).await?;
    Ok(())
}

/// The next read of a table reads everything: rows that are there have nothing in a column that is new.
async fn begin_anew(transaction: &Transaction<'_>, table: &str) -> Result<(), Failed> {
    for row in transaction.query(OWNERS, &[&table]).await? {
        let owner: String = row.try_get(0)?;
        if let Some(found) = state(transaction, table, &owner).await? {
            keep(transaction, table, &owner, &found.from_the_beginning()).await?;
        }
    }
    Ok(())
}

/// What is known of every table.
pub(super) async fn status(client: &Client) -> Result<Vec<TableStatus>, Failed> {
    let mut all = Vec::new();
    for row in client.query(STATES, &[]).await? {
        let (table, owner): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let state: Option<String> = row.try_get(2)?;
        let row = client.query_one(&counts(&table), &[]).await?;
        let state = state.and_then(|state| serde_json::from_str(&state).ok()).unwrap_or_default();
        let (rows, deleted, misfits) = (count(&row, 0)?, count(&row, 1)?, count(&row, 2)?);
        all.push(TableStatus { table, owner, rows, deleted, misfits, state });
    }
    Ok(all)
}

/// A count, which the database has as a number with a sign.
pub(super) fn count(row: &tokio_postgres::Row, at: usize) -> Result<u64, Failed> {
    Ok(u64::try_from(row.try_get::<_, i64>(at)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::unfit;

    #[test]
    fn what_cannot_have_a_copy_says_why() {
        assert_eq!(unfit(150_018, "15.18", "UTF8", true), None);
        for (number, version, encoding, has_schema, told) in [
            (110_022, "11.22", "UTF8", true, "it is PostgreSQL 11.22, and a copy needs 12 or newer"),
            (150_018, "15.18", "LATIN1", true, "its encoding is LATIN1"),
            (150_018, "15.18", "UTF8", false, "search_path"),
        ] {
            let why = unfit(number, version, encoding, has_schema).unwrap();
            assert!(why.contains(told), "{why}");
        }
    }
}
