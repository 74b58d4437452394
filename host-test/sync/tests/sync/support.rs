//! A copy to test with.

#[path = "support/server.rs"]
pub mod server;

use penstock_sync::{
    Error,
    batch::Batch,
    destination::{self, Destination, Opening, Place},
    plan, record,
    schema::Table,
    state::{State, Written},
};
use rusqlite::Connection;
use server::Server;
use std::{path::PathBuf, sync::Arc};

/// Where a copy is, and what goes when it is not needed any more.
pub struct Copy {
    pub place: Place,
    database: Database,
}

enum Database {
    Sqlite { path: PathBuf, _folder: tempfile::TempDir },
    Postgres { url: String, _server: Option<Arc<Server>> },
}

impl Copy {
    pub async fn in_sqlite() -> Copy {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.db");
        Copy { place: Place::Sqlite(path.clone()), database: Database::Sqlite { path, _folder: folder } }
    }

    pub async fn in_postgres() -> Copy {
        let server = Server::shared();
        let url = server.database().await;
        Copy { place: url.parse().unwrap(), database: Database::Postgres { url, _server: Some(server) } }
    }

    /// In this database of PostgreSQL, which somebody else keeps.
    pub fn at(url: &str) -> Copy {
        let url = url.to_owned();
        Copy { place: url.parse().unwrap(), database: Database::Postgres { url, _server: None } }
    }

    pub fn is_in_postgres(&self) -> bool {
        matches!(self.database, Database::Postgres { .. })
    }

    /// What another program reads there: the first column of each row, as text.
    pub async fn column(&self, sql: &str) -> Vec<String> {
        match &self.database {
            Database::Postgres { url, .. } => server::query(url, sql).await,
            Database::Sqlite { path, .. } => column(path, sql),
        }
    }

    /// What another program does there.
    pub async fn execute(&self, sql: &str) {
        match &self.database {
            Database::Postgres { url, .. } => drop(server::query(url, sql).await),
            Database::Sqlite { path, .. } => Connection::open(path).unwrap().execute_batch(sql).unwrap(),
        }
    }

    pub async fn open(&self) -> Result<Arc<dyn Destination>, Error> {
        self.open_of("servicetitan, tenant 1").await
    }

    pub async fn open_of(&self, source: &str) -> Result<Arc<dyn Destination>, Error> {
        let opening = Opening { source: source.to_owned(), ..Opening::default() };
        destination::open(&self.place, &opening).await
    }

    /// Opens it and makes the table in it.
    pub async fn prepared(&self, table: &Arc<Table>) -> Arc<dyn Destination> {
        let destination = self.open().await.unwrap();
        destination.prepare(&[Arc::clone(table)], false).await.unwrap();
        destination
    }
}

/// The same tests of each database, those of PostgreSQL where there is one.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(&crate::support::Copy::in_sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs PostgreSQL: .ci/leg sync"]
            async fn $test() {
                super::$test(&crate::support::Copy::in_postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

pub fn table(name: &str) -> Arc<Table> {
    plan::tables("servicetitan", &[], &[name.to_owned()]).unwrap().remove(0)
}

/// Rows of records.
pub fn batch(destination: &dyn Destination, table: &Table, records: &[&str]) -> Batch {
    let mut batch = Batch::default();
    records.iter().for_each(|json| batch.push(record::row(table, json, "", destination.limits())));
    batch
}

/// Writes records of one generation.
pub async fn write(
    destination: &dyn Destination,
    table: &Table,
    generation: i64,
    records: &[&str],
) -> Written {
    let batch = batch(destination, table, records);
    destination.write(table, "", batch, State { generation, ..State::default() }).await.unwrap()
}

fn column(path: &std::path::Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}
