//! PostgreSQL.

mod added;
mod address;
mod errors;
mod rows;
mod session;
mod tables;
mod tls;
mod values;

use super::{
    Answer, Destination, Member, Opening,
    sql::{self, Dialect, FORM},
};
use crate::{
    Error,
    batch::Batch,
    record::{Key, Limits, Value},
    schema::{Column, ColumnKind, Table},
    state::{State, TableStatus, Written},
};
use address::Address;
use deadpool_postgres::{Client, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use errors::Failed;
use futures_util::{FutureExt, future::BoxFuture};
use rows::{Finishing, Writing};
use session::Held;
use std::{sync::Arc, time::Duration};

/// How many connections there are at most, unless it is set.
const POOL: usize = 10;

/// How long a connection is used. What stands between us and the server may forget it after some hours.
const OLDEST: Duration = Duration::from_secs(3_600);

/// How long a connection may take to be made, or to answer before it is used again.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pauses, in milliseconds, before something is done again that failed because the server was gone. It
/// may need some seconds to start again, with what it has to replay.
const PAUSES: [u64; 10] = [100, 250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000];

/// A database of PostgreSQL, or one schema of it, which one sync at a time writes and anybody may read.
pub struct Postgres {
    address: Address,
    pool: Pool,
    /// None where it is only looked at.
    held: Option<Held>,
}

/// The words of PostgreSQL.
struct Words;

impl Dialect for Words {
    fn type_name(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Boolean => "BOOLEAN",
            ColumnKind::Integer => "BIGINT",
            ColumnKind::Real => "DOUBLE PRECISION",
            ColumnKind::Text => "TEXT",
            ColumnKind::Instant => "TIMESTAMP WITH TIME ZONE",
            ColumnKind::Date => "DATE",
            ColumnKind::Decimal => "NUMERIC",
            ColumnKind::Json => "JSONB",
        }
    }
    const TABLE_END: &'static str = "";
    const INTEGER: &'static str = "BIGINT";
    const MARK: (&'static str, &'static str) = ("BOOLEAN", "FALSE");

    fn instant(number: usize) -> String {
        format!("${number}::text::timestamptz")
    }
}

/// Something that is done with a connection, and again if the server was gone.
type Step<A, T> = for<'c> fn(&'c A, &'c mut Client) -> BoxFuture<'c, Result<T, Failed>>;

impl Postgres {
    /// Opens the database of this URL.
    ///
    /// # Errors
    /// It cannot be reached or written, another sync has it, or it is not one of ours.
    pub async fn open(url: &str, opening: &Opening) -> Result<Postgres, Error> {
        let address = Address::parse(url)?;
        let place = address.name.clone();
        let failed = |error: Failed| error.told(&place);
        let mut client = session::connect(&address).await.map_err(failed)?;
        tables::inspect(&client).await.map_err(failed)?;
        let held = if opening.look {
            if tables::form(&client).await.map_err(failed)? == 0 {
                return Err(Error::Unfit(format!("{place} has no copy: sync to it first")));
            }
            None
        } else {
            session::lock(&client, opening.wait).await.map_err(failed)?;
            let found = tables::form(&client).await.map_err(failed)?;
            if found > FORM {
                return Err(Error::Newer { place, found, known: FORM });
            }
            tables::make_own(&mut client).await.map_err(failed)?;
            let found = tables::source(&client, &opening.source).await.map_err(failed)?;
            if found != opening.source {
                return Err(Error::OtherSource { place, found, wanted: opening.source.clone() });
            }
            Some(Held::sign(client).await.map_err(failed)?)
        };
        let pool = pool(&address, opening.connections.unwrap_or(POOL));
        let pool = pool.map_err(|error| Failed::Other(error).told(&place))?;
        Ok(Postgres { address, pool, held })
    }

    /// Does something with a connection. If the server is gone it is done again, for a while: whatever it was
    /// has not happened, or happens a second time to the same effect.
    async fn with<A: Sync, T>(&self, arguments: &A, step: Step<A, T>) -> Result<T, Error> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.once(arguments, step).await {
                Ok(done) => return Ok(done),
                Err(failed) => match pauses.next().filter(|_| failed.passes()) {
                    Some(pause) => tokio::time::sleep(Duration::from_millis(*pause)).await,
                    None => return Err(failed.told(&self.address.name)),
                },
            }
        }
    }

    async fn once<A: Sync, T>(&self, arguments: &A, step: Step<A, T>) -> Result<T, Failed> {
        if let Some(held) = &self.held {
            held.keep(&self.address).await?;
        }
        let mut client = self.pool.get().await?;
        step(arguments, &mut client).await
    }
}

/// How long a table that another program has locked is waited for, unless the server or the URL says it.
const LOCKED: &str =
    "SELECT set_config('lock_timeout', '30s', false) WHERE current_setting('lock_timeout') = '0'";

