//! Columns of members that the contract does not know.

use super::Words;
use crate::{
    clock,
    destination::{
        Member,
        sql::{self, ADDED, PUT_META, kept, kept_as, kind_text, migration, quoted, text},
    },
    schema::{Column, ColumnKind, Table},
};
use rusqlite::{Connection, TransactionBehavior};

pub(super) fn added(connection: &Connection) -> rusqlite::Result<Vec<(String, Column)>> {
    let mut statement = connection.prepare(ADDED)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.iter().filter_map(|(name, value)| kept(name, value)).collect())
}

pub(super) fn extra(connection: &Connection, table: &Table) -> rusqlite::Result<Vec<Member>> {
    let mut statement = connection.prepare(&format!(
        "SELECT member.key, member.type, count(*) FROM {0}, json_each({0}._penstock_extra) AS member
         GROUP BY 1, 2 ORDER BY 1, 2",
        quoted(&table.name)
    ))?;
    let rows = statement.query_map([], |row| {
        let rows: i64 = row.get(2)?;
        Ok((row.get(0)?, row.get(1)?, u64::try_from(rows).unwrap_or_default()))
    })?;
    Ok(Member::of(table, rows.collect::<rusqlite::Result<Vec<_>>>()?))
}

pub(super) fn add(
    connection: &mut Connection,
    table: &Table,
    members: &[Member],
) -> rusqlite::Result<Vec<String>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut done, now) = (Vec::new(), clock::text_of_ms(clock::now_ms()));
    for member in members {
        let column = &member.column;
        for statement in sql::add::<Words>(table, member, moved) {
            transaction.execute_batch(&statement)?;
            transaction.execute(&migration::<Words>(), [&statement, &now])?;
            done.push(statement);
        }
        transaction.execute(PUT_META, [kept_as(table, column), kind_text(column.kind)])?;
    }
    transaction.commit()?;
    Ok(done)
}

/// The value of a column in the place of its member, and what is left.
fn moved(column: &Column) -> (String, String) {
    let path = text(&format!("$.\"{}\"", column.wire));
    let value = match column.kind {
        // With its quotes, if it is a text.
        ColumnKind::Json => format!("nullif(_penstock_extra -> {path}, 'null')"),
        _ => format!("_penstock_extra ->> {path}"),
    };
    (value, format!("nullif(json_remove(_penstock_extra, {path}), '{{}}')"))
}
