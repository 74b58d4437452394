//! Where rows go.
//!
//! A destination is one file of this folder, or one folder. What two databases have in common is in
//! `sql`.

mod blocking;
mod lock;
mod ndjson;
mod place;
mod postgres;
mod singer;
mod sql;
mod sqlite;

pub use ndjson::Ndjson;
pub use place::Place;
pub use postgres::Postgres;
pub use singer::Singer;
pub use sqlite::Sqlite;

use crate::{
    Error,
    batch::Batch,
    record::{Key, Limits, Value},
    schema::{Column, ColumnKind, Table},
    state::{State, TableStatus, Written},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{future::ready, sync::Arc};

/// What a call of a destination comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Where rows go. One sync at a time has it.
pub trait Destination: Send + Sync {
    /// Its name for a person, without secrets.
    fn name(&self) -> &str;

    /// What its columns hold.
    fn limits(&self) -> Limits {
        Limits::NONE
    }

    /// Makes tables that are missing, and adds columns that are. Nothing is dropped. Returns what was
    /// done, a statement or a sentence each; with `dry_run` what would be.
    fn prepare<'a>(&'a self, tables: &'a [Arc<Table>], dry_run: bool) -> Answer<'a, Vec<String>>;

    /// How far the read of a table is; none if it has never begun.
    fn state<'a>(&'a self, table: &'a Table, owner: &'a str) -> Answer<'a, Option<State>>;

    /// Makes rows and the state behind them durable, together or not at all.
    fn write<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        batch: Batch,
        state: State,
    ) -> Answer<'a, Written>;

    /// Ends a read: with `reconcile`, rows that it has not seen are marked as deleted. Returns how many.
    fn finish<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        state: State,
        reconcile: bool,
    ) -> Answer<'a, u64>;

    /// Keeps why a read ended early.
    fn failed<'a>(&'a self, table: &'a Table, owner: &'a str, error: &'a str) -> Answer<'a, ()>;

    /// What is known of every table.
    fn status(&self) -> Answer<'_, Vec<TableStatus>>;

    /// How many rows of a table are not deleted; of those in use alone with `active`.
    fn count<'a>(&'a self, table: &'a Table, active: bool) -> Answer<'a, u64>;

    /// Some rows of a table that are neither deleted nor misfits, any of them, and the values of its
    /// columns.
    fn sample<'a>(&'a self, table: &'a Table, most: u32) -> Answer<'a, Vec<(Key, Vec<Value>)>>;

    /// The columns that [`Destination::add`] has made, each with its table.
    fn added(&self) -> Answer<'_, Vec<(String, Column)>> {
        ready(Ok(Vec::new())).boxed()
    }

    /// The members of a table's `_penstock_extra` that can be columns of it.
    fn extra<'a>(&'a self, _table: &'a Table) -> Answer<'a, Vec<Member>> {
        ready(Err(no_columns())).boxed()
    }

    /// Makes columns of such members, and moves what rows have of them there. Returns the statements.
    fn add<'a>(&'a self, _table: &'a Table, _members: &'a [Member]) -> Answer<'a, Vec<String>> {
        ready(Err(no_columns())).boxed()
    }
}

/// A member that the contract does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The column that it can be.
    pub column: Column,
    /// Rows that have it, and not as null.
    pub rows: u64,
}

fn no_columns() -> Error {
    Error::Unfit("only databases have columns: files have every member as the vendor sent it".to_owned())
}

impl Member {
    /// The members of which rows have values of these types of JSON, as often: those that can be columns.
    pub(crate) fn of(table: &Table, found: Vec<(String, String, u64)>) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for (wire, ty, rows) in found {
            // No path of SQLite names it.
            if wire.contains('"') || ty == "null" {
                continue;
            }
            let kind = match ty.as_str() {
                "true" | "false" | "boolean" => ColumnKind::Boolean,
                "integer" => ColumnKind::Integer,
                "real" => ColumnKind::Real,
                "text" | "string" => ColumnKind::Text,
                _ => ColumnKind::Json,
            };
            match members.iter_mut().find(|member| member.column.wire == wire) {
                Some(member) => {
                    member.column.kind = both(member.column.kind, kind);
                    member.rows += rows;
                }
                None => members.push(Member { column: Column::added(&wire, kind), rows }),
            }
        }
        members.retain(|member| !table.has(&member.column));
        members
    }
}

/// The kind that holds values of both.
fn both(one: ColumnKind, other: ColumnKind) -> ColumnKind {
    match (one, other) {
        (one, other) if one == other => one,
        (ColumnKind::Integer, ColumnKind::Real) | (ColumnKind::Real, ColumnKind::Integer) => ColumnKind::Real,
        _ => ColumnKind::Json,
    }
}

/// How a destination is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Whose records are read: one destination has those of one.
    pub source: String,
    /// Whether to wait for another sync to end instead of failing.
    pub wait: bool,
    /// Only to look: nothing is made, and another sync may run.
    pub look: bool,
    /// Whether every table is read anew, so that files which something has cut off are taken as far as they go.
    pub anew: bool,
    /// How many connections to a database there are at most, `DATABASE_POOL_SIZE`; 10 if none.
    pub connections: Option<usize>,
}

/// Opens a destination.
///
/// # Errors
/// It cannot be reached or written, another sync has it, or it is not one of ours.
pub async fn open(place: &Place, opening: &Opening) -> Result<Arc<dyn Destination>, Error> {
    match place {
        Place::Ndjson(path) => {
            let (path, opening) = (path.clone(), opening.clone());
            let opened = tokio::task::spawn_blocking(move || Ndjson::open(&path, &opening)).await;
            Ok(Arc::new(opened.map_err(|_| Error::Stopped)??))
        }
        Place::Sqlite(path) => {
            let (path, opening) = (path.clone(), opening.clone());
            let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, &opening)).await;
            Ok(Arc::new(opened.map_err(|_| Error::Stopped)??))
        }
        Place::Postgres(None) => Err(Error::Unfit("DATABASE_URL is not set, which says where to".to_owned())),
        Place::Postgres(Some(url)) => Ok(Arc::new(Postgres::open(url.expose(), opening).await?)),
    }
}