/// Connections, each asked whether it still answers before it is used again.
fn pool(address: &Address, size: usize) -> Result<Pool, String> {
    let verified = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let manager = Manager::from_config(address.config.clone(), address.tls.clone(), verified);
    let young = Hook::sync_fn(|_, metrics| match metrics.age() < OLDEST {
        true => Ok(()),
        false => Err(HookError::message("it is an hour old")),
    });
    let patient = Hook::async_fn(|client, _| {
        Box::pin(async move { client.batch_execute(LOCKED).await.map_err(HookError::Backend) })
    });
    let builder = Pool::builder(manager).max_size(size).runtime(Runtime::Tokio1);
    let builder = builder.post_create(patient).pre_recycle(young);
    let builder = builder.create_timeout(Some(PATIENCE)).recycle_timeout(Some(PATIENCE));
    builder.build().map_err(|error| error.to_string())
}

impl Destination for Postgres {
    fn name(&self) -> &str {
        &self.address.name
    }

    fn limits(&self) -> Limits {
        values::LIMITS
    }

    fn prepare<'a>(&'a self, tables: &'a [Arc<Table>], dry_run: bool) -> Answer<'a, Vec<String>> {
        async move {
            self.with(&(self.held.as_ref(), tables, dry_run), |(held, tables, dry_run), client| {
                async move {
                    let transaction = client.transaction().await?;
                    if let Some(held) = held {
                        held.check(&transaction).await?;
                    }
                    let done = tables::prepare(&transaction, tables).await?;
                    if !*dry_run {
                        transaction.commit().await?;
                    }
                    Ok(done)
                }
                .boxed()
            })
            .await
        }
        .boxed()
    }

    fn state<'a>(&'a self, table: &'a Table, owner: &'a str) -> Answer<'a, Option<State>> {
        async move {
            self.with(&(table, owner), |(table, owner), client| {
                async move { tables::state(client, &table.name, owner).await }.boxed()
            })
            .await
        }
        .boxed()
    }

    fn write<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        batch: Batch,
        state: State,
    ) -> Answer<'a, Written> {
        let writing = Writing { held: self.held.as_ref(), table, owner, batch, state };
        async move { self.with(&writing, rows::write).await }.boxed()
    }

    fn finish<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        state: State,
        reconcile: bool,
    ) -> Answer<'a, u64> {
        let finishing = Finishing { held: self.held.as_ref(), table, owner, state, reconcile };
        async move { self.with(&finishing, rows::finish).await }.boxed()
    }

    fn failed<'a>(&'a self, table: &'a Table, owner: &'a str, error: &'a str) -> Answer<'a, ()> {
        async move {
            let state = self.state(table, owner).await?.unwrap_or_default();
            let state = State { error: Some(error.to_owned()), ..state };
            self.finish(table, owner, state, false).await.map(drop)
        }
        .boxed()
    }

    fn status(&self) -> Answer<'_, Vec<TableStatus>> {
        async move { self.with(&(), |(), client| async move { tables::status(client).await }.boxed()).await }
            .boxed()
    }

    fn count<'a>(&'a self, table: &'a Table, active: bool) -> Answer<'a, u64> {
        async move {
            self.with(&sql::count(table, active), |sql, client| {
                async move { tables::count(&client.query_one(sql, &[]).await?, 0) }.boxed()
            })
            .await
        }
        .boxed()
    }

    fn sample<'a>(&'a self, table: &'a Table, most: u32) -> Answer<'a, Vec<(Key, Vec<Value>)>> {
        let kinds: Vec<ColumnKind> =
            [table.key_kind()].into_iter().chain(table.columns.iter().map(|column| column.kind)).collect();
        let select = sql::sampling(table, values::shown);
        async move {
            self.with(&(select, kinds, i64::from(most)), |(select, kinds, most), client| {
                async move {
                    let mut rows = Vec::new();
                    for row in client.query(select, &[most]).await? {
                        rows.extend(sql::sampled(values::read(&row, kinds)?));
                    }
                    Ok(rows)
                }
                .boxed()
            })
            .await
        }
        .boxed()
    }

    fn added(&self) -> Answer<'_, Vec<(String, Column)>> {
        async move { self.with(&(), |(), client| async move { added::added(client).await }.boxed()).await }
            .boxed()
    }

    fn extra<'a>(&'a self, table: &'a Table) -> Answer<'a, Vec<Member>> {
        async move {
            self.with(table, |table, client| async move { added::extra(client, table).await }.boxed()).await
        }
        .boxed()
    }

    fn add<'a>(&'a self, table: &'a Table, members: &'a [Member]) -> Answer<'a, Vec<String>> {
        async move { self.with(&(self.held.as_ref(), table, members), added::add).await }.boxed()
    }
}
