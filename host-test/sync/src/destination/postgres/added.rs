//! Columns of members that the contract does not know.

use super::{Words, errors::Failed, session::Held, tables::count};
use crate::{
    clock,
    destination::{
        Member,
        sql::{self, ADDED, PUT_META, kept, kept_as, kind_text, migration, quoted, text},
    },
    schema::{Column, ColumnKind, Table},
};
use deadpool_postgres::Client;
use futures_util::{FutureExt, future::BoxFuture};

pub(super) async fn added(client: &Client) -> Result<Vec<(String, Column)>, Failed> {
    let mut all = Vec::new();
    for row in client.query(ADDED, &[]).await? {
        all.extend(kept(row.try_get(0)?, row.try_get(1)?));
    }
    Ok(all)
}

pub(super) async fn extra(client: &Client, table: &Table) -> Result<Vec<Member>, Failed> {
    // What a BIGINT holds whatever it is has 18 digits at most.
    let sql = format!(
        "SELECT member.key,
                CASE WHEN jsonb_typeof(member.value) <> 'number' THEN jsonb_typeof(member.value)
                     WHEN member.value::text ~ '^-?[0-9]{{1,18}}$' THEN 'integer' ELSE 'real' END,
                count(*)
         FROM {0}, jsonb_each({0}._penstock_extra) AS member GROUP BY 1, 2 ORDER BY 1, 2",
        quoted(&table.name)
    );
    let mut found = Vec::new();
    for row in client.query(&sql, &[]).await? {
        found.push((row.try_get(0)?, row.try_get(1)?, count(&row, 2)?));
    }
    Ok(Member::of(table, found))
}

/// What is added, and by whom.
type Adding<'a> = (Option<&'a Held>, &'a Table, &'a [Member]);

pub(super) fn add<'c>(
    (held, table, members): &'c Adding<'_>,
    client: &'c mut Client,
) -> BoxFuture<'c, Result<Vec<String>, Failed>> {
    async move {
        let transaction = client.transaction().await?;
        if let Some(held) = held {
            held.check(&transaction).await?;
        }
        let (mut done, now) = (Vec::new(), clock::text_of_ms(clock::now_ms()));
        for member in *members {
            let column = &member.column;
            for statement in sql::add::<Words>(table, member, moved) {
                transaction.batch_execute(&statement).await?;
                transaction.execute(&migration::<Words>(), &[&statement, &now]).await?;
                done.push(statement);
            }
            transaction.execute(PUT_META, &[&kept_as(table, column), &kind_text(column.kind)]).await?;
        }
        transaction.commit().await?;
        Ok(done)
    }
    .boxed()
}

/// The value of a column in the place of its member, and what is left.
fn moved(column: &Column) -> (String, String) {
    let name = text(&column.wire);
    let value = match column.kind {
        ColumnKind::Json => format!("nullif(_penstock_extra -> {name}, 'null'::jsonb)"),
        ColumnKind::Integer => format!("(_penstock_extra ->> {name})::bigint"),
        ColumnKind::Real => format!("(_penstock_extra ->> {name})::double precision"),
        ColumnKind::Boolean => format!("(_penstock_extra ->> {name})::boolean"),
        _ => format!("_penstock_extra ->> {name}"),
    };
    (value, format!("nullif(_penstock_extra - {name}, '{{}}'::jsonb)"))
}
