//! Rows, in.

use super::{Words, errors::Failed, session::Held, tables, values};
use crate::{
    batch::Batch,
    clock,
    destination::sql::{self, Made, columns, names, on_conflict, quoted},
    schema::{ColumnKind, Table},
    state::{State, Written},
};
use bytes::Bytes;
use deadpool_postgres::{Client, Transaction};
use futures_util::{FutureExt, SinkExt, future::BoxFuture};

/// How many bytes of rows are sent at once.
const PIECE: usize = 64 << 10;

/// What is said to write rows of one table.
struct Statements {
    temporary: String,
    copy: String,
    upsert: String,
    seen: String,
}

/// What the rows of a batch have in common, and do not bring: in the place of these columns stands the
/// parameter.
fn common(name: &str) -> Option<&'static str> {
    match name {
        "_penstock_generation" => Some("$1"),
        "_penstock_created" | "_penstock_seen" => Some("$2::text::timestamptz"),
        _ => None,
    }
}

impl Statements {
    fn of(table: &Table, trusted: bool) -> Statements {
        let all = columns::<Words>(table);
        let brought: Vec<&Made> = all.iter().filter(|column| common(&column.name).is_none()).collect();
        let brought: Vec<String> = brought.iter().map(|column| quoted(&column.name)).collect();
        let brought = brought.join(", ");
        let values =
            all.iter().map(|Made { name, .. }| common(name).map_or_else(|| quoted(name), str::to_owned));
        let values = values.collect::<Vec<_>>().join(", ");
        let (name, key) = (quoted(&table.name), quoted(table.key_name()));
        // Names are cut behind 63 bytes: another one that is as long would be the same.
        let rows = format!("pg_temp.{}", quoted(&format!("_rows_{}", table.name)));
        Statements {
            temporary: format!(
                "CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {brought} FROM {name} WITH NO DATA",
                quoted(&format!("_rows_{}", table.name))
            ),
            copy: format!("COPY {rows} ({brought}) FROM STDIN"),
            // In the order of their keys, so that nobody else who writes rows waits for us and we for him.
            upsert: format!(
                "INSERT INTO {name} ({}) SELECT {values} FROM {rows} ORDER BY {key} {}",
                names(&all),
                on_conflict::<Words>(table, trusted)
            ),
            seen: format!(
                "UPDATE {name} SET _penstock_generation = $1 FROM {rows} AS rows
                 WHERE {name}.{key} = rows.{key} AND {name}._penstock_generation <> $1"
            ),
        }
    }
}

/// A batch that is to be written, and what holds behind it.
pub(super) struct Writing<'a> {
    pub(super) held: Option<&'a Held>,
    pub(super) table: &'a Table,
    pub(super) owner: &'a str,
    pub(super) batch: Batch,
    pub(super) state: State,
}

/// Begins a transaction, of a sync that still has the database.
async fn begin<'c>(client: &'c mut Client, held: Option<&Held>) -> Result<Transaction<'c>, Failed> {
    let transaction = client.transaction().await?;
    if let Some(held) = held {
        held.check(&transaction).await?;
    }
    Ok(transaction)
}

/// Writes a batch and the state behind it in one transaction.
pub(super) fn write<'c>(
    writing: &'c Writing<'_>,
    client: &'c mut Client,
) -> BoxFuture<'c, Result<Written, Failed>> {
    async move {
        let transaction = begin(client, writing.held).await?;
        let now = clock::text_of_ms(clock::now_ms());
        let written = upsert(&transaction, writing, &now).await?;
        let misfit = sql::misfit::<Words>();
        for unkeyed in &writing.batch.unkeyed {
            let statement = transaction.prepare_cached(&misfit).await?;
            let name = &writing.table.name;
            transaction.execute(&statement, &[name, &unkeyed.hash, &unkeyed.record, &now]).await?;
        }
        tables::keep(&transaction, &writing.table.name, writing.owner, &writing.state).await?;
        transaction.commit().await?;
        Ok(written)
    }
    .boxed()
}

async fn upsert(transaction: &Transaction<'_>, writing: &Writing<'_>, now: &str) -> Result<Written, Failed> {
    let rows = writing.batch.rows();
    let misfits = rows.iter().filter(|row| row.misfit.is_some()).count() + writing.batch.unkeyed.len();
    let mut written = Written { misfits: misfits as u64, ..Written::default() };
    if rows.is_empty() {
        return Ok(written);
    }
    let statements = Statements::of(writing.table, writing.state.trusted);
    let generation = writing.state.generation;
    transaction.batch_execute(&statements.temporary).await?;
    send(transaction, &statements.copy, writing).await?;
    let upsert = transaction.prepare_cached(&statements.upsert).await?;
    written.rows = transaction.execute(&upsert, &[&generation, &now]).await?;
    written.older = (rows.len() as u64).saturating_sub(written.rows);
    if written.older > 0 {
        let seen = transaction.prepare_cached(&statements.seen).await?;
        transaction.execute(&seen, &[&generation]).await?;
    }
    Ok(written)
}

/// Sends the rows into the temporary table.
async fn send(transaction: &Transaction<'_>, copy: &str, writing: &Writing<'_>) -> Result<(), Failed> {
    let kinds: Vec<ColumnKind> = writing.table.columns.iter().map(|column| column.kind).collect();
    let copy = transaction.prepare_cached(copy).await?;
    let sink = transaction.copy_in::<_, Bytes>(&copy).await?;
    let mut sink = std::pin::pin!(sink);
    let mut piece = String::with_capacity(PIECE);
    for row in writing.batch.rows() {
        values::line(row, &kinds, &mut piece);
        if piece.len() >= PIECE {
            sink.send(Bytes::from(std::mem::take(&mut piece))).await?;
        }
    }
    sink.send(Bytes::from(piece)).await?;
    sink.as_mut().finish().await?;
    Ok(())
}

/// A read that is to be ended.
pub(super) struct Finishing<'a> {
    pub(super) held: Option<&'a Held>,
    pub(super) table: &'a Table,
    pub(super) owner: &'a str,
    pub(super) state: State,
    pub(super) reconcile: bool,
}

/// Ends a read.
pub(super) fn finish<'c>(
    finishing: &'c Finishing<'_>,
    client: &'c mut Client,
) -> BoxFuture<'c, Result<u64, Failed>> {
    async move {
        let transaction = begin(client, finishing.held).await?;
        let (table, generation) = (finishing.table, finishing.state.generation);
        let now = clock::text_of_ms(clock::now_ms());
        let sql = sql::reconcile::<Words>(table);
        let gone = match (finishing.reconcile, table.owner) {
            (false, _) => 0,
            (true, None) => transaction.execute(&sql, &[&now, &generation]).await?,
            (true, Some(_)) => transaction.execute(&sql, &[&now, &generation, &finishing.owner]).await?,
        };
        tables::keep(&transaction, &table.name, finishing.owner, &finishing.state).await?;
        transaction.commit().await?;
        Ok(gone)
    }
    .boxed()
}
